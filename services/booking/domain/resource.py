"""What a session needs: chairs, rooms, people, pumps. Each has weekly hours on the wall clock and closed days."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise

from services.booking.domain.calendar import Weekday, weekday_of
from shared.errors import Fault, RuleBroken
from shared.localtime import local_date, resolve_forward


class ResourceKind(StrEnum):
    """What a block of a session may need."""

    CHAIR = "chair"
    ROOM = "room"
    NURSE = "nurse"
    CLINICIAN = "clinician"
    THERAPIST = "therapist"
    PUMP = "pump"


@dataclass(frozen=True)
class Hours:
    """Open every week on this day, from `opens` until `closes` on the clinic's wall clock."""

    weekday: Weekday
    opens: time
    closes: time


@dataclass(frozen=True)
class Resource:
    """One thing or person that can be in one place only. An inactive one is not booked any more."""

    id: str
    kind: ResourceKind
    name: str
    hours: tuple[Hours, ...] = ()
    closed_on: tuple[date, ...] = ()
    is_active: bool = True
    version: int = 0

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """When it is open on a date."""
        if day in self.closed_on:
            return ()
        return tuple(hours for hours in self.hours if hours.weekday == weekday_of(day))

    def is_open(self, from_at: datetime, until_at: datetime, zone: str) -> bool:
        """Whether it is open from `from_at` to `until_at` without a break, in a clinic in `zone`."""
        day = local_date(from_at, zone)
        return any(
            _at(day, hours.opens, zone) <= from_at and until_at <= _at(day, hours.closes, zone)
            for hours in self.hours_on(day)
        )


def _at(day: date, wall: time, zone: str) -> datetime:
    return resolve_forward(datetime.combine(day, wall), zone)


def checked(resource: Resource) -> Resource:
    """The resource, when its hours make sense. Raises `RuleBroken` with every reason."""
    faults = [*_backward(resource.hours), *_overlapping(resource.hours)]
    if faults:
        raise RuleBroken("resource.rules-broken", "These hours cannot be kept.", faults)
    return resource


def _backward(hours: tuple[Hours, ...]) -> list[Fault]:
    detail = "Opening hours end after they begin, on the same day."
    return [
        Fault("resource.hours-backward", detail, f"/hours/{place}")
        for place, one in enumerate(hours)
        if one.closes <= one.opens
    ]


def _overlapping(hours: tuple[Hours, ...]) -> list[Fault]:
    placed = sorted(enumerate(hours), key=lambda item: (item[1].weekday, item[1].opens))
    detail = "Opening hours of one day do not touch each other: say them as one."
    return [
        Fault("resource.hours-overlap", detail, f"/hours/{place}")
        for (_, earlier), (place, later) in pairwise(placed)
        if earlier.weekday == later.weekday and later.opens <= earlier.closes
    ]
