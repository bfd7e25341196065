"""What follows from signs of misuse: two make a task, three hold the treatment, a clinician's word counts once."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.booking.api.misuse import MisuseWatchAnswer
from services.booking.domain.chart.answers import Exam, ExamKind, Sex, Word
from services.booking.domain.chart.dose_order import Basis
from services.booking.domain.chart.misuse import TRIGGER, SignalKind
from services.booking.domain.chart.weight import Weight
from services.booking.domain.clinic.task import Task, TaskKind, TaskStatus
from services.booking.domain.patient.clearance import Clearance
from services.booking.domain.patient.patient import Reporter
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.protocol.templates import BOOSTER
from services.booking.domain.treatment.adverse_event import AdverseEvent, AdverseEventKind, Severity
from services.booking.domain.treatment.preparation import Answers, Escort, Statement
from services.booking.domain.treatment.treatment import End, EndKind, SetAside, Start, Treatment, TreatmentStatus
from services.booking.operations.clearance import (
    HearMeasureScored,
    ReleaseClinicalHold,
    hear_measure_scored,
    release_clinical_hold,
    what_closes,
)
from services.booking.operations.dose_orders import SignDoseOrder, sign_dose_order
from services.booking.operations.exposure import AddExternalDose, add_external_dose
from services.booking.operations.misuse import NoteSignal, ShowMisuseWatch, note_signal, show_misuse_watch, watch
from shared.errors import NotFound, RuleBroken
from tests.support.booking_builders import (
    CLINIC,
    NOW,
    OTHER_CLINIC,
    PATIENT,
    a_booking,
    a_series,
    a_session,
    a_world,
    booked,
)
from tests.support.booking_fakes import A_CLINICIAN, THE_DESK
from tests.support.cleared import an_assessment

TODAY, SOON = date(2026, 3, 1), date(2026, 3, 9)
CRAVING, HOME, URINARY = SignalKind.CRAVING, SignalKind.HOME_USE, SignalKind.URINARY_SYMPTOM
HIT, EARLY = SignalKind.PDMP_HIT, SignalKind.EARLY_REQUEST


@pytest.fixture
def world():
    return a_world()


def note(world, kind, **fields):
    return world.run(CLINIC, note_signal, NoteSignal(PATIENT, kind, **fields))


def shown(world):
    return world.run(CLINIC, show_misuse_watch, ShowMisuseWatch(PATIENT))


def codes(world):
    return [flag.code for flag in shown(world).flags]


def tasks(world, kind):
    return [task for task in world.all(Task) if task.kind is kind]


def holds(world):
    return [hold for clearance in world.all(Clearance) for hold in clearance.holds if hold.trigger == TRIGGER]


def release(world, hold):
    world.actor = A_CLINICIAN
    world.run(CLINIC, release_clinical_hold, ReleaseClinicalHold(PATIENT, hold.id, "seen and discussed"))
    world.actor = THE_DESK


def test_one_flag_is_shown_and_asks_for_nothing(world):
    signal = note(world, CRAVING, note="dreams of it")
    assert (signal.on, signal.by, signal.noted_at) == (date(2026, 3, 1), THE_DESK.id, world.now)
    seen = shown(world)
    assert [(flag.code, flag.facts) for flag in seen.flags] == [("DW-6", {"dates": ["2026-03-01"]})]
    assert (seen.asks_for_review, seen.holds_treatment, seen.signals) == (False, False, (signal,))
    assert world.all(Task) == []


def test_two_flags_make_one_task_however_often_they_are_seen(world):
    for kind in (CRAVING, URINARY, CRAVING, HOME, URINARY):
        note(world, kind)
    (task,) = tasks(world, TaskKind.MISUSE_REVIEW)
    assert (task.patient_id, task.due_at) == (PATIENT, world.now)
    assert "DW-6, DW-7" in task.detail
    assert holds(world) == []


def test_three_flags_hold_every_dose_until_a_clinician_releases_it(world):
    series = booked(world)
    for kind in (CRAVING, URINARY, HIT):
        note(world, kind)
    (hold,) = holds(world)
    assert [fault.context["trigger"] for fault in what_closes(world.unit(CLINIC), series, 1)] == [TRIGGER]
    (task,) = tasks(world, TaskKind.CLINICAL_HOLD)
    release(world, hold)
    assert what_closes(world.unit(CLINIC), series, 1) == []
    assert world.unit(CLINIC).tasks.get(task.id).status is TaskStatus.COMPLETED


def test_what_was_released_holds_again_only_with_a_flag_that_is_new(world):
    for kind in (CRAVING, URINARY, HIT):
        note(world, kind)
    release(world, holds(world)[0])
    note(world, CRAVING)
    assert [hold.stands for hold in holds(world)] == [False]
    note(world, EARLY)
    note(world, EARLY)
    assert [hold.stands for hold in holds(world)] == [False, True]


def test_while_a_hold_stands_a_fourth_flag_adds_none(world):
    for kind in (CRAVING, URINARY, HIT, EARLY, EARLY):
        note(world, kind)
    assert (codes(world), len(holds(world))) == (["DW-1", "DW-4", "DW-6", "DW-7"], 1)


def test_flags_that_went_and_come_back_hold_again(world):
    for kind in (CRAVING, URINARY, HIT):
        note(world, kind)
    release(world, holds(world)[0])
    world.pass_time(days=90)
    assert codes(world) == []
    for kind in (CRAVING, URINARY, HIT):
        note(world, kind)
    assert [hold.stands for hold in holds(world)] == [False, True]


def test_flags_that_become_fewer_ask_for_nothing(world):
    note(world, CRAVING, on=TODAY - timedelta(days=89))
    for kind in (URINARY, HIT):
        note(world, kind)
    release(world, holds(world)[0])
    reviews = tasks(world, TaskKind.MISUSE_REVIEW)
    world.pass_time(days=1)
    note(world, URINARY)
    assert (codes(world), tasks(world, TaskKind.MISUSE_REVIEW)) == (["DW-4", "DW-7"], reviews)


def test_a_signal_of_a_date_to_come_or_of_nobody_is_refused(world):
    with pytest.raises(RuleBroken, match=r"signal\.in-future"):
        note(world, CRAVING, on=date(2026, 3, 2))
    with pytest.raises(NotFound):
        world.run(OTHER_CLINIC, note_signal, NoteSignal(PATIENT, CRAVING))
    assert shown(world).signals == ()


# --- where the facts come from


def book_booster(world, condition=Condition.DEPRESSION, on=SOON, at="09:00"):
    return booked(world, a_booking([on], at, protocol=BOOSTER, condition=condition))


def test_doses_at_two_clinics_are_seen_and_not_which(world):
    here = book_booster(world)
    other = world.unit(OTHER_CLINIC)
    other.series.save(replace(here, id="theirs", version=0, sessions=(replace(here.sessions[0], claims=()),)))
    other.commit()
    (flag,) = shown(world).flags
    assert (flag.code, flag.facts) == ("DW-4", {"sites": 2, "pdmp_hits": 0})


def test_doses_given_anywhere_shrink_the_intervals(world):
    for ago in (121, 79, 46, 20, 0):
        day = TODAY - timedelta(days=ago)
        world.run(CLINIC, add_external_dose, AddExternalDose(PATIENT, day, Reporter.PATIENT))
    assert codes(world) == ["DW-2"]
    book_booster(world, on=TODAY + timedelta(days=29))
    assert "DW-2" in codes(world)


def test_a_dose_from_elsewhere_is_looked_at_in_its_commit(world):
    for kind in (CRAVING, URINARY):
        note(world, kind)
    book_booster(world)
    world.run(CLINIC, add_external_dose, AddExternalDose(PATIENT, TODAY, Reporter.PATIENT))
    assert [hold.id for hold in holds(world)] == ["misuse-2026-03-01-4.6.7"]


def test_screens_come_from_the_assessments(world):
    unit = world.unit(CLINIC)
    positive = Exam(ExamKind.DRUG_SCREEN, TODAY, Word.POSITIVE)
    unit.assessments.save(an_assessment(id="another", patient_id=PATIENT, exams=(positive,)))
    unit.commit()
    assert codes(world) == ["DW-5"]


def order(world, series, amount, reason=None):
    weight = Weight(Decimal(70), TODAY, Decimal(175), Sex.MALE)
    command = SignDoseOrder(series.id, Basis.MG_PER_KG, Decimal(amount), weight=weight, reason=reason)
    return world.run(CLINIC, sign_dose_order, command)


def visit(world, series, number=1, order_id="", **fields):
    """A visit so many days ago; 35 mg were given at it when an order says so."""
    at = world.now - timedelta(days=number)
    visit = Treatment(f"{series.id}.{number}.0", PATIENT, series.id, number, at, **fields)
    if order_id:
        start, end = Start(at, "key", order_id, Decimal(35), 40), End(at, "key", EndKind.COMPLETED, Decimal(35))
        visit = replace(visit, start=start, end=end, status=TreatmentStatus.DISCHARGED)
    unit = world.unit(CLINIC)
    unit.treatments.save(visit)
    unit.commit()


def with_escort(is_adult):
    escort = Escort("Grace Example", "+12025550100", is_adult=is_adult, is_reachable=True)
    return (Statement(Answers(escort=escort), "key", NOW),)


def test_an_order_is_looked_at_in_the_commit_that_signs_it(world):
    series = booked(world)
    first = order(world, series, "0.5")
    visit(world, series, order_id=first.id, said=with_escort(is_adult=True))
    for kind in (CRAVING, URINARY):
        note(world, kind)
    order(world, series, "0.74", "little effect")
    assert holds(world) == []
    order(world, series, "0.75", "less effect")
    assert [hold.stands for hold in holds(world)] == [True]
    order(world, series, "0.5", "too much")
    assert codes(world) == ["DW-6", "DW-7"]


def test_visits_without_a_valid_escort_count_once_somebody_has_asked(world):
    series = booked(world)
    visit(world, series, 1, said=with_escort(is_adult=False))
    visit(world, series, 2)
    assert codes(world) == []
    visit(world, series, 3, order_id=order(world, series, "0.5").id)
    (flag,) = shown(world).flags
    assert (flag.code, flag.facts) == ("DW-9", {"dates": ["2026-02-26", "2026-02-28"]})


ASKED = (Statement(Answers(identity_confirmed=True), "key", NOW),)
ABSENT = (SetAside("discharge.escort-absent", "…", "seen", "key", NOW),)


@pytest.mark.parametrize(
    ("fields", "flags"),
    [
        ({"status": TreatmentStatus.NOT_INFUSED, "said": ASKED}, ["DW-9"]),
        ({"status": TreatmentStatus.NOT_INFUSED}, []),
        ({"status": TreatmentStatus.NOT_INFUSED, "said": with_escort(is_adult=True)}, []),
        ({"status": TreatmentStatus.DISCHARGED, "said": with_escort(is_adult=True), "set_aside": ABSENT}, ["DW-9"]),
    ],
)
def test_who_came_without_an_escort_and_was_given_nothing_or_left_without_one_counts(world, fields, flags):
    series = booked(world)
    for number in (1, 2):
        visit(world, series, number, **fields)
    assert codes(world) == flags


@pytest.mark.parametrize(("severity", "flags"), [(Severity.NONE, []), (Severity.MILD, ["DW-7"])])
def test_symptoms_of_the_bladder_during_a_treatment_count(world, severity, flags):
    event = AdverseEvent("event", AdverseEventKind.URINARY_SYMPTOMS, severity, NOW, NOW, "key")
    visit(world, booked(world), adverse_events=(event,))
    assert codes(world) == flags


def score(world, days_ago, total=4, instrument="phq-9"):
    measure = HearMeasureScored(PATIENT, instrument, total, "", world.now - timedelta(days=days_ago))
    world.run(CLINIC, hear_measure_scored, measure)


@pytest.mark.parametrize(("days", "total", "flags"), [(28, 4, ["DW-8"]), (27, 4, []), (28, 5, [])])
def test_a_booster_in_four_weeks_of_remission_is_a_mismatch(world, days, total, flags):
    book_booster(world)
    score(world, days, total)
    assert codes(world) == flags


def test_of_two_disorders_both_must_be_in_remission(world):
    book_booster(world)
    book_booster(world, Condition.ANXIETY, SOON + timedelta(days=14))
    score(world, 28)
    assert codes(world) == []
    score(world, 27, instrument="gad-7")
    assert codes(world) == []
    score(world, 28, instrument="gad-7")
    assert codes(world) == ["DW-8"]


def test_where_no_level_of_remission_is_agreed_on_a_wish_for_more_is_none(world):
    book_booster(world, Condition.CHRONIC_PAIN)
    score(world, 28)
    assert codes(world) == []


def test_what_a_unit_has_saved_is_looked_at_before_the_database_shows_it(world):
    for kind in (CRAVING, URINARY):
        note(world, kind)
    score(world, 28)
    unit = world.unit(CLINIC)
    watch(unit, PATIENT, replace(a_series(a_session()), id="new", protocol=BOOSTER))
    unit.commit()
    assert [hold.id for hold in holds(world)] == ["misuse-2026-03-01-6.7.8"]


def test_a_booking_is_looked_at_in_its_commit(world):
    for kind in (CRAVING, URINARY):
        note(world, kind)
    score(world, 28)
    assert holds(world) == []
    book_booster(world)
    assert [hold.stands for hold in holds(world)] == [True]


def test_the_answer_shows_flags_with_their_figures_and_all_that_was_noted(world):
    note(world, CRAVING, note="dreams of it")
    said = MisuseWatchAnswer().dump(shown(world))
    assert said["flags"] == [
        {"code": "DW-6", "name": "craving-or-home-use", "facts": {"dates": ["2026-03-01"]}}
    ]  # fmt: skip
    (signal,) = said["signals"]
    assert (signal["kind"], signal["on"], signal["note"]) == ("craving", "2026-03-01", "dreams of it")
