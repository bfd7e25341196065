"""Notify's world in memory: what all units of work share, with state instead of a database and providers."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from services.notify.domain.call import NOT_SAID, DealtWith
from services.notify.domain.check_in import CheckIn
from services.notify.domain.clinic import Clinic
from services.notify.domain.contact_point import ContactPoint, contact_point_id
from services.notify.domain.events import Event
from services.notify.domain.hook_event import HookEvent
from services.notify.domain.message import Channel, Kind, Letter, Message, Status
from services.notify.domain.offer import Offer
from services.notify.domain.page import PATH as PAGE_PATH
from services.notify.domain.page import StaffPage
from services.notify.domain.policy import Policy
from services.notify.domain.recipient import Recipient
from services.notify.domain.reply import Answer, Reply
from services.notify.domain.series import Series
from services.notify.domain.template import Place, Template
from services.notify.domain.visit import Visit
from services.notify.jobs.deliver import deliver
from services.notify.operations.ports import Accepted, Claim, NotDelivered, ToldBefore
from services.notify.templates.writer import load_writer
from services.notify.words import load_words
from shared.actor import NOBODY, Actor
from shared.errors import Contended, NotFound, Stale
from shared.paging import Page, page_from
from shared.private_link import NewLink, digest, new_link
from shared.sealed import KeyMissing
from shared.unit_of_work import EVERY_CLINIC

A = TypeVar(
    "A",
    Clinic,
    Recipient,
    ContactPoint,
    Series,
    Visit,
    CheckIn,
    Offer,
    Message,
    Reply,
    Policy,
    StaffPage,
    HookEvent,
    Template,
    DealtWith,
)
KINDS: tuple[type[Any], ...] = (
    Clinic,
    Recipient,
    ContactPoint,
    Series,
    Visit,
    CheckIn,
    Offer,
    Message,
    Reply,
    Policy,
    StaffPage,
    HookEvent,
    Template,
    DealtWith,
)
LEASE = timedelta(seconds=60)
PUBLIC_URL = "https://kadence.example"
OPEN = (Status.QUEUED, Status.SENDING)
WENT_OUT = (Status.SENDING, Status.SENT, Status.DELIVERED, Status.UNKNOWN)


class Killed(BaseException):
    """The process is gone, as with kill -9."""


@dataclass
class FakeNotify:
    """Everything that lasts. `told` holds the events; `leases` owner, fence and end of the claims, on real time."""

    now: datetime
    rows: dict[type, dict[tuple[str, str], Any]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    keys: set[str] = field(default_factory=lambda: {"key"})
    told: list[Event] = field(default_factory=list)
    leases: dict[str, tuple[str, int, timedelta]] = field(default_factory=dict)
    real_time: timedelta = timedelta()
    actor: Actor = NOBODY
    _made: int = 0

    def run(self, clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Any:
        """One operation, one commit, decided again when another writer was faster."""
        while True:
            unit = FakeUnitOfWork(self, clinic_id)
            result = operation(unit, command)
            try:
                unit.commit()
            except Contended:
                continue
            return result

    def next_name(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}-{self._made}"

    def claim(self, limit: int = 50, *, worker: str = "worker") -> list[tuple[str, Claim]]:
        """Clinic and claim of what is due and in nobody's hands, the most urgent first."""
        due = [(row.needed_at, row.id, clinic) for (clinic, _), row in self.rows[Message].items() if self._is_due(row)]
        claimed = []
        for _, id, clinic in sorted(due)[:limit]:
            fence = self.leases[id][1] + 1 if id in self.leases else 1
            self.leases[id] = (worker, fence, self.real_time + LEASE)
            claimed.append((clinic, Claim(id, worker, fence)))
        return claimed

    def release(self, id: str) -> None:
        if id in self.leases:
            self.leases[id] = ("", self.leases[id][1], timedelta())

    def send_due(self, providers: dict[Channel, Any], *, worker: str = "worker") -> int:
        """One tick of a worker; how many messages it looked at."""
        claimed = self.claim(worker=worker)
        for clinic, claim in claimed:
            deliver(partial(self.run, clinic), providers, claim)
        return len(claimed)

    def drain(self, providers: dict[Channel, Any]) -> None:
        """Tick until nothing is due at this instant."""
        while self.send_due(providers):
            pass

    def messages(self, **wanted: Any) -> list[Message]:
        """Rows with these field values, by the time they are due."""
        rows = sorted(self.rows[Message].values(), key=lambda row: (row.due_at, row.id))
        return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]

    def message(self, **wanted: Any) -> Message:
        [found] = self.messages(**wanted)
        return found

    def _is_due(self, row: Message) -> bool:
        _, _, until = self.leases.get(row.id, ("", 0, timedelta()))
        return row.status in OPEN and row.next_at <= self.now and until <= self.real_time


