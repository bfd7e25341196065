"""A treatment: every state and move, what is written down when, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.booking.domain.protocol.care import ORDINARY
from services.booking.domain.treatment.adverse_event import AdverseEvent, AdverseEventKind, Severity
from services.booking.domain.treatment.dissociation import Score
from services.booking.domain.treatment.preparation import Answers, Pregnancy, RiskAnswer, Statement, SuicideRisk
from services.booking.domain.treatment.treatment import (
    MOVES,
    Decision,
    Departure,
    End,
    EndKind,
    SetAside,
    Start,
    Treatment,
    TreatmentMove,
    TreatmentStatus,
    treatment_id,
)
from services.booking.domain.treatment.vitals import Reading
from shared.converters import from_document, to_document
from shared.errors import Conflict, Fault, Forbidden, NotFound, RuleBroken
from tests.support.booking_builders import PATIENT
from tests.support.booking_treated import AN_ESCORT, CALM

STATUS, MOVE = TreatmentStatus, TreatmentMove
AT = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
START = Start(AT, "nurse", "order-1", Decimal("35.0"), 40, ("chair-1#0",))
END = End(AT + timedelta(minutes=40), "nurse", EndKind.COMPLETED, Decimal("35.0"))
HOME = Departure(AT + timedelta(minutes=100), "nurse", {"is_oriented": "true"}, AT + timedelta(hours=25, minutes=40))


def minutes(count: float) -> datetime:
    return AT + timedelta(minutes=count)


def arrived(**fields: Any) -> Treatment:
    return replace(Treatment("series-1.1.0", PATIENT, "series-1", 1, minutes(-15)), **fields)


def reading(at: float, id: str = "", **values: Any) -> Reading:
    return Reading(id or f"at {at}", minutes(at), "nurse", **{**CALM, **values})


def infusing() -> Treatment:
    return arrived(readings=(reading(-10),)).begun(START)


def recovering() -> Treatment:
    return infusing().ended(END)


IN: dict[TreatmentStatus, Callable[[], Treatment]] = {
    STATUS.PREPARING: arrived,
    STATUS.INFUSING: infusing,
    STATUS.RECOVERING: recovering,
    STATUS.DISCHARGED: lambda: recovering().discharged(HOME, []),
    STATUS.LEFT: lambda: recovering().left(HOME),
    STATUS.NOT_INFUSED: lambda: arrived().given_up(),
}
HOW: dict[TreatmentMove, Callable[[Treatment], Treatment]] = {
    MOVE.START: lambda one: one.begun(START),
    MOVE.END: lambda one: one.ended(END),
    MOVE.DISCHARGE: lambda one: one.discharged(HOME, []),
    MOVE.WALK_OUT: lambda one: one.left(HOME),
    MOVE.GIVE_UP: lambda one: one.given_up(),
}


@pytest.mark.parametrize("status", STATUS)
@pytest.mark.parametrize("move", MOVE)
def test_every_move_from_every_state(status: TreatmentStatus, move: TreatmentMove):
    treatment = IN[status]()
    assert treatment.status is status
    if (status, move) in MOVES:
        assert HOW[move](treatment).status is MOVES[status, move]
        return
    with pytest.raises(Conflict, match=r"treatment\.illegal-move") as refusal:
        HOW[move](treatment)
    assert refusal.value.faults[0].context == {"status": str(status)}


WRITES: dict[str, tuple[Callable[[Treatment], Treatment], set[TreatmentStatus]]] = {
    "preparation": (
        lambda one: one.prepared(Statement(Answers(identity_confirmed=True), "n", AT), ()),
        {STATUS.PREPARING},
    ),
    "reading": (
        lambda one: one.read(reading(55), ORDINARY, at=minutes(55)),
        {STATUS.PREPARING, STATUS.INFUSING, STATUS.RECOVERING},
    ),
    "score": (lambda one: one.scored(Score("s", AT, "n", 1)), {STATUS.INFUSING, STATUS.RECOVERING}),
    "risk": (
        lambda one: one.with_risk(RiskAnswer(SuicideRisk.LOW, "n", AT)),
        {STATUS.INFUSING, STATUS.RECOVERING},
    ),
    "adverse event": (lambda one: one.with_adverse_event(an_event()), {STATUS.INFUSING, STATUS.RECOVERING}),
}


def an_event() -> AdverseEvent:
    return AdverseEvent("e-1", AdverseEventKind.NAUSEA, Severity.MILD, minutes(20), minutes(21), "nurse")


@pytest.mark.parametrize("status", STATUS)
@pytest.mark.parametrize("what", WRITES)
def test_what_may_be_written_down_in_which_state(status: TreatmentStatus, what: str):
    write, where = WRITES[what]
    if status in where:
        assert write(IN[status]()) != IN[status]()
        return
    with pytest.raises(Conflict, match=r"treatment\.illegal-move"):
        write(IN[status]())


def test_what_can_be_read_off_a_treatment():
    assert [one().is_under_way for one in IN.values()] == [False, True, True, False, False, False]
    assert [one().was_infused for one in IN.values()] == [False, True, True, True, True, False]
    assert treatment_id("series-1", 3, 2) == "series-1.3.2"


def test_it_survives_being_stored():
    full = recovering().read(reading(45, systolic=181), ORDINARY, at=minutes(45)).watched(ORDINARY, at=minutes(70))
    full = replace(
        full.scored(Score("s-1", minutes(46), "n", 4)).with_adverse_event(an_event()),
        said=(Statement(Answers(escort=AN_ESCORT, pregnancy=Pregnancy.ATTESTED_NOT, last_solids_at=AT), "n", AT),),
        set_aside=(SetAside("escort.missing", "…", "seen", "doc", AT),),
    ).discharged(HOME, [])
    assert full.alarms
    assert full.advice
    assert from_document(Treatment, to_document(full)) == full


# --- preparation


def test_partial_answers_merge_and_each_is_kept_with_who_said_it_when():
    first = arrived().prepared(
        Statement(Answers(identity_confirmed=True, was_abstinent=False), "ann", minutes(-12)), ()
    )
    both = first.prepared(
        Statement(Answers(was_abstinent=True, suicide_risk=SuicideRisk.NONE), "bob", minutes(-10), "Breath test."),
        {"clinician"},
    )
    assert both.answers == Answers(identity_confirmed=True, was_abstinent=True, suicide_risk=SuicideRisk.NONE)
    assert [(one.by, one.at, one.answers.was_abstinent) for one in both.said] == [
        ("ann", minutes(-12), False),
        ("bob", minutes(-10), True),
    ]


EVERY_SCOPE = frozenset({"front_desk", "nurse", "clinician", "psychiatrist", "admin"})
MILDER = [
    (Answers(was_abstinent=False), Answers(was_abstinent=True), "clinician"),
    (Answers(pregnancy=Pregnancy.POSITIVE), Answers(pregnancy=Pregnancy.TEST_NEGATIVE), "clinician"),
    (Answers(suicide_risk=SuicideRisk.HIGH), Answers(suicide_risk=SuicideRisk.MODERATE), "clinician"),
    (Answers(suicide_risk=SuicideRisk.MODERATE), Answers(suicide_risk=SuicideRisk.LOW), "clinician"),
    (Answers(mania_total=6), Answers(mania_total=5), "psychiatrist"),
]
NOT_MILDER = [
    (Answers(was_abstinent=True), Answers(was_abstinent=False)),
    (Answers(was_abstinent=False), Answers(was_abstinent=False, identity_confirmed=True)),
    (Answers(pregnancy=Pregnancy.TEST_NEGATIVE), Answers(pregnancy=Pregnancy.NOT_APPLICABLE)),
    (Answers(suicide_risk=SuicideRisk.LOW), Answers(suicide_risk=SuicideRisk.NONE)),
    (Answers(suicide_risk=SuicideRisk.MODERATE), Answers(suicide_risk=SuicideRisk.HIGH)),
    (Answers(mania_total=12), Answers(mania_total=6)),
]


@pytest.mark.parametrize(("before", "after", "scope"), MILDER)
def test_what_was_of_concern_is_said_milder_by_whoever_may_and_with_a_reason_only(
    before: Answers, after: Answers, scope: str
):
    treatment = arrived().prepared(Statement(before, "ann", AT), ())
    with pytest.raises(Forbidden, match=scope):
        treatment.prepared(Statement(after, "ann", AT, "Asked again."), EVERY_SCOPE - {scope})
    with pytest.raises(RuleBroken, match=r"preparation\.reason-missing"):
        treatment.prepared(Statement(after, "bob", AT), {scope})
    changed = treatment.prepared(Statement(after, "bob", AT, "Asked again."), {scope})
    assert (changed.answers, changed.said[-1].reason) == (after, "Asked again.")


@pytest.mark.parametrize(("before", "after"), NOT_MILDER)
def test_whatever_is_no_milder_is_noted_by_anybody(before: Answers, after: Answers):
    changed = arrived().prepared(Statement(before, "ann", AT), ()).prepared(Statement(after, "ann", AT), ())
    assert len(changed.said) == 2


@pytest.mark.parametrize(
    ("answers", "pointers"),
    [
        (Answers(), [""]),
        (Answers(last_solids_at=minutes(1), last_fluids_at=minutes(1)), ["/last_solids_at", "/last_fluids_at"]),
        (Answers(mania_total=21), ["/mania_total"]),
        (Answers(mania_total=-1), ["/mania_total"]),
    ],
)
def test_what_cannot_be_is_refused_whole(answers: Answers, pointers: list[str]):
    with pytest.raises(RuleBroken, match=r"preparation\.impossible") as refusal:
        arrived().prepared(Statement(answers, "n", AT), ())
    assert [fault.pointer for fault in refusal.value.faults] == pointers


def test_the_ends_of_the_scale_and_this_very_moment_can_be():
    arrived().prepared(Statement(Answers(mania_total=0, last_solids_at=AT, last_fluids_at=AT), "n", AT), ())
    arrived().prepared(Statement(Answers(mania_total=20), "n", AT), ())


# --- readings


@pytest.mark.parametrize(
    ("treatment", "at", "code"),
    [
        (arrived(), 0.1, "treatment.in-future"),
        (arrived(), -15.1, "treatment.out-of-order"),
        (arrived(readings=(reading(-10),)), -10, "treatment.out-of-order"),
        (arrived(readings=(reading(-10),)), -11, "treatment.out-of-order"),
        (infusing(), -1, "treatment.out-of-order"),
        (infusing(), 0, "treatment.out-of-order"),
    ],
)
def test_a_reading_of_the_future_or_out_of_order_is_refused(treatment: Treatment, at: float, code: str):
    with pytest.raises(RuleBroken, match=code) as refusal:
        treatment.read(reading(at, "new"), ORDINARY, at=AT)
    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [(code, "/at")]


@pytest.mark.parametrize(("treatment", "at"), [(arrived(), 0), (arrived(), -15), (infusing(), 0.1), (infusing(), 10)])
def test_a_reading_in_order_is_kept(treatment: Treatment, at: float):
    assert treatment.read(reading(at), ORDINARY, at=minutes(10)).readings[-1].at == minutes(at)


def test_an_implausible_reading_is_refused_and_one_before_the_start_is_not_repeated_at_once():
    with pytest.raises(RuleBroken, match=r"vitals\.implausible"):
        arrived().read(reading(-10, systolic=500), ORDINARY, at=AT)
    with pytest.raises(RuleBroken, match=r"vitals\.too-soon"):
        arrived(readings=(reading(-14, systolic=165),)).read(reading(-1), ORDINARY, at=AT)
    arrived(readings=(reading(-15, systolic=165),)).read(reading(0), ORDINARY, at=AT)


def test_readings_before_and_since_the_start_are_told_apart():
    at_the_start = arrived(readings=(reading(-15), reading(0))).begun(START)
    treatment = at_the_start.read(reading(1), ORDINARY, at=minutes(1)).read(reading(10), ORDINARY, at=minutes(10))
    assert [one.at for one in treatment.before_start] == [minutes(-15), minutes(0)]
    assert [one.at for one in treatment.since_start] == [minutes(1), minutes(10)]


# --- advice and alarms


def test_181_over_95_at_minute_20_advises_to_stop_and_stays_advice():
    treatment = infusing().read(reading(20, systolic=181, diastolic=95), ORDINARY, at=minutes(20))
    (advice,) = treatment.advice
    assert [(one.limit.vital, one.value) for one in advice.passed] == [("systolic", Decimal(181))]
    assert (treatment.status, advice.decision, advice.at) == (STATUS.INFUSING, None, minutes(20))


@pytest.mark.parametrize(("systolic", "advised"), [(179, False), (180, True)])
def test_advice_begins_at_the_limit(systolic: int, *, advised: bool):
    assert bool(infusing().read(reading(20, systolic=systolic), ORDINARY, at=minutes(20)).advice) is advised


def test_going_on_against_advice_is_a_clinicians_decision_on_record():
    advised = infusing().read(reading(20, systolic=181), ORDINARY, at=minutes(20))
    word = Decision("Anxious, settles.", "doc", minutes(21))
    gone_on = advised.continued(word)
    assert [one.decision for one in gone_on.advice] == [word]
    with pytest.raises(Conflict, match=r"treatment\.no-advice"):
        gone_on.continued(word)
    with pytest.raises(Conflict, match=r"treatment\.no-advice"):
        infusing().continued(word)
    again = gone_on.read(reading(25, systolic=185), ORDINARY, at=minutes(25))
    assert [one.decision for one in again.advice] == [word, None]
    other = Decision("Settles again.", "doc", minutes(26))
    assert [one.decision for one in again.continued(other).advice] == [word, other]
    with pytest.raises(Conflict, match=r"treatment\.no-advice"):
        again.ended(END).continued(word)


def test_a_skipped_look_at_minute_20_is_an_alarm_at_minute_23_that_a_late_reading_answers():
    treatment = infusing().read(reading(10), ORDINARY, at=minutes(10)).watched(ORDINARY, at=minutes(10))
    assert treatment.next_at == minutes(23)
    assert treatment.watched(ORDINARY, at=minutes(22.9)).alarms == ()
    alarmed = treatment.watched(ORDINARY, at=minutes(23))
    assert [(one.point.at, one.raised_at, one.answered_at) for one in alarmed.alarms] == [
        (minutes(20), minutes(23), None)
    ]
    assert alarmed.next_at == minutes(33)
    assert alarmed.watched(ORDINARY, at=minutes(24)).alarms == alarmed.alarms
    late = alarmed.read(reading(26), ORDINARY, at=minutes(26)).watched(ORDINARY, at=minutes(26))
    assert [one.answered_at for one in late.alarms] == [minutes(26)]


def watched_until(treatment: Treatment, minute: float, **measured: Any) -> Treatment:
    """As the job does it: looked at whenever something is overdue; read at each tenth minute, if anything is said."""
    treatment = treatment.watched(ORDINARY, at=AT)
    while treatment.next_at is not None and treatment.next_at <= minutes(minute):
        at = treatment.next_at
        if measured:
            due = (at - AT) // timedelta(minutes=10) * 10
            treatment = treatment.read(reading(due, **measured), ORDINARY, at=at)
        treatment = treatment.watched(ORDINARY, at=at)
    return treatment


def test_each_look_of_the_planned_time_that_nobody_takes_is_an_alarm_of_its_own():
    silent = watched_until(infusing(), 64)
    assert [one.point.at for one in silent.alarms] == [minutes(minute) for minute in (10, 20, 30, 40, 50, 60)]


def test_one_thing_that_is_never_noted_silences_no_later_look():
    partly = watched_until(infusing(), 33, sedation=None)
    assert [one.point.at for one in partly.alarms] == [minutes(10), minutes(20), minutes(30)]
    once = infusing().read(reading(10, sedation=None), ORDINARY, at=minutes(10))
    assert [one.point.at for one in watched_until(once, 24).alarms] == [minutes(10), minutes(20)]


def test_of_several_looks_that_are_overdue_at_once_the_newest_is_called_for():
    late = infusing().watched(ORDINARY, at=minutes(35))
    assert [one.point.at for one in late.alarms] == [minutes(30)]
    assert late.watched(ORDINARY, at=minutes(36)).alarms == late.alarms


def test_behind_the_planned_time_a_patient_whom_nobody_looks_at_for_days_is_one_alarm_for_each_thing():
    silent = watched_until(infusing(), 3 * 24 * 60)
    assert [one.point.at for one in silent.alarms] == [minutes(minute) for minute in range(10, 101, 10)]
    seen = silent.read(reading(5000), ORDINARY, at=minutes(5000)).watched(ORDINARY, at=minutes(5000))
    assert {one.answered_at for one in seen.alarms} == {minutes(5000)}
    again = seen.watched(ORDINARY, at=minutes(5020))
    assert [one.answered_at for one in again.alarms[-2:]] == [minutes(5000), None]
    assert again.watched(ORDINARY, at=minutes(5040)).alarms == again.alarms
    partly = again.read(reading(5041, sedation=None), ORDINARY, at=minutes(5041)).watched(ORDINARY, at=minutes(5060))
    assert len(partly.alarms) == len(again.alarms) + 1


def test_an_alarm_about_one_thing_hides_none_about_another():
    over = recovering().read(reading(41), ORDINARY, at=minutes(41)).watched(ORDINARY, at=minutes(50))
    asked = [one.point.asks for one in over.alarms if one.answered_at is None]
    assert [[str(look) for look in looks] for looks in asked] == [["dissociation"]]
    later = over.watched(ORDINARY, at=minutes(61))
    assert len([one for one in later.alarms if one.answered_at is None]) == 2


def test_nobody_is_watched_before_the_start_or_behind_the_discharge():
    assert arrived().watched(ORDINARY, at=AT).next_at is None
    assert IN[STATUS.DISCHARGED]().watched(ORDINARY, at=minutes(500)).alarms == ()
    with pytest.raises(Conflict, match=r"treatment\.not-started"):
        arrived().watch(ORDINARY)


# --- adverse events, the end


def test_an_adverse_event_is_resolved_once():
    noted = infusing().with_adverse_event(an_event())
    over = noted.resolved("e-1", resolved_at=minutes(30), by="nurse", at=minutes(31))
    assert [one.resolved_at for one in over.adverse_events] == [minutes(30)]
    with pytest.raises(Conflict):
        over.resolved("e-1", resolved_at=minutes(30), by="nurse", at=minutes(31))
    with pytest.raises(NotFound):
        noted.resolved("e-2", resolved_at=minutes(30), by="nurse", at=minutes(31))


@pytest.mark.parametrize(("given", "is_too_much"), [("0", 0), ("12.25", 0), ("35.0", 0), ("35.01", 1), ("350", 1)])
def test_what_was_given_is_put_on_record_whatever_was_ordered(given: str, is_too_much: int):
    over = infusing().ended(replace(END, given_mg=Decimal(given)))
    assert over.end is not None
    assert over.end.given_mg == Decimal(given)
    assert over.was_given_too_much is bool(is_too_much)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (replace(END, given_mg=Decimal("-0.1")), "treatment.not-as-ordered"),
        (replace(END, kind=EndKind.ABORTED), "treatment.reason-missing"),
        (replace(END, kind=EndKind.ABORTED, reason=""), "treatment.reason-missing"),
    ],
)
def test_less_than_nothing_or_an_abort_without_a_reason_is_refused(end: End, code: str):
    with pytest.raises(RuleBroken, match=code):
        infusing().ended(end)


def test_a_discharge_is_refused_with_everything_that_speaks_against_it():
    faults = [Fault("discharge.too-early", "…"), Fault("discharge.escort-absent", "…")]
    with pytest.raises(Conflict, match=r"treatment\.not-ready") as refusal:
        recovering().discharged(HOME, faults)
    assert list(refusal.value.faults) == faults
