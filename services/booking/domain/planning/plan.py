"""A plan: a candidate placement of a whole series, complete and ranked; nothing is reserved."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

from services.booking.domain.placement.free_time import FreeTime
from services.booking.domain.placement.placement import Wish
from services.booking.domain.planning.cost import RATES, Cost, Rates, cadence_cost, span_cost, wait_cost
from services.booking.domain.planning.places import Place, Places
from services.booking.domain.planning.search import NO_PLACE, Found, Question, best_dates
from services.booking.domain.planning.wishes import Wishes
from services.booking.domain.protocol.protocol import Condition, Phase, Regimen
from services.booking.domain.protocol.spacing import Course, Finding, notes
from shared.localtime import resolve_forward, to_local

MOST_PLANS: Final = 5
LONGEST_HORIZON: Final = timedelta(days=400)
"""What lies behind this is not planned yet. Clinic default."""
_BEFORE_ALL_ELSE: Final = 1_000_000


@dataclass(frozen=True)
class Wanted:
    """A series that is to be placed.

    The first session lies between `from_date` and `until_date`, both included; sessions in `fixed`, by number, are
    where they are. `elsewhere` are the dates of the person's other doses; `condition` is what is treated.
    `accepted_gap` and `set_aside` loosen rules, as in `Question`.
    """

    regimen: Regimen
    from_date: date
    until_date: date
    condition: Condition | None = None
    wishes: Wishes = Wishes()
    fixed: tuple[tuple[int, Wish], ...] = ()
    elsewhere: tuple[date, ...] = ()
    accepted_gap: int = 0
    set_aside: frozenset[str] = frozenset()

    @property
    def last_date(self) -> date:
        """The last date that any session can lie on."""
        phases = (self.regimen.phase_of(number) for number in range(2, self.regimen.sessions + 1))
        gaps = sum(max(phase.max_days or phase.min_days, self.accepted_gap) for phase in phases)
        return min(self.until_date + timedelta(days=gaps), self.from_date + LONGEST_HORIZON)


@dataclass(frozen=True)
class PlannedSession:
    """One session of a plan; `wish` books it there."""

    number: int
    phase: str
    wish: Wish
    starts_at: datetime
    ends_at: datetime
    ends_local: datetime


@dataclass(frozen=True)
class Plan:
    """All sessions of a series with their places, what they cost, and what the spacing rules accept with a remark."""

    cost: Cost
    sessions: tuple[PlannedSession, ...]
    notes: tuple[Finding, ...]

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """What books it."""
        return tuple(session.wish for session in self.sessions)

    @property
    def starts_on(self) -> date:
        """The date of the first session."""
        return self.wishes[0].local.date()


@dataclass(frozen=True)
class Planner:
    """Looks for plans in free time; what it has found out about places it uses again for the next question."""

    free_time: FreeTime
    rates: Rates = RATES
    _places: dict[Wishes, Places] = field(default_factory=dict)

    def best(self, wanted: Wanted, most: int = MOST_PLANS) -> list[Plan]:
        """The best plans, each on other dates, the best first; none where there is none."""
        draft = self._draft(wanted)
        return [draft.plan(found) for found in best_dates(draft.question(self.rates), most)]

    def first(self, wanted: Wanted) -> Plan | None:
        """The plan that starts first, whatever it costs; of those that start on one date the best."""
        return self._extreme(wanted, _BEFORE_ALL_ELSE)

    def last(self, wanted: Wanted) -> Plan | None:
        """The plan that starts last, whatever it costs; of those that start on one date the best."""
        return self._extreme(wanted, -_BEFORE_ALL_ELSE)

    def _extreme(self, wanted: Wanted, points: int) -> Plan | None:
        draft = self._draft(wanted)
        found = best_dates(draft.question(replace(self.rates, wait_day=points, urgent_wait_day=points)), most=1)
        return draft.plan(found[0]) if found else None

    def place(self, wanted: Wanted, number: int) -> Place | None:
        """Where a fixed session is; None when it does not fit there."""
        return self._draft(wanted).fixed[number - 1]

    def _draft(self, wanted: Wanted) -> "_Draft":
        wishes = replace(wanted.wishes, as_soon_as_possible=False)
        if wishes not in self._places:
            self._places[wishes] = Places(self.free_time, wishes, self.rates)
        return _Draft(wanted, self.free_time, self.rates, self._places[wishes])


@dataclass(frozen=True)
class _Draft:
    """One question: the places by session, and a plan made of the dates that are found."""

    wanted: Wanted
    free_time: FreeTime
    rates: Rates
    places: Places

    def question(self, rates: Rates) -> Question:
        """What the search is asked."""
        wanted = self.wanted
        skipped = self.free_time.grid.day_of(wanted.from_date)
        return Question(
            wanted.regimen,
            first=wanted.from_date,
            starts=(wanted.until_date - wanted.from_date).days + 1,
            places=[[_points_of(place) for place in places[skipped:]] for places in self.by_session],
            elsewhere=wanted.elsewhere,
            condition=wanted.condition,
            set_aside=wanted.set_aside,
            urgent=wanted.wishes.as_soon_as_possible,
            accepted_gap=wanted.accepted_gap,
            rates=rates,
        )

    def plan(self, found: Found) -> Plan:
        """The plan on these dates."""
        wanted, days = self.wanted, [self.free_time.grid.day_of(on) for on in found.dates]
        on_days = (places[day] for places, day in zip(self.by_session, days, strict=True))
        # The search has chosen dates with a place only.
        places = [place for place in on_days if place is not None]
        patterns = wanted.regimen.preferred or (None,)
        cost = Cost(
            cadence=min(cadence_cost(wanted.regimen, found.dates, pattern, self.rates) for pattern in patterns),
            wishes=sum(place.wishes for place in places),
            wait=wait_cost(found.dates[0], wanted.from_date, self.rates, urgent=wanted.wishes.as_soon_as_possible),
            span=span_cost(found.dates, self.rates),
            fragmentation=sum(place.fragmentation for place in places),
        )
        course = Course(wanted.regimen, (), wanted.elsewhere, wanted.condition)
        for number, on in enumerate(found.dates, 1):
            course = course.with_session(number, on)
        sessions = (self._session(number, place) for number, place in enumerate(places, 1))
        return Plan(cost, tuple(sessions), tuple(notes(course)))

    @cached_property
    def phases(self) -> list[Phase]:
        """The phase of each session."""
        regimen = self.wanted.regimen
        return [regimen.phase_of(number) for number in range(1, regimen.sessions + 1)]

    @cached_property
    def fixed(self) -> list[Place | None]:
        """For each session where it is fixed, as far as it fits there."""
        fixed = dict(self.wanted.fixed)
        return [
            self.places.fixed(phase, fixed[number]) if number in fixed else None
            for number, phase in enumerate(self.phases, 1)
        ]

    @cached_property
    def by_session(self) -> list[list[Place | None]]:
        """For each session its place on each date of the grid."""
        places = [self.places.of(phase) for phase in self.phases]
        for number, wish in self.wanted.fixed:
            place, day = self.fixed[number - 1], self.free_time.grid.day_of(wish.local.date())
            places[number - 1] = [place if one == day else None for one in range(self.free_time.grid.days)]
        return places

    def _session(self, number: int, place: Place) -> PlannedSession:
        grid, phase = self.free_time.grid, self.phases[number - 1]
        named = dict(self.wanted.fixed)[number].resource_ids if number in dict(self.wanted.fixed) else None
        starts_at = grid.starts_at(place.start)
        local = to_local(starts_at, grid.zone)
        ends_at = starts_at + phase.length
        return PlannedSession(
            number=number,
            phase=phase.name,
            wish=Wish(
                local,
                second=resolve_forward(local, grid.zone) != starts_at,
                resource_ids=self.places.resources_at(phase, place, named),
            ),
            starts_at=starts_at,
            ends_at=ends_at,
            ends_local=to_local(ends_at, grid.zone),
        )


def _points_of(place: Place | None) -> int:
    return NO_PLACE if place is None else place.points
