"""What becomes due about a series: sessions that nobody came to, and series in which nothing can happen any more."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.booking.domain.clinic.task import Task, TaskKind
from services.booking.domain.events import SeriesCancelled, SeriesCompleted, SessionMissed
from services.booking.domain.protocol.protocol import Regimen
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import CancelReason, SessionStatus
from services.booking.domain.treatment.treatment import Treatment, TreatmentStatus
from services.booking.operations.protocol import PublishProtocol, publish_protocol
from services.booking.operations.series import CancelSession, CarryOn, cancel_session, carry_on
from services.booking.operations.visits import (
    CheckInSession,
    check_in_session,
)
from shared.errors import Conflict
from tests.support.booking_builders import CASE_A, CLINIC, MOOD, a_booking, a_world, booked
from tests.support.booking_fakes import FakeBooking
from tests.support.booking_treated import treat

STATUS = SessionStatus
HALF_AN_HOUR = timedelta(minutes=30)


def carried_on(world: FakeBooking, series: Series) -> Series:
    changed: Series = world.run(CLINIC, carry_on, CarryOn(series.id))
    return changed


def carried_on_when_due(world: FakeBooking, series: Series) -> Series:
    world.now = world.all(Series)[0].next_at or world.now
    return carried_on(world, series)


def treated(world: FakeBooking, series: Series, number: int) -> Series:
    world.now = series.session(number).starts_at
    return treat(world, series.id, number)


def called_off(world: FakeBooking, series: Series, number: int, before: timedelta, reason: CancelReason) -> Any:
    world.now = series.session(number).starts_at - before
    return world.run(CLINIC, cancel_session, CancelSession(series.id, number, reason))


@pytest.mark.parametrize(("late", "is_missed"), [(timedelta(minutes=29, seconds=59), False), (HALF_AN_HOUR, True)])
def test_whoever_is_half_an_hour_late_has_missed_the_session(late: timedelta, *, is_missed: bool):
    world = a_world()
    series = booked(world)
    assert series.next_at == series.session(1).starts_at + HALF_AN_HOUR
    world.now = series.session(1).starts_at + late
    if is_missed:
        assert carried_on(world, series).session(1).status is STATUS.NOSHOW
        assert world.events(SessionMissed)[0].reason == "no-show"
    else:
        with pytest.raises(Conflict, match=r"series\.not-due"):
            carried_on(world, series)


def test_the_protocol_says_how_late_one_may_come_and_a_running_series_keeps_to_its_edition():
    world = a_world()
    before = booked(world)
    lenient: Regimen = type(MOOD)(**{**vars(MOOD), "missed_after_minutes": 60})
    world.run(CLINIC, publish_protocol, PublishProtocol("mood-iv-6x2w", lenient))
    later = booked(world, a_booking(at="14:30", patient_id="patient-2"))
    assert before.next_at == before.session(1).starts_at + HALF_AN_HOUR
    assert later.next_at == later.session(1).starts_at + timedelta(minutes=60)


MIDNIGHT = datetime.fromisoformat("2026-03-05T00:00-05:00")


@pytest.fixture
def arrived() -> tuple[FakeBooking, Series]:
    """The patient of the first dose has come, and is given nothing."""
    world = a_world()
    series = booked(world)
    world.now = series.session(1).starts_at
    return world, world.run(CLINIC, check_in_session, CheckInSession(series.id, 1))


def test_a_patient_who_has_arrived_misses_nothing(arrived):
    world, series = arrived
    assert series.next_at == MIDNIGHT
    world.now = MIDNIGHT - timedelta(seconds=1)
    with pytest.raises(Conflict, match=r"series\.not-due"):
        carried_on(world, series)


def test_a_dose_whose_patient_came_is_over_with_its_day_and_somebody_is_asked_why(arrived):
    world, series = arrived
    world.now = MIDNIGHT
    changed = carried_on(world, series)
    assert (changed.session(1).status, changed.session(1).reason) == (STATUS.CANCELLED, "clinical")
    assert changed.next_at == changed.session(2).starts_at + HALF_AN_HOUR
    [treatment] = world.all(Treatment)
    assert treatment.status is TreatmentStatus.NOT_INFUSED
    [task] = world.all(Task)
    assert (task.kind, task.number, task.due_at) == (TaskKind.COORDINATE, 1, MIDNIGHT + timedelta(hours=24))
    assert changed.dose_dates == tuple(CASE_A[1:])
    act = world.audit[CLINIC][-1].act
    assert (act.actor, act.action, act.record) == (world.actor.id, "session.give-up", f"series/{series.id}")


def test_a_talk_whose_begin_nobody_noted_stays_with_the_staff(arrived):
    world, series = arrived
    talk = replace(series.session(1), doses=False)
    world.now = MIDNIGHT
    assert series.with_sessions(talk).forgotten(MIDNIGHT) == ()
    assert series.forgotten(MIDNIGHT) == (series.session(1),)


def test_after_a_long_outage_everything_overdue_is_noted_at_once():
    world = a_world()
    series = booked(world)
    world.now = series.session(3).starts_at + timedelta(hours=5)
    changed = carried_on(world, series)
    assert [session.status for session in changed.sessions] == [STATUS.NOSHOW] * 3 + [STATUS.BOOKED] * 3
    assert [event.number for event in world.events(SessionMissed)] == [1, 2, 3]
    assert changed.version == 2


def test_a_series_without_anything_to_come_is_completed_two_weeks_after_its_last_date():
    world = a_world()
    series = treated(world, booked(world), 1)
    for number in range(2, 7):
        series = called_off(world, series, number, timedelta(days=1), CancelReason.CLINIC)
    assert series.status is SeriesStatus.ACTIVE
    assert series.next_at == datetime.fromisoformat("2026-03-31T00:00-04:00")
    closed = carried_on_when_due(world, series)
    assert (closed.status, closed.next_at) == (SeriesStatus.COMPLETED, None)
    assert len(world.events(SeriesCompleted)) == 1


def test_a_series_of_which_nothing_took_place_is_cancelled_two_weeks_after_its_last_date():
    world = a_world()
    series = booked(world)
    while series.status is SeriesStatus.ACTIVE:
        series = carried_on_when_due(world, series)
    assert {session.status for session in series.sessions} == {STATUS.NOSHOW}
    assert series.status is SeriesStatus.CANCELLED
    assert world.events(SeriesCancelled)[0].reason == "no-show"
    assert (world.now.date() - CASE_A[-1]).days == 15


# --- two let-downs in a row


def tasks(world: FakeBooking) -> list[tuple[TaskKind, int | None]]:
    return [(task.kind, task.number) for task in world.all(Task)]


def test_two_missed_sessions_in_a_row_call_for_a_coordinator_once_each():
    world = a_world()
    series = carried_on_when_due(world, booked(world))
    assert tasks(world) == []
    series = carried_on_when_due(world, series)
    assert tasks(world) == [(TaskKind.COORDINATE, 2)]
    (task,) = world.all(Task)
    assert (task.series_id, task.due_at) == (series.id, world.now + timedelta(hours=24))


def test_a_cancellation_by_the_patient_at_short_notice_counts_like_a_missed_session():
    world = a_world()
    series = carried_on_when_due(world, booked(world))
    called_off(world, series, 2, timedelta(hours=23, minutes=59), CancelReason.PATIENT)
    assert tasks(world) == [(TaskKind.COORDINATE, 2)]


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (timedelta(hours=24), CancelReason.PATIENT),
        (timedelta(hours=1), CancelReason.CLINIC),
        (timedelta(hours=1), CancelReason.WEATHER),
        (timedelta(hours=1), CancelReason.CLINICAL),
    ],
)
def test_what_the_clinic_calls_off_or_is_called_off_in_time_never_counts_as_missed(
    before: timedelta, reason: CancelReason
):
    world = a_world()
    series = carried_on_when_due(world, booked(world))
    series = called_off(world, series, 2, before, reason)
    assert tasks(world) == []
    world.now = series.session(3).starts_at + HALF_AN_HOUR
    carried_on(world, series)
    assert tasks(world) == [(TaskKind.COORDINATE, 3)]


def test_a_session_that_took_place_begins_the_count_anew():
    world = a_world()
    series = carried_on_when_due(world, booked(world))
    series = treated(world, series, 2)
    carried_on_when_due(world, series)
    assert tasks(world) == []
