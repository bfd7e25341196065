"""Sending in two units of work around the call to the provider: begin (persisted before the call), then record.

A crash between the two leaves a message in `sending`. Whoever gets its lease next repeats the very same call where the
provider promises one effect per key; elsewhere the message becomes `unknown` and is never sent again on a guess.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from services.notify.domain.message import Channel, Kind, Letter, Message, Status, on_other_channel
from services.notify.domain.verdict import Cancel, Divert, Expire, Scene, Send, Suppress, Verdict, Wait, judge
from services.notify.domain.visit import number_of, series_of
from services.notify.domain.wording import Content, Text, write
from services.notify.operations.ledger import plan
from services.notify.operations.ports import (
    Accepted,
    Claim,
    Outcome,
    PermanentFailure,
    TemporaryFailure,
    UnitOfWork,
    UnknownOutcome,
)

REPEAT_OPT_OUT: Final = timedelta(days=30)
"""How to stop is said in a patient's first SMS and then at least monthly (US carriers' practice)."""


@dataclass(frozen=True)
class BeginSending:
    """Take a claimed message to its channel.

    `repeatable` names the channels whose providers know our key, `answered` those by which patients can write back.
    """

    claim: Claim
    repeatable: frozenset[Channel]
    answered: frozenset[Channel] = frozenset()


@dataclass(frozen=True)
class RecordOutcome:
    """How the call `request_id` ended."""

    message_id: str
    request_id: str
    outcome: Outcome


@dataclass(frozen=True)
class Looked:
    """How a message stands after a look at it, and the letter to hand over now, if there is one."""

    message: Message
    letter: Letter | None = None


def begin_sending(uow: UnitOfWork, command: BeginSending) -> Looked | None:
    """Judge the message once more; if it may go out, persist that it is being sent. None: the claim is lost."""
    message = uow.messages.claimed(command.claim)
    if message is None:
        return None
    verdict = judge(message, _scene(uow, message), uow.now)
    if message.status is Status.SENDING:
        return _resume(uow, message, verdict, may_repeat=message.channel in command.repeatable)
    if isinstance(verdict, Send):
        return _begin(uow, message, verdict, can_reply=message.channel in command.answered)
    return Looked(_NOT_SENT[type(verdict)](uow, message, verdict))


def record_outcome(uow: UnitOfWork, command: RecordOutcome) -> Message:
    """Keep what the provider said. An answer to a call that has been repeated since says nothing new."""
    message = uow.messages.get(command.message_id)
    if message.request_id != command.request_id or not message.awaits_answer:
        return message
    return _RECORD[type(command.outcome)](uow, message, command.outcome)


def _scene(uow: UnitOfWork, message: Message) -> Scene:
    scene = Scene(
        clinic=uow.clinics.find(uow.clinic_id),
        recipient=uow.recipients.find(message.patient_id),
        ledger=uow.messages.about([message.about]),
    )
    if message.kind is Kind.CHECK_IN_LINK:
        return replace(scene, check_in=uow.check_ins.find(message.about))
    of_series = replace(scene, series=uow.series.find(series_of(message.about)))
    if message.kind is Kind.OFFER:
        return replace(of_series, offer=uow.offers.find(message.about))
    return replace(of_series, visits=uow.visits.about(message.about))


def _begin(uow: UnitOfWork, message: Message, verdict: Send, *, can_reply: bool) -> Looked:
    opt_out = message.channel is Channel.SMS and not uow.messages.opt_out_told_since(
        message.patient_id, uow.now - REPEAT_OPT_OUT
    )
    content = Content(
        visits=[verdict.offer] if verdict.offer else verdict.visits,
        until=verdict.offer.expires_at if verdict.offer else None,
        link=_link(uow, message, verdict),
        is_confirmed=all(visit.confirmed_at for visit in verdict.visits),
        can_reply=can_reply,
        opt_out=opt_out,
    )
    text = write(message, content, verdict.clinic, verdict.recipient, now=uow.now)
    letter = _letter(uow, message, verdict, text)
    begun = message.begin(
        uow.new_id(),
        subject=text.subject,
        text=uow.seal(text.body),
        address=uow.fingerprint(letter.to),
        tells_opt_out=opt_out,
        at=uow.now,
    )
    return Looked(uow.messages.save(begun), letter)


def _link(uow: UnitOfWork, message: Message, verdict: Send) -> str:
    """The page of the series, opened at the session that the message is about."""
    if not verdict.link:
        return ""
    link = uow.unseal(verdict.link)
    number = verdict.offer.number if verdict.offer else number_of(message.about)
    return link if number is None else f"{link}/{number}"


def _resume(uow: UnitOfWork, message: Message, verdict: Verdict, *, may_repeat: bool) -> Looked:
    """Whoever was sending it is gone."""
    if not (may_repeat and isinstance(verdict, Send)):
        return Looked(uow.messages.save(message.lose_sight("no-answer", uow.now)))
    letter = _letter(uow, message, verdict, Text(message.subject, uow.unseal(message.text)))
    return Looked(uow.messages.save(message.repeat(uow.new_id(), uow.now)), letter)


def _letter(uow: UnitOfWork, message: Message, verdict: Send, text: Text) -> Letter:
    return Letter(
        message_id=message.id,
        clinic_id=uow.clinic_id,
        channel=message.channel,
        sender=verdict.clinic.sender_alias,
        to=uow.unseal(verdict.recipient.contact(message.channel) or ""),
        subject=text.subject,
        text=text.body,
        visits=() if message.kind is Kind.REMINDER else tuple(verdict.visits),
    )


def _wait(uow: UnitOfWork, message: Message, verdict: Wait) -> Message:
    return uow.messages.save(message.wait(verdict.until))


def _expire(uow: UnitOfWork, message: Message, _: Expire) -> Message:
    return uow.messages.save(message.expire(uow.now))


def _cancel(uow: UnitOfWork, message: Message, verdict: Cancel) -> Message:
    return uow.messages.save(message.cancel(verdict.cause, uow.now))


def _suppress(uow: UnitOfWork, message: Message, verdict: Suppress) -> Message:
    return uow.messages.save(*message.suppress(verdict.cause, uow.now))


def _divert(uow: UnitOfWork, message: Message, verdict: Divert) -> Message:
    plan(uow, [on_other_channel(message, uow.clinic_id, uow.now)])
    return uow.messages.save(message.divert(verdict.cause, uow.now))


_NOT_SENT: Final[Mapping[type[Verdict], Callable[[UnitOfWork, Message, Any], Message]]] = MappingProxyType(
    {Wait: _wait, Expire: _expire, Cancel: _cancel, Suppress: _suppress, Divert: _divert}
)
"""What each verdict but `Send` leads to."""


def _accepted(uow: UnitOfWork, message: Message, outcome: Accepted) -> Message:
    return uow.messages.save(*message.accept(outcome.provider_id, uow.now))


def _temporary(uow: UnitOfWork, message: Message, outcome: TemporaryFailure) -> Message:
    return uow.messages.save(message.retry(outcome.cause, uow.now))


def _permanent(uow: UnitOfWork, message: Message, outcome: PermanentFailure) -> Message:
    return uow.messages.save(*message.fail(outcome.cause, uow.now))


def _unknown(uow: UnitOfWork, message: Message, outcome: UnknownOutcome) -> Message:
    if message.status is Status.UNKNOWN:
        return message
    return uow.messages.save(message.lose_sight(outcome.cause, uow.now))


_RECORD: Final[Mapping[type[Outcome], Callable[[UnitOfWork, Message, Any], Message]]] = MappingProxyType(
    {Accepted: _accepted, TemporaryFailure: _temporary, PermanentFailure: _permanent, UnknownOutcome: _unknown}
)
"""What each outcome of a call leads to."""
