"""The message ledger: one row for each thing to be said to one patient, and everything that became of it.

A row is known by its meaning, never by the clock: clinic, patient, what it is about, kind, offset, revision and
channel. The same meaning planned again is the same row, so nothing can be said twice by planning twice. A worker's
claim is a lease on the row, not a status: it changes who may write, not what the message is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID, uuid5

from services.notify.domain.backoff import pause_after
from services.notify.domain.events import Event, MessageFailed, MessageSent, MessageSuppressed
from services.notify.domain.visit import Visit
from shared.errors import Fault, RuleBroken

_NAMESPACE: Final = UUID("6f1c8a0e-51f3-5d0b-9a53-0e6d8a5c2b17")
LOOK_AHEAD: Final = timedelta(hours=24)
"""How long before it is due a reminder is first looked at: quiet hours may want it said the evening before."""


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    EMAIL = "email"

    @property
    def other(self) -> "Channel":
        return Channel.EMAIL if self is Channel.SMS else Channel.SMS


class Kind(StrEnum):
    """What a message is for."""

    CONFIRMATION = "confirmation"
    REMINDER = "reminder"
    CHANGE_NOTICE = "change-notice"
    CANCELLATION_NOTICE = "cancellation-notice"
    PAUSE_NOTICE = "pause-notice"
    CHECK_IN_LINK = "check-in-link"
    OFFER = "offer"


class Status(StrEnum):
    """Where a message stands. `unknown`: the call ended without an answer; it is never sent again on a guess."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


MOVES: Final[Mapping[str, tuple[frozenset[Status], Status]]] = MappingProxyType(
    {
        "begin": (frozenset({Status.QUEUED}), Status.SENDING),
        "repeat": (frozenset({Status.SENDING}), Status.SENDING),
        "lose_sight": (frozenset({Status.SENDING}), Status.UNKNOWN),
        # An answer that comes late, after the row was given up as unknown, is still a fact.
        "accept": (frozenset({Status.SENDING, Status.UNKNOWN}), Status.SENT),
        "retry": (frozenset({Status.SENDING, Status.UNKNOWN}), Status.QUEUED),
        "fail": (frozenset({Status.SENDING, Status.UNKNOWN}), Status.FAILED),
        "suppress": (frozenset({Status.QUEUED}), Status.SUPPRESSED),
        "divert": (frozenset({Status.QUEUED}), Status.SUPPRESSED),
        "expire": (frozenset({Status.QUEUED}), Status.EXPIRED),
        "cancel": (frozenset({Status.QUEUED}), Status.CANCELLED),
    }
)
"""Every legal change of status: from where, to where."""


@dataclass(frozen=True)
class Step:
    """One status the message reached, when, and why."""

    status: Status
    at: datetime
    cause: str


