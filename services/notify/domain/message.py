"""The message ledger: one row for each thing to be said to one patient, and everything that became of it.

A row is known by its meaning, never by the clock: clinic, patient, who reads it, what it is about, kind, offset,
revision and channel. The same meaning planned again is the same row, so nothing can be said twice by planning twice. A
worker's claim is a lease on the row, not a status: it changes who may write, not what the message is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from types import MappingProxyType
from typing import Any, Final

from services.notify.domain.backoff import pause_after
from services.notify.domain.events import CallWanted, Event, MessageFailed, MessageSent, MessageSuppressed
from services.notify.domain.visit import Visit
from shared.errors import Fault, RuleBroken

LOOK_AHEAD: Final = timedelta(hours=24)
"""How long before it is due a reminder is first looked at: quiet hours may want it said the evening before."""
ASK_AFTER: Final = timedelta(minutes=10)
"""How long a provider's callback is waited for before it is asked what became of a message, and between questions."""
ASK_WITHIN: Final = timedelta(days=1)
ASK_TIMES: Final = 2
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_REPEATED: Final = "repeated-with-same-key"
PATIENT: Final = "patient"
ESCORT: Final = "escort"
TOLD_ABOUT: Final = ("series/", "check_in/")
"""Only of messages about these it is told what became of them."""


class Channel(StrEnum):
    """How a message travels. `desk`: a person at the front desk phones."""

    SMS = "sms"
    EMAIL = "email"
    DESK = "desk"


class Kind(StrEnum):
    """What a message is for."""

    CONFIRMATION = "confirmation"
    REMINDER = "reminder"
    CHANGE_NOTICE = "change-notice"
    CANCELLATION_NOTICE = "cancellation-notice"
    PAUSE_NOTICE = "pause-notice"
    CHECK_IN_LINK = "check-in-link"
    OFFER = "offer"
    ESCORT_REMINDER = "escort-reminder"
    UNCONFIRMED = "unconfirmed"
    HOME_SAFE = "home-safe"
    CHECK_IN_CHASE = "check-in-chase"
    MANUAL = "manual"
    OPT_OUT_CONFIRMATION = "opt-out-confirmation"
    OPT_IN_CONFIRMATION = "opt-in-confirmation"
    HELP = "help"
    CRISIS = "crisis"
    NO_OPEN_VISIT = "no-open-visit"
    STAFF_PAGE = "staff-page"
    TEST = "test"


COMES_EARLIER: Final = frozenset({Kind.REMINDER, Kind.ESCORT_REMINDER, Kind.HOME_SAFE})
"""What quiet hours move to an earlier time, so that it is looked at long before it is due."""


