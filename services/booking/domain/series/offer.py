"""An offer: a place that came free, kept for one patient who waits, until they answer or the time is over."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from services.booking.domain.events import (
    OfferAccepted,
    OfferDeclined,
    OfferEvent,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
)
from services.booking.domain.series.position import Position
from services.booking.domain.series.session import Session
from shared.errors import Conflict, RuleBroken, illegal_move

SHORTEST_OFFER: Final = timedelta(minutes=5)
"""Nobody is asked who has less time than this to answer. Platform default."""


class OfferStatus(StrEnum):
    """Where an offer stands."""

    MADE = "made"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class OfferMove(StrEnum):
    """What may happen to an offer; the value completes "it cannot be …"."""

    ACCEPT = "accepted"
    DECLINE = "declined"
    EXPIRE = "ended"
    WITHDRAW = "withdrawn"


MOVES: Final[Mapping[tuple[OfferStatus, OfferMove], OfferStatus]] = MappingProxyType(
    {
        (OfferStatus.MADE, OfferMove.ACCEPT): OfferStatus.ACCEPTED,
        (OfferStatus.MADE, OfferMove.DECLINE): OfferStatus.DECLINED,
        (OfferStatus.MADE, OfferMove.EXPIRE): OfferStatus.EXPIRED,
        (OfferStatus.MADE, OfferMove.WITHDRAW): OfferStatus.WITHDRAWN,
    }
)


@dataclass(frozen=True)
class OfferedPlace:
    """What the series of the one who is asked holds meanwhile: `session` as it would be, for the session at `position`.

    The series' slots are under the database's unique index, so nobody else gets the place. Once the session stands
    elsewhere than at `position`, this holds nothing any more.
    """

    offer_id: str
    position: Position
    session: Session


@dataclass(frozen=True)
class Offer:
    """One question to one patient; it is never asked twice. `ended_at` says when it was over."""

    id: str
    opening_id: str
    entry_id: str
    patient_id: str
    series_id: str
    number: int
    zone: str
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    made_at: datetime
    expires_at: datetime
    status: OfferStatus = OfferStatus.MADE
    ended_at: datetime | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it can still be answered, as far as anybody has noted."""
        return self.status is OfferStatus.MADE

    def make(self) -> "Changed":
        """Ask."""
        told = OfferMade(
            patient_id=self.patient_id,
            series_id=self.series_id,
            number=self.number,
            zone=self.zone,
            starts_at=self.starts_at,
            starts_local=self.starts_local,
            ends_at=self.ends_at,
            expires_at=self.expires_at,
        )
        return self, [told]

    def accept(self, *, at: datetime) -> "Changed":
        """The patient takes the place. Raises `Conflict` when the offer is over, whether or not somebody noted it."""
        ended = self._ended(OfferMove.ACCEPT, at)
        self._require_in_time(at)
        return ended, [OfferAccepted(self.patient_id, self.series_id, self.number, at)]

    def decline(self, *, at: datetime) -> "Changed":
        """The patient does not want it. Raises `Conflict` when the offer is over."""
        ended = self._ended(OfferMove.DECLINE, at)
        self._require_in_time(at)
        return ended, [OfferDeclined(self.patient_id, self.series_id, self.number, at)]

    def expire(self, *, at: datetime) -> "Changed":
        """Nobody answered. Raises `Conflict` when the offer is over, `RuleBroken` while there is time left."""
        ended = self._ended(OfferMove.EXPIRE, at)
        if at < self.expires_at:
            raise RuleBroken("offer.not-due", "There is still time to answer this offer.")
        return ended, [OfferExpired(self.patient_id, self.series_id, self.number, at)]

    def withdraw(self, *, at: datetime) -> "Changed":
        """It is void: the session went another way, or nobody waits any more. Raises `Conflict` when it is over."""
        return self._ended(OfferMove.WITHDRAW, at), [OfferWithdrawn(self.patient_id, self.series_id, self.number, at)]

    def _ended(self, move: OfferMove, at: datetime) -> "Offer":
        if (self.status, move) not in MOVES:
            raise illegal_move("offer", self.status, f"it cannot be {move}")
        return replace(self, status=MOVES[self.status, move], ended_at=at)

    def _require_in_time(self, at: datetime) -> None:
        if at >= self.expires_at:
            raise Conflict("offer.expired", "The time to answer this offer is over.")


Changed: TypeAlias = tuple[Offer, list[OfferEvent]]


def answer_by(now: datetime, starts_at: datetime, *, stands: timedelta, notice: timedelta) -> datetime:
    """Until when an offer of a place at `starts_at` may be answered.

    It stands for `stands`, and never until later than `notice` before the start: the place must be of use to somebody.
    """
    return min(now + stands, starts_at - notice)
