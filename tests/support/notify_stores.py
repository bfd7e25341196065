"""Notify's stores in memory, for one unit of work each; the ledger is in `notify_ledger`."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from services.notify.domain.call import DealtWith
from services.notify.domain.check_in import CheckIn
from services.notify.domain.clinic import Clinic
from services.notify.domain.contact_point import ContactPoint, contact_point_id
from services.notify.domain.events import Event
from services.notify.domain.hook_event import HookEvent
from services.notify.domain.message import Channel, Message
from services.notify.domain.offer import Offer
from services.notify.domain.page import StaffPage
from services.notify.domain.policy import Policy
from services.notify.domain.recipient import Recipient
from services.notify.domain.reply import Answer, Reply
from services.notify.domain.series import Series
from services.notify.domain.template import Place, Template
from services.notify.domain.visit import Visit
from services.notify.operations.ports import ToldBefore
from shared.errors import Contended, NotFound, Stale
from shared.paging import Page, page_from
from shared.persistence.unit_of_work import EVERY_CLINIC
from shared.private_link import digest

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


class OpenUnit(Protocol):
    """What the stores need of the unit of work: the world that it changes, and a place in its commit."""

    world: Any
    clinic_id: str
    now: datetime

    def write(self, check: Callable[[], None], apply: Callable[[], None]) -> None: ...
    def fingerprint(self, address: str) -> str: ...


class FakeStore(Generic[A]):
    """Documents of one kind; another clinic's are not there, and each is saved once in a unit."""

    def __init__(self, unit: OpenUnit, kind: type[A]) -> None:
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
