"""Other times for a session whose wanted time is taken: the nearest ones that fit and break no rule."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Final

from services.booking.domain.placement.availability import SLOT_TAKEN, Calendar
from services.booking.domain.placement.nearby import free_time_of, nearest, starts_of
from services.booking.domain.placement.placement import PATIENT_BUSY, Wish
from services.booking.domain.protocol.spacing import Course, Planned, breaches
from shared.errors import Conflict

MOST: Final = 3
DAYS: Final = 7
"""How many dates behind the wanted one are looked at. Clinic default."""
TAKEN: Final = frozenset({SLOT_TAKEN, PATIENT_BUSY})


def with_alternatives(refusal: Conflict, wishes: Mapping[int, Wish], course: Course, calendar: Calendar) -> Conflict:
    """The refusal, each fault about a taken time with up to three other times for its session.

    `course` holds the sessions as they are wanted. The alternatives of each session count on the others being there.
    """
    numbers = {fault.context["number"] for fault in refusal.faults if fault.code in TAKEN}
    found = {number: other_times(number, wishes[number], course, calendar) for number in numbers}
    faults = [
        replace(fault, context={**fault.context, "alternatives": found[fault.context["number"]]})
        if fault.code in TAKEN
        else fault
        for fault in refusal.faults
    ]
    return Conflict(refusal.code, refusal.detail, faults)


def other_times(number: int, wish: Wish, course: Course, calendar: Calendar) -> list[str]:
    """The nearest wall times at which session `number` would fit, those of the wanted date first."""
    planned = next(one for one in course.sessions if one.number == number)
    free = free_time_of(calendar, planned.on, planned.on + timedelta(days=DAYS))
    starts = starts_of(free, planned.phase, wish.resource_ids)
    broken = breaches(course)
    days = (replace(planned, on=planned.on + timedelta(days=days)) for days in range(DAYS + 1))
    fitting = (
        session.starts_local.isoformat(timespec="minutes")
        for moved in days
        if _is_allowed(course, moved, broken)
        for session in nearest(calendar, moved, wish, free, starts)
    )
    return list(islice(fitting, MOST))


def _is_allowed(course: Course, moved: Planned, broken: Collection[object]) -> bool:
    changed = _with(course, moved)
    return all(finding in broken for finding in breaches(changed))


def _with(course: Course, moved: Planned) -> Course:
    sessions: Iterable[Planned] = (moved if one.number == moved.number else one for one in course.sessions)
    return replace(course, sessions=tuple(sessions))
