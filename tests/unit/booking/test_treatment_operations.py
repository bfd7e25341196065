"""A treatment day as operations: what it needs of the record, what it leaves there, and whom it calls."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.booking.domain.chart.assessment import AssessmentStatus
from services.booking.domain.chart.misuse import SignalKind
from services.booking.domain.clinic.task import Task, TaskKind
from services.booking.domain.events import SessionDischarged
from services.booking.domain.patient.clearance import Clearance
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.override import Asked
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import CancelReason, HoldOn, SessionStatus
from services.booking.domain.treatment.adverse_event import AdverseEventKind, Severity
from services.booking.domain.treatment.preparation import Answers, SuicideRisk
from services.booking.domain.treatment.treatment import EndKind, Treatment, TreatmentStatus
from services.booking.operations.clearance import ReleaseClinicalHold, release_clinical_hold
from services.booking.operations.consents import ListConsents, WithdrawConsent, list_consents, withdraw_consent
from services.booking.operations.misuse import NoteSignal, note_signal
from services.booking.operations.series import (
    BookSeries,
    CancelSession,
    CarryOn,
    FirstFit,
    book_series,
    cancel_session,
    carry_on,
)
from services.booking.operations.treatments import (
    AddAdverseEvent,
    AddReading,
    AddScore,
    ContinueInfusion,
    NoteSuicideRisk,
    OverrideGate,
    PrepareSession,
    ResolveAdverseEvent,
    ShowGate,
    WatchObservations,
    add_adverse_event,
    add_reading,
    add_score,
    continue_infusion,
    note_suicide_risk,
    override_gate,
    prepare_session,
    resolve_adverse_event,
    show_gate,
    watch_observations,
)
from services.booking.operations.visits import (
    INTEGRATION_DAYS,
    DischargeSession,
    NoteLeft,
    StartSession,
    discharge_session,
    note_left,
    start_session,
)
from shared.errors import Conflict, Forbidden, NotFound, RuleBroken
from shared.localtime import resolve, same_wall_clock, to_local
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    NEW_YORK,
    OTHER_CLINIC,
    PATIENT,
    a_booking,
    a_chair,
    a_clinic,
    a_nurse,
    a_patient,
    a_resource,
    a_world,
    booked,
    hours,
    measured,
)
from tests.support.booking_fakes import A_CLINICIAN, A_NURSE, FakeBooking
from tests.support.booking_treated import (
    ALL_WELL,
    CALM,
    as_actor,
    check_in,
    discharge,
    end,
    make_ready,
    order,
    read,
    series_of,
    start,
    treat,
    treatment,
)
from tests.support.cleared import cleared

STATUS = TreatmentStatus


@pytest.fixture
def world() -> FakeBooking:
    """Two chairs, and a nurse for two."""
    return a_world(a_chair("chair-1"), a_chair("chair-2"), a_nurse(capacity=4))


@pytest.fixture
def series(world: FakeBooking) -> Series:
    """On the day of its first dose, at its start."""
    series = booked(world)
    world.now = series.session(1).starts_at
    return series


def gate(world: FakeBooking, series: Series, number: int = 1, clinic: str = CLINIC) -> list[str]:
    return [fault.code for fault in world.run(clinic, show_gate, ShowGate(series.id, number)).faults]


def refused(world: FakeBooking, operation: Any, command: Any, clinic: str = CLINIC) -> list[str]:
    with pytest.raises(Conflict) as refusal:
        world.run(clinic, operation, command)
    return [fault.code for fault in refusal.value.faults]


def tasks(world: FakeBooking, kind: TaskKind) -> list[Task]:
    return [task for task in world.all(Task) if task.kind is kind]


# --- from the arrival until home


def test_a_whole_day_of_a_dose(world: FakeBooking, series: Series):
    check_in(world, series.id)
    assert treatment(world, series.id).status is STATUS.PREPARING
    make_ready(world, series.id)
    world.pass_time(minutes=15)
    begun = start(world, series.id)
    assert begun.session(1).status is SessionStatus.IN_PROGRESS
    given = treatment(world, series.id)
    assert given.start is not None
    assert (given.status, given.start.dose_mg, given.start.minutes) == (STATUS.INFUSING, Decimal("35.0"), 40)
    assert given.next_at == world.now + timedelta(minutes=13)
    world.pass_time(minutes=40)
    assert end(world, series.id).status is STATUS.RECOVERING
    assert series_of(world, series.id).session(1).status is SessionStatus.IN_PROGRESS
    home = discharge(world, series.id)
    assert home.session(1).status is SessionStatus.FULFILLED
    gone = treatment(world, series.id)
    assert (gone.status, gone.next_at) == (STATUS.DISCHARGED, None)
    (told,) = world.events(SessionDischarged)
    assert told.no_driving_until == world.now + timedelta(hours=24)
    assert told.discharged_at == world.now
    assert [entry.act.action for entry in world.audit[CLINIC]][-11:] == [
        "session.check-in",
        "dose-order.sign",
        "treatment.prepare",
        "treatment.reading",
        "treatment.prepare",
        "session.start",
        "treatment.end",
        "treatment.reading",
        "treatment.dissociation",
        "treatment.suicide-risk",
        "session.discharge",
    ]


def test_a_talk_has_no_treatment_and_no_gate(world: FakeBooking):
    course = a_course_of_kap(world)
    world.now = course.session(1).starts_at
    check_in(world, course.id)
    with pytest.raises(NotFound):
        treatment(world, course.id)
    world.run(CLINIC, start_session, StartSession(course.id, 1))
    world.run(CLINIC, discharge_session, DischargeSession(course.id, 1))
    assert world.events(SessionDischarged)[-1].no_driving_until is None
    assert series_of(world, course.id).session(1).status is SessionStatus.FULFILLED


def test_who_has_not_arrived_is_not_started(world: FakeBooking, series: Series):
    assert refused(world, start_session, StartSession(series.id, 1)) == ["session.illegal-move"]
    with pytest.raises(NotFound):
        gate(world, series)


def test_without_order_and_supervisor_both_are_told(world: FakeBooking, series: Series):
    check_in(world, series.id)
    make_ready(world, series.id)
    unit = world.unit(CLINIC)
    in_force = unit.dose_orders.in_force(series.id)
    assert in_force is not None
    unit.dose_orders.save(replace(in_force, superseded_by="withdrawn"))
    doctor = unit.resources.get("doctor-1")
    unit.resources.save(replace(doctor, is_active=False))
    unit.commit()
    expected = ["dose-order.missing", "supervisor.not-valid"]
    assert refused(world, start_session, StartSession(series.id, 1)) == expected
    assert gate(world, series) == expected
    assert treatment(world, series.id).status is STATUS.PREPARING


def test_a_consent_that_is_withdrawn_on_the_day_closes_the_gate(world: FakeBooking, series: Series):
    check_in(world, series.id)
    make_ready(world, series.id)
    assert gate(world, series) == []
    signed = world.run(CLINIC, list_consents, ListConsents(PATIENT))
    (of_treatment,) = [one for one in signed.items if one.consent.kind == "treatment"]
    world.run(CLINIC, withdraw_consent, WithdrawConsent(PATIENT, of_treatment.consent.id, "afraid"))
    assert "consent.withdrawn" in refused(world, start_session, StartSession(series.id, 1))


def test_what_the_chart_and_the_session_say_closes_the_gate_too(world: FakeBooking, series: Series):
    check_in(world, series.id)
    make_ready(world, series.id)
    unit = world.unit(CLINIC)
    unit.series.save(series_of(world, series.id).hold_on(1, HoldOn("cap.per-7-days", "one too many", world.now)))
    for assessment in unit.assessments.of_patient(PATIENT):
        unit.assessments.save(replace(assessment, status=AssessmentStatus.SUPERSEDED))
    for consent in unit.consents.of_patient(PATIENT):
        if consent.kind == "treatment":
            unit.consents.save(replace(consent, expires_on=CASE_A[0] - timedelta(days=1)))
    unit.commit()
    assert gate(world, series) == ["cap.per-7-days", "consent.expired", "assessment.required"]


def test_the_gate_answers_what_start_would_say_and_whose_word_helps(world: FakeBooking, series: Series):
    check_in(world, series.id)
    make_ready(world, series.id, was_abstinent=False)
    state = world.run(CLINIC, show_gate, ShowGate(series.id, 1))
    assert (state.is_open, state.may) == (False, {"substances.taken": ("clinician",)})
    assert refused(world, start_session, StartSession(series.id, 1)) == ["substances.taken"]
    with as_actor(world, A_NURSE), pytest.raises(Forbidden):
        world.run(CLINIC, override_gate, OverrideGate(series.id, 1, "substances.taken", "one beer"))
    with as_actor(world, A_CLINICIAN):
        world.run(CLINIC, override_gate, OverrideGate(series.id, 1, "substances.taken", "one beer"))
    assert world.run(CLINIC, show_gate, ShowGate(series.id, 1)).is_open
    world.run(CLINIC, start_session, StartSession(series.id, 1))
    assert world.audit[CLINIC][-2].act.reason == "one beer"


# --- the screener on the day


def test_a_high_risk_of_suicide_holds_the_treatment_and_calls_a_clinician_now(world: FakeBooking, series: Series):
    check_in(world, series.id)
    make_ready(world, series.id, suicide_risk=SuicideRisk.HIGH)
    (crisis,) = tasks(world, TaskKind.CRISIS)
    assert (crisis.due_at, crisis.patient_id, crisis.number) == (world.now, PATIENT, 1)
    assert set(gate(world, series)) == {"clinical-hold.stands", "suicide-risk.high"}
    (clearance,) = world.all(Clearance)
    assert clearance.concern_at == world.now
    asked_again = PrepareSession(series.id, 1, Answers(suicide_risk=SuicideRisk.NONE), reason="spoke with the patient")
    with as_actor(world, A_NURSE), pytest.raises(Forbidden, match="Only clinician may take back"):
        world.run(CLINIC, prepare_session, asked_again)
    with as_actor(world, A_CLINICIAN):
        world.run(CLINIC, prepare_session, asked_again)
    assert gate(world, series) == ["clinical-hold.stands"], "a lower answer later releases nothing"
    with as_actor(world, A_CLINICIAN):
        release = ReleaseClinicalHold(PATIENT, clearance.holds[0].id, "spoke with the patient")
        world.run(CLINIC, release_clinical_hold, release)
    assert gate(world, series) == []


def test_a_moderate_risk_is_a_clinicians_decision(world: FakeBooking, series: Series):
    check_in(world, series.id)
    make_ready(world, series.id, suicide_risk=SuicideRisk.MODERATE)
    assert gate(world, series) == ["suicide-risk.moderate"]
    assert len(tasks(world, TaskKind.CRISIS)) == 1
    assert not world.all(Clearance)[0].is_held
    with as_actor(world, A_CLINICIAN):
        world.run(CLINIC, override_gate, OverrideGate(series.id, 1, "suicide-risk.moderate", "plan for safety made"))
    start_again = world.run(CLINIC, start_session, StartSession(series.id, 1))
    assert start_again.session(1).status is SessionStatus.IN_PROGRESS


def test_bipolar_with_an_asrm_of_six_waits_for_a_psychiatrist(world: FakeBooking):
    dates = [date(2026, 3, day) for day in (4, 9, 12, 16, 19, 23)]
    course = booked(world, a_booking(dates, protocol="bipolar-iv-6x3w"))
    world.now = course.session(1).starts_at
    check_in(world, course.id)
    make_ready(world, course.id, mania_total=6)
    assert gate(world, course) == ["mania.likely"]
    with as_actor(world, A_CLINICIAN), pytest.raises(Forbidden):
        world.run(CLINIC, override_gate, OverrideGate(course.id, 1, "mania.likely", "calm"))
    psychiatrist = replace(A_CLINICIAN, scopes=frozenset({"clinician", "psychiatrist"}))
    with as_actor(world, psychiatrist):
        world.run(CLINIC, override_gate, OverrideGate(course.id, 1, "mania.likely", "calm"))
    assert gate(world, course) == []


# --- one person, one chair


def a_second_clinic(world: FakeBooking) -> Series:
    """The same person has a course in another clinic, eight days later."""
    unit = world.unit(OTHER_CLINIC)
    unit.clinics.save(a_clinic(OTHER_CLINIC))
    unit.patients.save(a_patient("patient-9", person=f"person of {PATIENT}"))
    cleared(unit, "patient-9", NEW_YORK)
    for protocol in world.unit(CLINIC).protocols.list(after=None, limit=50, slug=None):
        unit.protocols.save(replace(protocol, version=0))
    for resource in (a_chair(), a_nurse()):
        unit.resources.save(resource)
    unit.commit()
    command = a_booking([CASE_A[0] + timedelta(days=8)], "08:00", protocol="booster-single")
    course = replace(command, patient_id="patient-9", condition=Condition.DEPRESSION)
    made: Series = world.run(OTHER_CLINIC, book_series, course)
    return made


def test_a_person_is_infused_in_one_clinic_at_a_time(world: FakeBooking):
    there = a_second_clinic(world)
    here = booked(world, a_booking([CASE_A[0]], "09:00", protocol="booster-single", condition=Condition.DEPRESSION))
    world.now = here.session(1).starts_at
    check_in(world, here.id)
    start(world, here.id)
    world.now = there.session(1).starts_at  # nobody has noted the end
    check_in(world, there.id, clinic=OTHER_CLINIC)
    make_ready(world, there.id, clinic=OTHER_CLINIC)
    faults = world.run(OTHER_CLINIC, show_gate, ShowGate(there.id, 1)).faults
    assert [fault.code for fault in faults] == ["treatment.infused-elsewhere"]
    assert "clinic" not in f"{faults[0].detail} {faults[0].context}"
    assert refused(world, start_session, StartSession(there.id, 1), OTHER_CLINIC) == ["treatment.infused-elsewhere"]
    end(world, here.id)
    world.run(OTHER_CLINIC, start_session, StartSession(there.id, 1))
    assert [one.of for one in world.exposures[f"person of {PATIENT}"].infusing] == [f"{there.id}.1.0"]


def a_single_dose(world: FakeBooking, at: str, patient_id: str) -> Series:
    command = a_booking([CASE_A[0]], at, protocol="booster-single", condition=Condition.PTSD)
    return booked(world, replace(command, patient_id=patient_id))


def test_an_infusion_follows_its_series_to_another_person(world: FakeBooking, series: Series):
    check_in(world, series.id)
    start(world, series.id)
    kept = series_of(world, series.id)
    world.run(CLINIC, lambda uow, _: uow.series.save(replace(kept, person="somebody else")), None)
    assert world.exposures[f"person of {PATIENT}"].infusing == ()
    assert [one.of for one in world.exposures["somebody else"].infusing] == [f"{series.id}.1.0"]
    end(world, series.id)
    assert world.exposures["somebody else"].infusing == ()


def test_a_chair_whose_patient_has_not_gone_home_is_not_free(world: FakeBooking):
    first, second = a_single_dose(world, "08:00", PATIENT), a_single_dose(world, "10:30", "patient-2")
    assert {"chair-1"} <= {*first.session(1).resource_ids} & {*second.session(1).resource_ids}
    world.now = first.session(1).starts_at
    check_in(world, first.id)
    start(world, first.id)
    world.now = second.session(1).starts_at
    check_in(world, second.id)
    make_ready(world, second.id)
    assert gate(world, second) == ["place.taken"]
    end(world, first.id)
    assert gate(world, second) == ["place.taken"]
    discharge(world, first.id)
    assert gate(world, second) == []


def test_what_was_asked_and_measured_on_one_day_begins_nothing_on_another(world: FakeBooking, series: Series):
    check_in(world, series.id)
    make_ready(world, series.id)
    world.now = series.session(2).starts_at
    assert "session.not-today" in gate(world, series)
    with pytest.raises(Conflict, match=r"treatment\.gate-closed"):
        world.run(CLINIC, start_session, StartSession(series.id, 1))
    world.run(CLINIC, carry_on, CarryOn(series.id))
    with pytest.raises(Conflict, match=r"session\.illegal-move"):
        world.run(CLINIC, start_session, StartSession(series.id, 1))


# --- what counts


def dates_of(world: FakeBooking) -> tuple[date, ...]:
    return world.exposures[f"person of {PATIENT}"].dates


def test_an_infusion_that_is_aborted_at_minute_five_counts(world: FakeBooking, series: Series):
    check_in(world, series.id)
    start(world, series.id)
    world.pass_time(minutes=5)
    end(world, series.id, kind=EndKind.ABORTED, given_mg=Decimal("4.4"), reason="chest pain")
    assert CASE_A[0] in dates_of(world)
    discharge(world, series.id)
    assert CASE_A[0] in dates_of(world)
    assert world.unit(CLINIC).treatments.last_dose(PATIENT) == Decimal("4.4")


def test_who_arrived_and_was_given_nothing_does_not_count(world: FakeBooking, series: Series):
    check_in(world, series.id)
    make_ready(world, series.id)
    world.run(CLINIC, cancel_session, CancelSession(series.id, 1, CancelReason.CLINICAL))
    assert CASE_A[0] not in dates_of(world)
    (given_up,) = world.all(Treatment)
    assert (given_up.status, given_up.was_infused) == (STATUS.NOT_INFUSED, False)


def test_the_dose_that_was_given_last_is_known(world: FakeBooking, series: Series):
    treat(world, series.id)
    assert world.unit(CLINIC).treatments.last_dose(PATIENT) == Decimal("35.0")


# --- looks, advice, adverse events


def test_a_look_that_is_overdue_calls_somebody_once(world: FakeBooking, series: Series):
    check_in(world, series.id)
    start(world, series.id)
    started_at = world.now
    watch = WatchObservations(treatment(world, series.id).id)
    with pytest.raises(Conflict, match=r"treatment\.not-due"):
        world.run(CLINIC, watch_observations, watch)
    world.pass_time(minutes=13)
    world.run(CLINIC, watch_observations, watch)
    (task,) = tasks(world, TaskKind.OBSERVATION_OVERDUE)
    assert (task.due_at, task.number, task.patient_id) == (world.now, 1, PATIENT)
    assert treatment(world, series.id).next_at == started_at + timedelta(minutes=23)
    with pytest.raises(Conflict, match=r"treatment\.not-due"):
        world.run(CLINIC, watch_observations, watch)
    world.pass_time(minutes=1)
    (alarm,) = read(world, series.id).alarms
    assert alarm.answered_at == world.now


def test_a_reading_that_comes_late_leaves_an_alarm_for_no_look_that_it_answers(world: FakeBooking, series: Series):
    check_in(world, series.id)
    start(world, series.id)
    world.pass_time(minutes=15)
    assert read(world, series.id).alarms == ()
    assert tasks(world, TaskKind.OBSERVATION_OVERDUE) == []


def test_advice_to_stop_is_a_task_and_going_on_a_clinicians_word(world: FakeBooking, series: Series):
    check_in(world, series.id)
    start(world, series.id)
    world.pass_time(minutes=20)
    read(world, series.id, systolic=182, diastolic=112)
    (task,) = tasks(world, TaskKind.STOP_ADVICE)
    assert task.due_at == world.now
    assert "systolic 182" in task.detail
    assert treatment(world, series.id).status is STATUS.INFUSING
    with as_actor(world, A_CLINICIAN):
        world.run(CLINIC, continue_infusion, ContinueInfusion(series.id, 1, "cuff was loose"))
    (advice,) = treatment(world, series.id).advice
    assert advice.decision is not None
    assert (advice.decision.reason, advice.decision.by) == ("cuff was loose", A_CLINICIAN.id)


def test_adverse_events_have_severity_onset_and_an_end(world: FakeBooking, series: Series):
    check_in(world, series.id)
    event = AddAdverseEvent(series.id, 1, AdverseEventKind.NAUSEA, Severity.MODERATE)
    with pytest.raises(Conflict, match=r"treatment\.not-started"):
        world.run(CLINIC, add_adverse_event, event)
    start(world, series.id)
    started_at = world.now
    world.pass_time(minutes=25)
    before = replace(event, onset_at=started_at - timedelta(minutes=1))
    with pytest.raises(RuleBroken):
        world.run(CLINIC, add_adverse_event, before)
    known = world.run(CLINIC, add_adverse_event, replace(event, onset_at=started_at + timedelta(minutes=20)))
    (noted,) = known.adverse_events
    assert (noted.onset_at, noted.noted_at) == (started_at + timedelta(minutes=20), world.now)
    world.pass_time(minutes=5)
    over = world.run(CLINIC, resolve_adverse_event, ResolveAdverseEvent(series.id, 1, noted.id))
    assert over.adverse_events[0].resolved_at == world.now
    with pytest.raises(NotFound):
        world.run(CLINIC, resolve_adverse_event, ResolveAdverseEvent(series.id, 1, "nothing"))


@pytest.mark.parametrize(
    "values",
    [
        {"systolic": 500},
        {"systolic": 80, "diastolic": 90},
        {"spo2": 20},
        {"heart_rate": 999},
        {"temperature": Decimal(60)},
    ],
)
def test_what_nobody_can_have_measured_is_refused_and_nothing_is_lost(
    world: FakeBooking, series: Series, values: dict[str, Any]
):
    check_in(world, series.id)
    before = len(world.audit[CLINIC])
    with pytest.raises(RuleBroken, match=r"vitals\.implausible"):
        read(world, series.id, **values)
    assert treatment(world, series.id).readings == ()
    assert len(world.audit[CLINIC]) == before


def test_readings_may_be_written_down_later_in_their_order(world: FakeBooking, series: Series):
    check_in(world, series.id)
    start(world, series.id)
    started_at = world.now
    world.pass_time(minutes=12)
    taken = AddReading(series.id, 1, started_at + timedelta(minutes=10), **CALM)
    assert world.run(CLINIC, add_reading, taken).readings[-1].at == started_at + timedelta(minutes=10)
    for wrong, code in ((-2, "out-of-order"), (5, "out-of-order"), (10, "out-of-order"), (13, "in-future")):
        with pytest.raises(RuleBroken, match=code):
            world.run(CLINIC, add_reading, replace(taken, at=started_at + timedelta(minutes=wrong)))


def test_signs_of_misuse_are_looked_at_anew_at_the_discharge(world: FakeBooking, series: Series):
    world.run(CLINIC, note_signal, NoteSignal(PATIENT, SignalKind.CRAVING))
    check_in(world, series.id)
    start(world, series.id)
    event = AddAdverseEvent(series.id, 1, AdverseEventKind.URINARY_SYMPTOMS, Severity.MILD)
    world.run(CLINIC, add_adverse_event, event)
    assert tasks(world, TaskKind.MISUSE_REVIEW) == []
    discharge(world, series.id)
    assert len(tasks(world, TaskKind.MISUSE_REVIEW)) == 1


def test_more_than_was_ordered_is_on_record_calls_a_clinician_and_keeps_the_patient(world: FakeBooking, series: Series):
    check_in(world, series.id)
    start(world, series.id)
    with as_actor(world, A_NURSE):
        over = end(world, series.id, given_mg=Decimal("35.01"))
    assert over.end is not None
    assert over.end.given_mg == Decimal("35.01")
    (task,) = tasks(world, TaskKind.DOSE_EXCEEDED)
    assert (task.due_at, task.number) == (world.now, 1)
    assert "35.01 of 35.0 mg" in task.detail
    (event,) = over.adverse_events
    assert (event.kind, event.severity, event.by) == (AdverseEventKind.OTHER, Severity.SEVERE, A_NURSE.id)
    assert refused_codes_of(world, series) == ["discharge.adverse-event"]


def refused_codes_of(world: FakeBooking, series: Series) -> list[str]:
    """Why nobody goes home an hour later although all is well."""
    with pytest.raises(Conflict) as refusal:
        discharge(world, series.id)
    return [fault.code for fault in refusal.value.faults]


@pytest.mark.parametrize("given", ["34.99", "35"])
def test_what_was_ordered_or_less_calls_nobody(world: FakeBooking, series: Series, given: str):
    check_in(world, series.id)
    start(world, series.id)
    over = end(world, series.id, given_mg=Decimal(given))
    assert (tasks(world, TaskKind.DOSE_EXCEEDED), over.adverse_events) == ([], ())


# --- going home


def test_a_discharge_is_refused_until_everything_is_well_and_overridden_by_a_clinician_only(
    world: FakeBooking, series: Series
):
    check_in(world, series.id)
    start(world, series.id)
    world.pass_time(minutes=40)
    assert refused(world, discharge_session, DischargeSession(series.id, 1, ALL_WELL)) == []
    end(world, series.id)
    world.pass_time(minutes=45)
    read(world, series.id)
    world.run(CLINIC, add_score, AddScore(series.id, 1, 2))
    world.run(CLINIC, note_suicide_risk, NoteSuicideRisk(series.id, 1, SuicideRisk.NONE))
    alone = replace(ALL_WELL, is_escort_present=False)
    expected = ["discharge.too-early", "discharge.escort-absent"]
    assert refused(world, discharge_session, DischargeSession(series.id, 1, alone)) == expected
    early = DischargeSession(series.id, 1, ALL_WELL, (Asked("discharge.too-early", "lives next door"),))
    with as_actor(world, A_NURSE), pytest.raises(Forbidden):
        world.run(CLINIC, discharge_session, early)
    with as_actor(world, A_CLINICIAN):
        home = world.run(CLINIC, discharge_session, early)
    assert home.session(1).status is SessionStatus.FULFILLED
    gone = treatment(world, series.id)
    assert [(one.code, one.reason, one.by) for one in gone.set_aside] == [
        ("discharge.too-early", "lives next door", A_CLINICIAN.id)
    ]
    assert gone.departure is not None
    assert gone.departure.checked["is_oriented"] == "true"


def in_recovery(world: FakeBooking, series: Series) -> None:
    """An hour after the end nothing speaks against going home but that nobody has asked about suicide."""
    check_in(world, series.id)
    start(world, series.id)
    end(world, series.id)
    world.pass_time(minutes=60)
    read(world, series.id)
    world.run(CLINIC, add_score, AddScore(series.id, 1, 1))
    going = DischargeSession(series.id, 1, ALL_WELL)
    assert refused(world, discharge_session, going) == ["discharge.suicide-risk-not-asked"]


@pytest.mark.parametrize(("level", "holds"), [(SuicideRisk.MODERATE, []), (SuicideRisk.HIGH, ["suicide-risk-high"])])
def test_what_is_said_of_suicide_before_going_home_stays_and_only_a_clinician_lets_them_go(
    world: FakeBooking, series: Series, level: SuicideRisk, holds: list[str]
):
    in_recovery(world, series)
    with as_actor(world, A_NURSE):
        world.run(CLINIC, note_suicide_risk, NoteSuicideRisk(series.id, 1, level))
        world.pass_time(minutes=1)
        world.run(CLINIC, note_suicide_risk, NoteSuicideRisk(series.id, 1, SuicideRisk.NONE))
    assert len(tasks(world, TaskKind.CRISIS)) == 1
    assert world.audit[CLINIC][-1].act.action == "treatment.suicide-risk"
    (clearance,) = (one for one in world.all(Clearance) if one.id == PATIENT)
    assert clearance.is_of_concern(world.now)
    assert [hold.trigger for hold in clearance.holds] == holds
    home = DischargeSession(series.id, 1, ALL_WELL)
    assert refused(world, discharge_session, home) == ["discharge.suicide-risk"]
    word = replace(home, overrides=(Asked("discharge.suicide-risk", "seen, has a plan and company"),))
    with as_actor(world, A_NURSE), pytest.raises(Forbidden):
        world.run(CLINIC, discharge_session, word)
    with as_actor(world, A_CLINICIAN):
        assert world.run(CLINIC, discharge_session, word).session(1).status is SessionStatus.FULFILLED


def test_each_word_of_suicide_calls_somebody_and_low_risk_nobody(world: FakeBooking, series: Series):
    in_recovery(world, series)
    for level in (SuicideRisk.HIGH, SuicideRisk.HIGH, SuicideRisk.LOW):
        world.run(CLINIC, note_suicide_risk, NoteSuicideRisk(series.id, 1, level))
    assert len(tasks(world, TaskKind.CRISIS)) == 2


def test_nobody_is_asked_so_before_the_start_or_at_home(world: FakeBooking, series: Series):
    asked = NoteSuicideRisk(series.id, 1, SuicideRisk.HIGH)
    check_in(world, series.id)
    assert refused(world, note_suicide_risk, asked) == ["treatment.illegal-move"]
    start(world, series.id)
    discharge(world, series.id)
    assert refused(world, note_suicide_risk, asked) == ["treatment.illegal-move"]
    assert tasks(world, TaskKind.CRISIS) == []


def test_who_walks_out_is_called_now_and_their_chair_is_free(world: FakeBooking, series: Series):
    check_in(world, series.id)
    start(world, series.id)
    assert gate(world, series) == [], "nobody is in their own way"
    left = NoteLeft(series.id, 1, "could not be kept")
    assert refused(world, note_left, left) == ["treatment.illegal-move"]
    end(world, series.id, kind=EndKind.ABORTED, given_mg=Decimal(3), reason="wants to go")
    with as_actor(world, A_CLINICIAN):
        gone = world.run(CLINIC, note_left, left)
    assert gone.session(1).status is SessionStatus.FULFILLED
    assert CASE_A[0] in dates_of(world)
    now = treatment(world, series.id)
    assert (now.status, now.next_at, world.unit(CLINIC).treatments.under_way()) == (STATUS.LEFT, None, [])
    assert now.departure is not None
    assert (now.departure.reason, now.departure.checked) == ("could not be kept", {})
    (call,) = tasks(world, TaskKind.CALL_NOW)
    assert call.due_at == world.now
    (told,) = world.events(SessionDischarged)
    assert told.no_driving_until == world.now + timedelta(hours=24)


# --- ketamine-assisted psychotherapy


def a_course_of_kap(world: FakeBooking) -> Series:
    unit = world.unit(CLINIC)
    for kind in ("room", "therapist"):
        unit.resources.save(a_resource(kind, f"{kind}-9", hours=hours()))  # type: ignore[arg-type]
    unit.commit()
    return booked(
        world, BookSeries(PATIENT, "kap-6", condition=Condition.PTSD, first_fit=FirstFit(time_of_day=time(9)))
    )


def test_no_dose_of_kap_before_its_talks_and_a_talk_about_it_is_proposed(world: FakeBooking):
    course = a_course_of_kap(world)
    for number in (1, 2):
        world.now = course.session(number).starts_at
        check_in(world, course.id, number)
        if number == 1:
            start(world, course.id, number)
            discharge(world, course.id, number)
    world.now = course.session(3).starts_at
    check_in(world, course.id, 3)
    make_ready(world, course.id, 3)
    assert gate(world, course, 3) == ["kap.not-prepared"]
    start(world, course.id, 2)
    discharge(world, course.id, 2)
    assert gate(world, course, 3) == []
    start(world, course.id, 3)
    discharge(world, course.id, 3)
    (task,) = tasks(world, TaskKind.INTEGRATION_PROPOSAL)
    assert task.due_at == same_wall_clock(world.now, NEW_YORK, days=3)
    world.now = course.session(4).starts_at
    measured(world)
    treat(world, course.id, 4)
    assert course.session(5).starts_at < same_wall_clock(world.now, NEW_YORK, days=3)
    assert tasks(world, TaskKind.INTEGRATION_PROPOSAL) == [task], "the talk about the second dose is booked already"


def test_a_dose_on_friday_at_one_is_talked_about_from_saturday_to_monday_at_one():
    at = resolve(datetime(2026, 3, 6, 13), NEW_YORK)  # noqa: DTZ001 -- a wall time
    window = [to_local(same_wall_clock(at, NEW_YORK, days=days), NEW_YORK) for days in INTEGRATION_DAYS]
    assert [f"{wall:%a %H:%M}" for wall in window] == ["Sat 13:00", "Mon 13:00"]


def test_the_dose_order_of_the_day_is_the_one_that_is_given(world: FakeBooking, series: Series):
    check_in(world, series.id)
    order(world, series.id)
    in_force = world.unit(CLINIC).dose_orders.in_force(series.id)
    start(world, series.id)
    begun = treatment(world, series.id).start
    assert begun is not None
    assert in_force is not None
    assert begun.order_id == in_force.id
