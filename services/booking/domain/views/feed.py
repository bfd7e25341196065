"""A calendar feed: when one resource is taken, for the calendar program of whoever looks after it.

Its address is a secret that opens nothing else, and what it shows names nobody.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import Session
from shared.errors import Conflict

PATH: Final = "/booking/f/"
SUFFIX: Final = ".ics"
FEED_AHEAD: Final = timedelta(days=60)
"""How far a feed looks ahead. Platform default."""


@dataclass(frozen=True)
class Feed:
    """`label` says whom it was made for; only the digest of its address is kept."""

    id: str
    resource_id: str
    label: str
    link_digest: str
    made_at: datetime
    revoked_at: datetime | None = None
    version: int = 0

    def revoke(self, at: datetime) -> "Feed":
        """Its address leads nowhere from now on. Raises `Conflict` when it is revoked already."""
        if self.revoked_at is not None:
            raise Conflict("feed.revoked", "This feed was revoked.")
        return replace(self, revoked_at=at)


@dataclass(frozen=True)
class Taken:
    """A time in which the resource is needed for session `number` of `count`. `key` is the same for life."""

    key: str
    number: int
    count: int
    revision: int
    from_at: datetime
    until_at: datetime


def times_taken(series: Iterable[Series], resource_id: str) -> list[Taken]:
    """When booked sessions need a resource, in the order of time. What is only held for somebody is left out."""
    found = [
        taken
        for one in series
        if one.status is not SeriesStatus.HELD
        for session in one.live
        for taken in _of_session(one, session, resource_id)
    ]
    return sorted(found, key=lambda taken: (taken.from_at, taken.key))


def _of_session(series: Series, session: Session, resource_id: str) -> Iterator[Taken]:
    claims = (claim for claim in session.resource_claims if claim.resource_id == resource_id)
    for place, (from_at, until_at) in enumerate(_joined((claim.from_at, claim.until_at) for claim in claims)):
        # Nobody who gets hold of a feed can tell by its keys which series is whose.
        key = sha256(f"{series.id} {session.number} {resource_id} {place}".encode()).hexdigest()[:32]
        yield Taken(key, session.number, len(series.sessions), session.revision, from_at, until_at)


def _joined(times: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Times that touch or overlap as one."""
    joined: list[tuple[datetime, datetime]] = []
    for from_at, until_at in sorted(times):
        if joined and from_at <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], until_at)
        else:
            joined.append((from_at, until_at))
    return joined
