"""The cheapest place on each date: when a session starts, and which chair, nurse and so on it takes.

What a place costs beyond its date: wishes that it does not keep, and time of the seat (the chair, or whatever the
patient comes to first) that it leaves free but too short for another session like it. Of equal ones the earlier, then
by the seat's name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from functools import cached_property
from typing import Final

from services.booking.domain.calendar.resource import Resource
from services.booking.domain.calendar.slots import SLOT, START_GRID, weekday_of
from services.booking.domain.placement.free_time import FreeTime, begins_of_runs
from services.booking.domain.placement.placement import Wish
from services.booking.domain.planning.cost import Rates
from services.booking.domain.planning.wishes import Wishes, WishKind
from services.booking.domain.protocol.protocol import Phase
from shared.localtime import resolve, resolve_forward

_QUARTER: Final = START_GRID // SLOT


@dataclass(frozen=True)
class Place:
    """A session starts at a slot of the grid, on `seat`; the points are for wishes and for lost time of the seat."""

    start: int
    seat: str
    wishes: int = 0
    fragmentation: int = 0

    @property
    def points(self) -> int:
        """All of them."""
        return self.wishes + self.fragmentation


class Places:
    """The cheapest place of a phase on each date of the grid, found once for each phase."""

    def __init__(self, free_time: FreeTime, wishes: Wishes, rates: Rates) -> None:
        self._free_time = free_time
        self._wishes = wishes
        self._rates = rates
        self._fits: dict[tuple[Phase, tuple[str, ...] | None], _Fit] = {}

    def of(self, phase: Phase) -> list[Place | None]:
        """By date; None where there is no place."""
        return self._fit(phase).by_date

    def fixed(self, phase: Phase, wish: Wish) -> Place | None:
        """The place at a time that is given, on any slot; None when a session does not fit there."""
        grid = self._free_time.grid
        start = (resolve_forward(wish.local, grid.zone) - grid.starts_at(0)) // SLOT
        if wish.second:
            start = (resolve(wish.local, grid.zone, second=True) - grid.starts_at(0)) // SLOT
        return self._fit(phase, wish.resource_ids).at(start) if 0 <= start < grid.midnights[-1] else None

    def resources_at(self, phase: Phase, place: Place, named: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """What a session takes at a place: of each kind the first that is free, those that are wished for before."""
        return self._fit(phase, named).resources_at(place)

    def _fit(self, phase: Phase, named: tuple[str, ...] | None = None) -> "_Fit":
        """As the patient wishes; or, for a session that is fixed, with the resources named for it."""
        if (phase, named) not in self._fits:
            wishes = self._wishes if named is None else Wishes(resource_ids=named)
            self._fits[phase, named] = _Fit(self._free_time, phase, wishes, self._rates)
        return self._fits[phase, named]


class _Fit:
    """Where sessions of one phase fit in."""

    def __init__(self, free_time: FreeTime, phase: Phase, wishes: Wishes, rates: Rates) -> None:
        self._free_time = free_time
        self._phase = phase
        self._wishes = wishes
        self._rates = rates
        self._seat_kind = phase.kinds[0]
        spans = [span for span in phase.spans if span.kind == self._seat_kind]
        self._length = spans[-1].ends // SLOT
        self._seat_per = min(span.per for span in spans)

    @cached_property
    def by_date(self) -> list[Place | None]:
        """The best place of each date."""
        return [self._cheapest(day) for day in range(self._free_time.grid.days)]

    def _cheapest(self, day: int) -> Place | None:
        low, high = self._free_time.grid.midnights[day : day + 2]
        here = (1 << (high - low)) - 1
        if not self._starts >> low & here or not self._allows_weekday(day):
            return None
        weekday = self._weekday_points(day)
        if snug := self._snug_starts >> low & here:
            start = low + _lowest(snug)
            seat = next(seat for seat, starts in self._snug if starts >> start & 1)
            return Place(start, seat.id, weekday)
        return min(self._on_date(low, here, weekday), key=lambda place: (place.points, place.start))

    def at(self, start: int) -> Place | None:
        """The best place at one slot, on a quarter of an hour or not."""
        if not self._off_grid >> start & 1:
            return None
        seats = [seat for seat, starts in self._seats if starts >> start & 1]
        places = (self._place(seat, start, sum(self._beside(seat, start)), 0) for seat in seats)
        return min(places, key=lambda place: place.points)

    def resources_at(self, place: Place) -> tuple[str, ...]:
        """The seat, and the first of each other kind; those that are wished for before the others."""
        chosen = []
        for kind, able in self._by_kind.items():
            there = [one for one, starts in able if starts >> place.start & 1]
            if kind == self._seat_kind:
                there = [one for one in there if one.id == place.seat]
            chosen.append(min(there, key=lambda one: one.id not in self._wishes.resource_ids).id)
        return tuple(chosen)

    @cached_property
    def _by_kind(self) -> Mapping[str, list[tuple[Resource, int]]]:
        """For each kind its resources in the order of their names, with when each of them could serve a session."""
        named = self._wishes.resource_ids if self._wishes.binds(WishKind.RESOURCES) else ()
        free, phase = self._free_time, self._phase
        return {kind: [(one, free.starts_on(phase, one)) for one in free.of_kind(kind, named)] for kind in phase.kinds}

    @cached_property
    def _off_grid(self) -> int:
        """When a session could start as far as the clinic and the patient go."""
        starts = self._free_time.starts_of_patient(self._phase)
        for able in self._by_kind.values():
            starts &= _any(starts for _, starts in able)
        return starts

    @cached_property
    def _starts(self) -> int:
        """The same, on a quarter of an hour, and at the times of day that must be."""
        starts = self._off_grid & self._free_time.grid.quarters
        return starts & self._wanted_times if self._wishes.binds(WishKind.TIMES) else starts

    @cached_property
    def _wanted_times(self) -> int:
        grid = self._free_time.grid
        if not self._wishes.times:
            return grid.all
        return _any(
            grid.bits(grid.bit(day, one.from_time, up=True), self._until(day, one.until_time))
            for one in self._wishes.times
            for day in range(grid.days)
        )

    def _until(self, day: int, wall: time | None) -> int:
        grid = self._free_time.grid
        return grid.midnights[day + 1] if wall is None else grid.bit(day, wall, up=True)

    @cached_property
    def _wanted(self) -> Mapping[str, int]:
        """For each kind of which a resource is wished for: when such a one could serve."""
        wished = self._wishes.resource_ids
        return {
            kind: _any(starts for one, starts in able if one.id in wished)
            for kind, able in self._by_kind.items()
            if any(one.id in wished for one, _ in able)
        }

    @cached_property
    def _snug(self) -> list[tuple[Resource, int]]:
        """For each seat the starts that cost nothing: as wished, and no time of the seat is lost."""
        best = self._starts & self._wanted_times
        for kind, starts in self._wanted.items():
            best &= starts if kind != self._seat_kind else self._free_time.grid.all
        return [
            (seat, best & starts & self._without_loss(seat))
            for seat, starts in self._by_kind[self._seat_kind]
            if not self._misses(seat)
        ]

    @cached_property
    def _snug_starts(self) -> int:
        return _any(starts for _, starts in self._snug)

    def _misses(self, seat: Resource) -> bool:
        return self._seat_kind in self._wanted and seat.id not in self._wishes.resource_ids

    def _without_loss(self, seat: Resource) -> int:
        """Starts of a session with nothing free before and behind it on the seat, or enough for another one."""
        if not self._rates.lost_quarter:
            return self._free_time.grid.all
        length, free = self._length, self._free_seats[seat.id]
        runs = begins_of_runs(free, length)
        return (~(free << 1) | runs << length) & ((~free | runs) >> length)

    @property
    def _seats(self) -> list[tuple[Resource, int]]:
        return self._by_kind[self._seat_kind]

    @cached_property
    def _free_seats(self) -> dict[str, int]:
        return {seat.id: self._free_time.free(seat, seat.places_for(self._seat_per)) for seat, _ in self._seats}

    def _on_date(self, low: int, here: int, weekday: int) -> Iterator[Place]:
        """Every place of a date that may be the best, seat by seat in the order of their names."""
        for seat, able in self._seats:
            starts = (able & self._starts) >> low & here
            while starts:
                start = low + _lowest(starts)
                before, behind = self._beside(seat, start)
                lost = (before if before < self._length else 0) + (behind if behind < self._length else 0)
                yield self._place(seat, start, lost, weekday)
                # In a gap too short for two sessions the same time is lost wherever this one is: the first will do.
                is_first_best = before + behind < self._length and not self._wishes.bendable
                passed = start - low + behind if is_first_best else start - low
                starts = starts >> passed + 1 << passed + 1

    def _place(self, seat: Resource, start: int, lost: int, weekday: int) -> Place:
        rates = self._rates
        wishes = weekday + (0 if self._wanted_times >> start & 1 else rates.time_of_day)
        others = [starts for kind, starts in self._wanted.items() if kind != self._seat_kind]
        wishes += sum(rates.resource for starts in others if not starts >> start & 1)
        wishes += rates.resource if self._misses(seat) else 0
        return Place(start, seat.id, wishes, -(-lost // _QUARTER) * rates.lost_quarter)

    def _beside(self, seat: Resource, start: int) -> tuple[int, int]:
        """How many slots are free on the seat just before and just behind a session."""
        free = self._free_seats[seat.id] >> max(start - _DAY, 0)
        begin = min(start, _DAY)
        # Nothing is open from one date to the next, so a day to either side is enough to look at.
        before = begin - (~free & ((1 << begin) - 1)).bit_length()
        return before, _lowest(~(free >> begin + self._length & _ALL_DAY))

    def _allows_weekday(self, day: int) -> bool:
        return not self._wishes.binds(WishKind.WEEKDAYS) or not self._weekday_points(day)

    def _weekday_points(self, day: int) -> int:
        wanted = self._wishes.weekdays
        is_wanted = not wanted or weekday_of(self._free_time.grid.date_of(day)) in wanted
        return 0 if is_wanted else self._rates.weekday


_DAY: Final = 300
"""More slots than any date has, a change of the clock by an hour included."""
_ALL_DAY: Final = (1 << _DAY) - 1


def _lowest(mask: int) -> int:
    """The lowest bit that is set."""
    return (mask & -mask).bit_length() - 1


def _any(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union
