"""How far apart sessions may lie. Days count on local dates of the clinic, so a clock change never breaks a course.

Pure rules over dates. A finding names the sessions that it speaks of; whoever asks decides which findings refuse.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from services.booking.domain.protocol.caps import (
    MONTH,
    WEEK,
    Caps,
    Window,
    earliest_allowed,
    full_courses,
    in_later_months,
    in_window,
)
from services.booking.domain.protocol.protocol import Condition, Phase, Regimen

LATE_BUT_ACCEPTED: Final = 7
"""A gap above the protocol's maximum is noted up to this many days and refused beyond. Clinic default."""
SUSPENDED_AFTER: Final = 14
"""A longer gap than this suspends the course: it is assessed again. Clinic default."""
WRONG_WEEKDAY: Final = "spacing.weekday"


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

    The sessions that are to take place, in the order of their numbers, and the dates of the person's other doses, in
    any clinic. `condition` is what is treated; without it the strictest caps count of all that the protocol treats.
    """

    regimen: Regimen
    sessions: tuple[Planned, ...]
    elsewhere: tuple[date, ...] = ()
    condition: Condition | None = None

    @property
    def caps(self) -> Caps:
        """How many doses the person may be given."""
        return self.regimen.caps_for(self.condition)

    @property
    def doses(self) -> list[Planned]:
        """The sessions that give the medicine."""
        return [session for session in self.sessions if session.phase.doses]

    @property
    def dates(self) -> list[date]:
        """The dates of all doses, in order."""
        return sorted([*(session.on for session in self.doses), *self.elsewhere])

    def earliest(self, session: Planned) -> date:
        """The first date from its own on that the caps allow a dose, after those elsewhere and the ones before it."""
        before = (one.on for one in self.doses if one.number < session.number)
        return earliest_allowed(self.caps, [*before, *self.elsewhere], session.on)

    def crowded(self, days: int, most_of: Callable[[Planned], int]) -> list["Crowd"]:
        """The sessions after which too many doses lie in `days` dates in a row, each with the fullest such window."""
        dates, found = self.dates, dict[int, Crowd]()
        for last in sorted(set(dates)):
            inside = [one for one in self.doses if last - timedelta(days=days) < one.on <= last]
            count = in_window(dates, last, days)
            if inside and count > most_of(inside[-1]):
                crowd = Crowd(inside[-1], tuple(one.number for one in inside), count, most_of(inside[-1]))
                found[crowd.session.number] = max(crowd, found.get(crowd.session.number, crowd), key=_doses_of)
        return list(found.values())

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


@dataclass(frozen=True)
class Crowd:
    """`session` is the last of those (`numbers`) that share a window with too many doses."""

    session: Planned
    numbers: tuple[int, ...]
    doses: int
    most: int


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


def _wrong_weekday(course: Course) -> Iterator[Finding]:
    for session in course.doses:
        if not course.regimen.allows_dose_on(session.on):
            detail = f"Session {session.number} is on {session.on:%A}, on which this protocol gives no doses."
            yield Finding(WRONG_WEEKDAY, detail, (session.number,), {"on": str(session.on)})


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
            is_suspended = days > SUSPENDED_AFTER
            then = "the course is assessed again" if is_suspended else "a clinician reviews the course first"
            detail = f"Session {session.number} is {days} days after session {origin.number}, at most "
            figures = {"days": days, "max_days": session.phase.max_days}
            text = f"{detail}{session.phase.max_days} are foreseen: {then}."
            code = "spacing.suspended" if is_suspended else "spacing.too-late"
            yield Finding(code, text, (origin.number, session.number), figures)


def _same_day(course: Course) -> Iterator[Finding]:
    taken: dict[date, tuple[int, ...]] = dict.fromkeys(course.elsewhere, ())
    for session in course.doses:
        if session.on in taken:
            detail = f"There is another dose on {session.on}: never two on one day."
            figures = {"on": str(session.on), "earliest": str(course.earliest(session))}
            yield Finding("spacing.same-day", detail, (*taken[session.on], session.number), figures)
        taken[session.on] = (session.number,)


def _rolling_seven_days(course: Course) -> Iterator[Finding]:
    for crowd in course.crowded(7, lambda session: session.phase.per_seven_days):
        detail = f"With session {crowd.session.number} there are {crowd.doses} doses in seven days,"
        figures = {"doses": crowd.doses, "most": crowd.most}
        text = f"{detail} at most {crowd.most} are foreseen."
        yield Finding("spacing.rolling-seven-days", text, crowd.numbers, figures)


def _above_caps(course: Course) -> Iterator[Finding]:
    for window in course.caps.refusing:
        for crowd, finding in _above(course, window):
            earliest = course.earliest(crowd.session)
            detail = f"{finding.detail} The earliest date for session {crowd.session.number} is {earliest}."
            yield replace(finding, detail=detail, context={**finding.context, "earliest": str(earliest)})


def _above_reviewed_caps(course: Course) -> Iterator[Finding]:
    for window in course.caps.reviewed:
        yield from (finding for _, finding in _above(course, window))


def _above(course: Course, window: Window) -> Iterator[tuple[Crowd, Finding]]:
    for crowd in course.crowded(window.days, lambda _: window.most):
        detail = f"With session {crowd.session.number} there are {crowd.doses} doses in {window.days} days in a row,"
        figures = {"days": window.days, "doses": crowd.doses, "most": crowd.most, "on": str(crowd.session.on)}
        text = f"{detail} more than the {crowd.most} that one person may have."
        yield crowd, Finding(window.code, text, crowd.numbers, figures)


def _dense_after_a_month(course: Course) -> Iterator[Finding]:
    most, dates = course.caps.weekly_after_month, course.dates
    for session in course.doses if most is not None else ():
        if (count := in_later_months(dates, session.on)) > (most or 0):
            detail = f"Session {session.number} is dose {count} of a week, more than {MONTH.days} days after the first"
            figures = {"doses": count, "most": most, "days": WEEK.days, "since": MONTH.days}
            yield Finding("cap.month-two", f"{detail}: a taper is advised.", (session.number,), figures)


def _repeated_too_soon(course: Course) -> Iterator[Finding]:
    least, own = course.caps.repeat_after_days, [session.on for session in course.doses]
    if least is None or not any(full_courses(own)):
        return
    before = [day for day in sorted(course.elsewhere) if day < own[0]]
    ends = [last for last in full_courses(before) if (own[0] - last).days < least]
    if ends:
        days = (own[0] - ends[-1]).days
        detail = f"The last full course ended {days} days before this one; {least} are foreseen."
        yield Finding("cap.repeated-course", detail, (course.doses[0].number,), {"days": days, "min_days": least})


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


def _doses_of(crowd: Crowd) -> int:
    return crowd.doses


def _days_in_all(course: Course) -> int:
    doses = course.doses
    return (doses[-1].on - doses[0].on).days if doses else 0


REFUSALS: Final[tuple[Rule, ...]] = (
    _out_of_order,
    _wrong_weekday,
    _too_soon,
    _too_soon_after_another_series,
    _too_late,
    _same_day,
    _rolling_seven_days,
    _above_caps,
    _outside_tolerance,
)
NOTES: Final[tuple[Rule, ...]] = (
    _late_note,
    _window_note,
    _above_reviewed_caps,
    _dense_after_a_month,
    _repeated_too_soon,
)


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
