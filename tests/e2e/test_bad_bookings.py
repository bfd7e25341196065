"""Bookings, resources and protocols that make no sense are refused with a clear 4xx, and nothing is written."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest

from shared.ids import new_id
from tests.e2e.described import A_REGIMEN
from tests.e2e.practice import NOBODY, ONE, SIX, Practice, open_practice
from tests.e2e.refusals import nothing_written, pointers, refused
from tests.e2e.town import Town
from tests.e2e.world import Peopled, people


@pytest.fixture(scope="module")
def peopled(town: Town) -> Peopled:
    return people(open_practice(town, chairs=2, nurses=2))


@pytest.fixture(autouse=True)
def untouched(town: Town, peopled: Peopled) -> Iterator[None]:
    with nothing_written(town, peopled.practice.id):
        yield


# --- series -----------------------------------------------------------------------------------------------------------


def wanted(peopled: Peopled, *starts: str, **fields: Any) -> dict[str, Any]:
    sessions = [{"starts_local": start} for start in starts]
    return {
        "patient_id": peopled.ids["patient_id"],
        "protocol": SIX,
        "condition": "depression",
        "sessions": sessions,
    } | fields


def monday(practice: Practice, *days: int) -> list[str]:
    return [f"{practice.soon() + timedelta(days=day):%Y-%m-%dT%H:%M}" for day in days]


@pytest.mark.parametrize("rest", ["/series", "/holds"])
def test_a_series_in_the_wrong_order_or_twice_at_one_time_is_refused(peopled, rest):
    there = peopled.practice.at("booking", rest)
    for offsets in ((11, 9, 7, 4, 2, 0), (0, 0, 0, 0, 0, 0), (0, 2, 2, 4, 7, 9)):
        body = wanted(peopled, *monday(peopled.practice, *offsets))
        document = refused(peopled.practice.http.post(there, body), 422)
        assert all(one.startswith("/sessions/") for one in pointers(document))
        assert len(document["errors"]) > 1


@pytest.mark.parametrize("rest", ["/series", "/holds"])
@pytest.mark.parametrize("count", [1, 5, 7, 500, 10_000])
def test_a_series_of_any_other_length_is_refused(peopled, rest, count):
    body = wanted(
        peopled, *monday(peopled.practice, *range(0, 2 * count, 2)) if count < 1000 else ["2027-03-09T09:00"] * count
    )
    document = refused(peopled.practice.http.post(peopled.practice.at("booking", rest), body), 413, 422)
    assert document["status"] == 413 or "/sessions" in pointers(document)


@pytest.mark.parametrize("rest", ["/series", "/holds"])
def test_ten_years_ahead_is_looked_at_in_bounded_time(peopled, rest):
    """One session now, the others in ten years: the calendar between them is not searched for ever."""
    starts = [*monday(peopled.practice, 0), *(f"2037-01-{day:02}T09:00" for day in (4, 6, 8, 11, 13))]
    body = wanted(peopled, *starts)
    refused(peopled.practice.http.post(peopled.practice.at("booking", rest), body), 422)


@pytest.mark.parametrize("rest", ["/series", "/holds"])
@pytest.mark.parametrize(
    ("field", "value", "statuses"),
    [
        ("patient_id", NOBODY, {404}),
        ("patient_id", "", {422}),
        ("patient_id", "x" * 65, {422}),
        ("patient_id", "\u0000", {404, 422}),
        ("patient_id", "\ud800", {404, 422}),
        ("patient_id", {"$gt": ""}, {422}),
        ("protocol", "nobody-published-this", {404}),
        ("protocol", "../patients", {422}),
        ("protocol", "mood-iv-6x2w\n", {422}),
        ("edition", 0, {422}),
        ("edition", 99_999, {404}),
        ("edition", 1.5, {422}),
        ("edition", 10**30, {422}),
        ("condition", "a broken leg", {422}),
        ("condition", "chronic-pain", {422}),
        ("sessions", None, {422}),
        ("sessions", {}, {422}),
    ],
)
def test_foreign_and_impossible_names_are_refused(peopled, rest, field, value, statuses):
    body = wanted(peopled, *monday(peopled.practice, 0, 2, 4, 7, 9, 11), **{field: value})
    document = refused(peopled.practice.http.post(peopled.practice.at("booking", rest), body), *statuses)
    assert document["status"] == 404 or f"/{field}" in {one[: len(field) + 1] for one in pointers(document)}


def test_foreign_resources_are_refused_as_unknown_ones(peopled):
    start = monday(peopled.practice, 0)[0]
    for ids in ([NOBODY], [peopled.ids["patient_id"]], [NOBODY] * 6):
        body = wanted(peopled, protocol=ONE, sessions=[{"starts_local": start, "resource_ids": ids}])
        document = refused(peopled.practice.http.post(peopled.practice.at("booking", "/series"), body), 422)
        assert "resource.unknown" in {fault["code"] for fault in document["errors"]}


@pytest.mark.parametrize("number", ["0", "99", "-1", "1.0", "x", "%00", "9" * 30, "9" * 2000])
def test_a_session_that_is_not_there_is_not_found(peopled, number):
    path = peopled.practice.at("booking", f"/series/{peopled.ids['series_id']}/sessions/{number}")
    for rest in ("/cancel", "/check-in", "/miss", "/start"):
        refused(
            peopled.practice.http.post(f"{path}{rest}", {"reason": "clinic"} if rest == "/cancel" else {}), 404, 414
        )


@pytest.mark.parametrize("id", ["%00", "%F0%9F%98%80", "..%2f..%2fclinics", "a" * 3000, "%ed%a0%80", "$where", "null"])
@pytest.mark.parametrize("rest", ["/series", "/patients", "/resources", "/holds", "/offers", "/waitlist", "/protocols"])
def test_a_name_that_nobody_has_is_not_found(peopled, rest, id):
    refused(peopled.practice.http.get(peopled.practice.at("booking", f"{rest}/{id}")), 404)


@pytest.mark.parametrize("etag", ["9" * 30, "9" * 5000, "-1", "\xb2", "NaN", "1e3", "0x1"])
def test_a_version_that_cannot_be_is_refused(peopled, etag):
    path = peopled.practice.at("booking", f"/patients/{peopled.ids['patient_id']}")
    headers = {"If-Match": f'"{etag}"'.encode("latin-1")}
    refused(peopled.practice.http.send("PATCH", path, json={"name": "Else"}, headers=headers), 412, 428)


# --- plans, moves, waiting --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"from_date": "2027-03-09", "until_date": "2027-03-08"}, "/until_date"),
        ({"from_date": "2027-03-09", "until_date": "2037-03-09"}, "/until_date"),
        ({"from_date": "2027-02-30"}, "/from_date"),
        ({"from_date": "2027-03-09T09:00Z"}, "/from_date"),
        ({"from_date": "0001-01-01"}, "/from_date"),
        ({"wishes": {"times": [{"from_time": "17:00", "until_time": "08:00"}]}}, "/wishes/times/0"),
        ({"wishes": {"times": [{"from_time": "08:00", "until_time": "09:00"}] * 10_000}}, "/wishes/times"),
        ({"wishes": {"weekdays": ["MO"] * 10_000}}, "/wishes/weekdays"),
        ({"wishes": {"weekdays": ["XX"]}}, "/wishes/weekdays/0"),
        ({"wishes": {"resource_ids": [NOBODY] * 10_000}}, "/wishes/resource_ids"),
        ({"fixed": [{"number": 1, "starts_local": "2027-03-09T09:00"}] * 10_000}, "/fixed"),
        ({"fixed": [{"number": 1, "starts_local": "2027-03-09T09:00"}] * 2}, "/fixed/1"),
        ({"fixed": [{"number": 0, "starts_local": "2027-03-09T09:00"}]}, "/fixed/0/number"),
        ({"fixed": [{"number": 7, "starts_local": "2027-03-09T09:00"}]}, "/fixed/0"),
        ({"protocol": "nobody-published-this"}, ""),
        ({"patient_id": NOBODY}, ""),
    ],
)
def test_plans_that_nobody_can_search_for_are_refused(peopled, fields, pointer):
    body = {"patient_id": peopled.ids["patient_id"], "protocol": SIX, "condition": "depression", **fields}
    document = refused(peopled.practice.http.post(peopled.practice.at("booking", "/plans"), body), 404, 413, 422)
    assert document["status"] in {404, 413} or any(one.startswith(pointer) for one in pointers(document)), document


@pytest.mark.parametrize("step", ["moves", "resume"])
@pytest.mark.parametrize(
    "sessions",
    [
        [{"number": 1, "starts_local": "2027-03-09T09:00"}] * 2,
        [{"number": 1, "starts_local": "2027-03-09T09:00"}] * 10_000,
        [{"number": number, "starts_local": "2027-03-09T09:00"} for number in range(1, 100)],
        [{"number": 99, "starts_local": "2027-03-09T09:00"}],
        [{"number": -1, "starts_local": "2027-03-09T09:00"}],
        [{"number": "one", "starts_local": "2027-03-09T09:00"}],
        [{"number": 1, "starts_local": "2027-03-09T09:02"}],
        [{"number": 1, "starts_local": "2020-03-09T09:00"}],
        [{"starts_local": "2027-03-09T09:00"}],
    ],
)
def test_moves_that_nobody_can_make_are_refused(peopled, step, sessions):
    path = peopled.practice.at("booking", f"/series/{peopled.ids['series_id']}/{step}")
    refused(peopled.practice.http.post(path, {"sessions": sessions}), 404, 409, 413, 422)


@pytest.mark.parametrize(
    "shift",
    [
        {}, {"days": 0.5}, {"days": 10**6}, {"days": "many"}, {"days": 1, "by_one_place": True},
        {"starts_local": "2020-01-01T00:00"}, {"starts_local": "2099-12-31T23:55"}, {"days": 1, "from_number": 99},
    ],
)  # fmt: skip
def test_shifts_that_nobody_can_make_are_refused(peopled, shift):
    path = peopled.practice.at("booking", f"/series/{peopled.ids['series_id']}/shift")
    refused(peopled.practice.http.post(path, {"from_number": 1, **shift}), 404, 409, 422)


@pytest.mark.parametrize(
    ("fields", "statuses"),
    [
        ({"series_id": NOBODY}, {404}),
        ({"number": 99}, {404}),
        ({"number": 0}, {422}),
        ({"priority": 0}, {422}),
        ({"priority": 10}, {422}),
        ({"wishes": {"earliest": "2027-03-09", "latest": "2027-03-08"}}, {422}),
        ({"wishes": {"times": [{"from_time": "10:00", "until_time": "09:00"}]}}, {422}),
        ({"wishes": {"times": [{"from_time": "08:00", "until_time": "09:00"}] * 10_000}}, {413, 422}),
        ({"wishes": {"weekdays": ["MO"] * 10_000}}, {422}),
        ({"wishes": {"resource_ids": [NOBODY]}}, {422}),
        ({"wishes": {"latest": "9999-12-31"}}, {422}),
    ],
)
def test_wishes_that_nobody_can_meet_are_refused(peopled, fields, statuses):
    body = {"series_id": peopled.ids["series_id"], "number": 1, **fields}
    document = refused(peopled.practice.http.post(peopled.practice.at("booking", "/waitlist"), body), *statuses)
    assert document["status"] != 422 or len(pointers(document)) > 0


@pytest.mark.parametrize("minutes", [0, -1, 1441, 10**30, 1.5, "ten", True, [5]])
def test_a_hold_of_no_time_or_for_ever_is_refused(peopled, minutes):
    body = wanted(peopled, *monday(peopled.practice, 0), protocol=ONE, minutes=minutes)
    document = refused(peopled.practice.http.post(peopled.practice.at("booking", "/holds"), body), 422)
    assert pointers(document) == {"/minutes"}


# --- resources and protocols ------------------------------------------------------------------------------------------


def hours(opens: str, closes: str, **fields: Any) -> dict[str, Any]:
    return {"hours": [{"weekday": "MO", "opens": opens, "closes": closes, **fields}]}


def away(from_local: str, until_local: str) -> dict[str, Any]:
    return {"absences": [{"from_local": from_local, "until_local": until_local, "reason": "vacation"}]}


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        (hours("17:00", "08:00"), "/hours/0"),
        (hours("08:00", "08:00"), "/hours/0"),
        (hours("08:00", "24:00"), "/hours/0/closes"),
        (hours("08:00Z", "17:00"), "/hours/0/opens"),
        (hours("08:00", "17:00", zone="UTC"), "/hours/0/zone"),
        ({"hours": hours("08:00", "17:00")["hours"] * 2}, "/hours/1"),
        ({"hours": hours("08:00", "17:00")["hours"] * 1000}, "/hours"),
        (away("2027-03-09T09:00", "2027-03-09T09:00"), "/absences/0"),
        (away("2027-03-09T09:00", "2027-03-08T09:00"), "/absences/0"),
        (away("2027-03-09T09:00Z", "2027-03-10T09:00"), "/absences/0/from_local"),
        ({"closed_on": ["2027-02-29"]}, "/closed_on/0"),
        ({"closed_on": ["0001-01-01"]}, "/closed_on/0"),
        ({"closed_on": ["2027-03-09"] * 10_000}, "/closed_on"),
        ({"capacity": 0}, "/capacity"),
        ({"capacity": -1}, "/capacity"),
        ({"capacity": 10**9}, "/capacity"),
        ({"capacity": 1.5}, "/capacity"),
        ({"capacity": "many"}, "/capacity"),
        ({"skills": [{"code": "iv", "until": "2027-02-30"}]}, "/skills/0/until"),
        ({"skills": [{"code": "iv"}, {"code": "iv"}]}, "/skills/1"),
        ({"kind": "sofa"}, "/kind"),
        ({"name": "\u202egnp.riahc"}, "/name"),
    ],
)
def test_a_resource_that_cannot_be_kept_is_refused(peopled, fields, pointer):
    body = {"kind": "chair", "name": "Chair", **fields}
    document = refused(peopled.practice.http.post(peopled.practice.at("booking", "/resources"), body), 413, 422)
    assert document["status"] == 413 or pointer in pointers(document)


BLOCKS: Final = A_REGIMEN["phases"][0]["blocks"]


def phase(**fields: Any) -> dict[str, Any]:
    return {"phases": [A_REGIMEN["phases"][0] | fields]}


def a_block(**fields: Any) -> dict[str, Any]:
    return phase(blocks=[BLOCKS[0] | fields])


@pytest.mark.parametrize(
    "fields",
    [
        phase(sessions=0), phase(sessions=10**6), phase(sessions=True), phase(sessions="many"),
        phase(min_days=-1), phase(min_days=0), phase(min_days=9, max_days=2), phase(max_days=10**9),
        phase(per_seven_days=0), phase(per_seven_days=8), phase(blocks=[]), phase(blocks=BLOCKS * 50),
        a_block(minutes=0), a_block(minutes=-5), a_block(minutes=7), a_block(minutes=10**6), a_block(minutes=1e400),
        a_block(needs=["sofa"]), a_block(needs=[{"kind": "nurse", "per": 0}]), a_block(needs=[{"per": 1}]),
        {"phases": []}, {"phases": A_REGIMEN["phases"] * 100}, {"conditions": []}, {"conditions": ["a broken leg"]},
        {"preferred": [[]]}, {"preferred": [["XX"]]}, {"re_evaluate_after": [0]}, {"re_evaluate_after": [10**9]},
        {"window_days": 0}, {"rest_days": -1}, {"caps": {"per_7": 0, "per_30": 1}}, {"caps": {"per_7": 3}},
    ],
)  # fmt: skip
def test_a_protocol_that_cannot_be_followed_is_refused(peopled, fields):
    body = {"slug": "impossible", "regimen": {**A_REGIMEN, **fields}}
    raw = json.dumps(body).encode()
    headers = {"Idempotency-Key": new_id(), "Content-Type": "application/json"}
    answer = peopled.practice.http.send("POST", peopled.practice.at("booking", "/protocols"), data=raw, headers=headers)
    found = pointers(refused(answer, 400, 422))
    # What is no JSON at all is refused as a whole.
    assert found or answer.status_code == 400
    assert all(one.startswith("/regimen") for one in found)
