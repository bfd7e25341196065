"""What a session needs: chairs, rooms, people, pumps. When each is there is said in wall times of the clinic."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeAlias

from services.booking.domain.calendar.slots import Weekday, weekday_of
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


PEOPLE: Final = frozenset({ResourceKind.NURSE, ResourceKind.CLINICIAN, ResourceKind.THERAPIST})


@dataclass(frozen=True)
class Hours:
    """Open every week on this day, from `opens` until `closes` on the clinic's wall clock."""

    weekday: Weekday
    opens: time
    closes: time


@dataclass(frozen=True)
class SpecialHours:
    """Open on this one date, instead of the weekly hours."""

    on: date
    opens: time
    closes: time


class AbsenceReason(StrEnum):
    """Why a resource is not there."""

    VACATION = "vacation"
    ILLNESS = "illness"
    TRAINING = "training"
    MAINTENANCE = "maintenance"
    OTHER = "other"


@dataclass(frozen=True)
class Absence:
    """Not there from one wall time until another, whatever the hours say."""

    from_local: datetime
    until_local: datetime
    reason: AbsenceReason


MOST_PLACES: Final = 50
"""A larger pool is several."""
SKILL_CODE: Final = "[a-z0-9]+(-[a-z0-9]+){0,9}"


@dataclass(frozen=True)
class Skill:
    """A skill or a credential such as `acls`, up to and including a local date; None does not run out."""

    code: str
    until: date | None = None


Interval: TypeAlias = tuple[datetime, datetime]
"""From an instant until just before another."""


@dataclass(frozen=True)
class Resource:
    """A thing, a pool of like things, or a person. An inactive one is not booked any more.

    `capacity` is how many a pool, or a person, serves at once. It stays as it was created: the places of all sessions
    booked so far were counted by it. Who can serve more from now on is a second resource beside the first.
    """

    id: str
    kind: ResourceKind
    name: str
    hours: tuple[Hours, ...] = ()
    closed_on: tuple[date, ...] = ()
    special_days: tuple[SpecialHours, ...] = ()
    absences: tuple[Absence, ...] = ()
    skills: tuple[Skill, ...] = ()
    capacity: int = 1
    is_active: bool = True
    version: int = 0

    def places_for(self, per: int) -> int:
        """How many of its places serve a need of one for `per` patients: of a thing one, of a person their share."""
        return -(-self.capacity // per) if self.kind in PEOPLE else 1

    def has_skills(self, codes: Collection[str], on: date) -> bool:
        """Whether it holds all these skills on a local date."""
        held = {skill.code for skill in self.skills if skill.until is None or on <= skill.until}
        return held.issuperset(codes)

    def hours_on(self, day: date) -> Sequence[Hours | SpecialHours]:
        """Its opening hours on a date, whoever is absent."""
        if day in self.closed_on:
            return ()
        special = [hours for hours in self.special_days if hours.on == day]
        return special or [hours for hours in self.hours if hours.weekday == weekday_of(day)]

    def open_on(self, day: date, zone: str) -> list[Interval]:
        """When it is there on a date, in a clinic in `zone`: its hours without its absences, in order."""
        hours = sorted((_at(day, one.opens, zone), _at(day, one.closes, zone)) for one in self.hours_on(day))
        for away in self.absences:
            gone = (resolve_forward(away.from_local, zone), resolve_forward(away.until_local, zone))
            hours = [left for one in hours for left in _without(one, gone)]
        return hours

    def is_open(self, from_at: datetime, until_at: datetime, zone: str) -> bool:
        """Whether it is there from `from_at` to `until_at` without a break."""
        there = self.open_on(local_date(from_at, zone), zone)
        return any(opens <= from_at and until_at <= closes for opens, closes in there)


def _at(day: date, wall: time, zone: str) -> datetime:
    return resolve_forward(datetime.combine(day, wall), zone)


def _without(interval: Interval, gone: Interval) -> Iterator[Interval]:
    (opens, closes), (from_at, until_at) = interval, gone
    for left in ((opens, min(closes, from_at)), (max(opens, until_at), closes)):
        if left[0] < left[1]:
            yield left


def checked(resource: Resource) -> Resource:
    """The resource, when it makes sense. Raises `RuleBroken` with every reason."""
    weekly = [((one.weekday,), one.opens, one.closes) for one in resource.hours]
    special = [((one.on,), one.opens, one.closes) for one in resource.special_days]
    faults = [
        *_wrong_capacity(resource),
        *_wrong_hours("/hours", weekly),
        *_wrong_hours("/special_days", special),
        *_closed_and_open(resource),
        *_absent_backward(resource.absences),
        *_twice(resource.skills),
    ]
    if faults:
        raise RuleBroken("resource.rules-broken", "This resource cannot be kept like this.", faults)
    return resource


_Opening: TypeAlias = tuple[tuple[Weekday | date], time, time]


def _wrong_capacity(resource: Resource) -> Iterator[Fault]:
    if not 1 <= resource.capacity <= MOST_PLACES:
        yield Fault("resource.capacity-impossible", f"A resource serves 1 to {MOST_PLACES} at a time.", "/capacity")


def _wrong_hours(pointer: str, openings: Sequence[_Opening]) -> Iterator[Fault]:
    for place, (_, opens, closes) in enumerate(openings):
        if closes <= opens:
            detail = "Opening hours end after they begin, on the same day."
            yield Fault("resource.hours-backward", detail, f"{pointer}/{place}")
    placed = sorted(enumerate(openings), key=lambda item: item[1])
    for (_, earlier), (place, later) in pairwise(placed):
        if earlier[0] == later[0] and later[1] <= earlier[2]:
            detail = "Opening hours of one day do not touch each other: say them as one."
            yield Fault("resource.hours-overlap", detail, f"{pointer}/{place}")


def _closed_and_open(resource: Resource) -> Iterator[Fault]:
    for place, hours in enumerate(resource.special_days):
        if hours.on in resource.closed_on:
            detail = f"{hours.on} is one of the closed days, too."
            yield Fault("resource.closed-and-open", detail, f"/special_days/{place}")


def _absent_backward(absences: Iterable[Absence]) -> Iterator[Fault]:
    for place, away in enumerate(absences):
        if away.until_local <= away.from_local:
            yield Fault("resource.absence-backward", "An absence ends after it begins.", f"/absences/{place}")


def _twice(skills: Sequence[Skill]) -> Iterator[Fault]:
    codes = [skill.code for skill in skills]
    for place, code in enumerate(codes):
        if code in codes[:place]:
            yield Fault("resource.skill-twice", f"{code} is there already.", f"/skills/{place}")
