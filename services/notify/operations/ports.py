"""What the operations need of the outside: stores, the unit of work, channels."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar, runtime_checkable

from services.notify.domain.call import DealtWith
from services.notify.domain.check_in import CheckIn
from services.notify.domain.clinic import Clinic
from services.notify.domain.contact_point import ContactPoint
from services.notify.domain.events import Event
from services.notify.domain.hook_event import HookEvent
from services.notify.domain.keywords import Keywords
from services.notify.domain.message import Channel, Kind, Letter, Message, Status
from services.notify.domain.offer import Offer
from services.notify.domain.page import StaffPage
from services.notify.domain.policy import Policy
from services.notify.domain.recipient import Recipient
from services.notify.domain.reply import Answer, Reply
from services.notify.domain.series import Series
from services.notify.domain.template import Place, Preview, Template, Wording
from services.notify.domain.visit import Visit
from services.notify.domain.wording import Content, Text
from shared.actor import Actor
from shared.errors import Fault
from shared.paging import Page
from shared.private_link import NewLink

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

    def coming(self, patient_id: str, now: datetime) -> list[Visit]:
        """The visits that a patient is still expected at, the next one first."""

    def of_series(self, series: Collection[str]) -> list[Visit]:
        """All visits of these series."""

    def unconfirmed(self, now: datetime, until: datetime, *, after: str | None, limit: int) -> Page[Visit]:
        """Visits that begin in (now, until] and that nobody has confirmed, by time."""


class CheckIns(Copies[CheckIn], Protocol):
    """Check-ins as they were heard."""

    def after(self, visit: str) -> CheckIn | None:
        """The last one that asks whether the patient came home safely from this visit."""


class Messages(Protocol):
    """The ledger."""

    def get(self, id: str) -> Message:
        """Raises `NotFound`."""

    def claimed(self, claim: Claim) -> Message | None:
        """The message, if the claim still holds; saving it then fails as soon as the claim does not hold any more."""

    def find(self, id: str) -> Message | None:
        """The row, if there is one."""

    def known(self, ids: Iterable[str]) -> set[str]:
        """Which of these rows exist."""

    def about(self, subjects: Sequence[str]) -> list[Message]:
        """All rows about these subjects."""

    def queued_for(self, patient_id: str) -> list[Message]:
        """The patient's rows that still wait."""

    def said_to(self, patient_id: str) -> list[Message]:
        """The patient's rows that went out, or may have, by the time they are due."""

    def not_said(self, *, since: datetime, after: str | None, limit: int) -> list[Message]:
        """Rows that did not reach their reader, may not have or wait for a call, and are needed behind `since`; by
        when they are needed.
        """

    def places_taken(self, patient_id: str, since: date) -> list[str]:
        """The places that the patient's counted texts have taken since that local day."""

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

    def get(self, id: str) -> Reply:
        """Raises `NotFound`."""

    def told_since(self, sender: str, at: datetime) -> Collection[str]:
        """The kinds of automatic answers that texts of the number with this fingerprint got since `at`."""

    def page(
        self,
        *,
        patient_id: str | None,
        answer: Answer | None,
        is_open: bool | None,
        after: str | None,
        limit: int,
    ) -> Page[Reply]:
        """Replies by the time they came, at most `limit` of them, behind the place `after` of an earlier page."""

    def save(self, copy: Reply, events: Iterable[Event] = ()) -> Reply: ...


class ToldBefore(Exception):
    """A provider has told this before; nothing follows from it any more."""


class HookEvents(Protocol):
    """What providers told by themselves."""

    def add(self, event: HookEvent) -> None:
        """Keep it. The commit raises `ToldBefore` when it is known."""


class Policies(Protocol):
    """How clinics want their messages."""

    def of_clinic(self, version: int | None = None) -> Policy:
        """The clinic's policy, the default one when none was ever set. Raises `Stale` for another `version`."""

    def save(self, policy: Policy) -> Policy: ...


class Calls(Copies[DealtWith], Protocol):
    """What somebody at the desk has dealt with, each under the id of its message."""

    def of(self, ids: Iterable[str]) -> dict[str, DealtWith]:
        """What became of these messages, by their ids; of those that nobody has dealt with, nothing."""


class Pages(Protocol):
    """Pages to the staff."""

    def get(self, id: str) -> StaffPage:
        """Raises `NotFound`."""

    def last(self, whose: str, reason: str) -> StaffPage | None:
        """The latest page about this one, for this reason."""

    def by_link(self, link_digest: str) -> StaffPage:
        """The page that a link leads to. Raises `NotFound`."""

    def clinic_of_link(self, link_digest: str) -> str:
        """The clinic that a link belongs to, whichever clinic it is. Raises `NotFound`."""

    def page(self, *, is_open: bool | None, after: str | None, limit: int) -> Page[StaffPage]:
        """Pages by the time they were raised, at most `limit` of them, behind the place `after` of an earlier page."""

    def save(self, page: StaffPage, events: Iterable[Event] = ()) -> StaffPage: ...


class Templates(Protocol):
    """The editions of texts that the clinic published."""

    def valid(self, key: str | None = None) -> list[Template]:
        """The editions that count now, of one text or of all."""

    def latest(self, place: Place) -> Template | None:
        """The valid edition at a place, if the clinic has one."""

    def save(self, template: Template) -> Template: ...