@dataclass(frozen=True)
class Letter:
    """What a channel gets. `message_id` is the provider's idempotency key; `to` and `text` are personal.

    `visits` are what the patient's calendar should show or drop, where the channel carries a calendar file.
    """

    message_id: str
    clinic_id: str
    channel: Channel
    sender: str
    to: str
    subject: str
    text: str
    visits: tuple[Visit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Message:
    """One row of the ledger.

    `due_at` is the instant the plan wants, `next_at` the instant of the next look, `expires_at` the first instant at
    which saying it is of no use. `request_id` names the latest call to a provider. `text` is empty until the message
    goes out (`begun_at`), then it is what the patient reads, sealed; `address` is the fingerprint of where it goes.
    """

    id: str
    version: int = 0
    patient_id: str
    about: str
    kind: Kind
    offset: str
    revision: int
    channel: Channel
    due_at: datetime
    expires_at: datetime
    next_at: datetime
    history: tuple[Step, ...]
    attempts: int = 0
    request_id: str = ""
    provider_id: str = ""
    subject: str = ""
    text: str = ""
    address: str = ""
    begun_at: datetime | None = None
    tells_opt_out: bool = False
    status: Status = Status.QUEUED

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is done about it."""
        return self.status not in {Status.QUEUED, Status.SENDING}

    @property
    def awaits_answer(self) -> bool:
        """Whether a provider's answer still says something new."""
        return self.status in {Status.SENDING, Status.UNKNOWN}

    @property
    def look_at(self) -> datetime:
        """The instant of the first look."""
        return self.due_at - LOOK_AHEAD if self.kind is Kind.REMINDER else self.due_at

    def look_again(self) -> "Message":
        """Something about the patient changed: judge anew, as if it had never been looked at."""
        return replace(self, next_at=self.look_at)

    def wait(self, until: datetime) -> "Message":
        """Not yet; the next look is at `until`."""
        return replace(self, next_at=until)

    def begin(
        self, request_id: str, *, subject: str, text: str, address: str, tells_opt_out: bool, at: datetime
    ) -> "Message":
        """The call to the provider is about to be made. Persist this before making it."""
        letter = {"subject": subject, "text": text, "address": address, "tells_opt_out": tells_opt_out}
        return self._move("begin", at, "", request_id=request_id, attempts=self.attempts + 1, begun_at=at, **letter)

    def repeat(self, request_id: str, at: datetime) -> "Message":
        """The same call again, under the same key, where the provider promises that this has one effect."""
        return self._move("repeat", at, "repeated-with-same-key", request_id=request_id, attempts=self.attempts + 1)

    def lose_sight(self, cause: str, at: datetime) -> "Message":
        """Nobody knows whether it went out."""
        return self._move("lose_sight", at, cause)

    def accept(self, provider_id: str, at: datetime) -> tuple["Message", tuple[Event, ...]]:
        """The provider took it."""
        sent = self._move("accept", at, "", provider_id=provider_id)
        return sent, (MessageSent(**self._told, sent_at=at),)

    def retry(self, cause: str, at: datetime) -> "Message":
        """It certainly did not go out; try again after a pause that grows with each attempt."""
        unsaid = {"subject": "", "text": "", "address": "", "begun_at": None, "tells_opt_out": False}
        return self._move("retry", at, cause, next_at=at + pause_after(self.attempts, self.id), **unsaid)

    def fail(self, cause: str, at: datetime) -> tuple["Message", tuple[Event, ...]]:
        """The provider refused it for good."""
        return self._move("fail", at, cause), (MessageFailed(**self._told, cause=cause, failed_at=at),)

    def suppress(self, cause: str, at: datetime) -> tuple["Message", tuple[Event, ...]]:
        """A rule holds it back, and nothing takes its place."""
        return self._move("suppress", at, cause), (MessageSuppressed(**self._told, cause=cause, at=at),)

    def divert(self, cause: str, at: datetime) -> "Message":
        """The row of the other channel says it instead."""
        return self._move("divert", at, cause)

    def expire(self, at: datetime) -> "Message":
        """Too late to be of use."""
        return self._move("expire", at, "too-late")

    def cancel(self, cause: str, at: datetime) -> "Message":
        """What it would say is no longer true."""
        return self._move("cancel", at, cause)

    @property
    def _told(self) -> dict[str, Any]:
        return {
            "patient_id": self.patient_id,
            "kind": self.kind.value,
            "channel": self.channel.value,
            "about": self.about,
        }

    def _move(self, move: str, at: datetime, cause: str, **changes: Any) -> "Message":
        sources, target = MOVES[move]
        if self.status not in sources:
            detail = f"A message that is {self.status} cannot {move.replace('_', ' ')}."
            context = {"status": self.status, "move": move}
            raise RuleBroken("message.wrong-status", detail, [Fault("message.wrong-status", detail, context=context)])
        return replace(self, status=target, history=(*self.history, Step(target, at, cause)), **changes)


def queued(
    clinic_id: str,
    *,
    patient_id: str,
    about: str,
    kind: Kind,
    channel: Channel,
    due_at: datetime,
    expires_at: datetime,
    at: datetime,
    offset: str = "",
    revision: int = 0,
) -> Message:
    """A new row, its id made of its meaning."""
    meaning = (clinic_id, patient_id, about, kind, offset, str(revision), channel)
    message = Message(
        id=str(uuid5(_NAMESPACE, "\n".join(meaning))),
        patient_id=patient_id,
        about=about,
        kind=kind,
        offset=offset,
        revision=revision,
        channel=channel,
        due_at=due_at,
        expires_at=expires_at,
        next_at=due_at,
        history=(Step(Status.QUEUED, at, ""),),
    )
    return message.look_again()


def on_other_channel(message: Message, clinic_id: str, at: datetime) -> Message:
    """The row that says the same by the other channel."""
    return queued(
        clinic_id,
        patient_id=message.patient_id,
        about=message.about,
        kind=message.kind,
        channel=message.channel.other,
        due_at=message.due_at,
        expires_at=message.expires_at,
        at=at,
        offset=message.offset,
        revision=message.revision,
    )
