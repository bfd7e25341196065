from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.planning.cost import (
    RATES,
    Cost,
    Rates,
    cadence_cost,
    gap_cost,
    ideal_gap,
    span_cost,
    wait_cost,
)
from services.booking.domain.planning.search import NO_PLACE, Found, Question, best_dates
from services.booking.domain.protocol.caps import Caps
from services.booking.domain.protocol.protocol import Condition, Phase, Regimen
from services.booking.domain.protocol.spacing import breaches
from services.booking.domain.protocol.templates import TEMPLATES
from shared.errors import RuleBroken
from tests.support.booking_builders import CASE_A, MOOD, a_course

MONDAY = date(2026, 3, 2)
WEDNESDAY = date(2026, 3, 4)
ONE_A_DAY = Phase("daily", 3, MOOD.phases[0].blocks, min_days=1, max_days=2, per_seven_days=5)


def a_question(regimen: Regimen = MOOD, days: int = 40, first: date = MONDAY, **fields: Any) -> Question:
    """Every day of the first `days` has a place that costs nothing."""
    places = [[0] * days for _ in range(regimen.sessions)]
    return Question(**{"regimen": regimen, "first": first, "starts": days, "places": places, **fields})


def dates_of(found: Sequence[Found]) -> list[list[date]]:
    return [list(one.dates) for one in found]


# --- what is wanted --------------------------------------------------------------------------------------------------


def test_case_a_is_the_best_plan_from_a_wednesday():
    best, *_ = best_dates(a_question(first=WEDNESDAY), 5)
    assert best == Found(12 * RATES.span_day, CASE_A)


def test_the_best_pattern_of_each_plan_counts():
    twice = TEMPLATES["mood-iv-6x3w"]
    for first, weekdays in ((MONDAY, {0, 3}), (MONDAY + timedelta(days=1), {1, 4})):
        best, *_ = best_dates(a_question(twice, first=first, urgent=True), 5)
        assert {day.weekday() for day in best.dates} == weekdays
        assert best.points == best.dates[-1].toordinal() * 10 - first.toordinal() * 10


def test_no_dose_lies_on_a_weekday_that_is_not_allowed_but_where_that_rule_is_set_aside():
    mondays_off = replace(MOOD, allowed_weekdays=tuple(Weekday)[1:], preferred=())
    for found in best_dates(a_question(mondays_off, urgent=True), 5):
        assert all(day.weekday() for day in found.dates)
    anyway, *_ = best_dates(a_question(mondays_off, urgent=True, set_aside=frozenset({"spacing.weekday"})), 5)
    assert anyway.dates[0] == MONDAY


def test_an_urgent_start_may_leave_the_pattern_for_a_day_but_not_for_long():
    thursday, saturday = (WEDNESDAY + timedelta(days=days) for days in (1, 3))
    assert best_dates(a_question(first=thursday, urgent=True), 1)[0].dates[0] == thursday + timedelta(days=1)
    assert best_dates(a_question(first=saturday, urgent=True), 1)[0].dates[0] == saturday + timedelta(days=2)


def test_a_taper_slows_down_on_one_weekday():
    best, *_ = best_dates(a_question(TEMPLATES["maint-weekly-taper"], days=120, first=WEDNESDAY, starts=1), 1)
    gaps = [(later - earlier).days for earlier, later in zip(best.dates, best.dates[1:], strict=False)]
    assert gaps == [7] * 3 + [14] * 4


def test_assisted_psychotherapy_is_spread_over_its_window():
    regimen = TEMPLATES["kap-6"]
    best, *_ = best_dates(a_question(regimen, days=70), 5)
    course = a_course(regimen, best.dates)
    assert breaches(course) == []
    assert (course.doses[-1].on - course.doses[0].on).days == 5 * ideal_gap(regimen, course.doses[0].phase)


@pytest.mark.parametrize("slug", TEMPLATES)
def test_every_template_has_five_plans_in_an_empty_calendar(slug: str):
    regimen = TEMPLATES[slug]
    found = best_dates(a_question(regimen, days=150, starts=40), 5)
    assert len({one.dates for one in found}) == 5
    assert [one.points for one in found] == sorted(one.points for one in found)
    assert all(breaches(a_course(regimen, one.dates)) == [] for one in found)


def test_doses_elsewhere_count_in_windows_that_end_behind_the_course():
    """Two a week: a dose elsewhere on Friday leaves room for one more in each seven days around it."""
    regimen = replace(MOOD, phases=(replace(MOOD.phases[0], sessions=1, per_seven_days=2),), preferred=())
    elsewhere = (MONDAY + timedelta(days=4), MONDAY + timedelta(days=8))
    found = best_dates(a_question(regimen, days=12, elsewhere=elsewhere), 20)
    free = {(one.dates[0] - MONDAY).days for one in found}
    assert free == {0, 1, 11}


def test_rest_days_after_another_series_are_kept():
    booster = TEMPLATES["booster-single"]
    best, *_ = best_dates(a_question(booster, elsewhere=(MONDAY,)), 1)
    assert best.dates == (MONDAY + timedelta(days=booster.rest_days),)


