"""A message that somebody lets be sent again: a row of its own that says the same."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from services.notify.domain.message import Message
from services.notify.domain.planning import repeated

_AGAIN: Final = "again-"
"""Stands in the offset of such a row, before its number."""


def rung_of(message: Message) -> str:
    """Its offset, whether it was sent again or not."""
    return message.offset.partition(_AGAIN)[0].strip()


def times_repeated(message: Message) -> int:
    """Which repetition it is; 0: none."""
    return int(message.offset.partition(_AGAIN)[2] or 0)


def what_it_says(message: Message) -> tuple[object, ...]:
    """The same for all rows that say the same, by whichever channel and however often."""
    return message.patient_id, message.reader, message.about, message.kind, rung_of(message), message.revision


def again(message: Message, clinic_id: str, ledger: Collection[Message], at: datetime) -> Message:
    """The next repetition of a message, due at once and as long of use as the message is."""
    last = max(times_repeated(row) for row in (message, *ledger) if what_it_says(row) == what_it_says(message))
    offset = f"{rung_of(message)} {_AGAIN}{last + 1}".strip()
    return repeated(message, offset, clinic_id, at)
