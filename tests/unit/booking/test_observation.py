from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.protocol.care import ORDINARY, REQUIRED, Care, DissociationScale
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.domain.treatment.dissociation import Score, discharge_faults, require_plausible_score
from services.booking.domain.treatment.observation import (
    OF_VITAL,
    ORDINARY_LOOK,
    Look,
    Point,
    Watch,
    answered_at,
    missing,
    next_look_at,
    overdue,
    points,
    raised,
    still_tells,
)
from services.booking.domain.treatment.vitals import Reading, Sedation
from shared.converters import from_document, to_document
from shared.errors import RuleBroken
from shared.localtime import resolve, to_local

START = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)
FULL: dict[str, Any] = {"systolic": 120, "diastolic": 80, "heart_rate": 70, "spo2": 98, "sedation": Sedation.AWAKE}
INFUSING = Watch(ORDINARY, START)
RECOVERING = replace(INFUSING, ended_at=START + timedelta(minutes=40))
PAIN = Care(infusion_minutes=240, asks_pain=True)
A_SECOND = timedelta(seconds=1)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def minute(instant: datetime) -> float:
    return (instant - START) / timedelta(minutes=1)


def a_reading(minutes: float, **measured: Any) -> Reading:
    return Reading(f"r{minutes}", at(minutes), "nurse-1", **measured)


def looked(watch: Watch, *minutes: float) -> Watch:
    """With whole readings at these minutes."""
    return replace(watch, readings=(*watch.readings, *(a_reading(one, **FULL) for one in minutes)))


def scored(watch: Watch, *points: tuple[float, int]) -> Watch:
    return replace(watch, scores=tuple(Score(f"s{minutes}", at(minutes), "nurse-1", of) for minutes, of in points))


def minutes(found: Iterable[Point]) -> list[float]:
    return [minute(point.at) for point in found]


# --- the grid -------------------------------------------------------------------------------------------------------


def test_a_look_is_due_every_ten_minutes_of_the_infusion_however_long_it_takes():
    assert minutes(points(INFUSING, at(9.99))) == []
    assert minutes(points(INFUSING, at(65))) == [10, 20, 30, 40, 50, 60]


def test_from_the_end_of_the_infusion_on_every_fifteen_minutes():
    assert minutes(points(RECOVERING, at(90))) == [10, 20, 30, 40, 55, 70, 85]
    early = replace(RECOVERING, ended_at=at(29))
    assert minutes(points(early, at(60))) == [10, 20, 29, 44, 59]


def test_at_the_end_of_the_infusion_dissociation_is_scored():
    asked = {minute(point.at): point.asks for point in points(RECOVERING, at(60))}
    assert asked == {
        10: ORDINARY_LOOK,
        20: ORDINARY_LOOK,
        30: ORDINARY_LOOK,
        40: (Look.DISSOCIATION,),
        55: ORDINARY_LOOK,
    }


def test_pain_is_asked_hourly_and_at_the_end_where_the_protocol_says_so():
    watch = Watch(PAIN, START, at(240))
    asked = [minute(point.at) for point in points(watch, at(300)) if Look.PAIN in point.asks]
    assert asked == [60, 120, 180, 240, 300]
    (hour,) = [point for point in points(watch, at(60)) if minute(point.at) == 60]
    assert hour.asks == (*ORDINARY_LOOK, Look.PAIN)
    assert all(Look.PAIN not in point.asks for point in points(RECOVERING, at(300)))


def test_what_is_due_at_one_instant_is_one_look():
    watch = Watch(PAIN, START, at(240))
    due = [point.at for point in points(watch, at(400))]
    assert len(due) == len(set(due))


def test_one_look_that_asks_for_more_takes_the_stricter_of_its_times():
    (hour,) = [point for point in points(Watch(PAIN, START), at(60)) if minute(point.at) == 60]
    assert minute(hour.opens_at) == 55
    (again,) = [point for point in points(low(RECOVERING, 54), at(55)) if minute(point.at) == 55]
    assert (minute(again.overdue_at), again.asks) == (58, ORDINARY_LOOK)


def test_the_grid_of_the_spray_has_its_look_forty_minutes_after():
    watch = Watch(TEMPLATES["esket-label"].care, START, at(10))
    assert [minute(point.at) for point in points(watch, at(100)) if ORDINARY_LOOK[0] in point.asks] == [50, 90]


def test_each_look_asks_for_what_is_required():
    assert {OF_VITAL[vital] for vital in REQUIRED} < set(ORDINARY_LOOK)
    assert set(OF_VITAL.values()) <= set(Look)


def test_a_point_comes_back_from_its_document_as_it_was():
    (point,) = points(INFUSING, at(10))
    assert from_document(Point, to_document(point)) == point


# --- overdue --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("watch", "last", "found"),
    [
        (INFUSING, 13 - 1 / 60, []),
        (INFUSING, 13, [10]),
        (INFUSING, 23, [10, 20]),
        (scored(looked(RECOVERING, 10, 20, 30), (40, 2)), 60 - 1 / 60, []),
        (scored(looked(RECOVERING, 10, 20, 30), (40, 2)), 60, [55]),
        (looked(RECOVERING, 10, 20, 30), 45, [40]),
    ],
)
def test_a_look_is_overdue_when_its_grace_is_over(watch: Watch, last: float, found: list[float]):
    assert minutes(overdue(watch, at(last))) == found