def test_a_longer_gap_is_taken_only_where_it_is_accepted_and_costs():
    places = [[0 if day in {0, 2, 4, 7, 9, 16} else NO_PLACE for day in range(40)]] * 6
    assert best_dates(a_question(places=places), 5) == []
    (found,) = best_dates(a_question(places=places, accepted_gap=7), 5)
    assert [(day - MONDAY).days for day in found.dates] == [0, 2, 4, 7, 9, 16]
    assert found.points >= 3 * RATES.late_day


def test_the_order_of_equal_plans_is_that_of_their_dates():
    regimen = replace(MOOD, phases=(ONE_A_DAY,), preferred=())
    free = replace(RATES, gap_day=0, wait_day=0, span_day=0)
    found = best_dates(a_question(regimen, days=5, rates=free), 50)
    assert dates_of(found) == sorted(dates_of(found))
    assert len(found) == len({one.dates for one in found}) == 3 + 2 * 2 + 1


# --- the same as trying everything -----------------------------------------------------------------------------------


def everything(question: Question) -> Iterator[tuple[date, ...]]:
    """All dates in any order of gaps that the rules of `spacing` let pass: slow, and without any bound or memory."""

    def longer(days: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(days) == question.regimen.sessions:
            yield days
            return
        for day in range(days[-1] + 1 if days else 0, len(question.places[0])):
            if question.places[len(days)][day] < NO_PLACE and (days or day < question.starts):
                yield from longer((*days, day))

    for days in longer(()):
        dates = tuple(question.first + timedelta(days=day) for day in days)
        course = a_course(question.regimen, dates, elsewhere=question.elsewhere)
        found = breaches(replace(course, condition=question.condition))
        is_kept = {one.code for one in found} <= question.set_aside
        if is_kept and all(gap <= _longest(question, later.phase) for _, later, gap in course.gaps()):
            yield dates


def _longest(question: Question, phase: Phase) -> int:
    return phase.min_days if phase.max_days is None else max(phase.max_days, question.accepted_gap)


def points_of(question: Question, dates: Sequence[date]) -> int:
    """What a plan costs, added up part by part."""
    regimen, rates = question.regimen, question.rates
    patterns = regimen.preferred or (None,)
    places = sum(question.places[number][(day - question.first).days] for number, day in enumerate(dates))
    cost = Cost(
        cadence=min(cadence_cost(regimen, dates, pattern, rates) for pattern in patterns),
        wishes=places,
        wait=wait_cost(dates[0], question.first, rates, urgent=question.urgent),
        span=span_cost(dates, rates),
    )
    return cost.total


def tried(question: Question, most: int) -> list[Found]:
    plans = sorted((points_of(question, dates), dates) for dates in everything(question))
    return [Found(*plan) for plan in plans[:most]]


gap_ranges = st.tuples(st.integers(1, 3), st.integers(0, 3)).map(lambda pair: (pair[0], sum(pair)))


@st.composite
def phases(draw: st.DrawFn) -> Phase:
    least, most = draw(gap_ranges)
    return replace(
        ONE_A_DAY,
        sessions=draw(st.integers(1, 2)),
        min_days=least,
        max_days=most,
        per_seven_days=draw(st.integers(1, 4)),
        doses=draw(st.sampled_from([True, True, False])),
    )


@st.composite
def questions(draw: st.DrawFn) -> Question:
    weekdays = st.lists(st.sampled_from(tuple(MOOD.preferred[0])), min_size=1, max_size=3, unique=True).map(tuple)
    regimen = replace(
        MOOD,
        phases=tuple(draw(st.lists(phases(), min_size=1, max_size=3))),
        preferred=tuple(draw(st.lists(weekdays, max_size=2))),
        window_days=draw(st.sampled_from([None, 8])),
        tolerance_days=draw(st.sampled_from([None, 4, 8, 10])),
        rest_days=draw(st.sampled_from([0, 5])),
        caps=draw(st.sampled_from([None, Caps(per_7=2, per_30=3), Caps(per_7=9, per_30=4)])),
    )
    days = draw(st.integers(1, 12))
    points = st.sampled_from([0, 0, 0, 7, 100, NO_PLACE])
    places = [draw(st.lists(points, min_size=days, max_size=days)) for _ in range(regimen.sessions)]
    return Question(
        regimen,
        first=MONDAY,
        starts=draw(st.integers(1, days)),
        places=places,
        elsewhere=tuple(MONDAY + timedelta(days=day) for day in sorted(draw(st.sets(st.integers(-8, 20), max_size=4)))),
        condition=draw(st.sampled_from([None, Condition.DEPRESSION])),
        set_aside=draw(st.sampled_from([frozenset(), frozenset({"cap.per-30-days"})])),
        urgent=draw(st.booleans()),
        accepted_gap=draw(st.sampled_from([0, 7])),
        rates=draw(st.sampled_from([RATES, Rates(off_pattern=1, gap_day=1, wait_day=0, span_day=0, late_day=1)])),
    )


@settings(max_examples=80, deadline=None)
@given(questions(), st.sampled_from([1, 3, 5, 1000]))
def test_the_search_finds_what_trying_everything_finds(question: Question, most: int):
    assert best_dates(question, most) == tried(question, most)


def in_a_row(sessions: int, caps: Caps) -> Regimen:
    """Doses one to four days apart, three in seven days at most."""
    phase = replace(ONE_A_DAY, sessions=sessions, max_days=4, per_seven_days=3)
    return replace(MOOD, phases=(phase,), preferred=(), window_days=None, tolerance_days=None, caps=caps)


X = NO_PLACE


def test_begins_that_share_windows_with_doses_elsewhere_in_another_way_are_not_taken_for_one():
    """Of two ways to the second session the cheaper one leads nowhere, because of a dose elsewhere on day 6."""
    question = Question(
        in_a_row(3, Caps(per_7=3, per_30=4)),
        MONDAY,
        starts=4,
        places=[[X, 1, 5, 0, 20, 20, X, 5, 0], [X, 5, 0, 0, 0, X, 5, 1, 0], [1, X, X, X, X, 5, X, X, 0]],
        elsewhere=(MONDAY + timedelta(days=6),),
        rates=Rates(gap_day=1, wait_day=1, span_day=1),
    )
    assert best_dates(question, 1) == tried(question, 1)
    assert [(day - MONDAY).days for day in best_dates(question, 1)[0].dates] == [1, 4, 8]


def test_the_bound_on_the_days_between_is_never_more_than_they_cost():
    question = Question(
        in_a_row(4, Caps(per_7=3, per_30=5)),
        MONDAY,
        starts=3,
        places=[[0, 0, 0], [1, 1, 0, 0, 1, 20, 1], [1, 0, 20, 20, 0, 0, 1], [5, 5, X, 0, 20, 1, 20, 1, X, 0, 0, 0]],
        rates=Rates(gap_day=1, wait_day=1, span_day=2),
    )
    padded = replace(question, places=[[*places, *[X] * (16 - len(places))] for places in question.places])
    assert best_dates(padded, 3) == tried(padded, 3)


@pytest.mark.parametrize(("tolerance", "fits"), [(10, False), (11, True)])
def test_the_tolerance_is_kept_to_the_day(tolerance: int, fits: bool):  # noqa: FBT001
    """Three in seven days and two days apart: six doses take eleven days at least."""
    regimen = replace(MOOD, tolerance_days=tolerance, window_days=None, preferred=())
    assert bool(best_dates(a_question(regimen), 1)) is fits
    last = [NO_PLACE if day < 11 else 0 for day in range(40)]
    late = a_question(regimen, starts=1, places=[*[[0] * 40] * 5, last])
    assert bool(best_dates(late, 1)) is fits


def test_costs_by_hand():
    kap, six = TEMPLATES["kap-6"], TEMPLATES["mood-iv-6x2w"]
    talk, dose = kap.phases[0], kap.phases[1]
    assert (ideal_gap(kap, dose), ideal_gap(kap, talk), ideal_gap(six, six.phases[0])) == (8, 1, 2)
    assert gap_cost(kap, dose, 6, RATES, has_pattern=False) == 2 * RATES.gap_day
    assert gap_cost(kap, dose, 12, RATES, has_pattern=False) == 2 * RATES.gap_day + 2 * RATES.late_day
    assert gap_cost(six, six.phases[0], 3, RATES, has_pattern=True) == 0
    assert gap_cost(six, six.phases[0], 6, RATES, has_pattern=True) == 2 * RATES.late_day
    week = [MONDAY + timedelta(days=day) for day in (0, 2, 5)]
    assert cadence_cost(six, week, six.preferred[0], RATES) == RATES.off_pattern
    assert span_cost(week, RATES) == 5 * RATES.span_day
    assert wait_cost(MONDAY + timedelta(days=3), MONDAY, RATES, urgent=True) == 3 * RATES.urgent_wait_day


def test_a_search_among_too_many_possibilities_says_so():
    """Forty doses, eight in thirty days, and every place has another price."""
    phase = replace(ONE_A_DAY, sessions=40, min_days=1, max_days=7, per_seven_days=3)
    regimen = replace(MOOD, phases=(phase,), preferred=(), window_days=None, tolerance_days=None)
    chance = Random(1)
    places = [[chance.choice([0, 9, 50]) for _ in range(250)] for _ in range(40)]
    with pytest.raises(RuleBroken) as refusal:
        best_dates(Question(regimen, MONDAY, 60, places), 5)
    assert refusal.value.code == "plan.too-many-possibilities"


@settings(max_examples=50, deadline=None)
@given(questions(), st.randoms())
def test_the_order_of_what_is_known_does_not_matter(question: Question, chance: Any):
    shuffled = list(question.elsewhere)
    chance.shuffle(shuffled)
    assert best_dates(replace(question, elsewhere=tuple(shuffled)), 5) == best_dates(question, 5)
