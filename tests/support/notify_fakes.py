"""Notify's world in memory: what all units of work share, with state instead of a database and providers."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from services.notify.domain.call import DealtWith
from services.notify.domain.check_in import CheckIn
from services.notify.domain.clinic import Clinic
from services.notify.domain.contact_point import ContactPoint
from services.notify.domain.events import Event
from services.notify.domain.hook_event import HookEvent
from services.notify.domain.message import Channel, Letter, Message, Status
from services.notify.domain.offer import Offer
from services.notify.domain.page import PATH as PAGE_PATH
from services.notify.domain.page import StaffPage
from services.notify.domain.policy import Policy
from services.notify.domain.recipient import Recipient
from services.notify.domain.reply import Reply
from services.notify.domain.series import Series
from services.notify.domain.template import Template
from services.notify.domain.visit import Visit
from services.notify.jobs.deliver import deliver
from services.notify.operations.ports import Accepted, Claim, NotDelivered
from services.notify.templates.writer import load_writer
from services.notify.words import load_words
from shared.actor import NOBODY, Actor
from shared.errors import Contended
from shared.persistence.sealed import KeyMissing
from shared.private_link import NewLink, new_link
from tests.support.notify_ledger import FakeMessages
from tests.support.notify_stores import (
    FakeCalls,
    FakeCheckIns,
    FakeContactPoints,
    FakeHookEvents,
    FakePages,
    FakePolicies,
    FakeRecipients,
    FakeReplies,
    FakeStore,
    FakeTemplates,
    FakeVisits,
)

LEASE = timedelta(seconds=60)
PUBLIC_URL = "https://kadence.example"
OPEN = (Status.QUEUED, Status.SENDING)


class Killed(BaseException):
    """The process is gone, as with kill -9."""


@dataclass
class FakeNotify:
    """Everything that lasts. `told` holds the events; `leases` owner, fence and end of the claims, on real time."""

    now: datetime
    rows: defaultdict[type, dict[tuple[str, str], Any]] = field(default_factory=lambda: defaultdict(dict))
    keys: set[str] = field(default_factory=lambda: {"key"})
    told: list[Event] = field(default_factory=list)
    leases: dict[str, tuple[str, int, timedelta]] = field(default_factory=dict)
    real_time: timedelta = timedelta()
    actor: Actor = NOBODY
    lost_until: datetime | None = None
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
        self.lost_until = world.lost_until
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
