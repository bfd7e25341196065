"""Sending in two units of work around the call to the provider: begin (persisted before the call), then record.

A crash between the two leaves a message in `sending`. Whoever gets its lease next repeats the very same call where the
provider promises one effect per key; elsewhere the message becomes `unknown` and is never sent again on a guess.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, TypeGuard

from services.notify.domain.message import Channel, Letter, Message, Status
from services.notify.domain.planning import on_channel
from services.notify.domain.verdict import (
    Cancel,
    Divert,
    Drop,
    Expire,
    Forgotten,
    HandOver,
    Send,
    Suppress,
    Verdict,
    Wait,
    judge,
)
from services.notify.domain.wording import Text
from services.notify.operations.consents import learn_stop
from services.notify.operations.ledger import fall_back, plan
from services.notify.operations.letters import letter_of, text_of
from services.notify.operations.ports import (
    Accepted,
    Claim,
    OptedOut,
    Outcome,
    PermanentFailure,
    TemporaryFailure,
    Throttled,
    UnitOfWork,
    UnknownOutcome,
)
from services.notify.operations.scene import scene_of


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
    """How the call `request_id` ended. `may_repeat`: the provider knows our key."""

    message_id: str
    request_id: str
    outcome: Outcome
    may_repeat: bool = False


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
    verdict = judge(message, scene_of(uow, message), uow.now)
    if message.status is Status.SENDING:
        return _resume(uow, message, verdict, may_repeat=message.channel in command.repeatable)
    if isinstance(verdict, Send):
        return _begin(uow, message, verdict, can_reply=message.channel in command.answered)
    return Looked(_NOT_SENT[type(verdict)](uow, message, verdict))


def record_outcome(uow: UnitOfWork, command: RecordOutcome) -> Message:
    """Keep what the provider said. Of a call that has been repeated since only one thing is news: that it was taken."""
    message = uow.messages.get(command.message_id)
    is_old = message.request_id != command.request_id and not isinstance(command.outcome, Accepted)
    if is_old or not message.awaits_answer:
        return message
    if _leaves_in_doubt(command.outcome, message):
        return _doubt(uow, message, command.outcome, may_repeat=command.may_repeat)
    record = next(_RECORD[kind] for kind in type(command.outcome).__mro__ if kind in _RECORD)
    return record(uow, message, command.outcome)


def _begin(uow: UnitOfWork, message: Message, verdict: Send, *, can_reply: bool) -> Looked:
    text = text_of(uow, message, verdict, can_reply=can_reply)
    letter = letter_of(uow, message, verdict, text)
    begun = message.begin(
        uow.new_id(),
        subject=text.subject,
        text=uow.seal(text.body),
        address=uow.fingerprint(letter.to),
        tells_opt_out=text.tells_opt_out,
        at=uow.now,
        place=verdict.place,
        also=verdict.also,
        edition=text.edition,
    )
    return Looked(uow.messages.save(begun), letter)


def _resume(uow: UnitOfWork, message: Message, verdict: Verdict, *, may_repeat: bool) -> Looked:
    """Whoever was sending it is gone."""
    if not (may_repeat and isinstance(verdict, Send)):
        return Looked(uow.messages.save(message.lose_sight("no-answer", uow.now)))
    letter = letter_of(uow, message, verdict, Text(message.subject, uow.unseal(message.text)))
    return Looked(uow.messages.save(message.repeat(uow.new_id(), uow.now)), letter)


def _wait(uow: UnitOfWork, message: Message, verdict: Wait) -> Message:
    return uow.messages.save(message.wait(verdict.until))


def _expire(uow: UnitOfWork, message: Message, _: Expire) -> Message:
    return uow.messages.save(message.expire(uow.now))


def _forget(uow: UnitOfWork, message: Message, _: Forgotten) -> Message:
    return uow.messages.save(message.forget(uow.now))


def _cancel(uow: UnitOfWork, message: Message, verdict: Cancel) -> Message:
    return uow.messages.save(message.cancel(verdict.cause, uow.now))


def _suppress(uow: UnitOfWork, message: Message, verdict: Suppress) -> Message:
    return uow.messages.save(*message.suppress(verdict.cause, uow.now))


def _drop(uow: UnitOfWork, message: Message, verdict: Drop) -> Message:
    return uow.messages.save(message.divert(verdict.cause, uow.now))


def _divert(uow: UnitOfWork, message: Message, verdict: Divert) -> Message:
    plan(uow, [on_channel(message, verdict.to, uow.clinic_id, uow.now)])
    return uow.messages.save(message.divert(verdict.cause, uow.now))


def _hand_over(uow: UnitOfWork, message: Message, verdict: HandOver) -> Message:
    return uow.messages.save(*message.hand_over(verdict.why, uow.now, verdict.also))


_NOT_SENT: Final[Mapping[type[Verdict], Callable[[UnitOfWork, Message, Any], Message]]] = MappingProxyType(
    {
        Wait: _wait,
        Expire: _expire,
        Forgotten: _forget,
        Cancel: _cancel,
        Suppress: _suppress,
        Drop: _drop,
        Divert: _divert,
        HandOver: _hand_over,
    }
)
"""What each verdict but `Send` leads to."""


def _leaves_in_doubt(outcome: Outcome, message: Message) -> TypeGuard[TemporaryFailure | UnknownOutcome]:
    """Whether it may have gone out all the same: the call has no end, or it failed behind one that has none."""
    is_undecided = isinstance(outcome, TemporaryFailure) and message.is_repeated
    return is_undecided or isinstance(outcome, UnknownOutcome)


def _doubt(
    uow: UnitOfWork, message: Message, outcome: TemporaryFailure | UnknownOutcome, *, may_repeat: bool
) -> Message:
    """Only the very same call can say more, where the provider knows our key; else a receipt, or the provider asked."""
    if message.status is Status.UNKNOWN:
        return message
    if may_repeat:
        return uow.messages.save(message.repeat_later(uow.now, after=_pause_of(outcome)))
    return uow.messages.save(message.lose_sight(outcome.cause, uow.now))


def _pause_of(outcome: Outcome) -> timedelta:
    """What the provider asks for."""
    return timedelta(seconds=outcome.retry_after) if isinstance(outcome, Throttled) else timedelta()


def _accepted(uow: UnitOfWork, message: Message, outcome: Accepted) -> Message:
    return uow.messages.save(*message.accept(outcome.provider_id, uow.now))


def _temporary(uow: UnitOfWork, message: Message, outcome: TemporaryFailure) -> Message:
    pause = _pause_of(outcome)
    return uow.messages.save(message.retry(outcome.cause, uow.now, after=pause, is_attempt=outcome.is_attempt))


def _permanent(uow: UnitOfWork, message: Message, outcome: PermanentFailure) -> Message:
    fall_back(uow, message)
    return uow.messages.save(*message.fail(outcome.cause, uow.now))


def _opted_out(uow: UnitOfWork, message: Message, outcome: OptedOut) -> Message:
    """The reader stopped at the provider: learnt for all messages to come, and a person takes this one over."""
    learn_stop(uow, message, outcome.cause)
    fall_back(uow, message, to_a_person=True)
    return uow.messages.save(*message.fail(outcome.cause, uow.now))


_RECORD: Final[Mapping[type[Outcome], Callable[[UnitOfWork, Message, Any], Message]]] = MappingProxyType(
    {
        Accepted: _accepted,
        TemporaryFailure: _temporary,
        OptedOut: _opted_out,
        PermanentFailure: _permanent,
    }
)
"""What each certain outcome of a call leads to; one that is not here counts as what it is made more exact of."""
