"""From what follow-up tells to the chair: no dose begins while an alert holds the treatment."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.booking.domain.clinic.task import ProposedPlan, Task, TaskKind, TaskStatus
from services.booking.domain.patient.clearance import Clearance
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.gate import NO_MEASURE
from services.booking.domain.series.session import HoldOn, SessionStatus
from services.booking.domain.views.day_sheet import Mark
from services.booking.operations.clearance import (
    HearAlertRaised,
    HearRelapseSuspected,
    ReleaseClinicalHold,
    ShowClearance,
    hear_alert_raised,
    hear_relapse_suspected,
    release_clinical_hold,
    show_clearance,
)
from services.booking.operations.exposure import ReleaseSession, release_session
from services.booking.operations.moves import MoveSession, move_session
from services.booking.operations.plans import FindPlans, find_plans
from services.booking.operations.tasks import (
    CancelTask,
    CompleteTask,
    ListTasks,
    cancel_task,
    complete_task,
    list_tasks,
)
from services.booking.operations.views import ShowDaySheet, show_day_sheet
from services.booking.operations.visits import CheckInSession, StartSession, check_in_session, start_session
from shared.errors import Conflict, NotFound
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    NOW,
    OTHER_CLINIC,
    PATIENT,
    a_booking,
    a_world,
    booked,
    measured,
)
from tests.support.booking_fakes import A_CLINICIAN, FakeBooking
from tests.support.booking_treated import make_ready, start

ALERT = HearAlertRaised("alert-1", PATIENT, "suicide-risk-high", 1, holds_treatment=True, raised_at=NOW)


@pytest.fixture
def world() -> FakeBooking:
    return a_world()


def alert(world, **changes):
    world.run(CLINIC, hear_alert_raised, replace(ALERT, **changes))


def release(world, alert_id="alert-1", patient_id=PATIENT, clinic=CLINIC):
    world.actor = A_CLINICIAN
    return world.run(clinic, release_clinical_hold, ReleaseClinicalHold(patient_id, alert_id, "seen and discussed"))


def check_in(world, series, number=1):
    world.now = series.session(number).starts_at
    return world.run(CLINIC, check_in_session, CheckInSession(series.id, number))


def refused(world, operation, command, code="session.on-hold"):
    with pytest.raises(Conflict) as refusal:
        world.run(CLINIC, operation, command)
    assert refusal.value.code == code
    return [fault.code for fault in refusal.value.faults]


def test_no_session_begins_while_an_alert_holds_the_treatment(world):
    series = booked(world)
    alert(world)
    world.now = series.session(1).starts_at
    assert refused(world, check_in_session, CheckInSession(series.id, 1)) == ["clinical-hold.stands"]
    release(world)
    assert check_in(world, series).session(1).status is SessionStatus.CHECKED_IN


def test_who_is_there_already_is_not_started(world):
    series = booked(world)
    check_in(world, series)
    make_ready(world, series.id)
    alert(world)
    codes = refused(world, start_session, StartSession(series.id, 1), "treatment.gate-closed")
    assert codes == ["clinical-hold.stands"]
    release(world)
    world.run(CLINIC, start_session, StartSession(series.id, 1))


def test_a_series_that_is_booked_after_the_alert_is_held_as_well(world):
    alert(world)
    series = booked(world)
    world.now = series.session(1).starts_at
    assert refused(world, check_in_session, CheckInSession(series.id, 1)) == ["clinical-hold.stands"]


def test_moving_a_session_does_not_free_it(world):
    series = booked(world, a_booking(CASE_A[:1], protocol="booster-single", condition=Condition.PTSD))
    alert(world)
    at = series.session(1).starts_local + timedelta(days=1)
    series = world.run(CLINIC, move_session, MoveSession(series.id, 1, series.version, at))
    world.now = series.session(1).starts_at
    assert refused(world, check_in_session, CheckInSession(series.id, 1)) == ["clinical-hold.stands"]


def test_an_alert_that_holds_nothing_leaves_no_trace_unless_it_speaks_of_suicide(world):
    alert(world, holds_treatment=False, trigger="deterioration")
    assert (world.all(Clearance), world.all(Task)) == ([], [])
    alert(world, holds_treatment=False)
    assert ([one.is_held for one in world.all(Clearance)], world.all(Task)) == ([False], [])


def test_other_patients_are_treated(world):
    series = booked(world)
    alert(world, patient_id="patient-2")
    check_in(world, series)


def test_the_desk_is_told_once_and_the_release_closes_that_task(world):
    alert(world)
    alert(world)
    (task,) = world.all(Task)
    assert (task.kind, task.patient_id, task.due_at) == (TaskKind.CLINICAL_HOLD, PATIENT, NOW)
    assert "suicide-risk-high" in task.detail
    shown = release(world)
    assert not shown.is_held
    (task,) = world.all(Task)
    assert (task.status, task.note, task.closed_by) == (TaskStatus.COMPLETED, "seen and discussed", A_CLINICIAN.id)


@pytest.mark.parametrize(("close", "command"), [(complete_task, CompleteTask), (cancel_task, CancelTask)])
def test_closing_the_task_releases_nothing(world, close, command):
    alert(world)
    (task,) = world.all(Task)
    closed = world.run(CLINIC, close, command(task.id, "phoned"))
    assert world.run(CLINIC, show_clearance, ShowClearance(PATIENT)).is_held
    release(world)
    assert world.all(Task) == [closed]


def test_an_alert_that_is_heard_again_after_the_release_holds_nothing(world):
    alert(world)
    release(world)
    alert(world)
    assert not world.run(CLINIC, show_clearance, ShowClearance(PATIENT)).is_held
    assert [task.status for task in world.all(Task)] == [TaskStatus.COMPLETED]


def test_a_release_needs_a_hold_of_that_patient_in_that_clinic(world):
    alert(world)
    for wrong in ({"alert_id": "alert-2"}, {"patient_id": "patient-2"}, {"patient_id": "nobody"}):
        with pytest.raises(NotFound):
            release(world, **wrong)
    with pytest.raises(NotFound):
        release(world, clinic=OTHER_CLINIC)
    release(world)
    with pytest.raises(Conflict):
        release(world)


def test_of_nobody_no_clearance_is_shown(world):
    with pytest.raises(NotFound):
        world.run(CLINIC, show_clearance, ShowClearance("nobody"))
    measured(world)
    shown = world.run(CLINIC, show_clearance, ShowClearance(PATIENT))
    assert [(one.instrument, one.total, one.scored_at) for one in shown.measures] == [("phq-9", 14, NOW)]


def test_a_measure_that_is_heard_twice_or_late_writes_nothing(world):
    measured(world)
    measured(world)
    measured(world, scored_at=NOW - timedelta(days=1))
    (clearance,) = world.all(Clearance)
    assert (clearance.version, clearance.measures[0].scored_at) == (1, NOW)


# --- re-evaluation ----------------------------------------------------------------------------------------------------


def test_the_session_behind_a_re_evaluation_begins_with_a_fresh_measure_only(world):
    series = booked(world)
    measured(world)
    world.now = series.session(4).starts_at
    assert refused(world, check_in_session, CheckInSession(series.id, 4)) == [NO_MEASURE]
    measured(world)
    check_in(world, series, 4)


def test_a_clinician_lets_it_begin_without_one_and_that_is_kept(world):
    series = booked(world)
    world.now = series.session(4).starts_at
    world.actor = A_CLINICIAN
    released = world.run(CLINIC, release_session, ReleaseSession(series.id, 4, "seen today"))
    (word,) = released.overrides
    assert (word.code, word.reason, word.by, word.numbers) == (NO_MEASURE, "seen today", A_CLINICIAN.id, (4,))
    check_in(world, series, 4)
    with pytest.raises(Conflict, match=r"session\.not-on-hold"):
        world.run(CLINIC, release_session, ReleaseSession(series.id, 4, "again"))


def test_the_release_of_a_session_leaves_the_patients_hold(world):
    series = booked(world)
    alert(world)
    with pytest.raises(Conflict, match=r"session\.not-on-hold"):
        world.run(CLINIC, release_session, ReleaseSession(series.id, 1, "the wrong way"))
    world.run(CLINIC, release_session, ReleaseSession(series.id, 4, "seen today"))
    world.now = series.session(4).starts_at
    assert refused(world, check_in_session, CheckInSession(series.id, 4)) == ["clinical-hold.stands"]


def test_what_holds_the_session_and_what_holds_the_patient_is_told_together(world):
    series = booked(world)
    unit = world.unit(CLINIC)
    unit.series.save(series.hold_on(4, HoldOn("cap.per-7-days", "One too many.", NOW)))
    unit.commit()
    alert(world)
    world.now = series.session(4).starts_at
    every = ["cap.per-7-days", "clinical-hold.stands", NO_MEASURE]
    assert refused(world, check_in_session, CheckInSession(series.id, 4)) == every
    released = world.run(CLINIC, release_session, ReleaseSession(series.id, 4, "seen today"))
    assert {one.code for one in released.overrides} == {"cap.per-7-days", NO_MEASURE}


# --- what the desk sees -----------------------------------------------------------------------------------------------


def marks(world, day):
    page = world.run(CLINIC, show_day_sheet, ShowDaySheet(day, limit=10, after=None))
    return {mark for column in page.items for entry in column.entries for mark in entry.marks}


def test_the_day_sheet_marks_held_doses_until_they_are_released(world):
    series = booked(world)
    assert Mark.ON_HOLD not in marks(world, CASE_A[0])
    alert(world)
    assert Mark.ON_HOLD in marks(world, CASE_A[0])
    release(world)
    check_in(world, series)
    start(world, series.id)
    alert(world, alert_id="alert-2")
    assert Mark.ON_HOLD not in marks(world, CASE_A[0])
    assert Mark.ON_HOLD in marks(world, CASE_A[1])


# --- boosters ---------------------------------------------------------------------------------------------------------


def suspected(world, series, **changes):
    relapse = HearRelapseSuspected(PATIENT, series.id, "RL-2", "phq-9", 12, NOW)
    world.run(CLINIC, hear_relapse_suspected, replace(relapse, **changes))


def proposals(world):
    asked = ListTasks(10, None, kind=TaskKind.BOOSTER_PROPOSAL)
    return world.run(CLINIC, list_tasks, asked).items


def test_a_suspected_relapse_is_a_task_that_says_how_to_find_places_for_a_booster(world):
    series = booked(world)
    suspected(world, series)
    (task,) = proposals(world)
    assert (task.series_id, task.made_at, task.plan) == (
        series.id, NOW, ProposedPlan(PATIENT, "booster-single", "depression")
    )  # fmt: skip
    assert "RL-2" in task.detail
    world.now = series.session(6).starts_at + timedelta(days=40)
    wanted = FindPlans(task.plan.patient_id, task.plan.protocol, condition=Condition(task.plan.condition))
    assert world.run(CLINIC, find_plans, wanted).plans


def test_one_proposal_is_open_at_a_time(world):
    series = booked(world)
    suspected(world, series)
    suspected(world, series)
    suspected(world, series, rule="RL-8", at=NOW + timedelta(days=7))
    (first,) = proposals(world)
    world.run(CLINIC, complete_task, CompleteTask(first.id))
    suspected(world, series)
    assert len(proposals(world)) == 1
    suspected(world, series, at=NOW + timedelta(days=60))
    assert len(proposals(world)) == 2


def test_a_relapse_after_a_series_that_is_not_here_is_refused(world):
    with pytest.raises(NotFound):
        suspected(world, booked(world), series_id="nobodys")
