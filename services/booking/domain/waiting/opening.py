"""An opening: a place in the calendar that came free and is offered to those who wait, one after the other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.booking.domain.calendar.slots import START_GRID
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session
from shared.errors import illegal_move
from shared.localtime import at_local_time, to_local

MOST_AT_ONCE: Final = 50
"""So many of those who wait are looked at in one go; then others come first. Platform default."""
ASKED_ELSEWHERE: Final = timedelta(minutes=5)
"""When whoever could take it is being asked about another place, it is looked at again after this time."""


class OpeningStatus(StrEnum):
    """Where an opening stands."""

    OPEN = "open"
    OFFERED = "offered"
    ENDED = "ended"


class OpeningMove(StrEnum):
    """What may happen to an opening; the value completes "it cannot be …"."""

    OFFER = "offered"
    REOPEN = "opened again"
    END = "ended"


MOVES: Final[Mapping[tuple[OpeningStatus, OpeningMove], OpeningStatus]] = MappingProxyType(
    {
        (OpeningStatus.OPEN, OpeningMove.OFFER): OpeningStatus.OFFERED,
        (OpeningStatus.OPEN, OpeningMove.END): OpeningStatus.ENDED,
        (OpeningStatus.OFFERED, OpeningMove.REOPEN): OpeningStatus.OPEN,
        (OpeningStatus.OFFERED, OpeningMove.END): OpeningStatus.ENDED,
    }
)


class Outcome(StrEnum):
    """What became of an opening."""

    TAKEN = "taken"
    NOBODY = "nobody"
    TOO_LATE = "too-late"


@dataclass(frozen=True)
class Opening:
    """`resource_ids` came free for sessions that start from `from_at` until just before `until_at`.

    `next_at` is when somebody should be asked; `passed` are the entries of those who were asked or whom it does not
    suit: they are not looked at again.
    """

    id: str
    zone: str
    from_at: datetime
    until_at: datetime
    resource_ids: tuple[str, ...]
    next_at: datetime
    passed: tuple[str, ...] = ()
    status: OpeningStatus = OpeningStatus.OPEN
    offer_id: str | None = None
    outcome: Outcome | None = None
    version: int = 0

    def starts(self, earliest: datetime) -> Iterator[datetime]:
        """When a session could start here, not before `earliest`: as the former one did, then each quarter of an hour.

        Every zone in use is a whole number of quarters of an hour from UTC, so these are quarters on the wall, too.
        """
        if earliest <= self.from_at:
            yield self.from_at
        midnight = self.from_at.replace(hour=0, minute=0, second=0, microsecond=0)
        start = midnight + ((self.from_at - midnight) // START_GRID + 1) * START_GRID
        while start < self.until_at:
            if start >= earliest:
                yield start
            start += START_GRID

    def offer(self, offer_id: str, entry_id: str) -> "Opening":
        """Somebody is asked. Raises `Conflict` when it is not open."""
        return replace(self._moved(OpeningMove.OFFER), offer_id=offer_id, passed=(*self.passed, entry_id))

    def reopen(self, *, at: datetime) -> "Opening":
        """They did not take it: the next is asked from `at` on. Raises `Conflict` when nobody was asked."""
        return replace(self._moved(OpeningMove.REOPEN), offer_id=None, next_at=at)

    def pass_over(self, entry_ids: Iterable[str]) -> "Opening":
        """It does not suit them."""
        return replace(self, passed=(*self.passed, *entry_ids))

    def rest_until(self, at: datetime) -> "Opening":
        """Nobody is asked before `at`, such as at night."""
        return replace(self, next_at=at)

    def end(self, outcome: Outcome) -> "Opening":
        """It is over. Raises `Conflict` when it was before."""
        return replace(self._moved(OpeningMove.END), outcome=outcome)

    def _moved(self, move: OpeningMove) -> "Opening":
        if (self.status, move) not in MOVES:
            raise illegal_move("opening", self.status, f"it cannot be {move}")
        return replace(self, status=MOVES[self.status, move])


def given_up(before: Series, after: Series) -> tuple[Session, ...]:
    """The sessions of `before` whose places nobody has any more, or only in part, when it becomes `after`."""
    held = {session.number: session.claims for session in after.live}
    return tuple(session for session in before.live if held.get(session.number) != session.claims)


def opening_at(session: Session, series: Series, now: datetime) -> Opening:
    """The place that a session of `series` has given up.

    The opening's id follows from the session and the version of its series: what is decided again opens no place twice,
    and a session that only changes its chair opens one each time.
    """
    claims = session.resource_claims
    return Opening(
        id=f"{series.id}.{session.number}.{series.version}",
        zone=series.zone,
        from_at=session.starts_at,
        until_at=max((claim.until_at for claim in claims), default=session.starts_at),
        resource_ids=tuple(dict.fromkeys(claim.resource_id for claim in claims)),
        next_at=now,
    )


def after_quiet(at: datetime, zone: str, quiet_from: time, quiet_until: time) -> datetime:
    """`at`, or the end of the quiet hours that it lies in: an offer that runs out by night is none."""
    wall = to_local(at, zone).time()
    over_midnight = quiet_from > quiet_until
    if over_midnight and wall >= quiet_from:
        return at_local_time(at, zone, quiet_until, days=1)
    is_quiet = wall < quiet_until and (over_midnight or wall >= quiet_from)
    return at_local_time(at, zone, quiet_until) if is_quiet else at
