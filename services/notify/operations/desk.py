"""What the front desk looks at: a patient's whole conversation, whom to phone, who has not confirmed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from services.notify.domain.call import LISTED_FOR, DealtWith, is_called_for, is_followed, why_called
from services.notify.domain.contact_point import ConsentStep
from services.notify.domain.message import Channel, Message
from services.notify.domain.reply import Reply
from services.notify.domain.truth import OF_VISITS, meant
from services.notify.domain.visit import Visit, series_of
from services.notify.operations.ports import UnitOfWork
from services.notify.operations.queries import opened
from shared.errors import NotFound
from shared.paging import Page

AT_ONCE: Final = 200
"""Rows that are read in one go while a list is looked through."""


@dataclass(frozen=True)
class ShowConversation:
    """Everything said to a patient, by a patient and about being written to."""

    patient_id: str
    limit: int
    after: str | None


@dataclass(frozen=True)
class Said:
    """One of the three: a message (and who has `dealt` with it), a reply, or what was said about writing to an address
    of this `channel`.
    """

    id: str
    at: datetime
    message: Message | None = None
    dealt: DealtWith | None = None
    reply: Reply | None = None
    consent: ConsentStep | None = None
    channel: Channel | None = None


@dataclass(frozen=True)
class ListCalls:
    """Whom to phone; `after` is the place of the last one seen."""

    limit: int
    after: str | None


@dataclass(frozen=True)
class Call:
    """Somebody has to phone about this message; `why` is a short code."""

    message: Message
    why: str


@dataclass(frozen=True)
class ListUnconfirmed:
    """Visits that begin within `hours` (elapsed) and that nobody has confirmed."""

    limit: int
    after: str | None
    hours: int


def show_conversation(uow: UnitOfWork, query: ShowConversation) -> Page[Said]:
    """By time; messages stand at the time they were due. Raises `NotFound`."""
    if uow.recipients.find(query.patient_id) is None:
        raise NotFound("patient")
    found = [*_messages(uow, query), *_replies(uow, query), *_consents(uow, query)]
    found.sort(key=lambda said: (said.at, said.id))
    after = _place(found[query.limit - 1]) if len(found) > query.limit else None
    return Page(found[: query.limit], after)


def list_calls(uow: UnitOfWork, query: ListCalls) -> Page[Call]:
    """What nobody has dealt with yet, the soonest visit first."""
    found = list(islice(_calls(uow, query.after), query.limit + 1))
    last = found[query.limit - 1].message if len(found) > query.limit else None
    return Page(found[: query.limit], f"{last.needed_at.isoformat()} {last.id}" if last else None)


def list_unconfirmed(uow: UnitOfWork, query: ListUnconfirmed) -> Page[Visit]:
    """Visits to come that nobody has confirmed, by time."""
    until = uow.now + timedelta(hours=query.hours)
    return uow.visits.unconfirmed(uow.now, until, after=query.after, limit=query.limit)


def _messages(uow: UnitOfWork, query: ShowConversation) -> Iterator[Said]:
    page = uow.messages.page(
        patient_id=query.patient_id, about=None, status=None, after=query.after, limit=query.limit + 1
    )
    dealt = uow.calls.of(row.id for row in page.items)
    return (Said(row.id, row.due_at, message=opened(uow, row), dealt=dealt.get(row.id)) for row in page.items)


def _replies(uow: UnitOfWork, query: ShowConversation) -> Iterator[Said]:
    page = uow.replies.page(
        patient_id=query.patient_id, answer=None, is_open=None, after=query.after, limit=query.limit + 1
    )
    return (Said(row.id, row.received_at, reply=_legible(uow, row)) for row in page.items)


def _legible(uow: UnitOfWork, reply: Reply) -> Reply:
    return replace(reply, phone=uow.unseal(reply.phone), text=uow.unseal(reply.text))


def _consents(uow: UnitOfWork, query: ShowConversation) -> list[Said]:
    said = [
        Said(f"{point.id}.{number}", step.at, consent=step, channel=point.channel)
        for point in uow.contact_points.of_patient(query.patient_id)
        for number, step in enumerate(point.history)
    ]
    if query.after is None:
        return said
    at, id = query.after.split(" ")
    return [one for one in said if (one.at, one.id) > (datetime.fromisoformat(at), id)]


def _place(said: Said) -> str:
    return f"{said.at.isoformat()} {said.id}"


def _calls(uow: UnitOfWork, after: str | None) -> Iterator[Call]:
    """Looks through what was not said, in steps."""
    while True:
        rows = uow.messages.not_said(since=uow.now - LISTED_FOR, after=after, limit=AT_ONCE)
        yield from (Call(row, why_called(row)) for row in _to_phone(uow, rows))
        if len(rows) < AT_ONCE:
            return
        after = f"{rows[-1].needed_at.isoformat()} {rows[-1].id}"


def _to_phone(uow: UnitOfWork, rows: Sequence[Message]) -> list[Message]:
    called_for = [row for row in rows if is_called_for(row)]
    done = uow.calls.of(row.id for row in called_for)
    left = [row for row in called_for if row.id not in done]
    ledger = uow.messages.about(list({row.about for row in left}))
    visits = _visits(uow, left)
    return [row for row in left if _is_true(uow, row, visits) and not is_followed(row, ledger)]


def _visits(uow: UnitOfWork, rows: Iterable[Message]) -> list[Visit]:
    series = {series_of(row.about) for row in rows if row.kind in OF_VISITS}
    return uow.visits.of_series(series) if series else []


def _is_true(uow: UnitOfWork, row: Message, visits: Sequence[Visit]) -> bool:
    """Whether the visits that it speaks of are still to come as it says; of all else it is taken to be."""
    if row.kind not in OF_VISITS:
        return True
    its_own = [visit for visit in visits if row.about in {visit.id, visit.series}]
    return bool(meant(row, its_own, uow.now))