class Status(StrEnum):
    """Where a message stands. `unknown`: the call ended without an answer; it is never sent again on a guess."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
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
        "forget": (frozenset({Status.QUEUED}), Status.UNKNOWN),
        # An answer that comes late, after the row was given up as unknown, is still a fact. So is a receipt: it may
        # come before the answer, and of a call that is thought to have failed. A final status is never moved back.
        "accept": (frozenset({Status.QUEUED, Status.SENDING, Status.UNKNOWN}), Status.SENT),
        "deliver": (frozenset({Status.QUEUED, Status.SENDING, Status.SENT, Status.UNKNOWN}), Status.DELIVERED),
        "bounce": (frozenset({Status.QUEUED, Status.SENDING, Status.SENT, Status.UNKNOWN}), Status.UNDELIVERED),
        "retry": (frozenset({Status.SENDING, Status.UNKNOWN}), Status.QUEUED),
        "fail": (frozenset({Status.SENDING, Status.UNKNOWN}), Status.FAILED),
        "suppress": (frozenset({Status.QUEUED}), Status.SUPPRESSED),
        "divert": (frozenset({Status.QUEUED}), Status.SUPPRESSED),
        "hand_over": (frozenset({Status.QUEUED}), Status.SENT),
        "expire": (frozenset({Status.QUEUED}), Status.EXPIRED),
        "cancel": (frozenset({Status.QUEUED}), Status.CANCELLED),
    }
)
"""Every legal change of status: from where, to where."""
WENT_OUT: Final = frozenset({Status.SENDING, Status.SENT, Status.DELIVERED, Status.UNKNOWN})
"""Where a message stands that somebody has read, or may have."""


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
    `from_number`: the clinic's own number; empty: the installation's. `unsubscribe_url`: of an e-mail.
    """

    message_id: str
    clinic_id: str
    channel: Channel
    sender: str
    to: str
    subject: str
    text: str
    visits: tuple[Visit, ...] = ()
    unsubscribe_url: str = ""
    from_number: str = ""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One row of the ledger.

    `due_at` is the instant the plan wants, `next_at` the instant of the next look, `expires_at` the first instant at
    which saying it is of no use. What is needed soonest goes first: `needed_at` is the visit that it is for, or when it
    ends to be of use, or now where somebody waits for it. `request_id` names the latest call to a provider; `asked`:
    how often a provider knew nothing of it. `text` is empty until the first call (`begun_at`), then it is what the
    patient reads, sealed; `address` is the fingerprint of where it goes.

    `patient_id` is whom it concerns (empty: a stranger), `reader` who gets it: the patient, the escort or
    `staff/<contact id>`. `to` (sealed) is an address that was fixed when it was planned, `body` (sealed) a text that
    was. `place`: its place among the counted texts of a day. `also`: other visits that it speaks of. `edition`: the
    clinic's own text that it was made of (0: the platform's).
    """

    id: str
    version: int = 0
    patient_id: str
    about: str
    kind: Kind
    offset: str
    revision: int
    channel: Channel
    reader: str = PATIENT
    to: str = ""
    body: str = ""
    due_at: datetime
    expires_at: datetime
    needed_at: datetime
    next_at: datetime
    history: tuple[Step, ...]
    attempts: int = 0
    asked: int = 0
    request_id: str = ""
    provider_id: str = ""
    subject: str = ""
    text: str = ""
    address: str = ""
    begun_at: datetime | None = None
    tells_opt_out: bool = False
    place: str = ""
    also: tuple[str, ...] = ()
    edition: int = 0
    status: Status = Status.QUEUED

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is done about it."""
        return self.status not in {Status.QUEUED, Status.SENDING}

    @property
    def awaits_answer(self) -> bool:
        """Whether a provider's answer still says something new."""
        return self.status in {Status.SENDING, Status.UNKNOWN}

    def takes_receipt(self, move: str) -> bool:
        """Whether a receipt may make this move: it is news, and of a message that a provider was called for."""
        return self.attempts > 0 and self.status in MOVES[move][0]

    @property
    def look_at(self) -> datetime:
        """The instant of the first look."""
        return self.due_at - LOOK_AHEAD if self.kind in COMES_EARLIER else self.due_at

    def look_again(self) -> "Message":
        """Something about the patient changed: judge anew, as if it had never been looked at."""
        return replace(self, next_at=self.look_at)

    def wait(self, until: datetime) -> "Message":
        """Not yet; the next look is at `until`."""
        return replace(self, next_at=until)

    def begin(
        self,
        request_id: str,
        *,
        subject: str,
        text: str,
        address: str,
        tells_opt_out: bool,
        at: datetime,
        place: str = "",
        also: tuple[str, ...] = (),
        edition: int = 0,
    ) -> "Message":
        """The call to the provider is about to be made. Persist this before making it."""
        letter = {"subject": subject, "text": text, "address": address, "tells_opt_out": tells_opt_out}
        call = {"request_id": request_id, "attempts": self.attempts + 1, "begun_at": at}
        return self._move("begin", at, "", **call, **letter, place=place, also=also, edition=edition)

    def repeat(self, request_id: str, at: datetime) -> "Message":
        """The same call again, under the same key, where the provider promises that this has one effect."""
        return self._move("repeat", at, _REPEATED, request_id=request_id, attempts=self.attempts + 1)

    @property
    def is_repeated(self) -> bool:
        """Whether an earlier call, of which nobody knows the end, may have sent it: then it is never written anew."""
        since_queued = takewhile(lambda step: step.status is not Status.QUEUED, reversed(self.history))
        return any(step.cause == _REPEATED for step in since_queued)

    def repeat_later(self, at: datetime, *, after: timedelta = timedelta()) -> "Message":
        """The very same call again, after a pause that grows with each attempt."""
        return replace(self, next_at=at + max(pause_after(self.attempts, self.id), after))

    def lose_sight(self, cause: str, at: datetime) -> "Message":
        """Nobody knows whether it went out. Where the provider can be asked, it is asked at `next_at`."""
        return self._move("lose_sight", at, cause, next_at=at + ASK_AFTER)

    def forget(self, at: datetime) -> "Message":
        """The row comes from a backup, and was due before the ledger was restored: it may have gone out since."""
        return self._move("forget", at, "restored", next_at=_NEVER)

    def ask_later(self, at: datetime, *, is_answered: bool) -> "Message":
        """The provider knows nothing of it (`is_answered`), or could not say: ask again, a few times."""
        asked = self.asked + is_answered
        is_over = asked >= ASK_TIMES or at - (self.begun_at or at) >= ASK_WITHIN
        return replace(self, asked=asked, next_at=_NEVER if is_over else at + ASK_AFTER)

    def give_up_asking(self) -> "Message":
        """Nobody can be asked any more; the staff sees it in the list of what is unknown."""
        return replace(self, next_at=_NEVER)

    def accept(self, provider_id: str, at: datetime) -> tuple["Message", tuple[Event, ...]]:
        """The provider took it."""
        sent = self._move("accept", at, "", provider_id=provider_id)
        return sent, self._news(MessageSent, sent_at=at)

    def deliver(self, at: datetime) -> tuple["Message", tuple[Event, ...]]:
        """The receipt says that it arrived. Where the answer to the call never came, this tells that it was sent."""
        told = () if self.status is Status.SENT else self._news(MessageSent, sent_at=at)
        return self._move("deliver", at, ""), told

    def bounce(self, cause: str, at: datetime) -> tuple["Message", tuple[Event, ...]]:
        """The receipt says that it did not arrive and never will."""
        return self._move("bounce", at, cause, place=""), self._news(MessageFailed, cause=cause, failed_at=at)

    def retry(self, cause: str, at: datetime, *, after: timedelta = timedelta(), is_attempt: bool = True) -> "Message":
        """It did not go out; try again after a pause that grows with each attempt, `after` at least.

        Where no call was made (not `is_attempt`), this was none. Its words stay until the next call: a receipt may
        prove that it went out after all.
        """
        pause = max(pause_after(self.attempts, self.id), after) if is_attempt else after
        attempts = self.attempts if is_attempt else self.attempts - 1
        return self._move("retry", at, cause, next_at=at + pause, attempts=attempts, place="")

    def fail(self, cause: str, at: datetime) -> tuple["Message", tuple[Event, ...]]:
        """The provider refused it for good; another channel may still say it."""
        return self._move("fail", at, cause, place=""), self._news(MessageFailed, cause=cause, failed_at=at)

    def suppress(self, cause: str, at: datetime) -> tuple["Message", tuple[Event, ...]]:
        """A rule holds it back, and nothing takes its place."""
        return self._move("suppress", at, cause), self._news(MessageSuppressed, cause=cause, at=at)

    def divert(self, cause: str, at: datetime) -> "Message":
        """Another row says it instead: by another channel, or together with something else."""
        return self._move("divert", at, cause)

    def hand_over(self, why: str, at: datetime, also: tuple[str, ...] = ()) -> tuple["Message", tuple[Event, ...]]:
        """A person is asked to phone: that is how a row of the desk goes out."""
        wanted = CallWanted(self.patient_id, self.about, self.kind.value, why, self.due_at)
        return self._move("hand_over", at, why, begun_at=at, also=also), (wanted,)

    def expire(self, at: datetime) -> "Message":
        """Too late to be of use."""
        return self._move("expire", at, "too-late")

    def cancel(self, cause: str, at: datetime) -> "Message":
        """What it would say is no longer true."""
        return self._move("cancel", at, cause)

    def _news(self, event: type[MessageSent | MessageFailed | MessageSuppressed], **facts: Any) -> tuple[Event, ...]:
        """What others hear of it. Answers to texts, pages to the staff and letters by hand concern nobody else."""
        if not self.about.startswith(TOLD_ABOUT):
            return ()
        what: dict[str, Any] = {"kind": self.kind.value, "channel": self.channel.value, "about": self.about}
        return (event(patient_id=self.patient_id, **what, **facts),)

    def _move(self, move: str, at: datetime, cause: str, **changes: Any) -> "Message":
        sources, target = MOVES[move]
        if self.status not in sources:
            detail = f"A message that is {self.status} cannot {move.replace('_', ' ')}."
            context = {"status": self.status, "move": move}
            raise RuleBroken("message.wrong-status", detail, [Fault("message.wrong-status", detail, context=context)])
        return replace(self, status=target, history=(*self.history, Step(target, at, cause)), **changes)