def test_the_look_at_minute_20_that_nobody_took_is_overdue_three_minutes_later():
    watch = looked(INFUSING, 10)
    assert overdue(watch, at(23) - A_SECOND) == []
    assert minutes(overdue(watch, at(23))) == [20]
    assert overdue(looked(watch, 22), at(23)) == []


@pytest.mark.parametrize(
    ("reading", "left"),
    [
        (4.99, [10, 20]),
        # From halfway on a reading counts for the look to come.
        (5, [20]),
        (10, [20]),
        (14.99, [20]),
        (15, []),
        (20, []),
        (24, []),
    ],
)
def test_a_reading_answers_the_nearest_look_and_every_one_that_it_is_late_for(reading: float, left: list[float]):
    assert minutes(overdue(looked(INFUSING, reading), at(24))) == left


def test_many_early_readings_do_not_answer_later_looks():
    assert minutes(overdue(looked(INFUSING, 6, 7, 8, 9, 10, 11), at(33))) == [20, 30]


def test_a_late_reading_says_when_it_came():
    (point,) = overdue(INFUSING, at(13))
    assert answered_at(point, INFUSING) is None
    assert answered_at(point, looked(INFUSING, 16)) == at(16)
    assert answered_at(point, looked(INFUSING, 16, 30)) == at(16)


@pytest.mark.parametrize("left_out", FULL)
def test_half_a_look_answers_nothing_until_the_rest_of_it_comes(left_out: str):
    names = {"systolic", "diastolic"} if left_out in {"systolic", "diastolic"} else {left_out}
    half = replace(INFUSING, readings=(a_reading(10, **{name: FULL[name] for name in FULL.keys() - names}),))
    assert minutes(overdue(half, at(13))) == [10]
    whole = replace(half, readings=(*half.readings, a_reading(12, **{name: FULL[name] for name in names})))
    assert overdue(whole, at(13)) == []
    (point,) = points(whole, at(10))
    assert answered_at(point, whole) == at(12)


def test_a_score_of_dissociation_belongs_to_the_end_from_five_minutes_before_on():
    watch = looked(RECOVERING, 10, 20, 30)
    assert minutes(overdue(scored(watch, (34.9, 2)), at(45))) == [40]
    assert overdue(scored(watch, (35, 2)), at(45)) == []


@pytest.mark.parametrize(
    ("watch", "after", "looks"),
    [
        (INFUSING, 0, 13),
        (INFUSING, 12.9, 13),
        # What is overdue has its alarm: the next look is the one behind it.
        (INFUSING, 13, 23),
        (looked(INFUSING, 10), 10, 23),
        (looked(INFUSING, 8), 8, 23),
        (looked(INFUSING, 16), 16, 33),
        (RECOVERING, 40, 45),
        (scored(looked(RECOVERING, 40), (41, 3)), 41, 60),
        (scored(looked(RECOVERING, 40, 100), (41, 3)), 101, 120),
    ],
)
def test_the_job_looks_again_when_the_next_look_becomes_overdue(watch: Watch, after: float, looks: float):
    assert minute(next_look_at(watch, at(after))) == looks


@given(
    st.lists(st.integers(0, 400), max_size=12).map(sorted),
    st.one_of(st.none(), st.integers(1, 200)),
    st.integers(0, 400),
)
def test_the_next_look_lies_ahead_and_finds_something_overdue_unless_somebody_looks(
    readings: list[int], ends: int | None, now: int
):
    ended_at = None if ends is None or ends > now else at(ends)
    watch = looked(replace(INFUSING, ended_at=ended_at), *(one for one in readings if one <= now))
    coming = next_look_at(watch, at(now))
    assert at(now) < coming <= at(now) + timedelta(minutes=35)
    assert coming in {point.overdue_at for point in overdue(watch, coming)}
    before = {point.at for point in overdue(watch, at(now))}
    assert {point.at for point in overdue(watch, coming - A_SECOND)} == before
    assert not [point for point in overdue(looked(watch, now), at(now)) if point.asks == ORDINARY_LOOK]


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.sets(st.sampled_from(sorted(FULL)), min_size=1)), max_size=8),
    st.one_of(st.none(), st.integers(1, 900)),
    st.integers(0, 2000),
    st.builds(Care, infusion_every=st.integers(2, 40), recovery_every=st.integers(2, 40), asks_pain=st.booleans()),
)
def test_older_looks_ask_for_nothing_that_newer_ones_do_not(
    taken: list[tuple[int, set[str]]], ends: int | None, now: int, care: Care
):
    ended_at = None if ends is None or ends > now else at(ends)
    readings = tuple(
        a_reading(one, **{name: FULL[name] for name in what}) for one, what in sorted(taken, key=itemgetter(0))
    )
    watch = Watch(care, START, ended_at, tuple(one for one in readings if one.at <= at(now)))
    recent = overdue(watch, at(now), still_tells(care, at(now)))
    asked = {look for point in recent for look in missing(point, watch)}
    assert {look for point in overdue(watch, at(now)) for look in missing(point, watch)} == asked


