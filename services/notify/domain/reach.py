"""By which channels something may be said, one after the other: what the reader prefers, the other one, at last a
person who phones.
"""

from collections.abc import Sequence
from typing import Final

from services.notify.domain.clinic import Clinic
from services.notify.domain.message import ESCORT, PATIENT, Channel, Message
from services.notify.domain.recipient import Privacy, Recipient
from services.notify.domain.traits import TRAITS

_AUTOMATED: Final = (Channel.SMS, Channel.EMAIL)


def next_channel(message: Message, reader: Recipient | None, ledger: Sequence[Message]) -> Channel | None:
    """The channel to try when the message's own does not reach its reader; None: nothing takes its place.

    No channel is tried twice. An address that was fixed, and an escort, have one channel only.
    """
    tried = channels_tried(message, ledger)
    order = channels_for(message, reader) if reader and is_open_to_choice(message) else []
    last = [Channel.DESK] if TRAITS[message.kind].falls_back else []
    return next((channel for channel in [*order, *last] if channel not in tried), None)


def channels_for(message: Message, reader: Recipient) -> list[Channel]:
    """The automated channels that reach the reader, the one for this kind first."""
    first = TRAITS[message.kind].first or reader.preferred_channel
    order = sorted(_AUTOMATED, key=lambda channel: channel is not first)
    return [channel for channel in order if reader.contact(channel)]


def channels_tried(message: Message, ledger: Sequence[Message]) -> set[Channel]:
    """Those of the message and of all rows that say the same."""
    return {message.channel, *(row.channel for row in ledger if is_same(row, message))}


def is_same(row: Message, message: Message) -> bool:
    """Whether two rows say the same to the same reader, by whatever channel."""
    return _meaning(row) == _meaning(message)


def is_open_to_choice(message: Message) -> bool:
    """Whether it may go to whichever address the patient has."""
    return message.reader == PATIENT and not message.to


def address_of(message: Message, reader: Recipient) -> str:
    """The sealed address that the message goes to; empty: there is none."""
    if message.to:
        return message.to
    return (reader.escort_phone if message.reader == ESCORT else reader.contact(message.channel)) or ""


def nobody(clinic: Clinic) -> Recipient:
    """A reader of whom nothing is known but where to write: a stranger, or somebody of the staff."""
    return Recipient(
        id="",
        name="",
        phone=None,
        email=None,
        locale=clinic.locale,
        zone=None,
        country=None,
        privacy=Privacy.MINIMAL,
        preferred_channel=Channel.SMS,
    )


def _meaning(row: Message) -> tuple[object, ...]:
    return row.patient_id, row.reader, row.about, row.kind, row.offset, row.revision
