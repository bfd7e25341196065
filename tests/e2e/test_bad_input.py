"""Whatever comes in wrong is refused with a clear 4xx, in bounded time and memory, and nothing is written."""

import resource
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from shared.ids import new_id
from tests.e2e.described import BODIES, Operation, operations
from tests.e2e.practice import NOBODY, ONE, SIX, open_practice
from tests.e2e.refusals import REFUSED, WITHIN, nothing_written, pointers, refused
from tests.e2e.spoiled import spoiled
from tests.e2e.town import Town
from tests.e2e.world import Peopled, people

MORE_MEMORY: Final = 150 * 2**20
"""Bytes that all of it together may add to the web process."""


@pytest.fixture(scope="module")
def peopled(town: Town) -> Peopled:
    return people(open_practice(town, chairs=2, nurses=2))


@pytest.fixture(autouse=True)
def untouched(town: Town, peopled: Peopled) -> Iterator[None]:
    with nothing_written(town, peopled.practice.id):
        yield


@pytest.fixture(scope="module")
def acts(town: Town) -> Mapping[str, Operation]:
    """Booking's routes that take a body, but those that run the platform."""
    found = (route for route in operations(town) if route.service == "booking" and route.name in BODIES)
    return {route.name: route for route in found if "/operations/" not in route.path}


# --- every field of every body ---------------------------------------------------------------------------------------


def test_no_value_is_taken_for_another_one(town, peopled, acts):
    wrong = []
    for name, route in acts.items():
        http = town.operator if "platform" in route.scopes else peopled.practice.http
        path = route.filled(clinic_id=peopled.practice.id, **{one: _known(peopled, one) for one in route.parameters})
        for one in spoiled(BODIES[name](peopled.practice, peopled.ids["patient_id"])):
            headers = {"Idempotency-Key": new_id(), "If-Match": '"1"', "Content-Type": "application/json"}
            answer = http.send(route.method, path, headers=headers, data=one.raw)
            if fault := _amiss(answer, one.pointer):
                wrong.append(f"{name}: {one}: {fault}")
    assert wrong == []


def _known(peopled: Peopled, name: str) -> str:
    return peopled.ids.get(name, NOBODY)


def _amiss(answer: requests.Response, pointer: str) -> str:
    """What is wrong with the answer to a body that is wrong there."""
    if answer.status_code not in REFUSED or answer.headers["Content-Type"] != "application/problem+json":
        return f"{answer.status_code} {answer.text[:300]}"
    if answer.elapsed.total_seconds() > WITHIN:
        return f"took {answer.elapsed.total_seconds():.1f} s"
    named = pointers(answer.json())
    if answer.json()["code"] == "invalid" and not any(_meets(one, pointer) for one in named):
        return f"points at {sorted(named)}"
    return ""