class Writer(Protocol):
    """Makes what a message says; outside of here, for it knows the language of templates. Without effect or state."""

    def places(self) -> list[Place]:
        """Every text that ships and that a clinic may have its own of."""

    def shipped(self, place: Place) -> Wording | None:
        """The platform's wording; None where a level takes the next one's."""

    def write(
        self,
        message: Message,
        content: Content,
        clinic: Clinic,
        recipient: Recipient | None,
        own: Sequence[Template],
        *,
        now: datetime,
    ) -> Text:
        """The message in the reader's language, made of the clinic's valid wordings (`own`) or of the platform's."""

    def faults(self, place: Place, wording: Wording, clinic: Clinic) -> list[Fault]:
        """Every reason why a wording cannot be published at that place."""

    def body_faults(self, body: str, *, locale: str, patient_name: str) -> list[Fault]:
        """Every reason why a text that a person wrote cannot go to this patient."""

    def preview(self, place: Place, wording: Wording, clinic: Clinic, *, now: datetime) -> Preview:
        """The wording with a visit three days ahead, and with every field at its longest."""


class ContactPoints(Protocol):
    """What was said about addresses."""

    def of(self, channel: Channel, address: str) -> ContactPoint:
        """What is known of an address (plain); one that is not stored yet, and `unknown`, when nothing is."""

    def of_patient(self, patient_id: str) -> list[ContactPoint]:
        """Every address that this patient ever gave."""

    def by_link(self, link_digest: str) -> ContactPoint:
        """The address that a link unsubscribes. Raises `NotFound`."""

    def clinic_of_link(self, link_digest: str) -> str:
        """The clinic that a link belongs to, whichever clinic it is. Raises `NotFound`."""

    def save(self, point: ContactPoint, events: Iterable[Event] = ()) -> ContactPoint: ...


class Recipients(Copies[Recipient], Protocol):
    """Patients, as they were heard."""

    def all(self) -> list[Recipient]:
        """All patients of the clinic."""


class UnitOfWork(Protocol):
    """One clinic, one instant, one commit."""

    @property
    def clinic_id(self) -> str: ...
    @property
    def now(self) -> datetime: ...
    @property
    def lost_until(self) -> datetime | None:
        """Until when things may have been done that a restored ledger does not know of; None: it never was restored."""

    @property
    def clinics(self) -> Copies[Clinic]: ...
    @property
    def has_key(self) -> bool:
        """Whether the clinic's data key is here, so that personal texts can be sealed and opened."""

    @property
    def recipients(self) -> Recipients: ...
    @property
    def contact_points(self) -> ContactPoints: ...
    @property
    def series(self) -> Copies[Series]: ...
    @property
    def visits(self) -> Visits: ...
    @property
    def check_ins(self) -> CheckIns: ...
    @property
    def offers(self) -> Copies[Offer]: ...
    @property
    def messages(self) -> Messages: ...
    @property
    def replies(self) -> Replies: ...

    @property
    def hook_events(self) -> HookEvents: ...
    @property
    def keywords(self) -> Keywords:
        """The words that texts are read by."""

    @property
    def policies(self) -> Policies: ...
    @property
    def templates(self) -> Templates: ...
    @property
    def writer(self) -> Writer: ...
    @property
    def pages(self) -> Pages: ...
    @property
    def calls(self) -> Calls: ...
    @property
    def actor(self) -> Actor:
        """Who wants this work to be done."""

    def new_id(self) -> str: ...

    def new_page_link(self) -> NewLink:
        """A new private link to a page."""

    def adopt_key(self, wrapped: str) -> None:
        """Keep the clinic's wrapped data key; adopting it again changes nothing."""

    def seal(self, text: str) -> str:
        """The token that hides a personal text. Raises as `unseal` does."""

    def unseal(self, token: str) -> str:
        """The personal text behind a token. Raises `TransientFailure` while the clinic's key is not here."""

    def unsubscribe_url(self, point: ContactPoint) -> str:
        """The link with which the owner of an e-mail address stops e-mail to it: the same one in every e-mail."""

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
    """It certainly did not go out; the same call may succeed later. `is_attempt`: whether the provider was called."""

    is_attempt = True


class Unreachable(TemporaryFailure):
    """The provider itself was not there, whoever the letter was for: what opens its circuit."""


class Throttled(TemporaryFailure):
    """The provider wants less at a time: nothing of this clinic before `retry_after` real seconds are over."""

    def __init__(self, cause: str, retry_after: float) -> None:
        super().__init__(cause)
        self.retry_after = retry_after


class NotNow(Throttled):
    """No call was made: the circuit is open, or the clinic's share of this second is used up."""

    is_attempt = False


class PermanentFailure(NotDelivered):
    """It certainly did not go out and never will."""


class OptedOut(PermanentFailure):
    """The provider says that this number wants no messages of this sender."""


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
        """Raises `TemporaryFailure`, `PermanentFailure` or `UnknownOutcome`, or what they are made more exact by."""


@runtime_checkable
class Askable(Protocol):
    """A provider without idempotency keys that can be asked what became of a letter."""

    def ask(self, letter: Letter, sent_at: datetime) -> Accepted | None:
        """What it knows of the letter that was handed over about `sent_at`; None: nothing.

        Raises `NotDelivered`: `PermanentFailure` when it took the letter and gave it up, else when it cannot say.
        """


@runtime_checkable
class Gate(Protocol):
    """Whether a provider takes letters of a clinic now; asked before a message is begun, so that no claim is kept."""

    def closed(self) -> Collection[str]:
        """Clinics that certainly have to wait."""

    def admits(self, clinic_id: str) -> bool:
        """Whether one letter of the clinic may be begun now."""
