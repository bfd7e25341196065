"""The gate of a dose: each row alone closes it, nothing else does, and it gives way to those of the table only."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.resource import ResourceKind, Skill
from services.booking.domain.calendar.slots import Claim
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.domain.series.session import SessionStatus
from services.booking.domain.treatment.day_gate import (
    GATE,
    NOBODY,
    Day,
    every_fault,
    gate_faults,
    places_of,
    require_open,
)
from services.booking.domain.treatment.preparation import Answers, Escort, Pregnancy, Statement, SuicideRisk
from services.booking.domain.treatment.treatment import SetAside, Treatment
from services.booking.domain.treatment.vitals import Reading
from shared.errors import Conflict, Fault, Forbidden, RuleBroken
from shared.localtime import resolve
from tests.support.booking_builders import MOOD, NEW_YORK, PATIENT, a_chair, a_series, a_session
from tests.support.booking_treated import AN_ESCORT, CALM, SUPERVISOR, a_doctor

AT = a_session(1).starts_at
EVERY_SCOPE = frozenset({"front_desk", "nurse", "clinician", "psychiatrist", "admin"})
GOOD = Answers(
    identity_confirmed=True,
    last_solids_at=AT - timedelta(hours=6),
    last_fluids_at=AT - timedelta(hours=2),
    escort=AN_ESCORT,
    was_abstinent=True,
    pregnancy=Pregnancy.TEST_NEGATIVE,
    suicide_risk=SuicideRisk.LOW,
    mania_total=5,
    supervisor_id=SUPERVISOR,
)
CHAIR = Claim("chair", "chair-1", AT, AT + timedelta(minutes=145))
NURSE = Claim("nurse", "nurse-1", AT, AT + timedelta(minutes=55))


def a_treatment(**fields: Any) -> Treatment:
    treatment = Treatment("series-1.1.0", PATIENT, "series-1", 1, AT)
    return replace(treatment, readings=(Reading("r-1", AT, "key-1", **CALM),), **fields)


def prepared(treatment: Treatment, answers: Answers = GOOD, at: datetime = AT) -> Treatment:
    return treatment.prepared(Statement(answers, "key-1", at), ())


def a_day(treatment: Treatment | None = None, **fields: Any) -> Day:
    """Nothing speaks against this dose."""
    session = a_session(1, SessionStatus.CHECKED_IN, claims=(CHAIR, NURSE))
    series = a_series(session, *(a_session(number) for number in range(2, 7)))
    ready = treatment or prepared(a_treatment())
    return Day(**{"treatment": ready, "series": series, "regimen": MOOD, "at": AT, "supervisor": a_doctor(), **fields})


def said(**answers: Any) -> Day:
    """The same day with other answers, or (None) without one."""
    return a_day(prepared(a_treatment(), replace(GOOD, **answers)))


def measured(**values: Any) -> Day:
    return a_day(prepared(replace(a_treatment(), readings=(Reading("r-1", AT, "key-1", **{**CALM, **values}),))))


def measured_before(minutes: float) -> Day:
    """The only reading is so old."""
    reading = Reading("r-1", AT - timedelta(minutes=minutes), "key-1", **CALM)
    return a_day(prepared(replace(a_treatment(), readings=(reading,))))


def later(local: str) -> Day:
    """At a wall time, measured just then."""
    at = resolve(datetime.fromisoformat(local), NEW_YORK)
    day = a_day(at=at)
    return replace(day, treatment=replace(day.treatment, readings=(Reading("r-1", at, "key-1", **CALM),)))


def bipolar(total: int | None) -> Day:
    day = said(mania_total=total)
    return replace(day, series=replace(day.series, condition=Condition.BIPOLAR))


def kap(*statuses: SessionStatus, kinds: tuple[str, ...] = ("room", "therapist")) -> Day:
    """Two talks, and the first dose, in a room with a therapist."""
    claims = tuple(Claim(kind, f"{kind}-1", AT, AT + timedelta(hours=3)) for kind in kinds)
    talks = [a_session(number, status, doses=False) for number, status in enumerate(statuses, 1)]
    dose = replace(a_session(1, SessionStatus.CHECKED_IN, claims=claims), number=3)
    day = a_day(series=a_series(*talks, dose), regimen=TEMPLATES["kap-6"])
    return replace(day, treatment=replace(day.treatment, number=3))


DONE, BOOKED = SessionStatus.FULFILLED, SessionStatus.BOOKED
YESTERDAY = date(2026, 3, 3)
CASES: dict[str, list[Day]] = {
    "identity.not-confirmed": [said(identity_confirmed=None), said(identity_confirmed=False)],
    "vitals.missing": [measured(spo2=None)],
    "vitals.too-old": [measured_before(60.01)],
    "vitals.review": [measured(systolic=140)],
    "vitals.refused": [measured(systolic=160)],
    "fasting.not-asked": [said(last_solids_at=None), said(last_fluids_at=None)],
    "fasting.solids": [said(last_solids_at=AT - timedelta(hours=6) + timedelta(seconds=1))],
    "fasting.fluids": [said(last_fluids_at=AT - timedelta(hours=2) + timedelta(seconds=1))],
    "escort.missing": [said(escort=None)],
    "escort.not-valid": [
        said(escort=replace(AN_ESCORT, is_adult=False)),
        said(escort=replace(AN_ESCORT, is_reachable=False)),
    ],
    "substances.not-asked": [said(was_abstinent=None)],
    "substances.taken": [said(was_abstinent=False)],
    "suicide-risk.not-asked": [said(suicide_risk=None)],
    "suicide-risk.moderate": [said(suicide_risk=SuicideRisk.MODERATE)],
    "suicide-risk.high": [said(suicide_risk=SuicideRisk.HIGH)],
    "mania.not-asked": [bipolar(None)],
    "mania.likely": [bipolar(6), bipolar(20)],
    "pregnancy.not-asked": [said(pregnancy=None)],
    "pregnancy.positive": [said(pregnancy=Pregnancy.POSITIVE)],
    "supervisor.missing": [a_day(supervisor=None), a_day(supervisor=a_chair())],
    "supervisor.not-valid": [
        a_day(supervisor=a_doctor(is_active=False)),
        a_day(supervisor=a_doctor(skills=(Skill("acls", YESTERDAY),))),
        a_day(supervisor=a_doctor(skills=())),
        a_day(supervisor=a_doctor(skills=(Skill("acls"), Skill("pals", YESTERDAY)))),
        a_day(regimen=replace(MOOD, care=replace(MOOD.care, supervisor_skills=("acls", "anaesthesia")))),
    ],
    "supervisor.not-there": [a_day(supervisor=a_doctor(hours=()))],
    "session.not-today": [later("2026-03-05T00:00"), later("2026-03-06T09:00")],
    "place.taken": [a_day(occupied=frozenset({"chair-1#0"}))],
    "kap.not-prepared": [kap(BOOKED, DONE), kap(DONE, SessionStatus.NOSHOW)],
    "kap.without-resource": [kap(DONE, DONE, kinds=("room",)), kap(DONE, DONE, kinds=("therapist",))],
    "treatment.infused-elsewhere": [a_day(is_infused_elsewhere=True)],
}
OPEN: list[Day] = [
    a_day(),
    said(identity_confirmed=True, suicide_risk=SuicideRisk.NONE, pregnancy=Pregnancy.ATTESTED_NOT),
    said(mania_total=None),
    said(pregnancy=Pregnancy.NOT_APPLICABLE),
    measured(systolic=139, diastolic=89),
    measured_before(60),
    bipolar(5),
    kap(DONE, DONE),
    a_day(supervisor=a_doctor(skills=(Skill("acls", date(2026, 3, 4)), Skill("pals")))),
    later("2026-03-04T23:58"),
    a_day(regimen=replace(MOOD, care=replace(MOOD.care, supervisor_skills=())), supervisor=a_doctor(skills=())),
    a_day(occupied=frozenset({"nurse-1#0", "chair-2#0", "chair-1#1"})),
]


def codes(day: Day) -> list[str]:
    return [fault.code for fault in gate_faults(day)]


def test_who_is_begun_with_early_has_fasted_since_then_not_since_the_planned_start():
    early = replace(a_day(), at=AT - timedelta(minutes=30))
    on_time = [one for one in every_fault(a_day()) if one.code.startswith("fasting")]
    assert (on_time, {one for one in codes(early) if one.startswith("fasting")}) == (
        [],
        {"fasting.solids", "fasting.fluids"},
    )


def test_who_is_begun_with_late_has_fasted_as_they_were_told():
    late = replace(a_day(), at=AT + timedelta(minutes=30))
    assert [one for one in codes(late) if one.startswith("fasting")] == []


def test_a_bipolar_patient_is_asked_about_mania_whatever_the_course_is_for():
    known = [replace(said(mania_total=total), is_bipolar=True) for total in (None, 5, 6)]
    assert [codes(day) for day in known] == [["mania.not-asked"], [], ["mania.likely"]]


def test_a_word_for_one_escort_is_none_for_the_next():
    alone = said(escort=replace(AN_ESCORT, is_adult=False))
    (fault,) = gate_faults(alone)
    word = SetAside(fault.code, fault.detail, "The patient lives next door.", "key-1", AT)
    allowed = replace(alone.treatment, set_aside=(word,))
    assert codes(a_day(allowed)) == []
    another = Answers(escort=replace(AN_ESCORT, name="Another", is_adult=False))
    assert codes(a_day(prepared(allowed, another, AT + timedelta(minutes=1)))) == ["escort.not-valid"]


def test_every_row_of_the_table_is_shown_here():
    assert set(CASES) == set(GATE)


@pytest.mark.parametrize(("code", "day"), [(code, day) for code, days in CASES.items() for day in days])
def test_each_row_alone_closes_the_gate(code: str, day: Day):
    assert set(codes(day)) == {code}
    with pytest.raises(Conflict, match=r"treatment\.gate-closed"):
        require_open(day)


@pytest.mark.parametrize("day", OPEN)
def test_nothing_else_does(day: Day):
    assert codes(day) == []
    require_open(day)


def test_who_just_arrived_is_told_everything_at_once():
    assert codes(a_day(Treatment("series-1.1.0", PATIENT, "series-1", 1, AT), supervisor=None)) == [
        "identity.not-confirmed",
        "vitals.missing",
        "vitals.missing",
        "vitals.missing",
        "vitals.missing",
        "fasting.not-asked",
        "fasting.not-asked",
        "escort.missing",
        "substances.not-asked",
        "suicide-risk.not-asked",
        "pregnancy.not-asked",
        "supervisor.missing",
    ]


def test_what_others_say_comes_first_and_gives_way_to_nobody_here():
    consent = Fault("consent.expired", "The consent to treatment ended yesterday.")
    day = a_day(asked=(consent,), is_infused_elsewhere=True)
    assert codes(day) == ["consent.expired", "treatment.infused-elsewhere"]
    with pytest.raises(RuleBroken, match=r"override\.not-possible"):
        overridden(day, "consent.expired", EVERY_SCOPE)


def overridden(day: Day, code: str, scopes: frozenset[str]) -> Treatment:
    return day.treatment.overridden(
        code, every_fault(day), GATE, reason="seen", by="key-2", scopes=scopes, at=AT + timedelta(minutes=1)
    )


@pytest.mark.parametrize(("code", "day"), [(code, days[0]) for code, days in CASES.items()])
def test_a_row_gives_way_to_the_word_of_its_scopes_only(code: str, day: Day):
    if GATE[code] == NOBODY:
        with pytest.raises(RuleBroken, match=r"override\.not-possible"):
            overridden(day, code, EVERY_SCOPE)
        return
    with pytest.raises(Forbidden):
        overridden(day, code, EVERY_SCOPE - GATE[code])
    after = overridden(day, code, GATE[code])
    assert codes(replace(day, treatment=after)) == []
    assert [(word.code, word.reason, word.by) for word in after.set_aside] == [(code, "seen", "key-2")]


def test_a_word_without_need_is_refused():
    with pytest.raises(Conflict, match=r"override\.not-needed"):
        overridden(a_day(), "escort.missing", EVERY_SCOPE)
    day = CASES["escort.missing"][0]
    with pytest.raises(Conflict, match=r"override\.not-needed"):
        overridden(
            replace(day, treatment=overridden(day, "escort.missing", EVERY_SCOPE)), "escort.missing", EVERY_SCOPE
        )


def test_a_word_counts_for_the_facts_as_they_stood():
    day = measured(systolic=141)
    reviewed = overridden(day, "vitals.review", EVERY_SCOPE)
    assert codes(replace(day, treatment=reviewed)) == []
    worse = (Reading("r-1", AT, "key-1", **{**CALM, "systolic": 155}),)
    assert codes(replace(day, treatment=replace(reviewed, readings=worse))) == ["vitals.review"]


def test_the_word_for_one_thing_opens_nothing_else():
    day = said(escort=None, was_abstinent=False)
    assert codes(replace(day, treatment=overridden(day, "escort.missing", EVERY_SCOPE))) == ["substances.taken"]


@pytest.mark.parametrize(
    ("zone", "start", "solids", "fluids"),
    [
        ("America/New_York", "2026-03-08T08:00", "2026-03-08T06:00Z", "2026-03-08T10:00Z"),  # 01:00 EST, 06:00 EDT
        ("America/New_York", "2026-11-01T08:00", "2026-11-01T07:00Z", "2026-11-01T11:00Z"),  # 02:00 EST, 06:00
        ("Europe/Berlin", "2026-03-29T08:00", "2026-03-29T00:00Z", "2026-03-29T04:00Z"),  # 01:00 CET, 06:00 CEST
        ("Australia/Lord_Howe", "2026-10-04T08:00", "2026-10-03T15:00Z", "2026-10-03T19:00Z"),  # 01:30, 06:00
    ],
)
def test_fasting_is_elapsed_time_on_the_days_when_the_clock_changes(zone: str, start: str, solids: str, fluids: str):
    starts_at = resolve(datetime.fromisoformat(start), zone)
    limits = {"last_solids_at": datetime.fromisoformat(solids), "last_fluids_at": datetime.fromisoformat(fluids)}
    for late, expected in ((timedelta(), []), (timedelta(seconds=1), ["fasting.solids", "fasting.fluids"])):
        eaten: dict[str, Any] = {name: at + late for name, at in limits.items()}
        answers = replace(GOOD, **eaten)
        treatment = prepared(replace(a_treatment(), arrived_at=starts_at), answers, starts_at)
        session = a_session(1, SessionStatus.CHECKED_IN, starts_at=starts_at, claims=(CHAIR,))
        day = a_day(treatment, series=a_series(session, zone=zone), at=starts_at)
        assert [code for code in codes(day) if code.startswith("fasting")] == expected


def test_the_spray_asks_for_two_hours_without_food_and_half_an_hour_without_fluids():
    spray = replace(TEMPLATES["esket-label"])
    for solids, fluids, expected in ((120, 30, []), (119, 29, ["fasting.solids", "fasting.fluids"])):
        day = said(last_solids_at=AT - timedelta(minutes=solids), last_fluids_at=AT - timedelta(minutes=fluids))
        assert codes(replace(day, regimen=spray)) == expected


def test_a_phase_may_ask_skills_of_the_clinician():
    phase = MOOD.phases[0]
    needs = tuple(replace(need, skills=("anaesthesia",)) for need in phase.blocks[1].needs)
    clinician = replace(needs[0], kind=ResourceKind.CLINICIAN)
    blocks = (phase.blocks[0], replace(phase.blocks[1], needs=(*needs, clinician)), *phase.blocks[2:])
    regimen = replace(MOOD, phases=(replace(phase, blocks=blocks), *MOOD.phases[1:]))
    assert codes(a_day(regimen=regimen)) == ["supervisor.not-valid"]
    trained = a_doctor(skills=(Skill("acls"), Skill("anaesthesia")))
    assert codes(a_day(regimen=regimen, supervisor=trained)) == []


def test_places_are_those_of_things_not_of_people_nor_of_the_patient():
    session = a_session(1, claims=(CHAIR, NURSE, replace(CHAIR, kind="pump", resource_id="pumps", places=(1, 2))))
    assert places_of(session) == ("chair-1#0", "pumps#1", "pumps#2")


def test_an_escort_is_an_adult_who_was_reached():
    assert Escort("G", "+12025550100", is_adult=True, is_reachable=True).is_valid
    assert a_day().treatment.has_escort
    assert not said(escort=None).treatment.has_escort


def test_a_set_aside_fault_is_compared_by_code_and_detail():
    fault = Fault("a", "1")
    word = SetAside("a", "1", "seen", "key", AT)
    treatment = a_treatment(set_aside=(word,))
    assert treatment.without_set_aside([fault, Fault("a", "2"), Fault("b", "1")]) == [Fault("a", "2"), Fault("b", "1")]


def test_the_day_is_the_local_date():
    late = resolve(datetime.fromisoformat("2026-03-04T23:59"), NEW_YORK)
    assert a_day(at=late).on == date(2026, 3, 4)