def _meets(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


# --- times ------------------------------------------------------------------------------------------------------------

NO_WALL_TIMES: Final = [
    "2027-03-09T09:00Z", "2027-03-09T09:00+01:00", "2027-03-09T09:00-05:00[America/New_York]", "2027-03-09T09:00:00",
    "2027-03-09 09:00", "2027-03-09", "09:00", "2027-02-29T09:00", "2027-04-31T09:00", "2027-13-01T09:00",
    "2027-03-09T24:00", "2027-03-09T09:60", "1027-03-09T09:00", "9999-12-31T23:55", "0000-00-00T00:00", "now", "",
    " 2027-03-09T09:00", "2027-03-09T09:00\n", "\u0662\u0660\u0662\u0667-03-09T09:00", 1804582800, 1804582800.5, None,
]  # fmt: skip
"""Aware, half, impossible, far away, and in digits of another script."""


@pytest.mark.parametrize("text", NO_WALL_TIMES)
def test_a_wall_time_is_nothing_else(peopled, text):
    practice, ids = peopled.practice, peopled.ids
    body = {"patient_id": ids["patient_id"], "protocol": ONE, "sessions": [{"starts_local": text}]}
    for rest in ("/series", "/holds"):
        document = refused(practice.http.post(practice.at("booking", rest), body), 422)
        assert pointers(document) == {"/sessions/0/starts_local"}
    moved = practice.http.patch(
        practice.at("booking", f"/series/{ids['series_id']}/sessions/1"), body["sessions"][0], 1
    )
    assert pointers(refused(moved, 422)) == {"/starts_local"}


@pytest.mark.parametrize("text", ["2027-03-09T09:00", "2027-03-09T09:00+99:00", "2027-03-09", "tomorrow", 5, "NaN"])
def test_an_instant_has_an_offset(peopled, text):
    practice = peopled.practice
    body = {"label": "key", "scopes": ["front_desk"], "expires_at": text}
    assert pointers(refused(practice.http.post(practice.at("booking", "/access-keys"), body), 422)) == {"/expires_at"}


@pytest.mark.parametrize(
    "zone",
    ["Mars/Base", "UTC+25", "../../etc/passwd", "america/new_york", "", "Europe/Berlin\u0000", 5, None],
)
def test_an_unknown_zone_is_refused(town, peopled, zone):
    clinic = {**BODIES["open_clinic"](peopled.practice, ""), "zone": zone}
    assert pointers(refused(town.operator.post("/booking/v1/clinics", clinic), 422)) == {"/zone"}
    if zone is not None:
        patient = {**BODIES["register_patient"](peopled.practice, ""), "zone": zone}
        there = peopled.practice.at("booking", "/patients")
        assert pointers(refused(peopled.practice.http.post(there, patient), 422)) == {"/zone"}


def days(first: str, last: str) -> dict[str, str]:
    return {"from_date": first, "until_date": last}


@pytest.mark.parametrize("rest", ["/sessions", "/utilisation", "/utilisation/kinds"])
@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        (days("2027-01-10", "2027-01-04"), "/query/until_date"),
        (days("2027-01-04", "2037-01-04"), "/query/until_date"),
        (days("2020-01-01", "2099-12-31"), "/query/until_date"),
        (days("0001-01-01", "0001-01-02"), "/query/from_date"),
        (days("9999-12-31", "9999-12-31"), "/query/until_date"),
        (days("2027-01-04T09:00", "2027-01-04"), "/query/from_date"),
        (days("2027-01-04", "NaN"), "/query/until_date"),
        (days("2027-02-29", "2027-03-01"), "/query/from_date"),
        ({"from_date": "2027-01-04"}, "/query/until_date"),
        ({**days("2027-01-04", "2027-01-05"), "zone": "UTC"}, "/query/zone"),
    ],
)
def test_dates_that_nobody_can_look_at_are_refused(peopled, rest, query, pointer):
    document = refused(peopled.practice.http.get(peopled.practice.at("booking", rest), **query), 422)
    assert pointer in pointers(document)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({}, "/query/on"),
        ({"on": "today"}, "/query/on"),
        ({"on": "1999-12-31"}, "/query/on"),
        ({"on": "2027-01-04", "kind": "sofa"}, "/query/kind"),
        ({"on": "2027-01-04", "limit": "NaN"}, "/query/limit"),
        ({"on": "2027-01-04", "limit": "9" * 1000}, "/query/limit"),
        ({"on": "2027-01-04", "limit": "1e999"}, "/query/limit"),
        ({"on": "2027-01-04", "cursor": "x" * 501}, "/query/cursor"),
        ({"on": "2027-01-04", "cursor": "\U0001f600.\u202e"}, "/query/cursor"),
    ],
)
def test_a_day_sheet_that_nobody_can_draw_is_refused(peopled, query, pointer):
    answer = peopled.practice.http.get(peopled.practice.at("booking", "/day-sheet"), **query)
    assert pointers(refused(answer, 400, 414, 422)) in ({pointer}, set())


# --- memory -----------------------------------------------------------------------------------------------------------


def resident(town: Town, name: str) -> int:
    """Bytes that a process of the platform and its children hold in memory."""
    parent = town.platform.process(name).pid
    parents = {int(stat.parent.name): int(stat.read_text().rpartition(")")[2].split()[1]) for stat in _stats()}
    family = {pid for pid in parents if parent in {pid, parents[pid]}}
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in family)
    return sum(pages) * resource.getpagesize()


def _stats() -> Iterator[Path]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        if stat.exists():
            yield stat


def _wanted(peopled: Peopled, *starts: str, **fields: Any) -> dict[str, Any]:
    sessions = [{"starts_local": start} for start in starts]
    return {"patient_id": peopled.ids["patient_id"], "protocol": SIX, "sessions": sessions} | fields


def test_the_largest_requests_leave_memory_as_it_was(town, peopled):
    before = resident(town, "booking.web")
    there = peopled.practice.at("booking", "/series")
    fitting = 250_000
    bodies = [
        _wanted(peopled, *["2027-03-09T09:00"] * (fitting // 40)),
        _wanted(peopled, sessions=[{"starts_local": "2027-03-09T09:00", "resource_ids": ["x" * 64] * (fitting // 70)}]),
        _wanted(peopled, **{f"field {number}": number for number in range(fitting // 30)}),
        _wanted(peopled, condition="x" * fitting),
    ]
    for body in bodies * 5:
        refused(peopled.practice.http.post(there, body), 422)
    grown = resident(town, "booking.web") - before
    assert grown < MORE_MEMORY, f"{grown / 2**20:.0f} MB more"
