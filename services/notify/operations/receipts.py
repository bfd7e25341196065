"""What providers say of messages that they took: accepted, delivered, or lost on the way."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.notify.domain.contact_point import Source
from services.notify.domain.message import MOVES, Message
from services.notify.operations.consents import opt_out
from services.notify.operations.ledger import bounce
from services.notify.operations.ports import UnitOfWork

STOPPED: Final = frozenset({"opted-out", "21610", "40300"})
"""Codes by which providers say that a number wants no more texts (Twilio 21610, Telnyx 40300)."""


class Arrival(StrEnum):
    """What became of a message at the provider."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


@dataclass(frozen=True)
class TakeReceipt:
    """`provider_id` is the provider's name of the message, `code` why it was lost; both may be empty."""

    message_id: str
    arrival: Arrival
    provider_id: str = ""
    code: str = ""


def take_receipt(uow: UnitOfWork, command: TakeReceipt) -> Message | None:
    """Move the message, if this is news; what comes late never moves it back. None: there is no such message.

    A message whose call had no answer was taken after all, when its receipt comes.
    """
    message = uow.messages.find(command.message_id)
    if message is None:
        return None
    if command.arrival in _LOST:
        return _lost(uow, message, command)
    move = "deliver" if command.arrival is Arrival.DELIVERED else "accept"
    if message.status not in MOVES[move][0]:
        return message
    if move == "deliver":
        return uow.messages.save(*message.deliver(uow.now))
    return uow.messages.save(*message.accept(command.provider_id, uow.now))


_LOST: Final = frozenset({Arrival.UNDELIVERED, Arrival.FAILED})


def _lost(uow: UnitOfWork, message: Message, command: TakeReceipt) -> Message:
    """Whatever became of the message: a number that stopped at the provider has stopped here as well."""
    if command.code in STOPPED:
        _learn(uow, message, command.code)
    if message.status not in MOVES["bounce"][0]:
        return message
    return bounce(uow, message, command.code or command.arrival.value, to_a_person=command.code in STOPPED)


def _learn(uow: UnitOfWork, message: Message, code: str) -> None:
    """The number that the message went to, if it is still known."""
    recipient = uow.recipients.find(message.patient_id)
    sealed = message.to or (recipient.contact(message.channel) if recipient else None)
    number = uow.unseal(sealed) if sealed else ""
    if number and message.address == uow.fingerprint(number):
        opt_out(uow, message.channel, number, source=Source.PROVIDER, wording=code)
