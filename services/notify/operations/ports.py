"""What the operations need of the outside: stores, the unit of work, channels."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from services.notify.domain.check_in import CheckIn
from services.notify.domain.clinic import Clinic
from services.notify.domain.events import Event
from services.notify.domain.message import Kind, Letter, Message, Status
from services.notify.domain.offer import Offer
from services.notify.domain.recipient import Recipient
from services.notify.domain.reply import Answer, Reply
from services.notify.domain.series import Series
from services.notify.domain.visit import Visit
from shared.paging import Page

A = TypeVar("A")


@dataclass(frozen=True)
class Claim:
    """A worker's right to one message: good until somebody else holds a higher `fence`."""

    message_id: str
    owner: str
    fence: int


class Copies(Protocol[A]):
    """Copies of what another service owns, by id."""

    def find(self, id: str) -> A | None:
        """The copy, or None when nothing was heard of it yet."""

    def save(self, copy: A) -> A: ...


class Visits(Copies[Visit], Protocol):
    """Sessions that patients are expected at."""

    def about(self, subject: str) -> list[Visit]:
        """The visit `subject`, or all visits of the series `subject`, by their times."""


class Messages(Protocol):
    """The ledger."""

    def get(self, id: str) -> Message:
        """Raises `NotFound`."""

    def claimed(self, claim: Claim) -> Message | None:
        """The message, if the claim still holds; saving it then fails as soon as the claim does not hold any more."""

    def known(self, ids: Iterable[str]) -> set[str]:
        """Which of these rows exist."""

    def about(self, subjects: Sequence[str]) -> list[Message]:
        """All rows about these subjects."""

    def queued_for(self, patient_id: str) -> list[Message]:
        """The patient's rows that still wait."""

    def opt_out_told_since(self, patient_id: str, at: datetime) -> bool:
        """Whether an SMS since `at` told this patient how to stop."""

    def last_said(self, address: str, kinds: Collection[Kind], *, until: datetime) -> Message | None:
        """The last message of these kinds that went to the address with this fingerprint, begun by `until`."""

    def page(
        self, *, patient_id: str | None, about: str | None, status: Status | None, after: str | None, limit: int
    ) -> Page[Message]:
        """Rows by the time they are due, at most `limit` of them, behind the position `after` of an earlier page."""

    def save(self, message: Message, events: Iterable[Event] = ()) -> Message: ...


class Replies(Copies[Reply], Protocol):
    """What patients wrote back."""

    def page(self, *, patient_id: str | None, answer: Answer | None, after: str | None, limit: int) -> Page[Reply]:
        """Replies by the time they came, at most `limit` of them, behind the place `after` of an earlier page."""

    def save(self, copy: Reply, events: Iterable[Event] = ()) -> Reply: ...


class UnitOfWork(Protocol):
    """One clinic, one instant, one commit."""

    @property
    def clinic_id(self) -> str: ...
    @property
    def now(self) -> datetime: ...
    @property
    def clinics(self) -> Copies[Clinic]: ...
    @property
    def recipients(self) -> Copies[Recipient]: ...
    @property
    def series(self) -> Copies[Series]: ...
    @property
    def visits(self) -> Visits: ...
    @property
    def check_ins(self) -> Copies[CheckIn]: ...
    @property
    def offers(self) -> Copies[Offer]: ...
    @property
    def messages(self) -> Messages: ...
    @property
    def replies(self) -> Replies: ...

    def new_id(self) -> str: ...

    def adopt_key(self, wrapped: str) -> None:
        """Keep the clinic's wrapped data key; adopting it again changes nothing."""

    def seal(self, text: str) -> str:
        """The token that hides a personal text. Raises as `unseal` does."""

    def unseal(self, token: str) -> str:
        """The personal text behind a token. Raises `TransientFailure` while the clinic's key is not here."""

    def fingerprint(self, address: str) -> str:
        """By which a phone number or e-mail address is found in this clinic and never read."""


@dataclass(frozen=True)
class Accepted:
    """The provider took it; `provider_id` is its own name for it."""

    provider_id: str


class NotDelivered(Exception):
    """A call to a provider that ended without acceptance; `cause` is a short code for the ledger."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class TemporaryFailure(NotDelivered):
    """It certainly did not go out; the same call may succeed later."""


class PermanentFailure(NotDelivered):
    """It certainly did not go out and never will."""


class UnknownOutcome(NotDelivered):
    """It may have gone out."""


Outcome = Accepted | TemporaryFailure | PermanentFailure | UnknownOutcome


class Provider(Protocol):
    """Takes letters of one channel to the outside.

    `repeatable`: a second call with the same `message_id` has no second effect. `answered`: what patients write back
    reaches us.
    """

    repeatable: bool
    answered: bool

    def send(self, letter: Letter) -> Accepted:
        """Raises `TemporaryFailure`, `PermanentFailure` or `UnknownOutcome`."""