class FakeUnitOfWork:
    """Collects writes and applies all or none."""

    def __init__(self, world: FakeNotify, clinic_id: str) -> None:
        self.world = world
        self.clinic_id = clinic_id
        self.now = world.now
        self.actor = world.actor
        self.clinics = FakeStore(self, Clinic)
        self.recipients = FakeRecipients(self, Recipient)
        self.contact_points = FakeContactPoints(self, ContactPoint)
        self.series = FakeStore(self, Series)
        self.visits = FakeVisits(self, Visit)
        self.check_ins = FakeCheckIns(self, CheckIn)
        self.offers = FakeStore(self, Offer)
        self.messages = FakeMessages(self, Message)
        self.replies = FakeReplies(self, Reply)
        self.hook_events = FakeHookEvents(self, HookEvent)
        self.keywords = load_words()
        self.policies = FakePolicies(self, Policy)
        self.pages = FakePages(self, StaffPage)
        self.calls = FakeCalls(self, DealtWith)
        self.templates = FakeTemplates(self, Template)
        self.writer = load_writer()
        self._writes: list[tuple[Callable[[], None], Callable[[], None]]] = []

    def new_id(self) -> str:
        return self.world.next_name("id")

    def new_page_link(self) -> NewLink:
        return new_link(PUBLIC_URL, PAGE_PATH, self.world.next_name("page-token"))

    def adopt_key(self, wrapped: str) -> None:
        self.world.keys.add(wrapped)

    def seal(self, text: str) -> str:
        self._need_key()
        return f"sealed:{text}"

    def unseal(self, token: str) -> str:
        self._need_key()
        if not token.startswith("sealed:"):
            raise ValueError(f"{token!r} is not sealed")
        return token.removeprefix("sealed:")

    @property
    def has_key(self) -> bool:
        return bool(self.world.keys)

    def unsubscribe_url(self, point: ContactPoint) -> str:
        return f"https://care.example/notify/u/unsubscribe-{point.id}"

    def fingerprint(self, address: str) -> str:
        return f"{self.clinic_id}:{address}"

    def write(self, check: Callable[[], None], apply: Callable[[], None]) -> None:
        self._writes.append((check, apply))

    def commit(self) -> None:
        for check, _ in self._writes:
            check()
        for _, apply in self._writes:
            apply()

    def _need_key(self) -> None:
        if not self.world.keys:
            raise KeyMissing("the clinic's data key is not here (yet)")


