"""What can be done with the waitlist."""

from dataclasses import dataclass, field, replace

from services.booking.domain.series.position import Position
from services.booking.domain.waiting.waitlist import Entry, EntryStatus, Wishes, checked, may_wait
from services.booking.operations.following import give_back
from services.booking.operations.ports import UnitOfWork
from shared.errors import Fault, RuleBroken
from shared.paging import Page, page_of


@dataclass(frozen=True)
class JoinWaitlist:
    """Wait for another place for session `number` of a series; `priority` from 1, the highest, to 9."""

    series_id: str
    number: int
    wishes: Wishes = field(default_factory=Wishes)
    priority: int = 5


@dataclass(frozen=True)
class ShowEntry:
    """One entry."""

    entry_id: str


@dataclass(frozen=True)
class ListWaitlist:
    """The clinic's waitlist in the order of joining; with one status, or of one series, if given."""

    limit: int
    after: str | None
    status: EntryStatus | None = None
    series_id: str | None = None


@dataclass(frozen=True)
class WithdrawEntry:
    """Wait no longer."""

    entry_id: str


def join_waitlist(uow: UnitOfWork, command: JoinWaitlist) -> Entry:
    """Wait for another place.

    Raises `NotFound`, `RuleBroken` when the session needs no other place or the wishes make no sense, and `Conflict`
    when somebody waits for this session already.
    """
    series = uow.series.get(command.series_id)
    session = may_wait(series, command.number)
    wishes = checked(command.wishes)
    _require_resources(uow, wishes)
    entry = Entry(
        id=uow.new_id(),
        patient_id=series.patient_id,
        series_id=series.id,
        position=Position.of(session),
        since=uow.now,
        wishes=wishes,
        priority=command.priority,
    )
    return uow.waitlist.save(entry)


def show_entry(uow: UnitOfWork, command: ShowEntry) -> Entry:
    """The entry. Raises `NotFound`."""
    return uow.waitlist.get(command.entry_id)


def list_waitlist(uow: UnitOfWork, command: ListWaitlist) -> Page[Entry]:
    """A page of the clinic's waitlist."""
    found = uow.waitlist.list(
        after=command.after, limit=command.limit + 1, status=command.status, series_id=command.series_id
    )
    return page_of(found, command.limit)


def withdraw_entry(uow: UnitOfWork, command: WithdrawEntry) -> Entry:
    """Wait no longer; an offer that is open to them is withdrawn. Raises `NotFound`, and `Conflict` when it is over."""
    entry = uow.waitlist.get(command.entry_id)
    withdrawn = entry.withdraw(at=uow.now)
    if entry.offer_id is not None:
        give_back(uow, uow.offers.get(entry.offer_id).withdraw(at=uow.now))
        uow.series.save(replace(uow.series.get(entry.series_id), offered=None))
    return uow.waitlist.save(withdrawn)


def _require_resources(uow: UnitOfWork, wishes: Wishes) -> None:
    known = {resource.id for resource in uow.resources.all()} if wishes.resource_ids else set()
    faults = [
        Fault("resource.unknown", "There is no such resource.", f"/wishes/resource_ids/{place}", {"resource_id": id})
        for place, id in enumerate(wishes.resource_ids)
        if id not in known
    ]
    if faults:
        raise RuleBroken("waitlist.rules-broken", "No place can ever be like this.", faults)
