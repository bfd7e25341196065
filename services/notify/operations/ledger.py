"""Planning, calling off and going on by another channel, as every heard event needs it."""

from collections.abc import Callable, Iterable, Sequence

from services.notify.domain.message import Channel, Message, Status
from services.notify.domain.planning import on_channel
from services.notify.domain.reach import address_of, next_channel
from services.notify.domain.traits import TRAITS
from services.notify.operations.ports import UnitOfWork


def plan(uow: UnitOfWork, messages: Iterable[Message]) -> None:
    """Queue what is not in the ledger yet; planning the same again changes nothing."""
    wanted = {message.id: message for message in messages}
    known = uow.messages.known(wanted)
    for id, message in wanted.items():
        if id not in known:
            uow.messages.save(message)


def call_off(
    uow: UnitOfWork, about: Sequence[str], cause: str, *, but: Callable[[Message], bool] = lambda _: False
) -> None:
    """Cancel every row about these subjects that still waits. What is being sent right now cannot be held back."""
    for message in uow.messages.about(about):
        if message.status is Status.QUEUED and not but(message):
            uow.messages.save(message.cancel(cause, uow.now))


def went_to(uow: UnitOfWork, message: Message) -> str | None:
    """Where it went, if that is still known: the row itself keeps only a fingerprint of it."""
    reader = uow.recipients.find(message.patient_id) if message.patient_id else None
    sealed = message.to or (address_of(message, reader) if reader else "")
    to = uow.unseal(sealed) if sealed else ""
    return to if to and uow.fingerprint(to) == message.address else None


def bounce(uow: UnitOfWork, message: Message, cause: str, *, to_a_person: bool = False) -> Message:
    """The receipt says that it will never arrive: the next channel says it, or a person."""
    fall_back(uow, message, to_a_person=to_a_person)
    return uow.messages.save(*message.bounce(cause, uow.now))


def fall_back(uow: UnitOfWork, message: Message, *, to_a_person: bool = False) -> None:
    """Plan the row that takes the place of one that does not reach its reader, while that is still of use.

    `to_a_person`: by phone, whatever other channels there are.
    """
    if not TRAITS[message.kind].falls_back or uow.now >= message.expires_at:
        return
    recipient = uow.recipients.find(message.patient_id)
    channel = next_channel(message, recipient, uow.messages.about([message.about]))
    if channel is not None:
        plan(uow, [on_channel(message, Channel.DESK if to_a_person else channel, uow.clinic_id, uow.now)])
