"""How far apart sessions may lie. Days count on local dates of the clinic, so a clock change never breaks a course.

Pure rules over dates. A finding names the sessions that it speaks of; whoever asks decides which findings refuse.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from services.booking.domain.protocol import Phase, Regimen

LATE_BUT_ACCEPTED: Final = 7
"""A gap above the protocol's maximum is noted up to this many days and refused beyond. Clinic default."""
SUSPENDED_AFTER: Final = 14
"""A longer gap than this suspends the course: it is assessed again. Clinic default."""
_SEVEN_DAYS = timedelta(days=7)


@dataclass(frozen=True)
class Planned:
    """Session `number` on a local date."""

    number: int
    phase: Phase
    on: date


@dataclass(frozen=True)
class Finding:
    """What a rule has to say about sessions `numbers`; `context` holds the figures."""

    code: str
    detail: str
    numbers: tuple[int, ...]
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Course:
    """Everything the rules look at.

    The sessions that are to take place, in the order of their numbers, and the dates of the patient's doses elsewhere.
    """

    regimen: Regimen
    sessions: tuple[Planned, ...]
    elsewhere: tuple[date, ...] = ()

    @property
    def doses(self) -> list[Planned]:
        """The sessions that give the medicine."""
        return [session for session in self.sessions if session.phase.doses]

    def gaps(self) -> Iterator[tuple[Planned, Planned, int]]:
        """Each session with the one that it is counted from, and the days between."""
        for place, session in enumerate(self.sessions[1:], 1):
            origin = self.origin_of(session.phase, place)
            yield origin, session, (session.on - origin.on).days

    def origin_of(self, phase: Phase, place: int) -> Planned:
        """What a session of `phase` at `place` (not the first) is counted from: doses from the dose before."""
        before = self.sessions[:place]
        return next((one for one in reversed(before) if one.phase.doses or not phase.doses), before[-1])

    def with_session(self, number: int, on: date) -> "Course":
        """The course with one session more."""
        return replace(self, sessions=(*self.sessions, Planned(number, self.regimen.phase_of(number), on)))


Rule = Callable[[Course], Iterator[Finding]]


def breaches(course: Course) -> list[Finding]:
    """Everything that forbids this course."""
    return [finding for rule in REFUSALS for finding in rule(course)]


def notes(course: Course) -> list[Finding]:
    """What is accepted, but worth a note on the series."""
    return [finding for rule in NOTES for finding in rule(course)]


def _out_of_order(course: Course) -> Iterator[Finding]:
    for before, session in pairwise(course.sessions):
        if session.on < before.on:
            detail = f"Session {session.number} lies before session {before.number}."
            yield Finding("spacing.out-of-order", detail, (before.number, session.number))


def _too_soon(course: Course) -> Iterator[Finding]:
    for origin, session, days in course.gaps():
        if 0 <= days < session.phase.min_days:
            detail = f"Session {session.number} is {days} days after session {origin.number}; at least "
            figures = {"days": days, "min_days": session.phase.min_days}
            text = f"{detail}{session.phase.min_days} are needed."
            yield Finding("spacing.too-soon", text, (origin.number, session.number), figures)


def _too_soon_after_another_series(course: Course) -> Iterator[Finding]:
    for first in course.doses[:1]:
        days = min(((first.on - day).days for day in course.elsewhere if day <= first.on), default=None)
        if days is not None and days < course.regimen.rest_days:
            detail = f"The last dose of another series was {days} days before; at least "
            figures = {"days": days, "min_days": course.regimen.rest_days}
            yield Finding(
                "spacing.too-soon", f"{detail}{course.regimen.rest_days} are needed.", (first.number,), figures
            )


def _too_late(course: Course) -> Iterator[Finding]:
    for origin, session, days in _late(course):
        if days > LATE_BUT_ACCEPTED:
            then = "a clinician reviews the course first" if days <= SUSPENDED_AFTER else "the course is assessed again"
            detail = f"Session {session.number} is {days} days after session {origin.number}, at most "
            figures = {"days": days, "max_days": session.phase.max_days}
            text = f"{detail}{session.phase.max_days} are foreseen: {then}."
            yield Finding("spacing.too-late", text, (origin.number, session.number), figures)


