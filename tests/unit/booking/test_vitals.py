from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.protocol.care import LIMITS, ORDINARY, PLAUSIBLE, Care, Limit, Side, Stage, Vital
from services.booking.domain.treatment.vitals import (
    Reading,
    Sedation,
    Verdict,
    counted,
    field_of,
    require_plausible,
    require_repeatable,
    stop_advice,
    verdict,
)
from shared.converters import from_document, to_document
from shared.errors import RuleBroken

EIGHT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
CALM: dict[str, Any] = {"systolic": 120, "diastolic": 80, "heart_rate": 70, "spo2": 98}
A_LITTLE = {Vital.TEMPERATURE: Decimal("0.1")}
PASSES_FROM = {Side.AT_LEAST: 0, Side.OVER: 1, Side.UNDER: -1}
"""How many smallest steps from its value a limit is passed."""
every_limit = pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: f"{limit.stage} {limit}")


def at(minutes: float) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


def a_reading(minutes: float = 0, **measured: Any) -> Reading:
    return Reading(f"r{minutes}", at(minutes), "nurse-1", **measured)


def calm(minutes: float = 0, **measured: Any) -> Reading:
    return a_reading(minutes, **{**CALM, **measured})


def pressures(*pairs: tuple[int, int]) -> list[Reading]:
    return [calm(15 * turn, systolic=high, diastolic=low) for turn, (high, low) in enumerate(pairs)]


def judged(readings: Sequence[Reading], care: Care) -> Verdict:
    """As soon as the last of them is there."""
    return verdict(readings, care, max((one.at for one in readings), default=EIGHT))


def codes(found: Verdict) -> list[tuple[str, str]]:
    return [(fault.code, fault.context["vital"]) for fault in found.faults]


def measured(vital: Vital, value: Decimal, minutes: float = 0) -> Reading:
    """Calm but for one vital; the other pressure goes with it, within its own limits."""
    kind = Decimal if vital is Vital.TEMPERATURE else int
    other = {Vital.SYSTOLIC: {"diastolic": 60}, Vital.DIASTOLIC: {"systolic": 125}}
    return calm(minutes, **other.get(vital, {}), **{field_of(vital): kind(value)})


# --- what nobody can have measured ----------------------------------------------------------------------------------


@pytest.mark.parametrize("vital", Vital)
def test_each_vital_is_taken_to_the_ends_of_its_range_and_refused_beyond(vital: Vital):
    step = A_LITTLE.get(vital, Decimal(1))
    least, most = PLAUSIBLE[vital]
    for value in (least, most):
        require_plausible(whole(vital, value))
    for value in (least - step, most + step):
        with pytest.raises(RuleBroken) as refusal:
            require_plausible(whole(vital, value))
        assert refusal.value.code == "vitals.implausible"
        assert [fault.pointer for fault in refusal.value.faults] == [f"/{field_of(vital)}"]


def whole(vital: Vital, value: Decimal) -> Reading:
    """With the other pressure as far away as it can be."""
    other = {Vital.SYSTOLIC: {"diastolic": 20}, Vital.DIASTOLIC: {"systolic": 300}}.get(vital, {})
    pressures: dict[str, Any] = {**other, field_of(vital): value}
    return a_reading(**pressures)


@pytest.mark.parametrize(
    ("said", "pointers"),
    [
        ({}, [""]),
        ({"systolic": 120}, ["/systolic"]),
        ({"diastolic": 80}, ["/diastolic"]),
        ({"systolic": 80, "diastolic": 80}, ["/diastolic"]),
        ({"systolic": 80, "diastolic": 120}, ["/diastolic"]),
        ({"systolic": 12, "diastolic": 8, "spo2": 980}, ["/systolic", "/diastolic", "/spo2"]),
        ({"pain": 11}, ["/pain"]),
        ({"pain": -1}, ["/pain"]),
    ],
)
def test_everything_that_nobody_can_have_measured_is_told_at_once(said: dict[str, Any], pointers: list[str]):
    with pytest.raises(RuleBroken) as refusal:
        require_plausible(a_reading(**said))
    assert [fault.pointer for fault in refusal.value.faults] == pointers


