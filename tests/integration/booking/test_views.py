"""The desk's views on a full calendar: read by index only, in bounded time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.resource import Resource
from services.booking.domain.calendar.slots import PATIENT, Claim, patient_key
from services.booking.domain.clinic.task import TaskKind, TaskStatus, new_task
from services.booking.domain.series.series import Series
from services.booking.operations.queries import ListSessions, list_sessions
from services.booking.operations.tasks import CompleteTask, ListTasks, complete_task, list_tasks
from services.booking.operations.views import (
    ShowDaySheet,
    ShowTimeline,
    ShowUtilisation,
    show_day_sheet,
    show_timeline,
    show_utilisation,
)
from shared.localtime import resolve
from tests.integration.booking.booking_host import ThisBooking
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    NEW_YORK,
    NOW,
    OTHER_CLINIC,
    a_chair,
    a_nurse,
    a_series,
    a_session,
)

CHAIRS = 50
SERIES = 300
TIMES = ("08:00", "10:30", "13:00")
WITHIN = 3.0
"""Seconds; it takes a tenth of them on an idle machine."""


def a_full_series(place: int) -> Series:
    """Six sessions in a chair of their own; half of the series a day later than the others."""
    chair, when = f"chair-{place % CHAIRS:02}", place // CHAIRS
    later, at = timedelta(days=when // len(TIMES)), TIMES[when % len(TIMES)]
    sessions = []
    for number, day in enumerate(CASE_A, 1):
        local = datetime.fromisoformat(f"{day + later}T{at}")
        starts_at = resolve(local, NEW_YORK)
        claims = (
            Claim(PATIENT, patient_key(f"patient-{place}"), starts_at, starts_at + timedelta(minutes=130)),
            Claim("chair", chair, starts_at, starts_at + timedelta(minutes=145)),
        )
        ends_at = starts_at + timedelta(minutes=130)
        sessions.append(a_session(number, starts_at=starts_at, starts_local=local, ends_at=ends_at, claims=claims))
    series = a_series(*sessions, id=f"series-{place:03}", patient_id=f"patient-{place}")
    return replace(series, person=f"person of patient-{place}")


def resources() -> list[Resource]:
    return [*(a_chair(f"chair-{number:02}") for number in range(CHAIRS)), a_nurse()]


@pytest.fixture
def full(booking: ThisBooking) -> ThisBooking:
    """A clinic with fifty chairs and three hundred series, beside one that has two."""
    booking.open(resources=resources())

    def keep(place: int) -> Any:
        return lambda uow: uow.series.save(a_full_series(place))

    for place in range(SERIES):
        booking.attempt(CLINIC, keep(place))
    for place in (SERIES, SERIES + 1):
        booking.attempt(OTHER_CLINIC, keep(place))
    return booking


@contextmanager
def reads_of(booking: ThisBooking, *collections: str) -> Iterator[list[dict[str, Any]]]:
    """What the database did to read them meanwhile."""
    found: list[dict[str, Any]] = []
    booking.database.command("profile", 2)
    yield found
    booking.database.command("profile", 0)
    names = [f"{booking.database.name}.{name}" for name in collections]
    found += booking.database["system.profile"].find({"ns": {"$in": names}, "op": {"$in": ["query", "getmore"]}})


def amiss(reads: list[dict[str, Any]]) -> list[Any]:
    """Reads that look at documents which they do not give (but one), or go through a whole collection.

    What is found by one index or another counts twice: it is looked at before and behind the union.
    """
    figures = [(read["planSummary"], read["docsExamined"], read["nreturned"]) for read in reads]
    either = [(plan, examined / (1 + plan.count(", IXSCAN")), given) for plan, examined, given in figures]
    return [figure for figure in either if "COLLSCAN" in figure[0] or figure[1] > figure[2] + 1]


def test_the_day_sheet_of_a_full_clinic_is_read_by_index(full: ThisBooking) -> None:
    with reads_of(full, "series", "resources", "clinics") as reads:
        began = time.monotonic()
        page = full.run(CLINIC, show_day_sheet, ShowDaySheet(CASE_A[0], limit=200, after=None))
        took = time.monotonic() - began
    assert len(page.items) == CHAIRS + 1
    assert sum(len(one.entries) for one in page.items) == SERIES // 2
    assert {len(one.free) for one in page.items if one.resource.kind == "chair"} == {3}
    assert len(reads) >= 3
    assert amiss(reads) == []
    assert sum(read["nreturned"] for read in reads) == SERIES // 2 + CHAIRS + 1 + 1
    assert took < WITHIN
    print(f"day sheet: {took:.3f} s")


def test_a_day_without_sessions_is_not_searched_for(full: ThisBooking) -> None:
    with reads_of(full, "series") as reads:
        page = full.run(CLINIC, show_day_sheet, ShowDaySheet(date(2027, 1, 4), limit=200, after=None))
    assert [one for one in page.items if one.entries] == []
    assert sum(read["docsExamined"] for read in reads) == 0


def test_a_month_of_use_is_counted_in_bounded_time(full: ThisBooking) -> None:
    with reads_of(full, "series") as reads:
        began = time.monotonic()
        asked = ShowUtilisation(CASE_A[0], CASE_A[0] + timedelta(days=30), limit=200, after=None)
        page = full.run(CLINIC, show_utilisation, asked)
        took = time.monotonic() - began
    assert amiss(reads) == []
    assert took < WITHIN
    chairs = [one for one in page.items if one.resource.kind == "chair"]
    minutes = {one.total.taken // timedelta(minutes=1) for one in chairs}
    assert minutes == {SERIES // CHAIRS * 6 * 145}
    print(f"utilisation: {took:.3f} s")


def test_lists_and_time_lines_are_read_by_index(full: ThisBooking) -> None:
    with reads_of(full, "series", "patients") as reads:
        full.run(CLINIC, list_sessions, ListSessions(CASE_A[0], CASE_A[0], limit=50, after=None))
        line = full.run(CLINIC, show_timeline, ShowTimeline("patient-1", limit=50, after=None))
    assert len(line.items) == 6
    assert amiss(reads) == []


@pytest.mark.parametrize("asked", [{}, {"status": TaskStatus.COMPLETED}, {"patient_id": "patient-1"}])
def test_tasks_are_read_by_index_and_their_notes_sealed(booking: ThisBooking, asked: dict[str, Any]) -> None:
    booking.open()
    tasks = [
        new_task(TaskKind.CHANGE_REQUESTED, "patient-1", "Another time.", reason=str(age), at=NOW - timedelta(days=age))
        for age in range(20)
    ]
    for task in (*tasks, *tasks):
        booking.run(CLINIC, lambda uow, one: uow.tasks.add(one), task)
    for task in tasks[:10]:
        booking.run(CLINIC, complete_task, CompleteTask(task.id, "Ada phoned."))
    with reads_of(booking, "tasks") as reads:
        page = booking.run(CLINIC, list_tasks, ListTasks(limit=4, after=None, **asked))
        rest = booking.run(CLINIC, list_tasks, ListTasks(limit=50, after=page.after, **asked))
    found = [(NOW - task.made_at).days for task in (*page.items, *rest.items)]
    assert found == list(range(9 if "status" in asked else 19, -1, -1))
    assert {task.note for task in rest.items if task.status is TaskStatus.COMPLETED} == {"Ada phoned."}
    assert all("Ada phoned" not in str(row) for row in booking.database["tasks"].find())
    assert amiss(reads) == []
