"""What must hold for a plan before it may be published."""

import re
from collections.abc import Collection, Iterator
from datetime import time, timedelta
from typing import Final

from services.followup.domain.plan import ANY, CONDITIONS, Anchor, Plan, Point, Questions, an_edition
from shared.errors import Fault, RuleBroken

MOST_POINTS: Final = 60
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_AWAKE: Final = (time(8), time(21))
"""Patients are asked nothing at night. Clinic default of the hours in which texts may be sent."""
_LONGEST_AFTER_DISCHARGE: Final = timedelta(days=14)
_LONGEST_OPEN: Final = timedelta(days=31)
_MOST_DAYS_BEFORE, _MOST_DAYS_AFTER, _MOST_MONTHS = 7, 366, 24


def publish(latest: Plan, questions: Questions, known: Collection[str]) -> Plan:
    """The edition after `latest`; `known` are the instruments there are.

    Raises `RuleBroken` with every reason why it cannot be followed.
    """
    if faults := faults_of(questions, known):
        raise RuleBroken("plan.rules-broken", "This plan cannot be followed.", faults)
    return an_edition(latest.edition + 1, questions)


def faults_of(questions: Questions, known: Collection[str]) -> list[Fault]:
    """Everything that is wrong with a plan; pointers go into it."""
    faults = [*_times(questions), *_sets(questions, known)]
    if not questions.points:
        faults.append(Fault("plan.asks-nothing", "A plan has at least one point.", "/points"))
    if len(questions.points) > MOST_POINTS:
        faults.append(Fault("plan.too-long", f"A plan has at most {MOST_POINTS} points.", "/points"))
    kinds = [point.kind for point in questions.points]
    for place, point in enumerate(questions.points):
        where = f"/points/{place}"
        if point.kind in kinds[:place]:
            faults.append(Fault("plan.kind-twice", f"There is another point {point.kind}.", f"{where}/kind"))
        faults += [Fault(code, detail, where + part) for code, detail, part in _faults(point)]
        faults += _unknown_names(questions, point, known, where)
    return faults


_Said = Iterator[tuple[str, str, str]]


def _faults(point: Point) -> _Said:
    yield from _selection(point)
    yield from _COUNTED[point.anchor](point)
    if point.anchor is not Anchor.SESSION and not 1 <= point.open_hours <= _LONGEST_OPEN / timedelta(hours=1):
        yield "plan.never-open", "It can be answered for an hour at least and 31 days at most.", "/open_hours"
    if point.at is not None and not _AWAKE[0] <= point.at < _AWAKE[1]:
        yield "plan.at-night", "Patients are asked between 08:00 and 21:00.", "/at"


def _selection(point: Point) -> _Said:
    if not _NAME.fullmatch(point.kind):
        yield "plan.bad-name", "A kind is lower-case words and numbers joined by hyphens.", "/kind"
    if not point.ask:
        yield "plan.asks-nothing", "A point asks something.", "/ask"
    if any(number < 1 for number in point.nth):
        yield "plan.no-such-session", "Sessions are counted from 1.", "/nth"
    for place, condition in enumerate(point.conditions):
        if condition not in CONDITIONS:
            yield "plan.no-such-condition", f"Nothing called {condition} is treated.", f"/conditions/{place}"


def _after_discharge(point: Point) -> _Said:
    if not 1 <= point.hours <= _LONGEST_AFTER_DISCHARGE / timedelta(hours=1):
        yield "plan.bad-distance", "It is due 1 to 336 hours after the discharge.", "/hours"
    if point.days or point.months or point.at is not None:
        yield "plan.mixed-distance", "After a discharge only hours count.", ""


def _before_session(point: Point) -> _Said:
    if not 0 <= point.days <= _MOST_DAYS_BEFORE:
        yield "plan.bad-distance", f"It is due 0 to {_MOST_DAYS_BEFORE} days before the session.", "/days"
    if point.hours or point.months:
        yield "plan.mixed-distance", "Before a session only days count.", ""
    if point.open_hours:
        yield "plan.mixed-distance", "Before a session it can be answered until that begins.", "/open_hours"


def _after_series(point: Point) -> _Said:
    if bool(point.days) == bool(point.months) or point.hours:
        yield "plan.mixed-distance", "After a series either days count or months.", ""
    if not (0 <= point.days <= _MOST_DAYS_AFTER and 0 <= point.months <= _MOST_MONTHS):
        yield "plan.bad-distance", f"At most {_MOST_DAYS_AFTER} days or {_MOST_MONTHS} months after the series.", ""
    if point.nth:
        yield "plan.no-such-session", "A series has one end: sessions cannot be chosen.", "/nth"


_COUNTED: Final = {
    Anchor.DISCHARGE: _after_discharge,
    Anchor.SESSION: _before_session,
    Anchor.SERIES: _after_series,
}


def _times(questions: Questions) -> Iterator[Fault]:
    if not _AWAKE[0] <= questions.usual_time < _AWAKE[1]:
        yield Fault("plan.at-night", "Patients are asked between 08:00 and 21:00.", "/usual_time")


def _sets(questions: Questions, known: Collection[str]) -> Iterator[Fault]:
    for name, by_condition in questions.sets.items():
        if not _NAME.fullmatch(name):
            yield Fault("plan.bad-name", "A set is lower-case words and numbers joined by hyphens.", f"/sets/{name}")
        if name in known:
            yield Fault("plan.name-taken", f"{name} is an instrument.", f"/sets/{name}")
        for condition, instruments in by_condition.items():
            if condition not in {*CONDITIONS, ANY}:
                detail = f"Nothing called {condition} is treated."
                yield Fault("plan.no-such-condition", detail, f"/sets/{name}/{condition}")
            for place, instrument in enumerate(instruments):
                if instrument not in known:
                    detail = f"There is no instrument {instrument}."
                    yield Fault("plan.no-such-instrument", detail, f"/sets/{name}/{condition}/{place}")


def _unknown_names(questions: Questions, point: Point, known: Collection[str], where: str) -> Iterator[Fault]:
    for place, name in enumerate(point.ask):
        if name not in questions.sets and name not in known:
            detail = f"There is neither a set nor an instrument {name}."
            yield Fault("plan.no-such-instrument", detail, f"{where}/ask/{place}")
