import ast
from dataclasses import replace
from datetime import time

import pytest

from services.booking.domain.protocol.protocol import Condition
from services.followup.domain.plan import CONDITIONS, Anchor, Plan, Point, Questions, an_edition
from services.followup.domain.publishing import MOST_POINTS, faults_of, publish
from services.followup.plans import FILE, PlanFault, load_default
from shared.errors import RuleBroken
from tests.support.followup_fakes import DEFAULT_PLAN, LIBRARY

KNOWN = {each.id for each in LIBRARY.instruments}
AFTER = Point("day-7", Anchor.SERIES, ("phq-9",), rank=1, days=7, open_hours=168)
HOURS = Point("24h", Anchor.DISCHARGE, ("phq-9",), rank=1, hours=24, open_hours=12)
BEFORE = Point("before", Anchor.SESSION, ("phq-9",), rank=1, days=1)


def faults(*points, **about):
    return [(fault.code, fault.pointer) for fault in faults_of(Questions(time(10), points=points, **about), KNOWN)]


def test_the_default_plan_can_be_followed_and_every_instrument_in_it_exists():
    assert faults_of(DEFAULT_PLAN, KNOWN) == []
    for by_condition in DEFAULT_PLAN.sets.values():
        for instruments in by_condition.values():
            assert set(instruments) <= KNOWN
    for point in DEFAULT_PLAN.points:
        for condition in CONDITIONS:
            assert set(DEFAULT_PLAN.instruments(point, condition)) <= KNOWN


def test_the_default_plan_asks_at_all_the_times_that_were_promised():
    elapsed = {point.kind: point.hours for point in DEFAULT_PLAN.points if point.anchor is Anchor.DISCHARGE}
    assert elapsed == {"home": 2, "24h": 24, "72h": 72}
    after = [point for point in DEFAULT_PLAN.points if point.anchor is Anchor.SERIES]
    assert [point.days for point in after if point.days] == [7, 14, 21, 28, 42, 56, 70, 84]
    assert [point.months for point in after if point.months] == list(range(4, 13))
    assert {point.open_hours for point in after if point.months} == {14 * 24}


def test_every_condition_of_booking_has_questions():
    assert {str(condition) for condition in Condition} == CONDITIONS
    assert DEFAULT_PLAN.sets["bundle"].keys() >= CONDITIONS


@pytest.mark.parametrize("point", [AFTER, HOURS, BEFORE], ids=lambda point: point.kind)
def test_a_sound_point_has_no_fault(point):
    assert faults(point) == []


@pytest.mark.parametrize(
    ("point", "fault"),
    [
        (replace(AFTER, kind="Day 7"), ("plan.bad-name", "/points/0/kind")),
        (replace(AFTER, ask=()), ("plan.asks-nothing", "/points/0/ask")),
        (replace(AFTER, ask=("phq-9", "phq-8")), ("plan.no-such-instrument", "/points/0/ask/1")),
        (replace(AFTER, conditions=("depresion",)), ("plan.no-such-condition", "/points/0/conditions/0")),
        (replace(AFTER, months=1), ("plan.mixed-distance", "/points/0")),
        (replace(AFTER, days=0), ("plan.mixed-distance", "/points/0")),
        (replace(AFTER, hours=1), ("plan.mixed-distance", "/points/0")),
        (replace(AFTER, days=367), ("plan.bad-distance", "/points/0")),
        (replace(AFTER, days=0, months=25), ("plan.bad-distance", "/points/0")),
        (replace(AFTER, nth=(1,)), ("plan.no-such-session", "/points/0/nth")),
        (replace(AFTER, open_hours=0), ("plan.never-open", "/points/0/open_hours")),
        (replace(AFTER, open_hours=31 * 24 + 1), ("plan.never-open", "/points/0/open_hours")),
        (replace(AFTER, at=time(7, 59)), ("plan.at-night", "/points/0/at")),
        (replace(AFTER, at=time(21)), ("plan.at-night", "/points/0/at")),
        (replace(HOURS, hours=0), ("plan.bad-distance", "/points/0/hours")),
        (replace(HOURS, hours=337), ("plan.bad-distance", "/points/0/hours")),
        (replace(HOURS, days=1), ("plan.mixed-distance", "/points/0")),
        (replace(HOURS, at=time(10)), ("plan.mixed-distance", "/points/0")),
        (replace(HOURS, nth=(0,)), ("plan.no-such-session", "/points/0/nth")),
        (replace(BEFORE, days=8), ("plan.bad-distance", "/points/0/days")),
        (replace(BEFORE, hours=1), ("plan.mixed-distance", "/points/0")),
        (replace(BEFORE, open_hours=1), ("plan.mixed-distance", "/points/0/open_hours")),
    ],
)
def test_a_point_that_cannot_be_followed_is_named(point, fault):
    assert faults(point) == [fault]


def test_limits_themselves_are_allowed():
    assert faults(replace(AFTER, days=366, open_hours=31 * 24, at=time(8))) == []
    assert faults(replace(AFTER, days=0, months=24, at=time(20, 59))) == []
    assert faults(replace(HOURS, hours=336), replace(BEFORE, days=7)) == []


def test_sets_are_checked_too():
    sets = {"Bundle": {"any": ("phq-9",)}, "gad-7": {}, "mine": {"depresion": ("phq-9", "phq-8")}}
    assert faults(AFTER, sets=sets) == [
        ("plan.bad-name", "/sets/Bundle"),
        ("plan.name-taken", "/sets/gad-7"),
        ("plan.no-such-condition", "/sets/mine/depresion"),
        ("plan.no-such-instrument", "/sets/mine/depresion/1"),
    ]


def test_a_plan_asks_something_and_not_without_end_and_no_point_is_there_twice():
    assert faults() == [("plan.asks-nothing", "/points")]
    assert faults(AFTER, AFTER) == [("plan.kind-twice", "/points/1/kind")]
    many = [replace(AFTER, kind=f"day-{n}", days=n) for n in range(1, MOST_POINTS + 2)]
    assert faults(*many) == [("plan.too-long", "/points")]
    assert faults(*many[:-1]) == []


def test_publishing_lists_every_reason_at_once():
    broken = Questions(time(23), points=(replace(AFTER, ask=("x",), open_hours=0), replace(HOURS, hours=0)))
    with pytest.raises(RuleBroken) as refusal:
        publish(an_edition(1, DEFAULT_PLAN), broken, KNOWN)
    assert [fault.code for fault in refusal.value.faults] == [
        "plan.at-night",
        "plan.never-open",
        "plan.no-such-instrument",
        "plan.bad-distance",
    ]


def test_the_next_edition_counts_on():
    plan = publish(an_edition(9, DEFAULT_PLAN), Questions(time(10), points=(AFTER,)), KNOWN)
    assert (plan.edition, plan.id) == (10, "plan@000010")
    assert isinstance(plan, Plan)


def test_a_default_plan_that_asks_what_there_is_not_stops_the_start(tmp_path):
    file = tmp_path / "default.yaml"
    file.write_text(FILE.read_text().replace("[phq-9, asrm]", "[phq-9, asmr]"))
    with pytest.raises(PlanFault, match="There is no instrument asmr"):
        load_default(frozenset(KNOWN), file)


def test_no_code_knows_an_instrument_of_the_plan():
    """Which instruments are asked when is data: the planning names none."""
    folder = FILE.parents[1] / "domain"
    for name in ("plan", "known", "occasion", "agenda", "reconciling", "publishing"):
        texts = {node.value for node in ast.walk(ast.parse((folder / f"{name}.py").read_text()))
                 if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # fmt: skip
        assert not texts & KNOWN
