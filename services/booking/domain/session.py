"""One session of a series, and the ways it may go.

The words for its status are those of a FHIR Appointment; `in-progress`, which that list lacks, is the word of the FHIR
Encounter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from services.booking.domain.calendar import PATIENT, Claim
from shared.errors import Conflict, Fault


class SessionStatus(StrEnum):
    """Where a session stands."""

    BOOKED = "booked"
    CHECKED_IN = "checked-in"
    IN_PROGRESS = "in-progress"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"


class SessionMove(StrEnum):
    """What may happen to a session; the value completes "it cannot be …"."""

    RESCHEDULE = "moved"
    CHECK_IN = "checked in"
    START = "started"
    DISCHARGE = "discharged"
    CANCEL = "cancelled"
    MISS = "missed"


MOVES: Final[Mapping[tuple[SessionStatus, SessionMove], SessionStatus]] = MappingProxyType(
    {
        (SessionStatus.BOOKED, SessionMove.RESCHEDULE): SessionStatus.BOOKED,
        (SessionStatus.BOOKED, SessionMove.CHECK_IN): SessionStatus.CHECKED_IN,
        (SessionStatus.BOOKED, SessionMove.CANCEL): SessionStatus.CANCELLED,
        (SessionStatus.BOOKED, SessionMove.MISS): SessionStatus.NOSHOW,
        (SessionStatus.CHECKED_IN, SessionMove.START): SessionStatus.IN_PROGRESS,
        (SessionStatus.CHECKED_IN, SessionMove.CANCEL): SessionStatus.CANCELLED,
        (SessionStatus.IN_PROGRESS, SessionMove.DISCHARGE): SessionStatus.FULFILLED,
    }
)
OPEN: Final = frozenset({SessionStatus.BOOKED, SessionStatus.CHECKED_IN, SessionStatus.IN_PROGRESS})
LIVE: Final = OPEN | {SessionStatus.FULFILLED}
"""A live session holds its slots; a fulfilled one for good."""


class CancelReason(StrEnum):
    """Why a session or the rest of a series is called off."""

    PATIENT = "patient"
    CLINIC = "clinic"
    WEATHER = "weather"
    CLINICAL = "clinical"
    OTHER = "other"


class MissReason(StrEnum):
    """Why a session counts as missed."""

    NO_SHOW = "no-show"
    LATE = "late"


@dataclass(frozen=True)
class Session:
    """`starts_local` in the series' zone is the promise; `second` marks the later one of two equal wall times.

    `revision` counts the session's moves. `claims` says which resource is taken from when until when, the patient among
    them. `reason` is a `CancelReason` or a `MissReason`. `doses` says whether the medicine is given.
    """

    number: int
    phase: str
    doses: bool
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    claims: tuple[Claim, ...]
    second: bool = False
    status: SessionStatus = SessionStatus.BOOKED
    revision: int = 0
    arrived_at: datetime | None = None
    started_at: datetime | None = None
    discharged_at: datetime | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen."""
        return self.status in OPEN

    @property
    def is_live(self) -> bool:
        """Whether it takes place, or took place."""
        return self.status in LIVE

    @property
    def on(self) -> date:
        """Its local date."""
        return self.starts_local.date()

    @property
    def arrives_at(self) -> datetime:
        """When the first of its claims begins: the patient comes before the chair is needed."""
        return min(claim.from_at for claim in self.claims)

    @property
    def resource_claims(self) -> tuple[Claim, ...]:
        """What it takes of the clinic."""
        return tuple(claim for claim in self.claims if claim.kind != PATIENT)

    @property
    def slots(self) -> frozenset[str]:
        """The keys of all slots that its resources and its patient are taken in."""
        return frozenset().union(*(claim.slots for claim in self.claims))

    def faults_of(self, move: SessionMove) -> list[Fault]:
        """Why it cannot go this way; nothing when it can."""
        if (self.status, move) in MOVES:
            return []
        detail = f"Session {self.number} is {self.status}: it cannot be {move}."
        return [Fault("session.illegal-move", detail, context={"number": self.number, "status": str(self.status)})]

    def after(self, move: SessionMove, **facts: Any) -> "Session":
        """The session gone this way, with new facts about it. Raises `Conflict` when it cannot go there."""
        if faults := self.faults_of(move):
            raise Conflict("session.illegal-move", faults[0].detail, faults)
        return replace(self, status=MOVES[self.status, move], **facts)