class FakeStore(Generic[A]):
    """Documents of one kind; another clinic's are not there, and each is saved once in a unit."""

    def __init__(self, unit: FakeUnitOfWork, kind: type[A]) -> None:
        self.unit = unit
        self.rows: dict[tuple[str, str], A] = unit.world.rows[kind]
        self.saved: set[str] = set()

    def find(self, id: str) -> A | None:
        return self.rows.get((self.unit.clinic_id, id))

    def save(self, aggregate: A, events: Iterable[Event] = ()) -> A:
        if aggregate.id in self.saved:
            raise AssertionError(f"{aggregate.id} is saved twice in one unit")
        self.saved.add(aggregate.id)
        saved = replace(aggregate, version=aggregate.version + 1)
        told = list(events)
        self.unit.write(partial(self.check, aggregate), partial(self.keep, saved, told))
        return saved

    def check(self, read: A) -> None:
        stored = self.find(read.id)
        if (stored.version if stored else 0) != read.version:
            raise Contended(f"{read.id} was changed meanwhile")

    def keep(self, saved: A, told: list[Event]) -> None:
        self.rows[self.unit.clinic_id, saved.id] = saved
        self.unit.world.told += told

    def mine(self) -> list[A]:
        return [row for (clinic, _), row in sorted(self.rows.items()) if clinic == self.unit.clinic_id]


class FakeRecipients(FakeStore[Recipient]):
    def all(self) -> list[Recipient]:
        return self.mine()


class FakeContactPoints(FakeStore[ContactPoint]):
    def of(self, channel: Channel, address: str) -> ContactPoint:
        fingerprint = self.unit.fingerprint(address.casefold())
        id = contact_point_id(self.unit.clinic_id, channel, fingerprint)
        link = digest(f"unsubscribe-{id}") if channel is Channel.EMAIL else ""
        fresh = ContactPoint(id=id, channel=channel, address=fingerprint, contact=address, link_digest=link)
        return self.find(id) or fresh

    def of_patient(self, patient_id: str) -> list[ContactPoint]:
        return [point for point in self.mine() if patient_id in point.patients]

    def by_link(self, link_digest: str) -> ContactPoint:
        for point in self.mine():
            if point.link_digest == link_digest:
                return point
        raise NotFound("page")

    def clinic_of_link(self, link_digest: str) -> str:
        for (clinic_id, _), point in self.rows.items():
            if point.link_digest == link_digest:
                return clinic_id
        raise NotFound("page")


class FakeVisits(FakeStore[Visit]):
    def about(self, subject: str) -> list[Visit]:
        found = [row for row in self.mine() if subject in {row.id, row.series}]
        return sorted(found, key=lambda visit: (visit.starts_at, visit.id))

    def of_series(self, series: Collection[str]) -> list[Visit]:
        return [row for row in self.mine() if row.series in series]

    def unconfirmed(self, now: datetime, until: datetime, *, after: str | None, limit: int) -> Page[Visit]:
        expected = [row for row in self.mine() if row.is_expected and row.confirmed_at is None]
        soon = [row for row in expected if now < row.starts_at <= until]
        return page_from(soon, after=after, limit=limit, place=lambda row: f"{row.starts_at.isoformat()} {row.id}")

    def coming(self, patient_id: str, now: datetime) -> list[Visit]:
        found = [row for row in self.mine() if row.patient_id == patient_id and row.is_expected and row.starts_at > now]
        return sorted(found, key=lambda visit: (visit.starts_at, visit.id))


class FakeCheckIns(FakeStore[CheckIn]):
    def after(self, visit: str) -> CheckIn | None:
        found = [row for row in self.mine() if row.visit == visit]
        return max(found, key=lambda row: row.opened_at, default=None)


class FakeReplies(FakeStore[Reply]):
    def get(self, id: str) -> Reply:
        found = self.find(id)
        if found is None:
            raise NotFound("reply")
        return found

    def told_since(self, sender: str, at: datetime) -> set[str]:
        rows = [row for row in self.mine() if row.sender == sender and row.kept_at and row.kept_at > at]
        return {kind for row in rows for kind in row.answered_by}

    def page(
        self,
        *,
        patient_id: str | None,
        answer: Answer | None,
        is_open: bool | None,
        after: str | None,
        limit: int,
    ) -> Page[Reply]:
        asked = {"patient_id": patient_id, "answer": answer, "is_open": is_open}
        wanted = {name: value for name, value in asked.items() if value is not None}
        found = [row for row in self.mine() if all(getattr(row, name) == value for name, value in wanted.items())]
        return page_from(found, after=after, limit=limit, place=lambda row: f"{row.received_at.isoformat()} {row.id}")