@pytest.mark.parametrize(
    "said", [{"pain": 0}, {"pain": 10}, {"sedation": Sedation.AWAKE}, {"systolic": 81, "diastolic": 80}]
)
def test_what_somebody_can_have_measured_is_taken(said: dict[str, Any]):
    require_plausible(a_reading(**said))


def test_a_reading_comes_back_from_its_document_as_it_was():
    reading = calm(temperature=Decimal("36.9"), sedation=Sedation.DROWSY, pain=3, respiratory_rate=14)
    assert from_document(Reading, to_document(reading)) == reading
    assert to_document(reading)["temperature"] == "36.9"


# --- before the start -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pressure", "stage", "found"),
    [
        ((139, 89), None, []),
        ((140, 80), Stage.REVIEW, [("vitals.review", "systolic")]),
        ((130, 90), Stage.REVIEW, [("vitals.review", "diastolic")]),
        ((140, 90), Stage.REVIEW, [("vitals.review", "systolic"), ("vitals.review", "diastolic")]),
        ((160, 85), Stage.REFUSE, [("vitals.refused", "systolic")]),
        ((150, 100), Stage.REFUSE, [("vitals.review", "systolic"), ("vitals.refused", "diastolic")]),
        ((90, 60), None, []),
        ((89, 60), Stage.REFUSE, [("vitals.refused", "systolic")]),
        ((185, 112), Stage.REFUSE, [("vitals.refused", "systolic"), ("vitals.refused", "diastolic")]),
    ],
)
def test_blood_pressure_before_the_start(pressure: tuple[int, int], stage: Stage | None, found: list[tuple[str, str]]):
    told = judged(pressures(pressure), ORDINARY)
    assert (told.stage, codes(told)) == (stage, found)


@every_limit
def test_a_limit_is_passed_on_its_side_only(limit: Limit):
    step = A_LITTLE.get(limit.vital, Decimal(1))
    passing = limit.value + PASSES_FROM[limit.side] * step
    short_of_it = passing + (step if limit.side is Side.UNDER else -step)
    assert limit.is_passed_by(passing)
    assert not limit.is_passed_by(short_of_it)
    alone = Care(limits=(limit,))
    wanted = Stage.REVIEW if limit.stage is Stage.REVIEW else Stage.REFUSE
    assert judged([measured(limit.vital, passing)], alone).stage is wanted
    assert judged([measured(limit.vital, short_of_it)], alone).stage is None


@pytest.mark.parametrize(
    ("vital", "values"),
    [
        (Vital.HEART_RATE, {49: "refuse", 50: None, 100: None, 101: "review", 120: "review", 121: "refuse"}),
        (Vital.RESPIRATORY_RATE, {9: "refuse", 10: None, 30: None, 31: "refuse"}),
        (Vital.SPO2, {91: "refuse", 92: "review", 94: "review", 95: None}),
        (Vital.TEMPERATURE, {"37.7": None, "37.8": "review", "38.4": "review", "38.5": "refuse"}),
    ],
)
def test_both_sides_of_the_other_limits_before_the_start(vital: Vital, values: dict[Any, str | None]):
    assert {value: judged([measured(vital, Decimal(value))], ORDINARY).stage for value in values} == values


@pytest.mark.parametrize(
    ("field", "names"), [("systolic", ["systolic", "diastolic"]), ("heart_rate", ["heart-rate"]), ("spo2", ["spo2"])]
)
def test_nobody_starts_before_pressure_heart_rate_and_oxygen_were_measured(field: str, names: list[str]):
    known = {name: value for name, value in CALM.items() if name != field}
    if field == "systolic":
        del known["diastolic"]
    found = judged([a_reading(**known)], ORDINARY)
    assert (found.stage, codes(found)) == (Stage.REFUSE, [("vitals.missing", name) for name in names])


