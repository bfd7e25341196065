"""What patients write back to messages."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.notify.domain.message import Kind, Message
from services.notify.domain.reply import Answer, Reply, answer_of, reply_id
from services.notify.operations.ports import UnitOfWork
from shared.paging import Page

CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""So far the clock of who hands a reply in may be behind ours."""
ABOUT_SESSIONS: Final = frozenset({Kind.REMINDER, Kind.CHANGE_NOTICE, Kind.CANCELLATION_NOTICE, Kind.OFFER})
"""What a patient may have in mind who answers with a digit: the last of these counts, if it speaks of a session."""


@dataclass(frozen=True)
class ReceiveReply:
    """A text from the phone number `sender`; `provider_id` is its name at whoever hands it in."""

    sender: str
    text: str
    provider_id: str
    received_at: datetime


@dataclass(frozen=True)
class ListReplies:
    """Which replies; `after` is the position of the last one seen."""

    limit: int
    after: str | None
    patient_id: str | None = None
    answer: Answer | None = None


def receive_reply(uow: UnitOfWork, command: ReceiveReply) -> Reply:
    """Keep a reply and tell what it says of which session. Handed in again, it is the one that is kept."""
    id = reply_id(uow.clinic_id, command.provider_id)
    if known := uow.replies.find(id):
        return _opened(known, uow.unseal)
    answer = answer_of(command.text)
    asked = _asked(uow, command) if answer is not Answer.OTHER else None
    spoken_of = asked or _last_said(uow, command, frozenset(Kind))
    reply = Reply(
        id=id,
        patient_id=spoken_of.patient_id if spoken_of else None,
        about=spoken_of.about if spoken_of else None,
        answer=answer if asked else Answer.OTHER,
        phone=uow.seal(command.sender),
        text=uow.seal(command.text),
        provider_id=command.provider_id,
        received_at=command.received_at,
    )
    return _opened(uow.replies.save(reply, reply.events), uow.unseal)


def list_replies(uow: UnitOfWork, query: ListReplies) -> Page[Reply]:
    """The replies of a clinic's patients by the time they came, with what they say."""
    page = uow.replies.page(patient_id=query.patient_id, answer=query.answer, after=query.after, limit=query.limit)
    return replace(page, items=[_opened(reply, uow.unseal) for reply in page.items])


def _asked(uow: UnitOfWork, command: ReceiveReply) -> Message | None:
    """The message that the digit answers, if the session still stands as it said."""
    last = _last_said(uow, command, ABOUT_SESSIONS)
    visit = uow.visits.find(last.about) if last else None
    return last if last and visit and visit.is_expected and visit.revision == last.revision else None


def _last_said(uow: UnitOfWork, command: ReceiveReply, kinds: frozenset[Kind]) -> Message | None:
    """The last message of these kinds to that phone, if it is still its patient's."""
    until = min(command.received_at, uow.now) + CLOCKS_DIFFER
    message = uow.messages.last_said(uow.fingerprint(command.sender), kinds, until=until)
    recipient = uow.recipients.find(message.patient_id) if message else None
    is_theirs = recipient and recipient.phone and uow.unseal(recipient.phone) == command.sender
    return message if is_theirs else None


def _opened(reply: Reply, unseal: Callable[[str], str]) -> Reply:
    return replace(reply, phone=unseal(reply.phone), text=unseal(reply.text))
