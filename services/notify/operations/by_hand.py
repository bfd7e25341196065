"""What a person at the desk does with messages: sends one again, writes one, notes that one was dealt with."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from services.notify.domain.again import again
from services.notify.domain.call import DealtWith, require_called_for
from services.notify.domain.message import Channel, Kind, Message, Status
from services.notify.domain.planning import Meaning, Timing, queued
from services.notify.domain.reach import address_of
from services.notify.domain.recipient import Recipient
from services.notify.domain.traits import TRAITS
from services.notify.domain.verdict import Cancel, judge, reader_of
from services.notify.operations.ledger import plan
from services.notify.operations.ports import UnitOfWork
from services.notify.operations.scene import scene_of
from shared.errors import Fault, NotFound, RuleBroken

OF_USE_FOR: Final = timedelta(hours=24)
"""How long a message that a person wrote may be late. Clinic default."""


@dataclass(frozen=True)
class ResendMessage:
    """Send it once more; `despite_unknown`, when nobody knows whether it arrived, with a `reason`."""

    message_id: str
    despite_unknown: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class DealWithMessage:
    """Somebody has phoned, or there is nothing to do."""

    message_id: str
    note: str | None = None


@dataclass(frozen=True)
class WriteToPatient:
    """A text that a person wrote, sent now; by the `channel` that the patient prefers unless said otherwise."""

    patient_id: str
    text: str
    channel: Channel | None = None


def resend_message(uow: UnitOfWork, command: ResendMessage) -> Message:
    """A new row that says the same; the reason is kept with the first one.

    Raises `NotFound`, and `RuleBroken` with every reason why not.
    """
    message = uow.messages.get(command.message_id)
    row = again(message, uow.clinic_id, uow.messages.about([message.about]), uow.now)
    if faults := [*_of_this_row(message, command), *_of_its_news(uow, row)]:
        raise RuleBroken("message.not-sent-again", "This message cannot be sent again.", faults)
    plan(uow, [row])
    if command.reason and not uow.calls.find(message.id):
        uow.calls.save(_dealt(uow, message, command.reason))
    return row


def deal_with_message(uow: UnitOfWork, command: DealWithMessage) -> DealtWith:
    """Take it off the list; who was first stays. Raises `NotFound`, and `Conflict` when it asks for no call."""
    message = uow.messages.get(command.message_id)
    if known := uow.calls.find(message.id):
        return known
    require_called_for(message)
    return uow.calls.save(_dealt(uow, message, command.note or ""))


def write_to_patient(uow: UnitOfWork, command: WriteToPatient) -> Message:
    """Raises `NotFound`, and `RuleBroken` with every reason why this text cannot go to this patient."""
    recipient = uow.recipients.find(command.patient_id)
    if recipient is None:
        raise NotFound("patient")
    channel = command.channel or _reachable_by(recipient)
    name = uow.unseal(recipient.name)
    words = uow.writer.body_faults(command.text, locale=recipient.locale, patient_name=name)
    faults = [replace(fault, pointer="/text") for fault in words]
    if faults := [*faults, *_of_the_address(uow, recipient.contact(channel) or "", channel)]:
        raise RuleBroken("message.refused", "This message cannot be sent.", faults)
    meaning = Meaning(recipient.id, f"patient/{recipient.id}", Kind.MANUAL, channel, offset=uow.new_id())
    timing = Timing(uow.now, uow.now + OF_USE_FOR, needed_at=uow.now)
    row = queued(uow.clinic_id, meaning, timing, at=uow.now, body=uow.seal(command.text))
    plan(uow, [row])
    return row


def _dealt(uow: UnitOfWork, message: Message, note: str) -> DealtWith:
    return DealtWith(id=message.id, patient_id=message.patient_id, note=note, by=f"key/{uow.actor.id}", at=uow.now)


def _reachable_by(recipient: Recipient) -> Channel:
    other = Channel.EMAIL if recipient.preferred_channel is Channel.SMS else Channel.SMS
    has_other_only = recipient.contact(recipient.preferred_channel) is None and recipient.contact(other) is not None
    return other if has_other_only else recipient.preferred_channel


def _of_this_row(message: Message, command: ResendMessage) -> list[Fault]:
    faults = []
    if not message.is_closed:
        faults.append(Fault("message.still-waiting", "It has not gone out yet."))
    if message.channel is Channel.DESK or message.kind is Kind.STAFF_PAGE:
        faults.append(Fault("message.not-for-patients", "Only messages to patients can be sent again."))
    if message.status is Status.UNKNOWN and not command.despite_unknown:
        detail = "Nobody knows whether it arrived: the patient may get it twice."
        faults.append(Fault("message.may-have-arrived", detail, "/despite_unknown"))
    if command.despite_unknown and not command.reason:
        faults.append(Fault("message.reason-missing", "Say why it is worth being said twice.", "/reason"))
    return faults


def _of_its_news(uow: UnitOfWork, row: Message) -> list[Fault]:
    """Why the new row could not go out: judged as it will be when its turn comes."""
    faults = []
    scene = scene_of(uow, row)
    if uow.now >= row.expires_at:
        faults.append(Fault("message.too-late", "It is of no use any more."))
    elif isinstance(verdict := judge(row, scene, uow.now), Cancel):
        faults.append(Fault("message.not-true", "What it says is not true any more.", context={"cause": verdict.cause}))
    reader = reader_of(row, scene.clinic, scene.recipient)
    if reader is None or TRAITS[row.kind].despite_opt_out:
        return faults
    return [*faults, *_of_the_address(uow, address_of(row, reader), row.channel)]


def _of_the_address(uow: UnitOfWork, sealed: str, channel: Channel) -> list[Fault]:
    if not sealed:
        return [Fault("contact.missing", f"There is no address for {channel}.", "/channel")]
    if uow.contact_points.of(channel, uow.unseal(sealed)).is_stopped:
        detail = "The patient wants no messages by this way: phone, or ask them to write START."
        return [Fault("contact.opted-out", detail, "/channel")]
    return []
