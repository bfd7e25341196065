"""Going home after a dose: each row alone stands in the way, and gives way to those of the table only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.booking.domain.protocol.care import ORDINARY, Care
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.domain.treatment.adverse_event import AdverseEvent, AdverseEventKind, Severity
from services.booking.domain.treatment.discharge import (
    DISCHARGE,
    NOBODY,
    Checklist,
    Nausea,
    every_fault,
    no_driving_until,
    require_scale,
)
from services.booking.domain.treatment.dissociation import Score
from services.booking.domain.treatment.preparation import RiskAnswer, SuicideRisk
from services.booking.domain.treatment.treatment import End, EndKind, Start, Treatment
from services.booking.domain.treatment.vitals import Reading, Sedation
from shared.errors import Conflict, Forbidden, RuleBroken
from shared.localtime import resolve, to_local
from tests.support.booking_builders import NEW_YORK, PATIENT
from tests.support.booking_treated import ALL_WELL, CALM

ENDED = resolve(datetime(2026, 3, 4, 10, 55), NEW_YORK)  # noqa: DTZ001 -- a wall time
HOME = ENDED + timedelta(minutes=60)
STARTED = ENDED - timedelta(minutes=40)
EVERY_SCOPE = frozenset({"front_desk", "nurse", "clinician", "psychiatrist", "admin"})


def a_reading(at: datetime, **values: Any) -> Reading:
    return Reading(f"at {at}", at, "nurse", **{**CALM, **values})


def in_recovery(at: datetime = HOME, *, points: int = 1, **measured: Any) -> Treatment:
    """Base line 128/80 and 72; read and scored at `at`."""
    treatment = Treatment("series-1.1.0", PATIENT, "series-1", 1, STARTED - timedelta(minutes=15))
    ready = replace(treatment, readings=(a_reading(STARTED - timedelta(minutes=5)),))
    begun = ready.begun(Start(STARTED, "nurse", "order-1", Decimal(35), 40))
    over = begun.ended(End(ENDED, "nurse", EndKind.COMPLETED, Decimal(35)))
    return replace(
        over,
        readings=(*over.readings, a_reading(at, **measured)),
        scores=(Score("s", at, "nurse", points),),
        risks=(a_risk(SuicideRisk.NONE),),
    )


def read_earlier(**measured: Any) -> Treatment:
    """Something was measured in the infusion, and not all of it again."""
    treatment = in_recovery()
    early = a_reading(STARTED + timedelta(minutes=10), **measured)
    return replace(treatment, readings=(treatment.readings[0], early, *treatment.readings[1:]))


def a_risk(level: SuicideRisk, at: datetime = ENDED) -> RiskAnswer:
    return RiskAnswer(level, "nurse", at)


def codes(
    treatment: Treatment | None = None, checklist: Checklist = ALL_WELL, *, at: datetime = HOME, care: Care = ORDINARY
) -> list[str]:
    return [fault.code for fault in every_fault(treatment or in_recovery(at), checklist, care, at)]


def ticked(**changes: Any) -> dict[str, Any]:
    return {"checklist": replace(ALL_WELL, **changes)}


SEVERE = AdverseEvent("e-1", AdverseEventKind.VOMITING, Severity.SEVERE, ENDED, ENDED, "nurse")
CASES: dict[str, list[dict[str, Any]]] = {
    "discharge.under-floor": [{"at": ENDED + timedelta(minutes=29, seconds=59)}],
    "discharge.too-early": [{"at": ENDED + timedelta(minutes=30)}, {"at": HOME - timedelta(seconds=1)}],
    "discharge.reading-due": [
        {"treatment": in_recovery(heart_rate=None)},
        {"treatment": in_recovery(spo2=None)},
        {"treatment": in_recovery(sedation=None)},
        {"treatment": in_recovery(systolic=None, diastolic=None)},
    ],
    "discharge.beyond-limit": [
        {"treatment": in_recovery(spo2=91)},
        {"treatment": in_recovery(respiratory_rate=9)},
        {"treatment": read_earlier(respiratory_rate=31)},
    ],
    "discharge.not-near-baseline": [
        {"treatment": in_recovery(systolic=154)},
        {"treatment": in_recovery(systolic=102)},
        {"treatment": in_recovery(diastolic=97)},
        {"treatment": in_recovery(diastolic=63)},
        {"treatment": in_recovery(heart_rate=87)},
        {"treatment": in_recovery(heart_rate=57)},
    ],
    "discharge.not-oriented": [
        ticked(is_oriented=False),
        ticked(is_oriented=None),
        {"treatment": in_recovery(sedation=Sedation.DROWSY)},
        {"treatment": in_recovery(sedation=Sedation.DROWSY), **ticked(is_oriented=None, padss=10)},
    ],
    "discharge.not-steady": [ticked(walks_steadily=False), ticked(walks_steadily=None)],
    "discharge.nausea": [ticked(nausea=Nausea.MODERATE), ticked(nausea=Nausea.SEVERE), ticked(nausea=None)],
    "discharge.suicide-risk-not-asked": [
        {"treatment": replace(in_recovery(), risks=())},
        {"treatment": replace(in_recovery(), risks=(a_risk(SuicideRisk.NONE, ENDED - timedelta(seconds=1)),))},
    ],
    "discharge.suicide-risk": [
        {"treatment": replace(in_recovery(), risks=(a_risk(SuicideRisk.HIGH),))},
        {"treatment": replace(in_recovery(), risks=(a_risk(SuicideRisk.MODERATE),))},
        {"treatment": replace(in_recovery(), risks=(a_risk(SuicideRisk.HIGH, STARTED), a_risk(SuicideRisk.NONE)))},
    ],
    "discharge.escort-absent": [ticked(is_escort_present=False), ticked(is_escort_present=None)],
    "discharge.not-instructed": [ticked(is_instructed=False), ticked(is_instructed=None)],
    "discharge.adverse-event": [{"treatment": replace(in_recovery(), adverse_events=(SEVERE,))}],
    "dissociation.missing": [{"treatment": replace(in_recovery(), scores=())}],
    "dissociation.above-limit": [{"treatment": in_recovery(points=5)}],
}
GOOD: list[dict[str, Any]] = [
    {},
    {"treatment": in_recovery(systolic=153)},
    {"treatment": in_recovery(systolic=103)},
    {"treatment": in_recovery(diastolic=96)},
    {"treatment": in_recovery(diastolic=64)},
    {"treatment": in_recovery(spo2=92, respiratory_rate=10)},
    {"treatment": read_earlier(respiratory_rate=30)},
    {"treatment": read_earlier(spo2=80, systolic=185)},
    {"treatment": in_recovery(heart_rate=86)},
    {"treatment": in_recovery(heart_rate=58)},
    {"treatment": in_recovery(points=4)},
    {"treatment": replace(in_recovery(), risks=(a_risk(SuicideRisk.LOW),))},
    {"treatment": in_recovery(HOME - timedelta(minutes=15))},
    ticked(nausea=Nausea.MILD),
    ticked(is_oriented=None, walks_steadily=None, nausea=None, padss=9),
    ticked(is_oriented=None, walks_steadily=None, nausea=None, aldrete=10),
    {"treatment": replace(in_recovery(), adverse_events=(replace(SEVERE, severity=Severity.MODERATE),))},
    {"treatment": replace(in_recovery(), adverse_events=(replace(SEVERE, resolved_at=HOME),))},
]


def test_every_row_of_the_table_is_shown_here():
    assert set(CASES) == set(DISCHARGE)


@pytest.mark.parametrize(("code", "case"), [(code, case) for code, cases in CASES.items() for case in cases])
def test_each_row_alone_stands_in_the_way(code: str, case: dict[str, Any]):
    assert codes(**case) == [code]


@pytest.mark.parametrize("case", GOOD)
def test_nothing_else_does(case: dict[str, Any]):
    assert codes(**case) == []


def test_exactly_as_far_as_allowed_is_near():
    care = replace(ORDINARY, near_percent=25)
    assert codes(in_recovery(systolic=160), care=care) == codes(in_recovery(systolic=96), care=care) == []
    assert codes(in_recovery(systolic=161), care=care) == ["discharge.not-near-baseline"]
    assert codes(in_recovery(systolic=95), care=care) == ["discharge.not-near-baseline"]


def test_everything_is_told_at_once():
    worst = in_recovery(systolic=190, heart_rate=None)
    said = (a_risk(SuicideRisk.HIGH, STARTED),)
    treatment = replace(worst, scores=(), adverse_events=(SEVERE,), risks=said)
    found = codes(treatment, Checklist(), at=HOME)
    assert set(found) == set(DISCHARGE) - {"discharge.under-floor", "discharge.too-early", "dissociation.above-limit"}


def test_a_reading_that_is_too_old_is_due():
    old = in_recovery(HOME - timedelta(minutes=15, seconds=1))
    assert codes(old) == ["discharge.reading-due"] * 4


def test_a_reading_of_the_infusion_says_nothing_about_going_home():
    care = replace(ORDINARY, observe=5, observe_floor=0)
    at = ENDED + timedelta(minutes=5)
    found = codes(in_recovery(ENDED - timedelta(minutes=1)), at=at, care=care)
    assert found == [*["discharge.reading-due"] * 4, "dissociation.missing"]


@pytest.mark.parametrize(
    "checklist", [ticked(is_oriented=False, padss=10), ticked(is_oriented=None, padss=8, aldrete=8)]
)
def test_a_no_always_counts_and_eight_points_are_not_enough(checklist: dict[str, Any]):
    assert codes(**checklist) == ["discharge.not-oriented"]


@pytest.mark.parametrize(("name", "points"), [("padss", 11), ("padss", -1), ("aldrete", 11)])
def test_points_that_no_score_has_are_refused(name: str, points: int):
    with pytest.raises(RuleBroken, match=r"discharge\.implausible") as refusal:
        require_scale(replace(ALL_WELL, **dict[str, Any]({name: points})))
    assert [fault.pointer for fault in refusal.value.faults] == [f"/{name}"]


def test_scores_from_nought_to_ten_are_points():
    require_scale(replace(ALL_WELL, padss=0, aldrete=10))


def test_nobody_goes_home_while_the_dose_is_being_given():
    with pytest.raises(Conflict, match=r"treatment\.illegal-move"):
        every_fault(replace(in_recovery(), end=None), ALL_WELL, ORDINARY, HOME)


def overridden(treatment: Treatment, code: str, scopes: frozenset[str], **case: Any) -> Treatment:
    faults = every_fault(treatment, case.get("checklist", ALL_WELL), ORDINARY, case.get("at", HOME))
    return treatment.overridden(code, faults, DISCHARGE, reason="seen", by="doc", scopes=scopes, at=HOME)


@pytest.mark.parametrize(("code", "case"), [(code, cases[0]) for code, cases in CASES.items()])
def test_a_row_gives_way_to_the_word_of_its_scopes_only(code: str, case: dict[str, Any]):
    case = {"treatment": in_recovery(case.get("at", HOME)), **case}
    if DISCHARGE[code] == NOBODY:
        with pytest.raises(RuleBroken, match=r"override\.not-possible"):
            overridden(code=code, scopes=EVERY_SCOPE, **case)
        return
    with pytest.raises(Forbidden):
        overridden(code=code, scopes=EVERY_SCOPE - DISCHARGE[code], **case)
    after = overridden(code=code, scopes=DISCHARGE[code], **case)
    faults = every_fault(after, case.get("checklist", ALL_WELL), ORDINARY, case.get("at", HOME))
    assert after.without_set_aside(faults) == []


# --- the vectors


def test_after_45_of_60_minutes_a_clinician_may_let_them_go_and_a_nurse_may_not():
    at = ENDED + timedelta(minutes=45)  # 11:40
    treatment = in_recovery(at)
    assert codes(treatment, at=at) == ["discharge.too-early"]
    with pytest.raises(Forbidden):
        overridden(treatment, "discharge.too-early", frozenset({"nurse"}), at=at)
    after = overridden(treatment, "discharge.too-early", frozenset({"clinician"}), at=at)
    assert after.without_set_aside(every_fault(after, ALL_WELL, ORDINARY, at)) == []


def test_at_11_55_a_pressure_of_148_is_near_enough_to_128():
    assert codes(in_recovery(systolic=148, diastolic=86)) == []


def test_an_absent_escort_is_not_for_a_nurse_to_overlook():
    treatment = in_recovery()
    with pytest.raises(Forbidden):
        overridden(treatment, "discharge.escort-absent", frozenset({"nurse"}), **ticked(is_escort_present=False))
    overridden(treatment, "discharge.escort-absent", frozenset({"clinician"}), **ticked(is_escort_present=False))


def test_a_cadss_of_five_keeps_them_and_one_a_quarter_of_an_hour_later_does_not():
    kept = in_recovery(points=5)
    assert codes(kept) == ["dissociation.above-limit"]
    later = HOME + timedelta(minutes=15)
    again = replace(
        kept, scores=(*kept.scores, Score("s-2", later, "nurse", 1)), readings=(*kept.readings, a_reading(later))
    )
    assert codes(again, at=later) == []


def test_the_spray_keeps_them_for_two_hours_whoever_says_otherwise():
    spray = TEMPLATES["esket-label"].care
    early, late = ENDED + timedelta(minutes=119), ENDED + timedelta(minutes=120)
    assert codes(in_recovery(early), at=early, care=spray) == ["discharge.under-floor"]
    assert codes(in_recovery(late), at=late, care=spray) == []


@pytest.mark.parametrize(
    ("zone", "home", "until"),
    [
        ("America/New_York", "2026-03-07T16:00", "2026-03-08T17:00"),
        ("America/New_York", "2026-10-31T16:00", "2026-11-01T15:00"),
        ("Europe/Berlin", "2026-03-28T16:00", "2026-03-29T17:00"),
        ("Australia/Lord_Howe", "2026-04-04T16:00", "2026-04-05T15:30"),
    ],
)
def test_no_driving_for_24_elapsed_hours(zone: str, home: str, until: str):
    at = no_driving_until(resolve(datetime.fromisoformat(home), zone), ORDINARY)
    assert at.tzinfo is UTC
    assert to_local(at, zone) == datetime.fromisoformat(until)
