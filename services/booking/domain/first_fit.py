"""The earliest series that fits: pure and deterministic, a search over local dates with the day's places remembered."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Final

from services.booking.domain.calendar import PATIENT, START_GRID, Weekday, patient_key, weekday_of
from services.booking.domain.placement import Calendar, a_session, claims_of, pick
from services.booking.domain.protocol import Phase, Regimen
from services.booking.domain.session import Session
from services.booking.domain.spacing import Course, breaches, candidate_days
from shared.errors import Conflict, Fault
from shared.localtime import in_gap, resolve

STARTS_WITHIN: Final = timedelta(weeks=8)
"""How long after the wanted date the first session may lie at most. Clinic default."""
_ANY_DAY: Final = (tuple(Weekday),)
_MIDNIGHT: Final = time()


def first_fit(
    regimen: Regimen,
    calendar: Calendar,
    elsewhere: tuple[date, ...],
    from_date: date,
    time_of_day: time = _MIDNIGHT,
) -> tuple[Session, ...]:
    """The planned sessions, from `from_date` on, each as early on its day as possible but not before `time_of_day`.

    Spacing keeps within [min, max] and the tolerance. The earliest start on one of the preferred weekday patterns wins;
    only when none fits, any weekday will do. `elsewhere` are the dates of the patient's doses in other series. Raises
    `Conflict` with the reason when nothing fits.
    """
    found = _search(regimen, calendar, elsewhere, from_date, time_of_day)
    if found is None:
        detail = f"No series that starts by {from_date + STARTS_WITHIN} fits."
        raise Conflict("series.no-fit", detail, list(_why(regimen, calendar, from_date, time_of_day)))
    return found


def longest_course(regimen: Regimen) -> timedelta:
    """From the wanted date to the last day that a search may look at."""
    gaps = (regimen.phase_of(number).max_days or 0 for number in range(1, regimen.sessions + 1))
    return STARTS_WITHIN + timedelta(days=sum(gaps) + 1)


def _search(
    regimen: Regimen, calendar: Calendar, elsewhere: tuple[date, ...], from_date: date, time_of_day: time
) -> tuple[Session, ...] | None:
    days = _Days(calendar, time_of_day)
    starts = [from_date + timedelta(days=offset) for offset in range(STARTS_WITHIN.days + 1)]
    for patterns in (regimen.preferred, _ANY_DAY):
        searches = [_Search(days, pattern) for pattern in patterns]
        attempts = (search.complete(Course(regimen, (), elsewhere), start) for start in starts for search in searches)
        if found := next(filter(None, attempts), None):
            return found
    return None


def _why(regimen: Regimen, calendar: Calendar, from_date: date, time_of_day: time) -> Iterator[Fault]:
    needed = dict.fromkeys(kind for phase in regimen.phases for kind in phase.kinds)
    missing = [kind for kind in needed if not calendar.of_kind(kind)]
    for kind in missing:
        yield Fault("resource.missing", f"The clinic has no {kind}.", context={"kind": str(kind)})
    if missing:
        return
    if _search(regimen, replace(calendar, busy=frozenset()), (), from_date, time_of_day):
        yield Fault("series.calendar-full", "It would fit into an empty calendar; this one is too full.")
    else:
        detail = "It would not fit into an empty calendar either: opening hours and closed days are in the way."
        yield Fault("series.hours-too-short", detail)


@dataclass(frozen=True)
class _Days:
    """Where a session of a phase could take place on a date: found once, whatever the search tries around it."""

    calendar: Calendar
    time_of_day: time
    found: dict[tuple[Phase, date], Session | None] = field(default_factory=dict)

    def place(self, phase: Phase, day: date) -> Session | None:
        """The earliest session of that day; its number is none yet."""
        if (phase, day) not in self.found:
            self.found[phase, day] = self._earliest(phase, day)
        return self.found[phase, day]

    def _earliest(self, phase: Phase, day: date) -> Session | None:
        return next(filter(None, (self._try(phase, at) for at in self._starts(phase, day))), None)

    def _starts(self, phase: Phase, day: date) -> Iterator[datetime]:
        """Instants on the grid while any resource of the first kind, which every session begins with, is open."""
        hours = [hours for resource in self.calendar.of_kind(phase.kinds[0]) for hours in resource.hours_on(day)]
        walls = {wall for one in hours for wall in _grid(day, max(one.opens, self.time_of_day), one.closes)}
        for wall in sorted(walls):
            if not in_gap(wall, self.calendar.zone):
                at = resolve(wall, self.calendar.zone)
                if at >= self.calendar.now:
                    yield at

    def _try(self, phase: Phase, at: datetime) -> Session | None:
        patient = claims_of(phase, at, PATIENT, patient_key(self.calendar.patient_id))
        if not self.calendar.is_free(patient):
            return None
        picked = [pick(self.calendar, phase, at, kind) for kind in phase.kinds]
        return a_session(self.calendar, 0, phase, at, chain(*picked)) if all(picked) else None


def _grid(day: date, opens: time, closes: time) -> Iterator[datetime]:
    midnight = datetime.combine(day, _MIDNIGHT)
    steps = -((midnight - datetime.combine(day, opens)) // START_GRID)
    while (wall := midnight + steps * START_GRID) < datetime.combine(day, closes):
        yield wall
        steps += 1


@dataclass(frozen=True)
class _Search:
    """A depth-first search, earliest date first. `dead` remembers the situations that led nowhere."""

    days: _Days
    pattern: tuple[Weekday, ...]
    dead: set[tuple[object, ...]] = field(default_factory=set)

    def complete(self, course: Course, first: date) -> tuple[Session, ...] | None:
        """The sessions that are missing from the course, the first of all on `first`."""
        number = len(course.sessions) + 1
        situation = (number, first) if number == 1 else _situation(course)
        if number > course.regimen.sessions:
            return ()
        if situation in self.dead:
            return None
        for session, longer in self._next(course, number, first):
            if (rest := self.complete(longer, first)) is not None:
                return (session, *rest)
        self.dead.add(situation)
        return None

    def _next(self, course: Course, number: int, first: date) -> Iterator[tuple[Session, Course]]:
        phase = course.regimen.phase_of(number)
        for day in candidate_days(course, number, first):
            longer = course.with_session(number, day)
            if phase.doses and weekday_of(day) not in self.pattern:
                continue
            if not breaches(longer) and (session := self.days.place(phase, day)):
                yield replace(session, number=number), longer


def _situation(course: Course) -> tuple[object, ...]:
    """All that what comes next depends on: the first dose, the doses of the last days, the last session."""
    last, doses = course.sessions[-1], course.doses
    recent = tuple(dose.on for dose in doses if dose.on > last.on - timedelta(days=7))
    return (last.number, last.on, recent, *(dose.on for dose in (*doses[:1], *doses[-1:])))
