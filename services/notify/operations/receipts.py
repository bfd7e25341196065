"""What providers say of messages that they took: accepted, delivered, or lost on the way."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.notify.domain.message import Message
from services.notify.operations.consents import learn_stop
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

    A message whose call had no answer, or seemed to have failed, was taken after all when its receipt comes.
    """
    message = uow.messages.find(command.message_id)
    if message is None:
        return None
    if command.arrival in _LOST:
        return _lost(uow, message, command)
    move = "deliver" if command.arrival is Arrival.DELIVERED else "accept"
    if not message.takes_receipt(move):
        return message
    if move == "deliver":
        return uow.messages.save(*message.deliver(uow.now))
    return uow.messages.save(*message.accept(command.provider_id, uow.now))


_LOST: Final = frozenset({Arrival.UNDELIVERED, Arrival.FAILED})


def _lost(uow: UnitOfWork, message: Message, command: TakeReceipt) -> Message:
    """Whatever became of the message: a number that stopped at the provider has stopped here as well."""
    if command.code in STOPPED:
        learn_stop(uow, message, command.code)
    if not message.takes_receipt("bounce"):
        return message
    return bounce(uow, message, command.code or command.arrival.value, to_a_person=command.code in STOPPED)