class FakeHookEvents(FakeStore[HookEvent]):
    """One name for each event, in whichever clinic."""

    def add(self, event: HookEvent) -> None:
        self.save(event)

    def check(self, read: HookEvent) -> None:
        if any(id == read.id for _, id in self.rows):
            raise ToldBefore(read.id)


class FakeCalls(FakeStore[DealtWith]):
    def of(self, ids: Iterable[str]) -> dict[str, DealtWith]:
        return {id: found for id in ids if (found := self.find(id))}


class FakePolicies(FakeStore[Policy]):
    def of_clinic(self, version: int | None = None) -> Policy:
        policy = self.find(self.unit.clinic_id) or Policy(id=self.unit.clinic_id)
        if version is not None and policy.version != version:
            raise Stale
        return policy


class FakeTemplates(FakeStore[Template]):
    def valid(self, key: str | None = None) -> list[Template]:
        return [row for row in self.mine() if row.replaced_at is None and key in {None, row.key}]

    def latest(self, place: Place) -> Template | None:
        return next((row for row in self.valid(place.key) if row.place == place), None)


class FakePages(FakeStore[StaffPage]):
    def get(self, id: str) -> StaffPage:
        found = self.find(id)
        if found is None:
            raise NotFound("page")
        return found

    def last(self, whose: str, reason: str) -> StaffPage | None:
        found = [row for row in self.mine() if (row.whose, row.reason) == (whose, reason)]
        return max(found, key=lambda row: row.raised_at, default=None)

    def by_link(self, link_digest: str) -> StaffPage:
        return self._opened_by(link_digest)[1]

    def clinic_of_link(self, link_digest: str) -> str:
        return self._opened_by(link_digest)[0]

    def page(self, *, is_open: bool | None, after: str | None, limit: int) -> Page[StaffPage]:
        found = [row for row in self.mine() if is_open in {None, row.is_open}]
        return page_from(found, after=after, limit=limit, place=lambda row: f"{row.raised_at.isoformat()} {row.id}")

    def _opened_by(self, link_digest: str) -> tuple[str, StaffPage]:
        for (clinic, _), row in self.rows.items():
            is_here = self.unit.clinic_id in {clinic, EVERY_CLINIC}
            if is_here and link_digest in {paged.link_digest for paged in row.paged}:
                return clinic, row
        raise NotFound("page")