def test_without_any_reading_everything_is_missing():
    assert [vital for _, vital in codes(judged([], ORDINARY))] == ["systolic", "diastolic", "heart-rate", "spo2"]


def test_several_readings_may_say_it_together():
    assert judged([a_reading(systolic=120, diastolic=80), a_reading(1, heart_rate=70, spo2=98)], ORDINARY).stage is None


def test_pain_is_asked_before_the_start_where_the_protocol_says_so():
    pain = Care(asks_pain=True)
    assert codes(judged([calm()], pain)) == [("vitals.missing", "pain")]
    assert judged([calm(pain=0)], pain).faults == ()


def test_a_fault_names_the_value_and_its_limit_and_no_person():
    (fault,) = judged(pressures((142, 80)), ORDINARY).faults
    assert fault.detail == "systolic 142: systolic at least 140."
    assert fault.context == {"vital": "systolic", "value": "142", "limit": "140", "side": "at-least"}


# --- measured again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "best", "stage"),
    [
        ([(165, 95), (142, 85)], (142, 85), Stage.REVIEW),
        ([(142, 85), (165, 95)], (142, 85), Stage.REFUSE),
        ([(128, 80), (139, 89)], (128, 80), None),
        ([(128, 80), (140, 80)], (128, 80), Stage.REVIEW),
        ([(128, 80), (159, 99)], (128, 80), Stage.REVIEW),
        ([(128, 80), (160, 80)], (128, 80), Stage.REFUSE),
        ([(128, 80), (89, 60)], (128, 80), Stage.REFUSE),
        ([(142, 85), (145, 70), (138, 92)], (138, 92), Stage.REVIEW),
        # Two pressures are never mixed: 138 of the one and 85 of the other would pass.
        ([(145, 85), (138, 92)], (138, 92), Stage.REVIEW),
        ([(85, 60), (139, 89)], (139, 89), None),
        ([(165, 95), (164, 100), (163, 90), (162, 89)], (162, 89), Stage.REFUSE),
    ],
)
def test_the_newest_pressure_says_who_may_start_and_the_best_one_is_come_back_to(
    pairs: Sequence[tuple[int, int]], best: tuple[int, int], stage: Stage | None
):
    readings = pressures(*pairs)
    found = counted(readings, LIMITS)
    assert (int(found[Vital.SYSTOLIC]), int(found[Vital.DIASTOLIC])) == best
    assert judged(readings, ORDINARY).stage is stage


def test_a_patient_who_gets_worse_before_the_start_does_not_start():
    bad = calm(20, systolic=215, diastolic=130, heart_rate=170, spo2=80)
    assert codes(judged([calm(), bad], ORDINARY)) == [
        ("vitals.refused", vital) for vital in ("systolic", "diastolic", "heart-rate", "spo2")
    ]


@pytest.mark.parametrize(
    ("minutes", "vitals"),
    [(60, []), (60.01, ["systolic", "diastolic", "spo2"]), (65.01, ["systolic", "diastolic", "heart-rate", "spo2"])],
)
def test_what_was_measured_long_ago_counts_for_nothing(minutes: float, vitals: list[str]):
    readings = [calm(), a_reading(5, heart_rate=70)]
    found = verdict(readings, ORDINARY, at(minutes))
    assert codes(found) == [("vitals.too-old", vital) for vital in vitals]
    assert found.stage is (Stage.REFUSE if vitals else None)
    assert codes(verdict(readings, Care(reading_minutes=66), at(minutes))) == []


def test_a_fever_is_not_forgotten_because_a_later_reading_leaves_it_out():
    assert codes(judged([calm(temperature=Decimal("38.6")), calm(15)], ORDINARY)) == [("vitals.refused", "temperature")]


def high(minutes: float = 0, **measured: Any) -> Reading:
    return calm(minutes, **{"systolic": 165, "diastolic": 95, **measured})


