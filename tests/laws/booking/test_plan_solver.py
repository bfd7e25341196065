"""The plan search against a solver that knows nothing of it: the same costs as a mixed-integer programme, on HiGHS.

A course is one unit of flow through layers of dates, an arc from each session's date to the next one's. Windows, the
tolerance and the choice of one weekday pattern are rows over the flow, not states. Further plans come by forbidding the
dates found before.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import highspy
import pytest

from services.booking.domain.calendar.slots import weekday_of
from services.booking.domain.planning.cost import RATES, gap_cost
from services.booking.domain.planning.search import NO_PLACE, Question, best_dates
from services.booking.domain.protocol.templates import TEMPLATES

MONDAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Programme:
    """`visits[place][day]` and `arcs[place][day, later]` are the binary columns; `patterns` those of the patterns."""

    solver: Any
    visits: list[dict[int, Any]]
    arcs: list[dict[tuple[int, int], Any]]
    cost: Any


def as_programme(question: Question) -> Programme:
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("mip_rel_gap", 0.0)
    regimen, rates = question.regimen, question.rates
    phases = [regimen.phase_of(number) for number in range(1, regimen.sessions + 1)]
    visits = [
        {day: solver.addBinary() for day, points in enumerate(question.places[place]) if points < NO_PLACE}
        for place in range(len(phases))
    ]
    cost = sum(question.places[place][day] * one for place, days in enumerate(visits) for day, one in days.items())
    arcs: list[dict[tuple[int, int], Any]] = []
    for place, phase in enumerate(phases[1:], 1):
        gaps = range(phase.min_days, (phase.max_days or phase.min_days) + 1)
        ways = [(day, day + gap) for day in visits[place - 1] for gap in gaps if day + gap in visits[place]]
        arcs.append({way: solver.addBinary() for way in ways})
        has_pattern = bool(regimen.preferred)
        for (day, later), arc in arcs[-1].items():
            gap = gap_cost(regimen, phase, later - day, rates, has_pattern=has_pattern)
            cost += (gap + rates.span_day * (later - day)) * arc
        for day, visit in visits[place - 1].items():
            solver.addConstr(sum(arc for way, arc in arcs[-1].items() if way[0] == day) == visit)
        for day, visit in visits[place].items():
            solver.addConstr(sum(arc for way, arc in arcs[-1].items() if way[1] == day) == visit)
    for days in visits:
        solver.addConstr(sum(days.values()) == 1)
    for day, visit in visits[0].items():
        if day >= question.starts:
            solver.addConstr(visit <= 0)
        cost += (rates.urgent_wait_day if question.urgent else rates.wait_day) * day * visit
    _windows(solver, question, visits)
    if regimen.tolerance_days is not None:
        ends = (sum(day * visit for day, visit in visits[place].items()) for place in (-1, 0))
        solver.addConstr(next(ends) - next(ends) <= regimen.tolerance_days)
    return Programme(solver, visits, arcs, cost + _off_pattern(solver, question, visits))


def _windows(solver: Any, question: Question, visits: list[dict[int, Any]]) -> None:
    elsewhere = [(day - question.first).days for day in question.elsewhere]
    caps = question.regimen.caps_for(question.condition).refusing
    per_seven = question.regimen.phases[0].per_seven_days
    for day in {day for days in visits for day in days} & set(elsewhere):
        solver.addConstr(sum(days[day] for days in visits if day in days) <= 0)
    for length, most in [(7, per_seven), *((window.days, window.most) for window in caps)]:
        for last in range(len(question.places[0]) + length):
            inside = [visit for days in visits for day, visit in days.items() if last - length < day <= last]
            others = sum(last - length < day <= last for day in elsewhere)
            if inside:
                solver.addConstr(sum(inside) <= max(0, most - others))


def _off_pattern(solver: Any, question: Question, visits: list[dict[int, Any]]) -> Any:
    patterns = question.regimen.preferred
    if not patterns:
        return 0
    chosen = [solver.addBinary() for _ in patterns]
    solver.addConstr(sum(chosen) == 1)
    cost = 0
    for days in visits:
        off = solver.addVariable(lb=0, ub=1)
        cost += question.rates.off_pattern * off
        for one, pattern in zip(chosen, patterns, strict=True):
            outside = [
                visit for day, visit in days.items() if weekday_of(question.first + timedelta(days=day)) not in pattern
            ]
            if outside:
                solver.addConstr(off >= sum(outside) + one - 1)
    return cost


def solved(question: Question, most: int) -> Iterator[int]:
    """The points of the best plans, one after the other."""
    programme = as_programme(question)
    for _ in range(most):
        programme.solver.minimize(programme.cost)
        if programme.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return
        yield round(programme.solver.getInfo().objective_function_value)
        on = [next(visit for visit in days.values() if programme.solver.val(visit) > 0.5) for days in programme.visits]
        programme.solver.addConstr(sum(on) <= len(on) - 1)


def a_question(slug: str, chance: random.Random, *, urgent: bool) -> Question:
    """Sixty days, with closed weekends, with places that cost something or are not there."""
    regimen = TEMPLATES[slug]
    days = 60
    at = [
        [
            NO_PLACE if day % 7 > 4 or chance.random() < 0.25 else chance.choice([0, 0, 3, 17, 100])
            for day in range(days)
        ]
        for _ in range(regimen.sessions)
    ]
    others = tuple(MONDAY + timedelta(days=day) for day in sorted(chance.sample(range(-10, 60), 2)))
    return Question(regimen, MONDAY, 39, at, elsewhere=others, urgent=urgent, rates=RATES)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("slug", ["mood-iv-6x2w", "mood-iv-6x3w", "bipolar-iv-6x3w", "pain-iv-5x5d", "mood-iv-3x3w"])
def test_the_search_costs_what_a_solver_finds(slug: str, seed: int):
    question = a_question(slug, random.Random(seed), urgent=seed % 2 == 0)
    assert [found.points for found in best_dates(question, 3)] == list(solved(question, 3))