def _same_day(course: Course) -> Iterator[Finding]:
    taken: dict[date, tuple[int, ...]] = dict.fromkeys(course.elsewhere, ())
    for session in course.doses:
        if session.on in taken:
            detail = f"There is another dose on {session.on}: never two on one day."
            yield Finding("spacing.same-day", detail, (*taken[session.on], session.number), {"on": str(session.on)})
        taken[session.on] = (session.number,)


def _rolling_seven_days(course: Course) -> Iterator[Finding]:
    doses = course.doses
    for last in sorted({*(session.on for session in doses), *course.elsewhere}):
        inside = [session for session in doses if last - _SEVEN_DAYS < session.on <= last]
        count = len(inside) + sum(last - _SEVEN_DAYS < day <= last for day in course.elsewhere)
        most = inside[-1].phase.per_seven_days if inside else count
        if count > most:
            detail = f"{count} doses in the seven days up to {last}, at most {most} are allowed."
            numbers = tuple(session.number for session in inside)
            yield Finding("spacing.rolling-seven-days", detail, numbers, {"doses": count, "most": most})


def _outside_tolerance(course: Course) -> Iterator[Finding]:
    return _longer_than(course, course.regimen.tolerance_days)


def _late(course: Course) -> Iterator[tuple[Planned, Planned, int]]:
    for origin, session, days in course.gaps():
        if session.phase.max_days is not None and days > session.phase.max_days:
            yield origin, session, days


def _late_note(course: Course) -> Iterator[Finding]:
    for origin, session, days in _late(course):
        if days <= LATE_BUT_ACCEPTED:
            detail = f"Session {session.number} is {days} days after session {origin.number}: later than foreseen."
            figures = {"days": days, "max_days": session.phase.max_days}
            yield Finding("spacing.late", detail, (origin.number, session.number), figures)


def _window_note(course: Course) -> Iterator[Finding]:
    within = course.regimen.tolerance_days
    if within is None or _days_in_all(course) <= within:
        yield from _longer_than(course, course.regimen.window_days)


def _longer_than(course: Course, most: int | None) -> Iterator[Finding]:
    days = _days_in_all(course)
    if most is not None and days > most:
        detail = f"The course takes {days} days from the first dose to the last; {most} are foreseen."
        numbers = (course.doses[0].number, course.doses[-1].number)
        yield Finding("spacing.window", detail, numbers, {"days": days, "most": most})


def _days_in_all(course: Course) -> int:
    doses = course.doses
    return (doses[-1].on - doses[0].on).days if doses else 0


REFUSALS: Final[tuple[Rule, ...]] = (
    _out_of_order,
    _too_soon,
    _too_soon_after_another_series,
    _too_late,
    _same_day,
    _rolling_seven_days,
    _outside_tolerance,
)
NOTES: Final[tuple[Rule, ...]] = (_late_note, _window_note)


def earliest_course(regimen: Regimen, first: date) -> Course | None:
    """The greedy course from `first` on in a calendar that is always open; None when the rules contradict it."""
    course = Course(regimen, ())
    for number in range(1, regimen.sessions + 1):
        longer = (course.with_session(number, day) for day in candidate_days(course, number, first))
        found = next((one for one in longer if not breaches(one)), None)
        if found is None:
            return None
        course = found
    return course


def candidate_days(course: Course, number: int, first: date) -> Iterator[date]:
    """The dates within [min, max] for session `number` behind those of the course; only `first` for the first one."""
    if not course.sessions:
        yield first
        return
    phase = course.regimen.phase_of(number)
    origin, last = course.origin_of(phase, len(course.sessions)), course.sessions[-1]
    most = phase.min_days if phase.max_days is None else phase.max_days
    for days in range(phase.min_days, most + 1):
        if (day := origin.on + timedelta(days=days)) > last.on:
            yield day
