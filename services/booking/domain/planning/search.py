"""The best plans by dates: exact, an outward search over a course's situations with bounds from a dynamic programme.

Every session of a course lies on another local date, so where on its date a session is placed concerns that date alone:
the search needs one number for each session and date, what the cheapest place there costs. `_Bounds` runs backwards
over sessions and dates, as if only the gap to the session before counted, and says what the rest costs at least; the
search then always goes on with the most promising begin of a course, and keeps every rule. What comes next depends on a
few figures only (its situation); of the begins that lead to one situation no more can be needed than plans are wanted.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias

from services.booking.domain.calendar.slots import Weekday, weekday_of
from services.booking.domain.planning.cost import RATES, Rates, gap_cost
from services.booking.domain.planning.rules import Days, Rules
from services.booking.domain.protocol.protocol import Condition, Regimen
from shared.errors import RuleBroken

NO_PLACE: Final = 1 << 60
"""More points than any plan costs: it cannot be there."""
MOST_BEGINS: Final = 20_000
"""How many begins of a course are looked at; the protocols that come with the platform need some hundred."""


@dataclass(frozen=True)
class Question:
    """What is asked for.

    `places` holds, for each session of the regimen, the points for each date from `first` on (`NO_PLACE`: none);
    the first session lies on one of the first `starts` dates. `elsewhere` are the person's doses in other series;
    `condition` says which caps hold, but for those that are `set_aside`. A gap may be longer than the phase foresees,
    up to `accepted_gap` days. `urgent` means as soon as possible.
    """

    regimen: Regimen
    first: date
    starts: int
    places: Sequence[Sequence[int]]
    elsewhere: tuple[date, ...] = ()
    condition: Condition | None = None
    set_aside: frozenset[str] = frozenset()
    urgent: bool = False
    accepted_gap: int = 0
    rates: Rates = RATES

    @property
    def rules(self) -> Rules:
        """What must hold for the dates."""
        return Rules(self.regimen, self.first, self.elsewhere, self.condition, self.set_aside, self.accepted_gap)


@dataclass(frozen=True)
class Found:
    """A plan's points and its dates, in the order of its sessions."""

    points: int
    dates: tuple[date, ...]


def best_dates(question: Question, most: int) -> list[Found]:
    """The cheapest plans that keep every rule, at most so many, each on other dates; of two equal ones the earlier.

    Raises `RuleBroken` when there are too many possibilities to look at them all and none is found among the first.
    """
    rules = question.rules
    if rules.contradict:
        return []
    patterns = question.regimen.preferred or (None,)
    alone = _possible(question.places, rules)
    searches = [_Bounds(question, rules, alone, pattern) for pattern in patterns]
    heap = [begin for number, search in enumerate(searches) for begin in search.begins(number)]
    heapify(heap)
    found: dict[Days, int] = {}
    seen: Counter[tuple[object, ...]] = Counter()
    while heap and len(found) < most and seen.total() < MOST_BEGINS:
        begin = heappop(heap)
        points, days, search, _, *bounds = begin
        if len(days) == len(rules.phases):
            found.setdefault(days, points)
            continue
        last_dose = next((days[dose] for dose in reversed(rules.doses) if dose < len(days)), None)
        situation = (search, len(days), days[-1], last_dose, *bounds, rules.memory(days))
        seen[situation] += 1
        if seen[situation] <= most:
            for longer in searches[search].longer(begin):
                heappush(heap, longer)
    if heap and not found:
        raise RuleBroken("plan.too-many-possibilities", "There are too many possibilities: narrow the window down.")
    on = question.first
    return [Found(points, tuple(on + timedelta(days=day) for day in days)) for days, points in found.items()]


def _possible(places: Sequence[Sequence[int]], rules: Rules) -> Sequence[Sequence[int]]:
    """The points of the places without those that the other doses alone forbid."""
    if not rules.elsewhere and not rules.regimen.allowed_weekdays:
        return places
    return [
        [one if one < NO_PLACE and rules.allows_alone(place, day) else NO_PLACE for day, one in enumerate(points)]
        for place, points in enumerate(places)
    ]


_Begin: TypeAlias = tuple[int, Days, int, int, Days, Days]
"""What a plan that begins like this costs at least, its days so far, which search it belongs to, what it costs so far,
and the first and the last day that each session to come may lie on."""


