"""The life of an access key: issued once, known everywhere, rotated with an overlap, void within seconds."""

import time
from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.practice import NOBODY, Practice, open_practice
from tests.e2e.town import Http, Town, eventually, ok, problem

VOID_WITHIN = 5.0
"""Seconds; told in well under one when the machine has nothing else to do."""


@pytest.fixture(scope="module")
def own(town: Town) -> Practice:
    return open_practice(town, chairs=0, nurses=0)


def listed(practice: Practice) -> dict[str, dict[str, Any]]:
    rows = ok(practice.http.get(practice.at("booking", "/access-keys"), limit=200))["items"]
    return {row["id"]: row for row in rows}


def test_a_key_is_shown_once_and_listed_without_its_secret(own):
    issued = own.issue_key("front_desk", "clinician", label="Reception")
    row = listed(own)[issued["access_key"]["id"]]
    assert row == issued["access_key"]
    assert (row["label"], row["scopes"], row["revoked_at"]) == ("Reception", ["front_desk", "clinician"], None)
    answer = own.http.get(own.at("booking", "/access-keys"), limit=200).text
    assert issued["key"].split("_", 2)[2] not in answer
    assert "digest" not in answer
    own.wait_known(issued["key"])


def test_a_rotated_key_works_for_the_overlap_and_not_after(own, town):
    old = own.issue_key("front_desk")
    own.wait_known(old["key"])
    path = own.at("booking", f"/access-keys/{old['access_key']['id']}/rotate")
    new = ok(own.http.post(path, {"overlap_seconds": 3600}))
    assert new["access_key"]["scopes"] == ["front_desk"]
    own.wait_known(new["key"])
    ends = listed(own)[old["access_key"]["id"]]["expires_at"]
    assert ends is not None

    def told() -> bool:
        databases = town.databases()
        rows = [database["access_keys"].find_one({"_id": old["access_key"]["id"]}) for database in databases]
        return all(row is not None and row.get("expires_at") is not None for row in rows)

    eventually(told, "hearing that the old key ends")
    assert 401 not in own.statuses(old["key"])
    town.move_to(town.clock() + timedelta(minutes=50))
    assert 401 not in own.statuses(old["key"])
    town.move_to(town.clock() + timedelta(minutes=11))
    assert own.statuses(old["key"]) == [401, 401, 401]
    assert 401 not in own.statuses(new["key"])


def test_an_overlap_of_nothing_ends_the_old_key_at_once(own):
    old = own.issue_key("front_desk")
    own.wait_known(old["key"])
    new = ok(own.http.post(own.at("booking", f"/access-keys/{old['access_key']['id']}/rotate"), {"overlap_seconds": 0}))
    eventually(lambda: own.statuses(old["key"]) == [401, 401, 401], "ending the old key", VOID_WITHIN)
    own.wait_known(new["key"])


def test_a_revoked_key_is_void_everywhere_within_seconds(own):
    key = own.issue_key("admin")
    own.wait_known(key["key"])
    began = time.monotonic()
    revoked = ok(own.http.post(own.at("booking", f"/access-keys/{key['access_key']['id']}/revoke")))
    assert revoked["revoked_at"] is not None
    eventually(lambda: own.statuses(key["key"]) == [401, 401, 401], "making the key void", VOID_WITHIN)
    print(f"void in all services after {time.monotonic() - began:.2f} s")
    again = own.http.post(own.at("booking", f"/access-keys/{key['access_key']['id']}/revoke"))
    problem(again, 409, "access-key.revoked")
    rotated = own.http.post(own.at("booking", f"/access-keys/{key['access_key']['id']}/rotate"))
    problem(rotated, 409, "access-key.revoked")


def test_a_key_may_revoke_itself(own, town):
    key = own.issue_key("admin")
    mine = Http(town.url, key["key"])
    ok(mine.post(own.at("booking", f"/access-keys/{key['access_key']['id']}/revoke")))
    problem(mine.get(own.at("booking")), 401, "key-refused")


def test_a_key_cannot_be_issued_for_the_past_the_platform_or_nothing(own, town):
    path = own.at("booking", "/access-keys")
    past = {"label": "x", "scopes": ["admin"], "expires_at": (town.clock() - timedelta(seconds=1)).isoformat()}
    assert problem(own.http.post(path, past), 422)["errors"][0]["pointer"] == "/expires_at"
    for scopes in (["platform"], [], ["admin", "root"]):
        problem(own.http.post(path, {"label": "x", "scopes": scopes}), 422, "invalid")


def test_a_key_of_nobody_is_not_found(own, town):
    for step in ("rotate", "revoke"):
        problem(own.http.post(own.at("booking", f"/access-keys/{NOBODY}/{step}")), 404)
    nowhere = f"/booking/v1/clinics/{NOBODY}/access-keys"
    problem(town.operator.post(nowhere, {"label": "x", "scopes": ["admin"]}), 404)
