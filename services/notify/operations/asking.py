"""Asking a provider back about messages of which nobody knows whether they went out.

Only a fact moves such a row: what the provider knows of it. Where it knows nothing, the row stays `unknown` and is
listed for the staff; it is never sent again on a guess.
"""

from dataclasses import dataclass
from datetime import datetime

from services.notify.domain.message import Letter, Message, Status
from services.notify.operations.ledger import went_to
from services.notify.operations.ports import Claim, UnitOfWork


@dataclass(frozen=True)
class FindLetter:
    """Find out what was handed over in the call that had no answer."""

    claim: Claim


@dataclass(frozen=True)
class AskLater:
    """The provider did not say what became of it; `is_answered`: it said that it knows nothing."""

    message_id: str
    request_id: str
    is_answered: bool


@dataclass(frozen=True)
class Doubt:
    """A message in doubt, the letter that was handed over, and when."""

    message: Message
    letter: Letter
    sent_at: datetime


def find_letter(uow: UnitOfWork, command: FindLetter) -> Doubt | None:
    """The letter as it was. None: the claim is lost, or the doubt is over, or the reader's address is another now."""
    message = uow.messages.claimed(command.claim)
    if message is None or message.status is not Status.UNKNOWN or message.begun_at is None:
        return None
    to = went_to(uow, message)
    if to is None:
        uow.messages.save(message.give_up_asking())
        return None
    letter = Letter(
        message_id=message.id,
        clinic_id=uow.clinic_id,
        channel=message.channel,
        sender="",
        to=to,
        subject=message.subject,
        text=uow.unseal(message.text),
    )
    return Doubt(message, letter, message.begun_at)


def ask_later(uow: UnitOfWork, command: AskLater) -> Message:
    """Ask once more, or leave it to the staff."""
    message = uow.messages.get(command.message_id)
    if message.request_id != command.request_id or message.status is not Status.UNKNOWN:
        return message
    return uow.messages.save(message.ask_later(uow.now, is_answered=command.is_answered))
