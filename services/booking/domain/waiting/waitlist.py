"""The waitlist: for which session somebody wants another place, what they wish for, and who is asked first."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.booking.domain.calendar.slots import Weekday, weekday_of
from services.booking.domain.series.position import Position
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import LOST, Session, SessionStatus
from services.booking.domain.series.standing import rebookable
from shared.errors import Conflict, Fault, RuleBroken, illegal_move

MAY_WAIT: Final = LOST | {SessionStatus.BOOKED}
"""A booked session waits for an earlier or another time, a lost one for any. Of a series that rests none waits."""


class EntryStatus(StrEnum):
    """Where an entry stands."""

    WAITING = "waiting"
    PLACED = "placed"
    WITHDRAWN = "withdrawn"


class EntryMove(StrEnum):
    """What may happen to an entry; the value completes "it cannot be …"."""

    PLACE = "given a place"
    WITHDRAW = "withdrawn"


MOVES: Final[Mapping[tuple[EntryStatus, EntryMove], EntryStatus]] = MappingProxyType(
    {
        (EntryStatus.WAITING, EntryMove.PLACE): EntryStatus.PLACED,
        (EntryStatus.WAITING, EntryMove.WITHDRAW): EntryStatus.WITHDRAWN,
    }
)


@dataclass(frozen=True)
class DayTimes:
    """Wall times of the clinic at which a session may start, both included."""

    from_time: time
    until_time: time


@dataclass(frozen=True)
class Wishes:
    """What a place must be like; what is left empty does not matter.

    `weekdays`, `times` and the dates speak of the session's start on the clinic's wall clock. `resource_ids` names who
    or what it must be. `only_earlier` leaves out everything that is not before the present place of a booked session.
    """

    weekdays: tuple[Weekday, ...] = ()
    times: tuple[DayTimes, ...] = ()
    earliest: date | None = None
    latest: date | None = None
    resource_ids: tuple[str, ...] = ()
    only_earlier: bool = True

    def allow(self, local: datetime) -> bool:
        """Whether a start at this wall time is wanted."""
        return (
            (not self.weekdays or weekday_of(local.date()) in self.weekdays)
            and (not self.times or any(one.from_time <= local.time() <= one.until_time for one in self.times))
            and (self.earliest or date.min) <= local.date() <= (self.latest or date.max)
        )


@dataclass(frozen=True)
class Entry:
    """Somebody waits for another place for the session at `position`.

    `priority` goes from 1, the highest, to 9, as in RFC 5545. `offer_id` is the offer that is open to them now.
    """

    id: str
    patient_id: str
    series_id: str
    position: Position
    since: datetime
    wishes: Wishes = field(default_factory=Wishes)
    priority: int = 5
    status: EntryStatus = EntryStatus.WAITING
    offer_id: str | None = None
    ended_at: datetime | None = None
    version: int = 0

    @property
    def number(self) -> int:
        """Which session of the series."""
        return self.position.number

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """Who comes first: by priority, then who waits longest, then by id so that there is always an order."""
        return self.priority, self.since, self.id

    @property
    def is_free(self) -> bool:
        """Whether they wait and are not asked about another place just now."""
        return self.status is EntryStatus.WAITING and self.offer_id is None

    def wants(self, local: datetime, session: Session) -> bool:
        """Whether a start at `local` is better than what `session`, theirs, has now."""
        if session.status is SessionStatus.BOOKED and (
            local == session.starts_local or (self.wishes.only_earlier and local > session.starts_local)
        ):
            return False
        return self.wishes.allow(local)

    def asked(self, offer_id: str) -> "Entry":
        """They are asked about a place. Raises `Conflict` when they do not wait, or are asked already."""
        if not self.is_free:
            raise Conflict("waitlist.not-free", "They do not wait any more, or are asked about another place.")
        return replace(self, offer_id=offer_id)

    def answered(self) -> "Entry":
        """The question is over and they wait on."""
        return replace(self, offer_id=None)

    def place(self, *, at: datetime) -> "Entry":
        """They have what they waited for. Raises `Conflict` when they do not wait any more."""
        return self._ended(EntryMove.PLACE, at)

    def withdraw(self, *, at: datetime) -> "Entry":
        """They wait no longer. Raises `Conflict` when they do not wait any more."""
        return self._ended(EntryMove.WITHDRAW, at)

    def _ended(self, move: EntryMove, at: datetime) -> "Entry":
        if (self.status, move) not in MOVES:
            raise illegal_move("entry", self.status, f"it cannot be {move}", code="waitlist.illegal-move")
        return replace(self, status=MOVES[self.status, move], offer_id=None, ended_at=at)


def may_wait(series: Series, number: int) -> Session:
    """The session that somebody wants another place for.

    Raises `NotFound`, and `RuleBroken` when it is past that or its series does not run.
    """
    session = series.session(number)
    if series.status is not SeriesStatus.ACTIVE:
        raise RuleBroken(
            "waitlist.series-not-active", f"This series is {series.status}: nobody waits for its sessions."
        )
    if session.status not in MAY_WAIT or (session.is_lost and session not in rebookable(series.sessions)):
        raise RuleBroken("waitlist.session-past", f"Session {number} is {session.status}: it needs no other place.")
    return session


def checked(wishes: Wishes) -> Wishes:
    """The wishes, when any time at all can fulfil them. Raises `RuleBroken` with every reason."""
    faults = [
        Fault("waitlist.times-backward", "Times of day end at or after they begin.", f"/wishes/times/{place}")
        for place, one in enumerate(wishes.times)
        if one.until_time < one.from_time
    ]
    if wishes.earliest and wishes.latest and wishes.latest < wishes.earliest:
        faults.append(Fault("waitlist.dates-backward", "The latest date is before the earliest.", "/wishes/latest"))
    if faults:
        raise RuleBroken("waitlist.rules-broken", "No place can ever be like this.", faults)
    return wishes
