"""The spacing rules, asked of a course that grows date by date: the same that `spacing` has for a whole one.

Between the sessions of one course every rule bounds how many days two sessions lie apart. `apart` has all that follows
from these bounds together, so that a begin of a course which keeps them can always be completed, as far as the course
itself goes. Doses elsewhere are looked at on top, date by date.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final, TypeAlias

from services.booking.domain.protocol.protocol import Condition, Phase, Regimen
from services.booking.domain.protocol.spacing import WRONG_WEEKDAY

_UNBOUND: Final = 1 << 40
Days: TypeAlias = tuple[int, ...]
"""Dates, counted from the first one that is looked at."""


@dataclass(frozen=True)
class Rules:
    """What holds for a course whose dates are counted from `first`; places from 0, so session 1 has place 0.

    `other_doses` are the person's doses in other series; `condition` says which caps hold, but for those that are
    `set_aside`. A gap may be longer than the phase foresees, up to `accepted_gap` days.
    """

    regimen: Regimen
    first: date
    other_doses: tuple[date, ...]
    condition: Condition | None
    set_aside: frozenset[str]
    accepted_gap: int

    @cached_property
    def phases(self) -> list[Phase]:
        """The phase at each place."""
        return [self.regimen.phase_of(number) for number in range(1, self.regimen.sessions + 1)]

    @cached_property
    def doses(self) -> list[int]:
        """The places of the doses."""
        return [place for place, phase in enumerate(self.phases) if phase.doses]

    @cached_property
    def elsewhere(self) -> list[int]:
        """The days of the other doses, in order."""
        return sorted((day - self.first).days for day in self.other_doses)

    @cached_property
    def origins(self) -> list[int]:
        """For each place the one that its gap is counted from, as `Course.origin_of` has it; -1 for the first."""
        origins, last_dose = [], None
        for place, phase in enumerate(self.phases):
            origins.append(last_dose if phase.doses and last_dose is not None else place - 1)
            last_dose = place if phase.doses else last_dose
        return origins

    @cached_property
    def windows(self) -> list[tuple[int, list[int]]]:
        """Rolling windows: their days, and for each place the most doses in the one that ends there."""
        limits = {7: [phase.per_seven_days for phase in self.phases]}
        for window in self.regimen.caps_for(self.condition).refusing:
            if window.code not in self.set_aside:
                so_far = limits.get(window.days, [window.most] * len(self.phases))
                limits[window.days] = [min(most, window.most) for most in so_far]
        return list(limits.items())

    @cached_property
    def apart(self) -> list[list[int]]:
        """`apart[one][other]`: the most days that `other` may lie behind `one`; negative: how far it must lie before.

        All-pairs shortest paths over the bounds that the rules give (Floyd and Warshall).
        """
        places = range(len(self.phases))
        apart = [[0 if one == other else _UNBOUND for other in places] for one in places]
        for one, other, days in self._bounds():
            apart[one][other] = min(apart[one][other], days)
        for middle in places:
            behind = apart[middle]
            for row in apart:
                if (so_far := row[middle]) < _UNBOUND:
                    row[:] = [min(old, so_far + more) for old, more in zip(row, behind, strict=True)]
        return apart

    @property
    def contradict(self) -> bool:
        """Whether no dates at all could keep them."""
        return any(row[place] < 0 for place, row in enumerate(self.apart))

    @cached_property
    def is_stretched(self) -> bool:
        """Whether the course must take longer than its shortest gaps together."""
        last = len(self.phases) - 1
        return last > 0 and -self.apart[last][0] > sum(self.gaps(place).start for place in range(1, last + 1))

    @cached_property
    def is_all_direct(self) -> bool:
        """Whether every gap is counted from the session just before."""
        return all(origin == place - 1 for place, origin in enumerate(self.origins))

    def gaps(self, place: int) -> range:
        """How many days may lie between a session and the one just before it."""
        return range(-self.apart[place][place - 1], self.apart[place - 1][place] + 1)

    def allows_alone(self, place: int, day: int) -> bool:
        """Whether a session may be on a day as far as its weekday and the other doses go by themselves."""
        if not self.phases[place].doses:
            return True
        if not (WRONG_WEEKDAY in self.set_aside or self.regimen.allows_dose_on(self.first + timedelta(days=day))):
            return False
        if not self.elsewhere:
            return True
        is_first = place == self.doses[0]
        rests = any(day - self.regimen.rest_days < other <= day for other in self.elsewhere)
        return day not in self.elsewhere and not (is_first and rests) and self._fits((), place, day)

    def allows(self, days: Days, place: int, day: int) -> bool:
        """Whether a course of these days may go on with `day` at `place`, as far as the other doses go."""
        if not self.elsewhere or not self.phases[place].doses:
            return True
        doses = tuple(days[dose] for dose in self.doses if dose < place)
        return self._fits(doses, place, day) and self._closes(doses, place, day)

    def memory(self, days: Days) -> Days:
        """The doses that what comes next depends on besides the bounds: those that share a window with others."""
        if not self.elsewhere:
            return ()
        doses = [days[dose] for dose in self.doses if dose < len(days)]
        longest = max(length for length, _ in self.windows)
        return tuple(day for day in doses if day > doses[-1] - longest)

    def _bounds(self) -> Iterator[tuple[int, int, int]]:
        """Every rule that speaks of two places: `other` lies at most so many days behind `one`."""
        for place, origin in list(enumerate(self.origins))[1:]:
            phase = self.phases[place]
            longest = phase.min_days if phase.max_days is None else max(phase.max_days, self.accepted_gap)
            yield place, place - 1, -1
            yield place, origin, -phase.min_days
            yield origin, place, longest
        for length, most in self.windows:
            for rank, place in enumerate(self.doses):
                if rank >= most[place]:
                    yield place, self.doses[rank - most[place]], -length
        if self.doses and self.regimen.tolerance_days is not None:
            yield self.doses[0], self.doses[-1], self.regimen.tolerance_days

    def _fits(self, doses: Days, place: int, day: int) -> bool:
        """Whether no window that ends with this dose is too full."""
        return all(self._count(doses, day, length) < most[place] for length, most in self.windows)

    def _closes(self, doses: Days, place: int, day: int) -> bool:
        """Whether no window that ends with one of the other doses is too full.

        Such a window is looked at as soon as all doses in it are known: with the next dose behind it, or the last one.
        """
        rank = len(doses)
        ended = [(end, doses, self.doses[rank - 1]) for end in self.elsewhere if doses and doses[-1] < end < day]
        if place == self.doses[-1]:
            ended += [(end, (*doses, day), place) for end in self.elsewhere if end > day]
        return all(
            self._count(own, end, length) <= most[last]
            for end, own, last in ended
            for length, most in self.windows
            if own[-1] > end - length
        )

    def _count(self, doses: Days, end: int, length: int) -> int:
        since = end - length
        return sum(since < day <= end for day in doses) + sum(since < day <= end for day in self.elsewhere)
