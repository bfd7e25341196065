"""Who comes late, who does not come, and who is then phoned at once."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.booking.domain.clinic.task import Task, TaskKind
from services.booking.domain.patient.clearance import Clearance
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import MissReason, SessionStatus
from services.booking.domain.treatment.preparation import SuicideRisk
from services.booking.domain.treatment.treatment import Treatment
from services.booking.operations.clearance import HearAlertRaised, hear_alert_raised
from services.booking.operations.series import CarryOn, MarkMissed, carry_on, mark_missed
from services.booking.operations.visits import CheckInSession, check_in_session
from shared.actor import Actor
from shared.errors import Conflict, Forbidden, RuleBroken
from tests.support.booking_builders import CASE_A, CLINIC, PATIENT, a_booking, a_chair, a_nurse, a_world, booked
from tests.support.booking_fakes import A_CLINICIAN, A_NURSE, THE_DESK, FakeBooking
from tests.support.booking_treated import as_actor, check_in, make_ready


@pytest.fixture
def world() -> FakeBooking:
    return a_world(a_chair(), a_nurse(capacity=4))


def a_dose(world: FakeBooking, at: str = "09:00", patient_id: str = PATIENT) -> Series:
    command = a_booking([CASE_A[0]], at, protocol="booster-single", condition=Condition.PTSD)
    return booked(world, replace(command, patient_id=patient_id))


def comes(
    world: FakeBooking, series: Series, late: timedelta, actor: Actor = THE_DESK, *, late_kept: bool = False
) -> Series:
    world.now = series.session(1).starts_at + late
    with as_actor(world, actor):
        changed: Series = world.run(CLINIC, check_in_session, CheckInSession(series.id, 1, late_kept))
    return changed


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.mark.parametrize("late", [-120, -1, 0, 15])
def test_up_to_a_quarter_of_an_hour_late_nobody_is_asked(world: FakeBooking, late: float):
    series = a_dose(world)
    there = comes(world, series, minutes(late))
    assert there.session(1).status is SessionStatus.CHECKED_IN
    assert there.session(1).claims == series.session(1).claims
    assert len(world.all(Treatment)) == 1


@pytest.mark.parametrize("late", [15.01, 29.99, 30])
@pytest.mark.parametrize("actor", [A_NURSE, A_CLINICIAN])
def test_up_to_half_an_hour_late_a_nurse_or_clinician_keeps_them(world: FakeBooking, late: float, actor: Actor):
    series = a_dose(world)
    with pytest.raises(RuleBroken, match=r"session\.late"):
        comes(world, series, minutes(late), actor)
    with pytest.raises(Forbidden):
        comes(world, series, minutes(late), THE_DESK, late_kept=True)
    assert world.all(Treatment) == []
    there = comes(world, series, minutes(late), actor, late_kept=True)
    assert there.session(1).status is SessionStatus.CHECKED_IN


@pytest.mark.parametrize("late_kept", [False, True])
def test_more_than_half_an_hour_late_is_too_late_whoever_says_otherwise(world: FakeBooking, *, late_kept: bool):
    series = a_dose(world)
    with pytest.raises(RuleBroken, match=r"session\.too-late"):
        comes(world, series, minutes(30.01), A_CLINICIAN, late_kept=late_kept)


def test_a_word_without_need_changes_nothing(world: FakeBooking):
    series = a_dose(world)
    there = comes(world, series, minutes(10), THE_DESK, late_kept=True)
    assert there.session(1).claims == series.session(1).claims


def test_what_a_kept_session_takes_lasts_longer_but_not_the_people(world: FakeBooking):
    series = a_dose(world)
    there = comes(world, series, minutes(21), A_NURSE, late_kept=True)
    before, after = series.session(1).claims, there.session(1).claims
    longer = {one.kind: (two.until_at - one.until_at) for one, two in zip(before, after, strict=True)}
    assert longer == {"patient": minutes(25), "chair": minutes(25), "nurse": timedelta()}
    assert [one.from_at for one in after] == [one.from_at for one in before]


@pytest.mark.parametrize(("second_at", "fits"), [("11:30", False), ("11:45", False), ("11:50", True)])
def test_a_late_session_is_kept_only_before_what_comes_next_in_its_chair(
    world: FakeBooking, second_at: str, *, fits: bool
):
    """The chair is taken from 9:00 to 11:25; who comes at 9:25 needs it until 11:50."""
    first = a_dose(world)
    a_dose(world, second_at, "patient-2")
    if fits:
        comes(world, first, minutes(25), A_NURSE, late_kept=True)
        return
    with pytest.raises(Conflict, match=r"session\.block-does-not-fit"):
        comes(world, first, minutes(25), A_NURSE, late_kept=True)
    assert world.all(Treatment) == []


def test_nobody_books_into_the_time_that_a_late_session_takes(world: FakeBooking):
    comes(world, a_dose(world), minutes(25), A_NURSE, late_kept=True)
    with pytest.raises(Conflict):
        a_dose(world, "11:30", "patient-2")


# --- who does not come


def alerted(world: FakeBooking, trigger: str = "suicidal-thoughts", *, days_ago: float = 0) -> None:
    raised = HearAlertRaised("alert-1", PATIENT, trigger, 2, False, world.now - timedelta(days=days_ago))
    world.run(CLINIC, hear_alert_raised, raised)


def calls(world: FakeBooking) -> list[Task]:
    return [task for task in world.all(Task) if task.kind is TaskKind.CALL_NOW]


def missed(world: FakeBooking, series: Series) -> None:
    world.run(CLINIC, mark_missed, MarkMissed(series.id, 1, MissReason.NO_SHOW))


@pytest.mark.parametrize(("days_ago", "is_called"), [(0, True), (30, True), (30.001, False)])
def test_who_spoke_of_suicide_in_the_last_30_days_and_does_not_come_is_called_within_two_hours(
    world: FakeBooking, days_ago: float, *, is_called: bool
):
    series = a_dose(world)
    world.now = series.session(1).starts_at + minutes(31)
    alerted(world, days_ago=days_ago)
    missed(world, series)
    assert [(task.due_at, task.number) for task in calls(world)] == [(world.now + timedelta(hours=2), 1)] * is_called


def test_other_patients_and_other_alerts_call_nobody(world: FakeBooking):
    series = a_dose(world)
    world.now = series.session(1).starts_at + minutes(31)
    alerted(world, "deterioration")
    missed(world, series)
    assert calls(world) == []


def test_the_job_that_notes_who_did_not_come_calls_as_well(world: FakeBooking):
    series = booked(world)
    world.now = series.session(1).starts_at + minutes(31)
    alerted(world)
    world.run(CLINIC, carry_on, CarryOn(series.id))
    assert len(calls(world)) == 1


def test_the_newest_alert_counts_whichever_is_heard_last():
    clearance = Clearance(PATIENT)
    early, late = (world_at(days) for days in (1, 9))
    assert clearance.alerted("suicidal-thoughts", late).alerted("suicide-risk-high", early).concern_at == late
    assert clearance.alerted("mania", late).concern_at is None


def world_at(day: int):
    return a_world().now.replace(day=day)


def test_what_was_said_at_an_earlier_dose_counts_too(world: FakeBooking):
    series = booked(world, a_booking())
    world.now = series.session(1).starts_at
    check_in(world, series.id)
    make_ready(world, series.id, suicide_risk=SuicideRisk.MODERATE)
    world.now = series.session(2).starts_at + minutes(31)
    world.run(CLINIC, mark_missed, MarkMissed(series.id, 2, MissReason.NO_SHOW))
    assert [task.number for task in calls(world)] == [2]
    assert series.session(2).on == date(2026, 3, 6)
