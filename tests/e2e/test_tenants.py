"""No clinic reaches into another one, on any route; and nobody gets in without a key that reaches as far."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.e2e.described import BODIES, QUERIES, Operation, operations
from tests.e2e.practice import NOBODY, ONE, SCOPES, Practice, a_wish, open_practice
from tests.e2e.town import Http, Town, eventually, ok, problem, without_trace
from tests.e2e.world import UNKNOWN, Peopled, people

PERSON = {"name": "Zdeňka Østergård-Nguyễn", "birth_date": "1947-08-29", "phone": "+14155550186",
          "email": "zdenka.ostergard@example.org"}  # fmt: skip
ABSENT = "01890000-0000-7000-8000-00000000dead"


@pytest.fixture(scope="module")
def a(town: Town) -> Peopled:
    return people(open_practice(town, name="Arnold Alpha Praxis", chairs=3, nurses=3), **PERSON)


@pytest.fixture(scope="module")
def b(town: Town) -> Peopled:
    return people(open_practice(town, name="Bertha Beta Clinic", zone="Europe/Berlin", chairs=3, nurses=3))


@pytest.fixture(scope="module")
def routes(town: Town) -> list[Operation]:
    found = operations(town)
    assert {route.name for route in found if "requestBody" in route.described} == BODIES.keys()
    return found


@pytest.fixture(scope="module")
def of_clinic(routes: list[Operation]) -> list[Operation]:
    return [route for route in routes if route.is_of_clinic]


def call(
    http: Http, route: Operation, practice: Practice, ids: Mapping[str, str], *, clinic_id: str = "", **options: Any
) -> requests.Response:
    """A request to `route` that is well-formed in every respect."""
    path = route.filled(**{**UNKNOWN, **ids}, clinic_id=clinic_id or practice.id)
    # The key of the idempotency is the same each time: an answer of one clinic must not be given to another one.
    headers = {"Idempotency-Key": f"tenants {route.name}", "If-Match": '"1"', **options.pop("headers", {})}
    body = BODIES[route.name](practice, {**UNKNOWN, **ids}["patient_id"]) if route.name in BODIES else None
    if route.name in ONE_BODY:
        body = ONE_BODY[route.name]
    query = QUERIES.get(route.name, {})
    return http.send(route.method, path, params=query, headers=headers, **({} if body is None else {"json": body}))


ONE_BODY: Mapping[str, Any] = {
    "register_patient": {"name": "Somebody", "birth_date": "1980-05-17", "phone": "+14155550199"},
    "change_patient": {"phone": "+14155550198"},
    "receive_reply": {
        "from": "+14155550142",
        "text": "1",
        "provider_id": "a text",
        "received_at": "2026-01-05T10:00:00Z",
    },
    "move_session": {"starts_local": "2029-01-08T10:00"},
}
"""Bodies that are the same in each call."""


def said(answer: requests.Response) -> tuple[int, str, str]:
    """All of an answer that could tell two cases apart."""
    return answer.status_code, without_trace(answer.text), answer.headers["Content-Type"]


def test_another_clinic_is_as_absent_as_one_that_never_was(of_clinic, a, b):
    wrong = []
    for route in of_clinic:
        other = call(b.practice.http, route, a.practice, a.ids)
        absent = call(b.practice.http, route, a.practice, a.ids, clinic_id=ABSENT)
        if said(other) != said(absent) or other.status_code != 404:
            wrong.append((route.name, said(other), said(absent)))
    assert wrong == []


def test_another_clinics_things_are_as_absent_as_things_that_never_were(of_clinic, a, b):
    wrong = []
    for route in (route for route in of_clinic if set(route.parameters) - {"number"}):
        other = call(b.practice.http, route, b.practice, a.ids, headers={"Idempotency-Key": f"theirs {route.name}"})
        unknown = call(b.practice.http, route, b.practice, {}, headers={"Idempotency-Key": f"unknown {route.name}"})
        if said(other) != said(unknown) or other.status_code != 404:
            wrong.append((route.name, said(other), said(unknown)))
    assert wrong == []


def test_no_answer_to_another_clinic_holds_a_byte_of_a_person(of_clinic, a, b):
    secrets = [*PERSON.values(), "Østergård", json.dumps(PERSON["name"]).strip('"'), PERSON["phone"][1:], "Arnold"]
    secrets += [id for name, id in a.ids.items() if name != "number"]
    for route in of_clinic:
        for answer in (
            call(b.practice.http, route, a.practice, a.ids),
            call(b.practice.http, route, b.practice, {"patient_id": a.ids["patient_id"]}),
        ):
            # The address that was asked for is no news to who asked.
            assert [secret for secret in secrets if secret in answer.text] == [], route.name


def test_looking_for_anothers_patient_by_phone_or_mail_finds_nobody(a, b):
    for practice, count in ((a.practice, 1), (b.practice, 0)):
        for field in ("phone", "email"):
            found = ok(practice.http.get(practice.at("booking", "/patients"), **{field: PERSON[field]}))
            assert len(found["items"]) == count


def test_filters_do_not_reach_into_another_clinic(a, b):
    for service, list_of in (("booking", "/series"), ("notify", "/messages")):
        mine = ok(a.practice.http.get(a.practice.at(service, list_of), patient_id=a.ids["patient_id"]))["items"]
        theirs = ok(b.practice.http.get(b.practice.at(service, list_of), patient_id=a.ids["patient_id"]))["items"]
        assert len(mine) > 0
        assert theirs == []


def test_another_clinics_patient_and_chair_cannot_be_booked(a, b):
    series = b.practice.at("booking", "/series")
    refused = problem(b.practice.http.post(series, a_wish(a.ids["patient_id"], [], ONE)), 404, "not-found")
    unknown = problem(b.practice.http.post(series, a_wish(NOBODY, [], ONE)), 404, "not-found")
    assert {**refused, "trace_id": ""} == {**unknown, "trace_id": ""}
    wish = a_wish(b.ids["patient_id"], [b.practice.soon(15)], ONE)
    wish["sessions"][0]["resource_ids"] = [a.ids["resource_id"]]
    faults = problem(b.practice.http.post(series, wish), 422)["errors"]
    assert "resource.unknown" in {fault["code"] for fault in faults}


def test_cursors_and_etags_of_another_clinic_are_worth_nothing(a, b):
    for practice in (a.practice, b.practice):
        practice.register()
    page = ok(a.practice.http.get(a.practice.at("booking", "/patients"), limit=1))
    assert page["next_cursor"]
    stolen = b.practice.http.get(b.practice.at("booking", "/patients"), cursor=page["next_cursor"])
    problem(stolen, 422, "cursor-refused")
    elsewhere = a.practice.http.get(a.practice.at("booking", "/resources"), cursor=page["next_cursor"])
    problem(elsewhere, 422, "cursor-refused")
    theirs = b.practice.at("booking", f"/patients/{a.ids['patient_id']}")
    problem(b.practice.http.patch(theirs, {"name": "Mine now"}, 1), 404, "not-found")
    assert (
        ok(a.practice.http.get(a.practice.at("booking", f"/patients/{a.ids['patient_id']}")))["name"] == PERSON["name"]
    )


def test_the_same_idempotency_key_means_something_else_in_each_clinic(a, b):
    registered = [
        ok(one.practice.http.post(one.practice.at("booking", "/patients"), ONE_BODY["register_patient"],
                                  idempotency_key="the same key"))
        for one in (a, b)
    ]  # fmt: skip
    assert registered[0]["id"] != registered[1]["id"]


def wrong_keys(town: Town, practice: Practice) -> dict[str, str | None]:
    good = practice.key
    in_an_hour = (town.clock() + timedelta(hours=1)).isoformat()
    expired = practice.issue_key(*SCOPES, expires_at=in_an_hour)["key"]
    revoked = practice.issue_key(*SCOPES)
    practice.wait_known(expired)
    practice.wait_known(revoked["key"])
    ok(practice.http.post(practice.at("booking", f"/access-keys/{revoked['access_key']['id']}/revoke")))
    town.move_to(town.clock() + timedelta(hours=2))
    eventually(lambda: set(practice.statuses(revoked["key"])) == {401}, "hearing that the key is void")
    return {
        "none": None,
        "expired": expired,
        "revoked": revoked["key"],
        "another secret": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "no secret": good.rpartition("_")[0],
        "unknown id": f"kad_{NOBODY.replace('-', '')}_{good.rpartition('_')[2]}",
        "no key at all": "password",
        "very long": "kad_" + "a" * 4000,
        "operator's, shortened": town.platform.platform_key[:-1],
    }


def test_without_a_valid_key_nobody_gets_in(town, routes, a):
    wrong: list[tuple[Any, ...]] = []
    for kind, key in wrong_keys(town, a.practice).items():
        for route in routes:
            answer = call(Http(town.url, key), route, a.practice, a.ids)
            if answer.status_code != 401 or answer.headers.get("WWW-Authenticate") != "Bearer":
                wrong.append((kind, route.name, answer.status_code))
            elif answer.headers["Content-Type"] != "application/problem+json":
                wrong.append((kind, route.name, answer.headers["Content-Type"]))
    assert wrong == []


@pytest.mark.parametrize(
    "header", ["", "Basic YTpi", "Bearer", "Bearer  ", "kad_x", "Bearer kad_\xfc\xfc_\xff", "Bearer a b"]
)
def test_a_strange_authorization_header_is_refused(town, a, header):
    for path in a.practice.probes():
        answer = requests.get(f"{town.url}{path}", headers={"Authorization": header.encode("latin-1")}, timeout=10)
        problem(answer, 401)


def test_a_key_reaches_exactly_as_far_as_its_scopes(town, routes, a):
    keys = {scope: a.practice.issue_key(scope)["key"] for scope in SCOPES}
    for key in keys.values():
        a.practice.wait_known(key)
    keys["platform"] = town.platform.platform_key
    wrong = []
    for route in routes:
        for scope, key in keys.items():
            # What it would do is refused anyhow: nobody has these.
            answer = call(
                Http(town.url, key), route, a.practice, {}, headers={"Idempotency-Key": f"{scope} {route.name}"}
            )
            allowed = scope in route.scopes
            if (answer.status_code == 403) is allowed or answer.status_code == 401:
                wrong.append((route.name, scope, answer.status_code))
    assert wrong == []