class FakeMessages(FakeStore[Message]):
    """The ledger, with leases and the unique key on the meaning."""

    def __init__(self, unit: FakeUnitOfWork, kind: type[Message]) -> None:
        super().__init__(unit, kind)
        self.held: dict[str, Claim] = {}

    def get(self, id: str) -> Message:
        found = self.find(id)
        if found is None:
            raise NotFound("message")
        return found

    def claimed(self, claim: Claim) -> Message | None:
        if not self._holds(claim):
            return None
        self.held[claim.message_id] = claim
        return self.find(claim.message_id)

    def check(self, read: Message) -> None:
        super().check(read)
        if read.id in self.held and not self._holds(self.held[read.id]):
            raise Contended(f"the claim on {read.id} is lost")
        if any(_meaning(row) == _meaning(read) and row.id != read.id for row in self.mine()):
            raise AssertionError(f"{_meaning(read)} is in the ledger twice")
        if read.place and any(row.place == read.place and row.id != read.id for row in self.mine()):
            raise Contended(f"{read.place} is taken")

    def keep(self, saved: Message, told: list[Event]) -> None:
        super().keep(saved, told)
        if saved.status is not Status.SENDING or saved.next_at > self.unit.now:
            self.unit.world.release(saved.id)

    def known(self, ids: Iterable[str]) -> set[str]:
        return {id for id in ids if self.find(id)}

    def about(self, subjects: Sequence[str]) -> list[Message]:
        return [row for row in self.mine() if row.about in subjects]

    def queued_for(self, patient_id: str) -> list[Message]:
        return [row for row in self.mine() if row.patient_id == patient_id and row.status is Status.QUEUED]

    def said_to(self, patient_id: str) -> list[Message]:
        rows = [row for row in self.mine() if row.patient_id == patient_id and row.status in WENT_OUT]
        return sorted(rows, key=_position)

    def not_said(self, *, since: datetime, after: str | None, limit: int) -> list[Message]:
        by_desk = (Channel.DESK, Status.SENT)
        rows = [row for row in self.mine() if row.status in NOT_SAID or (row.channel, row.status) == by_desk]
        needed = {f"{row.needed_at.isoformat()} {row.id}": row for row in rows if row.needed_at > since}
        return [needed[place] for place in sorted(needed) if place > (after or "")][:limit]

    def places_taken(self, patient_id: str, since: date) -> list[str]:
        places = [row.place for row in self.mine() if row.place]
        return [place for place in places if f"{patient_id} {since}" <= place < f"{patient_id}!"]

    def opt_out_told_since(self, patient_id: str, at: datetime) -> bool:
        rows = [row for row in self.mine() if row.patient_id == patient_id and row.status in WENT_OUT]
        return any(row.tells_opt_out and row.history[-1].at >= at for row in rows)

    def last_said(self, address: str, kinds: Collection[Kind], *, until: datetime) -> Message | None:
        rows = [row for row in self.mine() if row.address == address and row.kind in kinds and row.status in WENT_OUT]
        said = [row for row in rows if row.begun_at and row.begun_at <= until]
        return max(said, key=lambda row: row.begun_at or until, default=None)

    def page(
        self, *, patient_id: str | None, about: str | None, status: Status | None, after: str | None, limit: int
    ) -> Page[Message]:
        asked = {"patient_id": patient_id, "about": about, "status": status}
        wanted = {name: value for name, value in asked.items() if value is not None}
        found = [
            row for row in self.unit.world.messages(**wanted) if row in self.mine() and _position(row) > (after or "")
        ]
        return Page(found[:limit], _position(found[limit - 1]) if len(found) > limit else None)

    def _holds(self, claim: Claim) -> bool:
        owner, fence, _ = self.unit.world.leases.get(claim.message_id, ("", 0, timedelta()))
        return (owner, fence) == (claim.owner, claim.fence)


def _position(message: Message) -> str:
    return f"{message.due_at.isoformat()} {message.id}"


def _meaning(row: Message) -> tuple[object, ...]:
    return row.patient_id, row.reader, row.about, row.kind, row.offset, row.revision, row.channel


@dataclass
class FakeProvider:
    """A provider that remembers what it took. `answers` are the outcomes of the next calls; then it accepts.

    `after`: what happens between taking a letter and answering, such as the caller's death.
    """

    repeatable: bool = False
    answered: bool = False
    answers: list[NotDelivered] = field(default_factory=list)
    taken: dict[str, Letter] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    after: Callable[[Letter], None] = lambda _: None

    def send(self, letter: Letter) -> Accepted:
        self.calls.append(letter.message_id)
        if self.answers:
            raise self.answers.pop(0)
        if letter.message_id in self.taken and not self.repeatable:
            raise AssertionError(f"the patient got {letter.message_id} twice")
        self.taken[letter.message_id] = letter
        self.after(letter)
        return Accepted(f"provider-{letter.message_id}")

    def texts(self) -> list[str]:
        return [letter.text for letter in self.taken.values()]


def providers(**changes: Any) -> dict[Channel, Any]:
    """An SMS provider with keys and a mail server without, as in the sandbox installation."""
    return {Channel.SMS: FakeProvider(repeatable=True, answered=True), Channel.EMAIL: FakeProvider()} | {
        Channel(name): provider for name, provider in changes.items()
    }