def refused(earlier: Sequence[Reading], reading: Reading, care: Care = ORDINARY) -> list[tuple[str, str]]:
    """Codes and pointers of why it may not be measured again."""
    try:
        require_repeatable(earlier, reading, care)
    except RuleBroken as refusal:
        return [(fault.code, fault.pointer) for fault in refusal.faults]
    return []


@pytest.mark.parametrize(("minutes", "is_refused"), [(1, True), (14.99, True), (15, False), (60, False)])
def test_a_better_value_counts_fifteen_minutes_after_the_worse_one(minutes: float, *, is_refused: bool):
    earlier, again = [calm(-30), high(0, heart_rate=121)], calm(minutes)
    if not is_refused:
        return require_repeatable(earlier, again, ORDINARY)
    with pytest.raises(RuleBroken) as refusal:
        require_repeatable(earlier, again, ORDINARY)
    assert refusal.value.code == "vitals.too-soon"
    assert [fault.pointer for fault in refusal.value.faults] == ["/systolic", "/heart_rate"]
    assert refusal.value.faults[0].context == {"earliest_at": at(15).isoformat()}
    return None


def test_a_bad_value_is_measured_again_three_times_at_most():
    times = [high(0), high(15), high(30)]
    require_repeatable(times, calm(45), ORDINARY)
    assert refused([*times, high(45)], calm(90)) == [("vitals.too-many", "/systolic")]
    assert refused([*times, high(45)], high(90)) == []
    require_repeatable([calm(0), calm(15), calm(30), calm(45), high(60)], calm(75), ORDINARY)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((128, 80), (140, 80)),
        ((128, 80), (160, 80)),
        ((145, 80), (160, 80)),
        ((141, 80), (159, 80)),
        ((165, 80), (215, 130)),
        ((128, 80), (85, 60)),
        ((128, 80), (128, 80)),
    ],
)
def test_what_is_not_better_is_kept_at_once_however_often(before: tuple[int, int], now: tuple[int, int]):
    times = pressures(*[before] * 4)
    assert refused(times, calm(45.1, systolic=now[0], diastolic=now[1])) == []


def test_what_got_worse_is_kept_with_all_that_was_measured_beside_it():
    assert refused([high(0)], calm(5)) == [("vitals.too-soon", "/systolic")]
    assert refused([high(0)], calm(5, spo2=91)) == []
    assert refused([a_reading(0, systolic=165, diastolic=95)], calm(5, spo2=91)) == []


def test_each_vital_counts_for_itself():
    earlier = [high(0), high(15), high(30), high(45)]
    require_repeatable(earlier, a_reading(46, temperature=Decimal(37)), ORDINARY)
    require_repeatable([high(0)], a_reading(1, respiratory_rate=14, pain=2, sedation=Sedation.AWAKE), ORDINARY)
    require_repeatable([a_reading(0, temperature=Decimal(39))], calm(1), ORDINARY)


def test_the_protocol_says_how_often_and_how_soon():
    once = Care(repeat_after=5, most_repeats=1)
    assert refused([high(0)], calm(5), once) == []
    assert refused([high(0)], calm(4.9), once) == [("vitals.too-soon", "/systolic")]
    assert refused([high(0), high(5)], calm(60), once) == [("vitals.too-many", "/systolic")]


@given(st.lists(st.tuples(st.integers(60, 220), st.integers(30, 59)), min_size=1, max_size=4), st.randoms())
def test_which_measurement_is_come_back_to_does_not_depend_on_their_order(pairs: list[tuple[int, int]], chance: Any):
    readings = pressures(*pairs)
    shuffled = chance.sample(readings, len(readings))
    assert counted(shuffled, LIMITS) == counted(readings, LIMITS)
    assert judged(shuffled, ORDINARY) == judged(readings, ORDINARY) == judged(readings[-1:], ORDINARY)


# --- during the session ---------------------------------------------------------------------------------------------