@pytest.mark.parametrize("watch", [INFUSING, RECOVERING, replace(RECOVERING, care=PAIN)])
def test_a_patient_who_was_never_let_go_on_record_costs_no_more_after_years(watch: Watch):
    years = timedelta(days=3650)
    recent = overdue(watch, at(60) + years, still_tells(watch.care, at(60) + years))
    assert len(recent) < 30
    assert next_look_at(watch, at(60) + years) <= at(95) + years
    assert len(raised((), watch, at(100), at(60) + years)) <= 3


# --- low oxygen is looked at once more ------------------------------------------------------------------------------


def low(watch: Watch, *minutes: float) -> Watch:
    return replace(watch, readings=(*watch.readings, *(a_reading(one, **{**FULL, "spo2": 91}) for one in minutes)))


def test_low_oxygen_is_measured_again_after_a_minute():
    watch = low(INFUSING, 10)
    assert [(minute(point.at), point.asks) for point in points(watch, at(11))] == [
        (10, ORDINARY_LOOK),
        (11, (Look.SPO2,)),
    ]
    assert minute(next_look_at(watch, at(10))) == 14
    assert minutes(overdue(watch, at(14))) == [11]


def test_the_minute_counts_from_the_first_low_value():
    assert 11 in minutes(points(low(INFUSING, 10, 10.5), at(12)))


@pytest.mark.parametrize("again", [low(INFUSING, 10, 11), looked(low(INFUSING, 10), 10.5)])
def test_nobody_is_asked_again_once_it_lasted_or_is_over(again: Watch):
    assert minutes(points(again, at(12))) == [10]


# --- dissociation before going home ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        ([], ["dissociation.missing"]),
        ([(40, 0)], ["dissociation.missing"]),
        ([(54.9, 0)], ["dissociation.missing"]),
        ([(55, 4)], []),
        ([(55, 5)], ["dissociation.above-limit"]),
        # Answers 0, 1, 2, 1, 0, 1, and 15 minutes later 0, 0, 1, 0, 0, 0.
        ([(60, 5), (75, 1)], []),
        ([(60, 1), (75, 5)], ["dissociation.above-limit"]),
    ],
)
def test_whoever_is_still_away_does_not_go_home(scores: list[tuple[float, int]], found: list[str]):
    watch = scored(RECOVERING, *scores)
    assert [fault.code for fault in discharge_faults(watch.scores, ORDINARY, at(40))] == found


@pytest.mark.parametrize("scale", DissociationScale)
def test_a_score_lies_within_the_scale_of_the_protocol(scale: DissociationScale):
    care = Care(dissociation_scale=scale)
    for points_, is_refused in ((-1, True), (0, False), (scale.most, False), (scale.most + 1, True)):
        score = Score("s1", START, "nurse-1", points_)
        if not is_refused:
            require_plausible_score(score, care)
            continue
        with pytest.raises(RuleBroken) as refusal:
            require_plausible_score(score, care)
        assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [
            ("dissociation.implausible", "/points")
        ]


# --- elapsed time on the days when the clock changes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "starts", "ends_after", "wall"),
    [
        ("America/New_York", "2026-11-01T00:30", 150, "2026-11-01T02:00"),
        ("America/New_York", "2026-03-08T00:30", 150, "2026-03-08T04:00"),
        ("Australia/Lord_Howe", "2026-04-05T00:30", 120, "2026-04-05T02:00"),
    ],
)
def test_the_grid_counts_elapsed_minutes_across_the_night_of_the_change(
    zone: str, starts: str, ends_after: int, wall: str
):
    started_at = resolve(datetime.fromisoformat(starts), zone)
    ended_at = started_at + timedelta(minutes=ends_after)
    assert to_local(ended_at, zone) == datetime.fromisoformat(wall)
    watch = Watch(ORDINARY, started_at, ended_at)
    due = [point.at for point in points(watch, ended_at + timedelta(minutes=60))]
    gaps = [(later - earlier) // timedelta(minutes=1) for earlier, later in pairwise(due)]
    assert gaps == [10] * (ends_after // 10 - 1) + [15] * 4
    assert due[0] == started_at + timedelta(minutes=10)


def test_hourly_pain_across_the_change_stays_hourly():
    started_at = resolve(datetime.fromisoformat("2026-03-08T00:30"), "America/New_York")
    asked = [
        point.at
        for point in points(Watch(PAIN, started_at), started_at + timedelta(minutes=180))
        if "pain" in point.asks
    ]
    assert [f"{to_local(one, 'America/New_York'):%H:%M}" for one in asked] == ["01:30", "03:30", "04:30"]


def test_temperature_and_breath_are_kept_and_asked_by_no_look():
    watch = replace(
        looked(INFUSING, 10), readings=(a_reading(10, **FULL, temperature=Decimal(37), respiratory_rate=14),)
    )
    assert overdue(watch, at(13)) == []
