"""The real cipher over a key vault in memory: who has the clinic's key reads, nobody else does."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, DuplicateKeyError

from shared.errors import TransientFailure
from shared.persistence.mongo import connect, database
from shared.persistence.sealed import _OPTIONS, MASTER_KEY_BYTES, KeyMissing, Sealer

MASTER = bytes(range(MASTER_KEY_BYTES))
CLINIC, OTHER_CLINIC = "clinic-1", "clinic-2"


class MemoryVault:
    """The collection of data keys, for the sealer and for the cipher below it."""

    def __init__(self) -> None:
        self.keys: list[RawBSONDocument] = []

    def find_one(self, filter: dict[str, Any]) -> dict[str, Any] | None:
        found = [key for key in self.keys if filter["keyAltNames"] in key["keyAltNames"]]
        return bson.decode(found[0].raw, _OPTIONS) if found else None

    def replace_one(self, _filter: dict[str, Any], key: dict[str, Any], *, upsert: bool) -> None:
        assert upsert
        fresh = RawBSONDocument(bson.encode(key, codec_options=_OPTIONS))
        self.keys = [*(kept for kept in self.keys if kept["_id"] != fresh["_id"]), fresh]

    def insert_one(self, key: RawBSONDocument) -> None:
        if self.find_one({"keyAltNames": key["keyAltNames"][0]}):
            raise DuplicateKeyError("taken")
        self.keys.append(key)

    @contextmanager
    def find(self, asked: RawBSONDocument) -> Iterator[Iterator[RawBSONDocument]]:
        wanted = {value for part in asked["$or"] for field in part.values() for value in field["$in"]}
        yield iter([key for key in self.keys if wanted & {key["_id"], *key["keyAltNames"]}])


def a_sealer(master: bytes = MASTER) -> tuple[Sealer, MemoryVault]:
    client: MongoClient[dict[str, Any]] = connect("mongodb://nowhere.invalid/?connect=false")
    sealer, vault = Sealer(database(client, "bakery", "oven"), master), MemoryVault()
    for holder, name in ((sealer, "_keys"), (sealer._cipher._io_callbacks, "key_vault_coll")):
        setattr(holder, name, vault)
    return sealer, vault


@pytest.fixture
def sealer() -> Sealer:
    made, _ = a_sealer()
    for clinic in (CLINIC, OTHER_CLINIC):
        made.create_key(clinic)
    return made


@pytest.mark.parametrize("text", ["Ada Lovelace", "+12125550100", "", "ñ" * 500])
def test_what_was_sealed_can_be_unsealed(sealer, text):
    assert sealer.unseal(sealer.seal(CLINIC, text)) == text
    assert sealer.unseal(sealer.seal_searchable(CLINIC, text)) == text


def test_a_token_says_nothing_and_says_so(sealer):
    token = sealer.seal(CLINIC, "Ada Lovelace")
    assert token.startswith("sealed:")
    assert b"Ada" not in base64.b64decode(token.removeprefix("sealed:"))


def test_each_token_is_another_one_unless_it_must_be_found_again(sealer):
    assert sealer.seal(CLINIC, "Ada") != sealer.seal(CLINIC, "Ada")
    assert sealer.seal_searchable(CLINIC, "Ada") == sealer.seal_searchable(CLINIC, "Ada")


def test_the_same_text_looks_different_in_another_clinic(sealer):
    assert sealer.seal_searchable(CLINIC, "Ada") != sealer.seal_searchable(OTHER_CLINIC, "Ada")


def test_a_clinic_whose_key_was_not_heard_of_cannot_be_sealed_for_yet(sealer):
    for seal in (sealer.seal, sealer.seal_searchable):
        with pytest.raises(KeyMissing):
            seal("clinic-3", "Ada")


def test_a_vault_that_does_not_answer_is_not_taken_for_one_without_the_key(sealer):
    class Dead(MemoryVault):
        def find(self, _asked):
            raise AutoReconnect("connection refused")

    sealer._cipher._io_callbacks.key_vault_coll = Dead()
    with pytest.raises(TransientFailure) as failure:
        sealer.seal(CLINIC, "Ada")
    assert not isinstance(failure.value, KeyMissing)


def test_a_second_key_for_the_same_clinic_is_the_first_one(sealer):
    token = sealer.seal(CLINIC, "Ada")
    assert sealer.create_key(CLINIC) == sealer.create_key(CLINIC)
    assert sealer.unseal(token) == "Ada"


def test_a_key_that_travelled_reads_in_another_service(sealer):
    token = sealer.seal(CLINIC, "Ada")
    hearer, _ = a_sealer()
    with pytest.raises(KeyMissing):
        hearer.unseal(token)
    for _ in range(2):
        hearer.adopt_key(sealer.create_key(CLINIC))
    assert hearer.unseal(token) == "Ada"
    assert hearer.unseal(hearer.seal(CLINIC, "Lovelace")) == "Lovelace"


def test_the_wrapped_key_is_worth_nothing_without_the_master_key(sealer):
    thief, _ = a_sealer(bytes(MASTER_KEY_BYTES))
    thief.adopt_key(sealer.create_key(CLINIC))
    with pytest.raises(KeyMissing):
        thief.unseal(sealer.seal(CLINIC, "Ada"))


def test_without_its_key_a_clinic_is_unreadable_for_ever():
    sealer, vault = a_sealer()
    sealer.create_key(CLINIC)
    stored = sealer.seal(CLINIC, "Ada")
    forgetful, _ = a_sealer()  # nothing remembered from before
    vault.keys.clear()
    with pytest.raises(KeyMissing):
        forgetful.unseal(stored)


@pytest.mark.parametrize("length", [0, 32, MASTER_KEY_BYTES - 1, MASTER_KEY_BYTES + 1])
def test_a_master_key_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match=str(MASTER_KEY_BYTES)):
        a_sealer(bytes(length))
