"""Free time as bits: one whole number per resource, a bit for each five minutes of some local dates.

Bit 0 is the slot that begins at midnight of the first date; slots are elapsed time, so a date whose clock changes has
more or fewer of them, and a wall time that does not exist has none. All starts at which a session fits are found at
once by shifting whole numbers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Final

from services.booking.domain.calendar.resource import Hours, Resource, SpecialHours
from services.booking.domain.calendar.slots import (
    PATIENT,
    SLOT,
    START_GRID,
    patient_key,
    read_run,
    slot_key,
    slot_numbers,
    weekday_of,
)
from services.booking.domain.protocol.protocol import Phase, Span
from shared.localtime import resolve_forward

_A_DAY: Final = timedelta(days=1)
_SLOTS_A_DAY: Final = _A_DAY // SLOT
_MIDNIGHT: Final = time()
Busy = Mapping[str, int]
"""What is taken, by the key of a place of a resource (or of the patient), as bits of a grid."""


@dataclass(frozen=True)
class Grid:
    """`days` local dates from `first` on, in slots."""

    zone: str
    first: date
    days: int

    @cached_property
    def begin(self) -> int:
        """The number of the slot that is bit 0."""
        return self._number(datetime.combine(self.first, _MIDNIGHT))

    @cached_property
    def midnights(self) -> list[int]:
        """The first bit of each date; one more for the end."""
        walls = (datetime.combine(self.date_of(day), _MIDNIGHT) for day in range(self.days + 1))
        return [self._number(wall) - self.begin for wall in walls]

    @cached_property
    def all(self) -> int:
        """Every slot."""
        return (1 << self.midnights[-1]) - 1

    @cached_property
    def quarters(self) -> int:
        """Each slot that begins on a quarter of an hour of the wall clock: every zone is whole quarters from UTC."""
        step = START_GRID // SLOT
        return ((1 << self.midnights[-1] + step) - 1) // ((1 << step) - 1) & self.all

    def date_of(self, day: int) -> date:
        """The date that many days behind the first."""
        return self.first + day * _A_DAY

    def day_of(self, on: date) -> int:
        """How many days behind the first one a date lies."""
        return (on - self.first).days

    def starts_at(self, bit: int) -> datetime:
        """When a slot begins."""
        return _EPOCH_SLOT + (self.begin + bit) * SLOT

    def bit(self, day: int, wall: time, *, up: bool = False) -> int:
        """The slot that a wall time of a date lies in; with `up`, the first that begins at or after it."""
        midnight = self.midnights[day]
        if self.midnights[day + 1] - midnight == _SLOTS_A_DAY:
            minutes = wall.hour * 60 + wall.minute
            return midnight + (-(-minutes // 5) if up else minutes // 5)
        return self._number(datetime.combine(self.date_of(day), wall), up=up) - self.begin

    def between(self, from_at: datetime, until_at: datetime) -> int:
        """The slots that lie at least partly in [from_at, until_at)."""
        numbers = slot_numbers(from_at, until_at)
        return self.bits(numbers.start - self.begin, numbers.stop - self.begin)

    def bits(self, first: int, stop: int) -> int:
        """The slots from `first` until just before `stop`, as far as they are on the grid."""
        first, stop = max(first, 0), min(stop, self.midnights[-1])
        return (1 << stop) - (1 << first) if first < stop else 0

    def on_date(self, day: int) -> int:
        """The slots of a date."""
        return self.bits(self.midnights[day], self.midnights[day + 1])

    def _number(self, wall: datetime, *, up: bool = False) -> int:
        at = resolve_forward(wall, self.zone)
        return slot_numbers(at, at + SLOT).start if not up else slot_numbers(at - SLOT, at).stop


_EPOCH_SLOT: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def begins_of_runs(mask: int, length: int) -> int:
    """The bits at which `length` bits in a row begin."""
    have = 1
    while have < length:
        step = min(have, length - have)
        mask &= mask >> step
        have += step
    return mask


def busy_of(runs: Iterable[str], grid: Grid) -> dict[str, int]:
    """What is taken, of runs of slots as a series keeps them (`calendar.runs_of`)."""
    busy: dict[str, int] = {}
    for run in runs:
        owner, number, length = read_run(run)
        begin = number - grid.begin
        if 0 <= begin < grid.midnights[-1] - length:
            busy[owner] = busy.get(owner, 0) | ((1 << length) - 1) << begin
        elif bits := grid.bits(begin, begin + length):
            busy[owner] = busy.get(owner, 0) | bits
    return busy


@dataclass(frozen=True)
class FreeTime:
    """Whose time it is: what of it is there and what is taken, on the dates of `grid`. Nothing begins before `now`."""

    grid: Grid
    now: datetime
    patient_id: str
    resources: tuple[Resource, ...]
    busy: Busy
    holidays: frozenset[date] = frozenset()
    _there: dict[object, int] = field(default_factory=dict, repr=False, compare=False)

    def of_kind(self, kind: str, named: Sequence[str] = ()) -> list[Resource]:
        """The active resources of a kind in the order of their names; only those named, when some of them are."""
        able = [one for one in self.resources if one.is_active and one.kind == kind]
        wanted = [one for one in able if one.id in named]
        return sorted(wanted or able, key=lambda one: (one.name, one.id))

    def open(self, resource: Resource) -> int:
        """When a resource is there and the clinic open: the same as `Resource.is_open` says, for every slot."""
        hours = (resource.hours, resource.closed_on, resource.special_days, resource.absences)
        if hours not in self._there:
            self._there[hours] = self._open(resource)
        return self._there[hours]

    def free(self, resource: Resource, places: int) -> int:
        """When a resource is there with at least so many places free."""
        at_least = [self.open(resource), *[0] * places]
        for place in range(resource.capacity):
            taken = self.busy.get(_place_key(resource.id, place), 0)
            for count in range(places, 0, -1):
                at_least[count] |= at_least[count - 1] & ~taken
        return at_least[places]

    def starts_on(self, phase: Phase, resource: Resource) -> int:
        """When a session of a phase may start as far as this resource goes."""
        starts = self._skilled(phase, resource)
        for span in phase.spans:
            if span.kind == resource.kind:
                starts &= _starts_of(span, self.free(resource, resource.places_for(span.per)))
        return starts

    def starts_of_patient(self, phase: Phase) -> int:
        """When a session may start as far as the patient goes, who comes and leaves on the same date."""
        there = self.grid.all & ~self.busy.get(patient_key(self.patient_id), 0)
        starts = self._not_past & self._within_a_date(phase)
        for span in phase.spans:
            if span.kind == PATIENT:
                starts &= _starts_of(span, there)
        return starts

    @cached_property
    def _not_past(self) -> int:
        return self.grid.all & ~self.grid.between(self.grid.starts_at(0), max(self.now, self.grid.starts_at(0)))

    def _within_a_date(self, phase: Phase) -> int:
        before, behind = phase.arrival // SLOT, phase.length // SLOT
        nights = self.grid.midnights
        days = (self.grid.bits(nights[day] + before, nights[day + 1] - behind + 1) for day in range(self.grid.days))
        return _union(days)

    def _skilled(self, phase: Phase, resource: Resource) -> int:
        codes = phase.skills_of(resource.kind)
        if not codes:
            return self.grid.all
        days = (day for day in range(self.grid.days) if resource.has_skills(codes, self.grid.date_of(day)))
        return _union(self.grid.on_date(day) for day in days)

    def _open(self, resource: Resource) -> int:
        grid = self.grid
        hours = _union(
            grid.bits(grid.bit(day, one.opens, up=True), grid.bit(day, one.closes))
            for day, hours in enumerate(_hours(resource, grid))
            for one in hours
        )
        away = _union(
            grid.between(resolve_forward(one.from_local, grid.zone), resolve_forward(one.until_local, grid.zone))
            for one in resource.absences
        )
        closed = _union(grid.on_date(grid.day_of(on)) for on in self.holidays if 0 <= grid.day_of(on) < grid.days)
        return hours & ~away & ~closed


def _hours(resource: Resource, grid: Grid) -> Iterator[Sequence[Hours | SpecialHours]]:
    """The opening hours of each date; those of an ordinary week are looked up once."""
    dated = {*resource.closed_on, *(one.on for one in resource.special_days)}
    weekly: dict[str, Sequence[Hours | SpecialHours]] = {}
    for day in map(grid.date_of, range(grid.days)):
        weekday = weekday_of(day)
        if day in dated:
            yield resource.hours_on(day)
            continue
        if weekday not in weekly:
            weekly[weekday] = resource.hours_on(day)
        yield weekly[weekday]


def _starts_of(span: Span, free: int) -> int:
    begins, length = span.begins // SLOT, (span.ends - span.begins) // SLOT
    runs = begins_of_runs(free, length)
    return runs >> begins if begins >= 0 else runs << -begins


def _place_key(resource_id: str, place: int) -> str:
    return slot_key(resource_id, 0, place).rpartition("|")[0]


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union
