"""One session of a series, and the ways it may go.

The words for its status are those of a FHIR Appointment; `in-progress`, which that list lacks, is the word of the FHIR
Encounter. A session is *pending* until its series is booked, and *proposed* while it waits for a new place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from services.booking.domain.calendar.slots import PATIENT, Claim
from shared.errors import Conflict, Fault


class SessionStatus(StrEnum):
    """Where a session stands."""

    PENDING = "pending"
    BOOKED = "booked"
    CHECKED_IN = "checked-in"
    IN_PROGRESS = "in-progress"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    PROPOSED = "proposed"


class SessionMove(StrEnum):
    """What may happen to a session; the value completes "it cannot be …"."""

    CONFIRM = "booked"
    LAPSE = "given up"
    RESCHEDULE = "moved"
    CHECK_IN = "checked in"
    START = "started"
    DISCHARGE = "discharged"
    CANCEL = "cancelled"
    MISS = "missed"
    PAUSE = "paused"
    REBOOK = "booked again"


MOVES: Final[Mapping[tuple[SessionStatus, SessionMove], SessionStatus]] = MappingProxyType(
    {
        (SessionStatus.PENDING, SessionMove.CONFIRM): SessionStatus.BOOKED,
        (SessionStatus.PENDING, SessionMove.LAPSE): SessionStatus.CANCELLED,
        (SessionStatus.BOOKED, SessionMove.RESCHEDULE): SessionStatus.BOOKED,
        (SessionStatus.BOOKED, SessionMove.CHECK_IN): SessionStatus.CHECKED_IN,
        (SessionStatus.BOOKED, SessionMove.CANCEL): SessionStatus.CANCELLED,
        (SessionStatus.BOOKED, SessionMove.MISS): SessionStatus.NOSHOW,
        (SessionStatus.BOOKED, SessionMove.PAUSE): SessionStatus.PROPOSED,
        (SessionStatus.PROPOSED, SessionMove.REBOOK): SessionStatus.BOOKED,
        (SessionStatus.PROPOSED, SessionMove.CANCEL): SessionStatus.CANCELLED,
        (SessionStatus.CANCELLED, SessionMove.REBOOK): SessionStatus.BOOKED,
        (SessionStatus.NOSHOW, SessionMove.REBOOK): SessionStatus.BOOKED,
        (SessionStatus.CHECKED_IN, SessionMove.START): SessionStatus.IN_PROGRESS,
        (SessionStatus.CHECKED_IN, SessionMove.CANCEL): SessionStatus.CANCELLED,
        (SessionStatus.IN_PROGRESS, SessionMove.DISCHARGE): SessionStatus.FULFILLED,
    }
)
OPEN: Final = frozenset(
    {SessionStatus.PENDING, SessionStatus.BOOKED, SessionStatus.CHECKED_IN, SessionStatus.IN_PROGRESS}
)
NOT_BEGUN: Final = OPEN - {SessionStatus.IN_PROGRESS}
LIVE: Final = OPEN | {SessionStatus.FULFILLED}
"""A live session holds its slots; a fulfilled one for good."""
LOST: Final = frozenset({SessionStatus.CANCELLED, SessionStatus.NOSHOW})
SHORT_NOTICE: Final = timedelta(hours=24)
"""A patient who cancels later than this before the start counts with those who did not come. Clinic default."""
CONSENT_WITHDRAWN: Final = "consent.withdrawn"
WHEREVER: Final = frozenset({CONSENT_WITHDRAWN})
"""What holds a session wherever it is moved to."""
PAUSED: Final = "paused"
"""The reason of a session that its series' pause took out of the calendar."""


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
class HoldOn:
    """Why a session must not begin before a clinician has looked at it, such as a cap that turned out broken."""

    code: str
    detail: str
    at: datetime


@dataclass(frozen=True)
class Former:
    """A place that a session had and lost: what became of it, why, and when."""

    starts_at: datetime
    starts_local: datetime
    status: SessionStatus
    reason: str | None
    ended_at: datetime | None

    @property
    def was_let_down(self) -> bool:
        """Whether the patient did not come, or said so at short notice. What others call off never counts."""
        if self.status is SessionStatus.NOSHOW:
            return True
        called_off = self.status is SessionStatus.CANCELLED and self.reason == CancelReason.PATIENT
        return called_off and self.ended_at is not None and self.starts_at - self.ended_at < SHORT_NOTICE


@dataclass(frozen=True)
class Session:
    """`starts_local` in the series' zone is the promise; `second` marks the later one of two equal wall times.

    `revision` counts the session's moves. `claims` says which resource is taken from when until when, the patient among
    them. `doses` says whether the medicine is given. `reason` and `ended_at` say why and since when it is cancelled,
    missed or paused; `history` holds the places that it lost before. `confirmed_at` is the patient's word for this
    place. While there are `blocks`, it is on hold.
    """

    number: int
    phase: str
    doses: bool
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    claims: tuple[Claim, ...]
    second: bool = False
    status: SessionStatus = SessionStatus.PENDING
    revision: int = 0
    placed_at: datetime | None = None
    confirmed_at: datetime | None = None
    arrived_at: datetime | None = None
    started_at: datetime | None = None
    discharged_at: datetime | None = None
    reason: str | None = None
    ended_at: datetime | None = None
    blocks: tuple[HoldOn, ...] = ()
    history: tuple[Former, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen."""
        return self.status in OPEN

    @property
    def is_dose_to_come(self) -> bool:
        """Whether the medicine is still to be given, at a place that it has."""
        return self.doses and self.status in NOT_BEGUN

    @property
    def is_live(self) -> bool:
        """Whether it takes place, or took place."""
        return self.status in LIVE

    @property
    def is_lost(self) -> bool:
        """Whether it had a place and does not take place there."""
        return self.status in LOST

    @property
    def waits_for_a_place(self) -> bool:
        """Whether it is to take place, nobody knows when."""
        return self.status is SessionStatus.PROPOSED

    @property
    def attempts(self) -> tuple[Former, ...]:
        """What became of each of its places, the present one last."""
        return (*self.history, Former(self.starts_at, self.starts_local, self.status, self.reason, self.ended_at))

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
    def resource_ids(self) -> tuple[str, ...]:
        """The resources that it takes of the clinic, each once."""
        return tuple(dict.fromkeys(claim.resource_id for claim in self.resource_claims))

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

    def put(self, move: SessionMove, placed: "Session") -> "Session":
        """The session at the place of `placed`, keeping its number and its past; whatever was said of the old is void.

        Every rule has been looked at anew for the new place, so it is on hold there only for what no other place mends.
        At the same time with another chair or nurse nothing that the patient was told or has said changes. Raises
        `Conflict` when it cannot go there.
        """
        blocks = tuple(block for block in self.blocks if block.code in WHEREVER)
        if move is SessionMove.RESCHEDULE and placed.starts_at == self.starts_at:
            return self.after(move, claims=placed.claims, blocks=blocks)
        return self.after(
            move,
            starts_at=placed.starts_at,
            starts_local=placed.starts_local,
            second=placed.second,
            ends_at=placed.ends_at,
            claims=placed.claims,
            revision=self.revision + 1,
            placed_at=placed.placed_at,
            confirmed_at=None,
            reason=None,
            ended_at=None,
            blocks=blocks,
            history=self.history if move is SessionMove.RESCHEDULE else self.attempts,
        )
