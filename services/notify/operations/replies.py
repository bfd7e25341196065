"""What patients write back to messages: taken in, read, and acted upon in one unit of work."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from services.notify.domain.reading import read
from services.notify.domain.reply import Answer, Reply, ReplyStatus, reply_id
from services.notify.operations.answering import follow, understand
from services.notify.operations.ports import UnitOfWork
from services.notify.operations.senders import Text, sender_of
from shared.paging import Page


@dataclass(frozen=True)
class ReceiveReply:
    """A text from the phone number `sender`; `provider_id` is its name at whoever hands it in."""

    sender: str
    text: str
    provider_id: str
    received_at: datetime


@dataclass(frozen=True)
class ListReplies:
    """Which replies; `after` is the position of the last one seen. `is_open`: whether a person still has to read it."""

    limit: int
    after: str | None
    patient_id: str | None = None
    answer: Answer | None = None
    is_open: bool | None = None


@dataclass(frozen=True)
class FinishReply:
    """Somebody at the front desk has dealt with it."""

    reply_id: str


def receive_reply(uow: UnitOfWork, command: ReceiveReply) -> Reply:
    """Keep a text, do what it asks for, tell what others have to know. Handed in again, it is the one that is kept."""
    id = reply_id(uow.clinic_id, command.provider_id)
    if known := uow.replies.find(id):
        return _opened(known, uow.unseal)
    text = Text(id, command.sender, command.text, min(command.received_at, uow.now))
    sender = sender_of(uow, text)
    understood = understand(read(text.text, uow.keywords), sender, text)
    followed = follow(uow, text, sender, understood)
    reply = Reply(
        id=id,
        patient_id=sender.patient_id,
        about=understood.about,
        answer=understood.answer,
        phone=uow.seal(command.sender),
        text=uow.seal(command.text),
        provider_id=command.provider_id,
        received_at=command.received_at,
        kept_at=uow.now,
        sender=sender.point.address,
        answered_by=tuple(kind.value for kind in followed.kinds),
        status=ReplyStatus.OPEN if understood.is_open else ReplyStatus.DONE,
    )
    return _opened(uow.replies.save(reply, (*reply.events, *followed.events)), uow.unseal)


def list_replies(uow: UnitOfWork, query: ListReplies) -> Page[Reply]:
    """The replies of a clinic's patients by the time they came, with what they say."""
    page = uow.replies.page(
        patient_id=query.patient_id,
        answer=query.answer,
        is_open=query.is_open,
        after=query.after,
        limit=query.limit,
    )
    return replace(page, items=[_opened(reply, uow.unseal) for reply in page.items])


def finish_reply(uow: UnitOfWork, command: FinishReply) -> Reply:
    """Note who has dealt with it and when; once more changes nothing. Raises `NotFound`."""
    reply = uow.replies.get(command.reply_id)
    done = reply.deal_with(f"key/{uow.actor.id}", uow.now)
    return _opened(reply if done is reply else uow.replies.save(done), uow.unseal)


def _opened(reply: Reply, unseal: Callable[[str], str]) -> Reply:
    return replace(reply, phone=unseal(reply.phone), text=unseal(reply.text))