class _Bounds:
    """What the rest of a course costs at least, for one weekday pattern (None: the protocol has none)."""

    def __init__(
        self, question: Question, rules: Rules, points: Sequence[Sequence[int]], pattern: Sequence[Weekday] | None
    ) -> None:
        self._question = question
        self._rules = rules
        self._pattern = pattern
        self._alone = [self._points_alone(place, points[place]) for place in range(len(rules.phases))]
        self._rests = [self._backwards(0)]
        if rules.is_stretched:
            self._rests.append(self._backwards(self._a_day))

    def begins(self, search: int) -> Iterator[_Begin]:
        """Every first session."""
        question = self._question
        a_day = question.rates.urgent_wait_day if question.urgent else question.rates.wait_day
        places = range(1, len(self._rules.phases))
        for day, points in enumerate(self._alone[0][: question.starts]):
            if points < NO_PLACE and self._rules.allows((), 0, day):
                begin = self._begin((day,), search, points + day * a_day, *self._narrowed(0, day, places, None))
                if begin[0] < NO_PLACE:
                    yield begin

    def longer(self, begin: _Begin) -> Iterator[_Begin]:
        """Every way to go on."""
        _, days, search, spent, lows, highs = begin
        rules, place, last = self._rules, len(days), days[-1]
        alone, origin = self._alone[place], days[rules.origins[place]]
        later = range(place + 1, len(rules.phases))
        for day in range(lows[0], min(highs[0] + 1, len(alone))):
            if alone[day] < NO_PLACE and self._rests[0][place][day] < NO_PLACE and rules.allows(days, place, day):
                step = self._step(place, day - origin, day - last) + alone[day]
                bounds = self._narrowed(place, day, later, (lows, highs))
                yield self._begin((*days, day), search, spent + step, *bounds)

    def _begin(self, days: Days, search: int, spent: int, lows: Days, highs: Days) -> _Begin:
        place, last = len(days) - 1, days[-1]
        rest = self._rests[0][place][last]
        if lows and len(self._rests) > 1:
            rest = max(rest, self._rests[1][place][last] + self._a_day * (lows[-1] - last))
        return spent + rest, days, search, spent, lows, highs

    @property
    def _a_day(self) -> int:
        """What one more day between the first session and the last costs at least."""
        rates = self._question.rates
        return rates.span_day + (rates.gap_day if self._pattern is None and self._rules.is_all_direct else 0)

    def _narrowed(self, place: int, day: int, later: range, so_far: tuple[Days, Days] | None) -> tuple[Days, Days]:
        """When each later session may be, once the one at `place` is on `day`."""
        apart = self._rules.apart
        lows = tuple(day - apart[one][place] for one in later)
        highs = tuple(day + apart[place][one] for one in later)
        if so_far is None:
            return lows, highs
        return tuple(map(max, lows, so_far[0][1:])), tuple(map(min, highs, so_far[1][1:]))

    def _backwards(self, credit: int) -> list[list[int]]:
        """For each place and day what all that follow cost at least, each day between them costing `credit` less."""
        last = len(self._alone) - 1
        rests = [[0] * len(self._alone[last])]
        for place in reversed(range(last)):
            both = zip(self._alone[place + 1], rests[0], strict=True)
            bounds = [min(NO_PLACE, own + rest) for own, rest in both]
            rests.insert(0, self._cheapest_next(place + 1, bounds, credit))
        return rests

    def _points_alone(self, place: int, points: Sequence[int]) -> Sequence[int]:
        """What one session costs on each day by itself."""
        first = self._question.first
        if self._pattern is None or not self._rules.phases[place].doses:
            return points
        week = [weekday_of(first + timedelta(days=day)) in self._pattern for day in range(7)]
        off = [0 if wanted else self._question.rates.off_pattern for wanted in week]
        return [one + off[day % 7] for day, one in enumerate(points)]

    def _cheapest_next(self, place: int, bounds: list[int], credit: int) -> list[int]:
        """For each day of the session before: the least that the session at `place` and what follows cost."""
        is_direct = self._rules.origins[place] == place - 1
        shifted = []
        for gap in self._rules.gaps(place):
            step = self._step(place, gap, gap) if is_direct else gap * self._question.rates.span_day
            step -= gap * credit
            shifted.append([one + step for one in bounds[gap:]] + [NO_PLACE] * min(gap, len(bounds)))
        return list(map(min, *shifted)) if len(shifted) > 1 else shifted[0]

    def _step(self, place: int, gap: int, since_last: int) -> int:
        """What lies between two sessions: the gap, and the days that the course gets longer by."""
        question, phase = self._question, self._rules.phases[place]
        has_pattern = self._pattern is not None
        cost = gap_cost(question.regimen, phase, gap, question.rates, has_pattern=has_pattern)
        return cost + since_last * question.rates.span_day
