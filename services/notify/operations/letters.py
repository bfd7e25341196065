"""What a message that may go out says, and the letter that its channel gets."""

from datetime import datetime, timedelta
from typing import Final

from services.notify.domain.message import Channel, Kind, Letter, Message
from services.notify.domain.preparation import Fasting, no_driving_until
from services.notify.domain.reach import is_open_to_choice
from services.notify.domain.verdict import Send
from services.notify.domain.visit import Visit, number_of
from services.notify.domain.wording import Content, Text, key_of
from services.notify.operations.ports import UnitOfWork

REPEAT_OPT_OUT: Final = timedelta(days=30)
"""How to stop is said in a patient's first SMS and then at least monthly (US carriers' practice)."""
_ON_CALENDAR: Final = frozenset({Kind.CONFIRMATION, Kind.CHANGE_NOTICE, Kind.CANCELLATION_NOTICE, Kind.PAUSE_NOTICE})
"""What an e-mail carries a calendar file for: news of times."""


def text_of(uow: UnitOfWork, message: Message, verdict: Send, *, can_reply: bool) -> Text:
    """The words that the reader gets."""
    content = content_of(uow, message, verdict, can_reply=can_reply)
    own = uow.templates.valid(key_of(message))
    return uow.writer.write(message, content, verdict.clinic, verdict.recipient, own, now=uow.now)


def content_of(uow: UnitOfWork, message: Message, verdict: Send, *, can_reply: bool) -> Content:
    """What the text is made of. Sealed things are opened here and nowhere before."""
    first = verdict.visits[0] if verdict.visits else None
    return Content(
        visits=[verdict.offer] if verdict.offer else verdict.visits,
        until=verdict.offer.expires_at if verdict.offer else None,
        no_driving_until=_no_driving_until(first) if first and message.kind is Kind.HOME_SAFE else None,
        collect_at=first.ends_at if first and message.kind is Kind.ESCORT_REMINDER else None,
        body=uow.unseal(message.body) if message.body else "",
        link=_link(uow, message, verdict),
        is_confirmed=all(visit.confirmed_at for visit in verdict.visits),
        can_reply=can_reply,
        opt_out=_has_to_tell_opt_out(uow, message),
        is_staffed=bool(verdict.policy.contacts),
        needs_driver=any(visit.doses for visit in verdict.visits),
        fasting=first.fasting if first else Fasting(),
    )


def letter_of(uow: UnitOfWork, message: Message, verdict: Send, text: Text) -> Letter:
    """What the channel gets."""
    to = uow.unseal(verdict.to)
    is_own = message.channel is Channel.EMAIL and is_open_to_choice(message)
    return Letter(
        message_id=message.id,
        clinic_id=uow.clinic_id,
        channel=message.channel,
        sender=verdict.clinic.sender_alias,
        to=to,
        subject=text.subject,
        text=text.body,
        visits=tuple(verdict.visits) if message.kind in _ON_CALENDAR else (),
        unsubscribe_url=uow.unsubscribe_url(uow.contact_points.of(Channel.EMAIL, to)) if is_own else "",
        from_number=verdict.policy.sms_from,
    )


def _no_driving_until(visit: Visit) -> datetime | None:
    """What was told with the discharge, or else what holds for everybody."""
    if visit.no_driving_until or visit.discharged_at is None:
        return visit.no_driving_until
    return no_driving_until(visit.discharged_at)


def _has_to_tell_opt_out(uow: UnitOfWork, message: Message) -> bool:
    if message.channel is not Channel.SMS or not is_open_to_choice(message):
        return False
    return not uow.messages.opt_out_told_since(message.patient_id, uow.now - REPEAT_OPT_OUT)


def _link(uow: UnitOfWork, message: Message, verdict: Send) -> str:
    """The page of the series, opened at the session that the message is about; the form of a check-in; a page's own."""
    if message.kind is Kind.STAFF_PAGE:
        return uow.unseal(message.body)
    if not verdict.link:
        return ""
    link = uow.unseal(verdict.link)
    if message.kind is Kind.HOME_SAFE:
        return link
    number = verdict.offer.number if verdict.offer else number_of(message.about)
    return link if number is None else f"{link}/{number}"