def test_181_over_95_at_minute_20_advises_to_stop():
    readings = [calm(10), calm(20, systolic=181, diastolic=95)]
    (advice,) = stop_advice(readings, LIMITS)
    assert (str(advice.limit), int(advice.value), advice.since, advice.at) == (
        "systolic at least 180",
        181,
        at(20),
        at(20),
    )


def test_182_over_112_during_the_infusion_advises_to_stop_for_both_values():
    advice = stop_advice([calm(20, systolic=182, diastolic=112)], LIMITS)
    assert [str(one.limit) for one in advice] == ["systolic at least 180", "diastolic at least 110"]


@every_limit
def test_only_limits_to_stop_advise_during_the_session(limit: Limit):
    step = A_LITTLE.get(limit.vital, Decimal(1))
    passing = limit.value + PASSES_FROM[limit.side] * step
    short_of_it = passing + (step if limit.side is Side.UNDER else -step)

    def advice(value: Decimal) -> list[Limit]:
        minutes = (0, limit.for_seconds / 60) if limit.for_seconds else (0,)
        return [one.limit for one in stop_advice([measured(limit.vital, value, at) for at in minutes], (limit,))]

    assert advice(passing) == ([limit] if limit.stage is Stage.STOP else [])
    assert advice(short_of_it) == []


@pytest.mark.parametrize(
    ("vital", "values"),
    [
        (Vital.SYSTOLIC, {89: True, 90: False, 179: False, 180: True}),
        (Vital.DIASTOLIC, {109: False, 110: True}),
        (Vital.HEART_RATE, {49: True, 50: False, 130: False, 131: True}),
        (Vital.RESPIRATORY_RATE, {9: True, 10: False, 30: False, 31: True}),
        (Vital.TEMPERATURE, {"41.0": False}),
    ],
)
def test_both_sides_of_the_limits_during_the_session(vital: Vital, values: dict[Any, bool]):
    assert {value: bool(stop_advice([measured(vital, Decimal(value))], LIMITS)) for value in values} == values


@pytest.mark.parametrize(
    ("oxygen", "is_advised"),
    [
        ([(0, 91)], False),
        ([(0, 91), (59, 91)], False),
        ([(0, 91), (60, 91)], True),
        ([(0, 91), (30, 90), (60, 89)], True),
        ([(0, 91), (30, 92), (60, 91)], False),
        ([(0, 91), (30, 92), (60, 91), (120, 90)], True),
        ([(0, 91), (60, 92)], False),
        ([(0, 91), (30, None), (60, 91)], True),
        ([(0, 91), (60, 91), (90, None)], False),
    ],
)
def test_low_oxygen_advises_to_stop_once_it_lasted_a_minute(oxygen: list[tuple[int, int | None]], *, is_advised: bool):
    readings = [calm(seconds / 60, spo2=value) for seconds, value in oxygen]
    assert bool(stop_advice(readings, LIMITS)) == is_advised


def test_every_limit_that_is_passed_is_told_and_nothing_once_all_is_well_again():
    bad = calm(10, systolic=190, diastolic=115, heart_rate=140)
    assert [one.limit.vital for one in stop_advice([bad], LIMITS)] == ["systolic", "diastolic", "heart-rate"]
    assert stop_advice([bad, calm(12)], LIMITS) == ()
    assert stop_advice([bad, a_reading(12, pain=3)], LIMITS) == ()
    assert stop_advice([], LIMITS) == ()


def test_advice_knows_since_when():
    readings = [calm(0, heart_rate=140), calm(5, heart_rate=150), calm(10, heart_rate=135)]
    (advice,) = stop_advice(readings, LIMITS)
    assert (advice.since, advice.at, int(advice.value)) == (at(0), at(10), 135)


def test_a_protocol_without_a_limit_to_refuse_does_not_start_where_it_would_stop():
    stops = Limit(Vital.HEART_RATE, Stage.STOP, Side.OVER, Decimal(130))
    assert judged([calm(heart_rate=131)], replace(ORDINARY, limits=(stops,))).stage is Stage.REFUSE
