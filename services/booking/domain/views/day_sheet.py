"""A clinic's day on one sheet: a column for each resource, with what takes place in it and what is free."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.booking.domain.calendar.resource import Interval, Resource
from services.booking.domain.calendar.slots import Claim
from services.booking.domain.series.session import Session, SessionStatus

UNCONFIRMED_WITHIN: Final = timedelta(hours=30)
"""So long before its start the desk phones who has not confirmed. Clinic default."""


class Mark(StrEnum):
    """What the desk should look at."""

    UNCONFIRMED = "unconfirmed"
    AT_RISK = "at-risk"
    ON_HOLD = "on-hold"
    RESERVED = "reserved"


@dataclass(frozen=True)
class SessionOfSeries:
    """A session, with whose it is. Offered: not the session itself, but another place that is kept for it."""

    series_id: str
    patient_id: str
    zone: str
    session: Session
    is_offered: bool = False

    @property
    def place(self) -> str:
        """Where it stands among others, by time."""
        return f"{self.session.starts_at.isoformat()} {self.series_id} {self.session.number:04} {self.is_offered:d}"

    @property
    def holds_its_place(self) -> bool:
        """Whether nobody else can have what it takes."""
        return self.is_offered or self.session.is_live


@dataclass(frozen=True)
class Entry:
    """What a session takes of one resource, and what is to be said about it."""

    placed: SessionOfSeries
    blocks: tuple[Claim, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Free:
    """A place of a resource that is there and that nobody has, from `from_at` until just before `until_at`."""

    place: int
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True)
class Column:
    """One resource's day: when it is there, who has it, what is free; each in the order of time."""

    resource: Resource
    openings: tuple[Interval, ...]
    entries: tuple[Entry, ...]
    free: tuple[Free, ...]


def column(
    resource: Resource,
    openings: Sequence[Interval],
    placed: Iterable[SessionOfSeries],
    marked: Mapping[Mark, AbstractSet[str]],
    now: datetime,
) -> Column:
    """The column of a resource that is there during `openings`.

    Of the sessions `placed` it shows those that take it; `marked` holds, by mark, the places of those of which more is
    known than they say themselves.
    """
    entries = sorted(_entries(resource, placed, marked, now), key=lambda one: (one.blocks[0].from_at, one.placed.place))
    free = [gap for place in range(resource.capacity) for gap in _free(place, openings, entries)]
    return Column(resource, tuple(openings), tuple(entries), tuple(free) if resource.is_active else ())


def _entries(
    resource: Resource, placed: Iterable[SessionOfSeries], marked: Mapping[Mark, AbstractSet[str]], now: datetime
) -> Iterator[Entry]:
    for one in placed:
        claims = [claim for claim in one.session.claims if claim.resource_id == resource.id]
        if claims and one.holds_its_place:
            yield Entry(one, tuple(sorted(claims, key=lambda claim: claim.from_at)), tuple(_marks(one, marked, now)))


def _marks(placed: SessionOfSeries, marked: Mapping[Mark, AbstractSet[str]], now: datetime) -> Iterator[Mark]:
    session = placed.session
    if placed.is_offered or session.status is SessionStatus.PENDING:
        yield Mark.RESERVED
    elif session.status is SessionStatus.BOOKED and _should_have_confirmed(session, now):
        yield Mark.UNCONFIRMED
    if placed.place in marked[Mark.AT_RISK]:
        yield Mark.AT_RISK
    if session.blocks or placed.place in marked[Mark.ON_HOLD]:
        yield Mark.ON_HOLD


def _should_have_confirmed(session: Session, now: datetime) -> bool:
    return session.confirmed_at is None and session.starts_at - now < UNCONFIRMED_WITHIN


def _free(place: int, openings: Iterable[Interval], entries: Iterable[Entry]) -> Iterator[Free]:
    """What the entries leave of one place."""
    taken = [(claim.from_at, claim.until_at) for one in entries for claim in one.blocks if place in claim.places]
    for opens, closes in openings:
        clock = opens
        for from_at, until_at in sorted(taken):
            if clock < from_at < closes:
                yield Free(place, clock, from_at)
            clock = max(clock, until_at)
        if clock < closes:
            yield Free(place, clock, closes)
