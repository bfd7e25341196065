from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Forbidden, NotFound, Unauthenticated
from shared.http.auth import ACCESS_KEYS, PLATFORM, AccessKeys, Caller, as_key, new_secret
from shared.persistence.unit_of_work import EVERY_CLINIC
from shared.private_link import digest
from tests.support.memory_database import MemoryDatabase
from tests.support.small_bakery import CLINIC, KEY_ID, NOW, OPERATOR_KEY, OTHER_CLINIC, SECRET

SECONDS = timedelta(seconds=1)


def keys(**changes) -> AccessKeys:
    database = MemoryDatabase()
    key = {"_id": KEY_ID, "clinic_id": CLINIC, "digest": digest(SECRET), "scopes": ["front_desk"], **changes}
    database[ACCESS_KEYS].documents[KEY_ID] = key
    return AccessKeys(database.as_database(), OPERATOR_KEY)


def test_a_key_stands_for_its_clinic_and_scopes():
    caller = keys().caller(f"Bearer {as_key(KEY_ID, SECRET)}", NOW)
    assert caller == Caller(KEY_ID, CLINIC, frozenset({"front_desk"}))


def test_the_operator_belongs_to_every_clinic():
    caller = keys().caller(f"bearer {OPERATOR_KEY}", NOW)
    assert (caller.clinic_id, caller.scopes) == (EVERY_CLINIC, frozenset({PLATFORM}))


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Bearer   ", "Basic abc", OPERATOR_KEY])
def test_no_key_is_no_caller(authorization):
    with pytest.raises(Unauthenticated):
        keys().caller(authorization, NOW)


@pytest.mark.parametrize(
    "key",
    [
        as_key(KEY_ID, "another secret"),
        as_key("01890000-0000-7000-8000-000000000002", SECRET),
        as_key(KEY_ID, ""),
        SECRET,
        "kad_x_y",
        "kad__",
        f"{OPERATOR_KEY}x",
    ],
)
def test_a_wrong_key_is_refused(key):
    with pytest.raises(Unauthenticated, match="unknown, expired or revoked"):
        keys().caller(f"Bearer {key}", NOW)


@given(st.text())
def test_no_text_is_a_key_by_chance(text):
    with pytest.raises(Unauthenticated):
        keys().caller(text, NOW)
    with pytest.raises(Unauthenticated):
        keys().caller(f"Bearer {text}x", NOW)


def test_without_an_operator_key_nobody_is_the_operator():
    nobody = AccessKeys(MemoryDatabase().as_database(), "")
    for authorization in ("Bearer ", "Bearer  ", "Bearer \t"):
        with pytest.raises(Unauthenticated):
            nobody.caller(authorization, NOW)


def test_a_key_ends_at_its_instant():
    ending = keys(expires_at=NOW)
    assert ending.caller(f"Bearer {as_key(KEY_ID, SECRET)}", NOW - SECONDS)
    for late in (NOW, NOW + SECONDS):
        with pytest.raises(Unauthenticated):
            ending.caller(f"Bearer {as_key(KEY_ID, SECRET)}", late)


def test_a_revoked_key_is_void_even_before_it_would_have_ended():
    with pytest.raises(Unauthenticated):
        keys(revoked_at=NOW, expires_at=NOW + SECONDS).caller(f"Bearer {as_key(KEY_ID, SECRET)}", NOW)


def test_unknown_expired_and_revoked_are_told_in_the_same_words():
    told = set()
    for changes in ({"digest": digest("x")}, {"expires_at": NOW}, {"revoked_at": NOW}):
        with pytest.raises(Unauthenticated) as refused:
            keys(**changes).caller(f"Bearer {as_key(KEY_ID, SECRET)}", NOW)
        told.add(str(refused.value))
    assert len(told) == 1


def test_one_of_the_accepted_scopes_is_enough():
    caller = Caller("k", CLINIC, frozenset({"front_desk"}))
    caller.require({"admin", "front_desk"})
    with pytest.raises(Forbidden, match="admin or clinician"):
        caller.require({"clinician", "admin"})


def test_another_clinic_is_not_found():
    Caller("k", CLINIC, frozenset()).require_clinic(CLINIC)
    Caller("k", EVERY_CLINIC, frozenset()).require_clinic(OTHER_CLINIC)
    with pytest.raises(NotFound):
        Caller("k", CLINIC, frozenset()).require_clinic(OTHER_CLINIC)


def test_secrets_are_long_and_different():
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert min(len(secret) for secret in secrets) >= 43


def test_only_a_digest_is_stored():
    assert SECRET not in digest(SECRET)
    assert len(digest(SECRET)) == 64
