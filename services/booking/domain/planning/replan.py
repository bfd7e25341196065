"""The smallest re-plan of a series: who has to move when one session has another place, or none any more.

Smallest means: the fewest sessions move; of those re-plans the one with the fewest doses off the weekdays that the
series is used to; then the fewest days between old dates and new ones; then the earliest dates. It is the search for
plans (`search`) with other points: staying costs nothing, and a session that cannot move has one date only.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

from services.booking.domain.calendar.slots import weekday_of
from services.booking.domain.placement.availability import Calendar
from services.booking.domain.placement.nearby import free_time_of, kept_place, nearest, starts_of
from services.booking.domain.placement.placement import Wish, attempt, course_with
from services.booking.domain.planning import search as plan_search
from services.booking.domain.planning.cost import Rates
from services.booking.domain.planning.search import NO_PLACE
from services.booking.domain.protocol.protocol import Phase, Regimen
from services.booking.domain.protocol.spacing import LATE_BUT_ACCEPTED, SUSPENDED_AFTER, Finding, Planned, breaches
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session, SessionStatus

FARTHEST: Final = timedelta(days=28)
"""How many days may lie between two sessions where no spacing says so. Clinic default."""
_NOTHING_COSTS: Final = Rates(*[0] * 9)
_MOVES: Final = 1_000_000
_OFF: Final = 10_000
_TRIED: Final = 5


@dataclass(frozen=True)
class Replan:
    """Sessions in their new places, and how many days they move in all."""

    sessions: tuple[Session, ...]
    days: int


@dataclass(frozen=True)
class Question:
    """`wishes` are places that are settled already; the sessions `homeless` have none and must get one.

    `elsewhere` are the dates of the person's other doses, `allowed` the codes of findings that do not matter. The
    calendar is as if the series held nothing; it reaches until `last`.
    """

    series: Series
    regimen: Regimen
    calendar: Calendar
    last: date
    elsewhere: tuple[date, ...]
    wishes: Mapping[int, Wish] = field(default_factory=dict)
    homeless: Collection[int] = ()
    allowed: Collection[str] = ()


def smallest_replan(question: Question) -> Replan | None:
    """The smallest re-plan that keeps all rules; None when there is none."""
    draft = _Draft(question)
    if any(not draft.is_settled(number) for number in question.wishes):
        return None
    for found in plan_search.best_dates(draft.question, _TRIED):
        dates = dict(zip(draft.numbers, found.dates, strict=True))
        if draft.keeps_the_rules(dates):
            return draft.replan(dates)
    return None


class _Draft:
    """The question in the words of the search for plans."""

    def __init__(self, question: Question) -> None:
        self._asked = question
        series = question.series
        self.numbers = sorted({one.number for one in series.live} | set(question.wishes) | set(question.homeless))
        self._sessions = [series.session(number) for number in self.numbers]
        self._now = course_with(series, question.regimen, {}, question.elsewhere)
        self._torn = breaches(self._now)
        self._today = question.calendar.local_date(question.calendar.now)
        self._first = min([self._today, *(session.on for session in self._sessions)])
        self._usual = {weekday_of(session.on) for session in series.sessions if session.doses}
        self._free = free_time_of(question.calendar, self._today, question.last)
        self._loose = {*question.allowed, *(finding.code for finding in self._torn)}

    @property
    def question(self) -> plan_search.Question:
        """For each session and date: what it costs to have it there."""
        days = (self._asked.last - self._first).days + 1
        return plan_search.Question(
            self._regimen,
            first=self._first,
            starts=days,
            places=[self._points(session, days) for session in self._sessions],
            elsewhere=self._asked.elsewhere,
            condition=self._asked.series.condition,
            set_aside=frozenset(self._loose),
            accepted_gap=self._accepted_gap,
            rates=_NOTHING_COSTS,
        )

    def settled(self, number: int) -> Session | None:
        """The session where it is wanted, if it fits there."""
        wish = self._asked.wishes[number]
        session, faults = attempt(self._asked.calendar, self._planned(number, wish.local.date()), wish)
        return None if faults else session

    def is_settled(self, number: int) -> bool:
        """Whether it is wanted within the dates that are looked at, and fits there."""
        on = self._asked.wishes[number].local.date()
        return self._first <= on <= self._asked.last and self.settled(number) is not None

    def keeps_the_rules(self, dates: Mapping[int, date]) -> bool:
        """Whether nothing is broken by it that was not before; the search sees each gap and window by itself."""
        course = course_with(self._asked.series, self._asked.regimen, dates, self._asked.elsewhere)
        return not any(self._forbids(finding) for finding in breaches(course))

    def replan(self, dates: Mapping[int, date]) -> Replan:
        """The sessions that are elsewhere then."""
        gone = [session for session in self._sessions if not self._stays(session, dates[session.number])]
        days = sum(abs((dates[session.number] - session.on).days) for session in gone)
        return Replan(tuple(self._place(session, dates[session.number]) for session in gone), days)

    @property
    def _regimen(self) -> Regimen:
        """A phase for each session that takes part, with the gaps that it may have."""
        asked = self._asked
        return replace(
            asked.regimen,
            phases=tuple(self._phase(place) for place in range(len(self.numbers))),
            tolerance_days=None if "spacing.window" in self._loose else asked.regimen.tolerance_days,
            preferred=(),
            caps=asked.regimen.caps_for(asked.series.condition),
        )

    def _phase(self, place: int) -> Phase:
        phase = self._asked.regimen.phase_of(self.numbers[place])
        longest = phase.max_days if phase.max_days is not None else FARTHEST.days
        torn = [finding.context["days"] for finding in self._torn_by(self.numbers[place])]
        crowded = 7 if "spacing.rolling-seven-days" in self._loose else phase.per_seven_days
        return replace(phase, sessions=1, max_days=max([longest, *torn]), per_seven_days=crowded)

    def _torn_by(self, number: int) -> Iterator[Finding]:
        """Gaps before this session that are too long as it is."""
        late = {"spacing.too-late", "spacing.suspended"}
        return (finding for finding in self._torn if finding.code in late and finding.numbers[-1] == number)

    @property
    def _accepted_gap(self) -> int:
        if "spacing.suspended" in self._asked.allowed:
            return (self._asked.last - self._first).days
        return SUSPENDED_AFTER if "spacing.too-late" in self._asked.allowed else LATE_BUT_ACCEPTED

    def _points(self, session: Session, days: int) -> list[int]:
        points = [NO_PLACE] * days
        for on in self._dates(session):
            points[(on - self._first).days] = self._cost(session, on)
        return points

    def _dates(self, session: Session) -> Iterator[date]:
        if session.number in self._asked.wishes:
            yield self._asked.wishes[session.number].local.date()
            return
        if session.number not in self._asked.homeless:
            yield session.on
            if session.status is not SessionStatus.BOOKED:
                return
        starts = self._starts_of(session)
        for day in range(self._free.grid.days):
            on = self._free.grid.date_of(day)
            # Who has missed a session, or called it off, does not want that date again.
            if starts & self._free.grid.on_date(day) and not (session.is_lost and on == session.on):
                yield on

    def _cost(self, session: Session, on: date) -> int:
        if self._stays(session, on):
            return 0
        is_off = session.doses and weekday_of(on) not in self._usual and session.number not in self._asked.wishes
        return _MOVES + _OFF * is_off + abs((on - session.on).days)

    def _stays(self, session: Session, on: date) -> bool:
        is_settled = session.number in self._asked.wishes or session.number in self._asked.homeless
        return not is_settled and session.on == on

    @cached_property
    def _starts(self) -> dict[Phase, int]:
        return {}

    def _starts_of(self, session: Session) -> int:
        phase = self._asked.regimen.phase_of(session.number)
        if phase not in self._starts:
            self._starts[phase] = starts_of(self._free, phase)
        return self._starts[phase]

    def _place(self, session: Session, on: date) -> Session:
        if session.number in self._asked.wishes and (settled := self.settled(session.number)):
            return settled
        calendar, planned = self._asked.calendar, self._planned(session.number, on)
        wish = Wish(datetime.combine(on, session.starts_local.time()))
        near = nearest(calendar, planned, wish, self._free, self._starts_of(session))
        return kept_place(calendar, planned, session, wish.local) or next(near)

    def _planned(self, number: int, on: date) -> Planned:
        return Planned(number, self._asked.regimen.phase_of(number), on)

    def _forbids(self, finding: Finding) -> bool:
        return finding not in self._torn and finding.code not in self._asked.allowed
