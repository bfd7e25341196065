"""How rows come into the ledger: planned, and made anew of one that is there to say the same once more."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.notify.domain.message import PATIENT, Channel, Kind, Message, Status, Step

_NAMESPACE: Final = UUID("6f1c8a0e-51f3-5d0b-9a53-0e6d8a5c2b17")


@dataclass(frozen=True)
class Meaning:
    """What a row is known by within its clinic (see `Message` for the fields): the same meaning is the same row."""

    patient_id: str
    about: str
    kind: Kind
    channel: Channel
    offset: str = ""
    revision: int = 0
    reader: str = PATIENT


@dataclass(frozen=True)
class Timing:
    """When it is to be said, from when on that is of no use, and what it is needed for (None: until it is of no use).

    None of it is part of the meaning: a row that is there keeps its own.
    """

    due_at: datetime
    expires_at: datetime
    needed_at: datetime | None = None


def queued(clinic_id: str, meaning: Meaning, timing: Timing, *, at: datetime, to: str = "", body: str = "") -> Message:
    """A new row, its id made of its meaning. `to` and `body` (both sealed) are fixed here where they are given."""
    message = Message(
        id=_id_of(clinic_id, meaning),
        patient_id=meaning.patient_id,
        about=meaning.about,
        kind=meaning.kind,
        offset=meaning.offset,
        revision=meaning.revision,
        channel=meaning.channel,
        reader=meaning.reader,
        to=to,
        body=body,
        due_at=timing.due_at,
        expires_at=timing.expires_at,
        needed_at=timing.needed_at or timing.expires_at,
        next_at=timing.due_at,
        history=(Step(Status.QUEUED, at, ""),),
    )
    return message.look_again()


def meaning_of(message: Message) -> Meaning:
    """What the row is known by."""
    return Meaning(
        patient_id=message.patient_id,
        about=message.about,
        kind=message.kind,
        channel=message.channel,
        offset=message.offset,
        revision=message.revision,
        reader=message.reader,
    )


def on_channel(message: Message, channel: Channel, clinic_id: str, at: datetime) -> Message:
    """The row that says the same by another channel. An address that was fixed belongs to its own channel."""
    timing = Timing(message.due_at, message.expires_at, message.needed_at)
    return queued(clinic_id, replace(meaning_of(message), channel=channel), timing, at=at, body=message.body)


def repeated(message: Message, offset: str, clinic_id: str, at: datetime) -> Message:
    """The row that says the same once more, at once, under an offset of its own."""
    timing = Timing(at, message.expires_at, message.needed_at)
    meaning = replace(meaning_of(message), offset=offset)
    return queued(clinic_id, meaning, timing, at=at, to=message.to, body=message.body)


def _id_of(clinic_id: str, meaning: Meaning) -> str:
    others = () if meaning.reader == PATIENT else (meaning.reader,)
    parts = (clinic_id, meaning.patient_id, meaning.about, meaning.kind, meaning.offset, str(meaning.revision))
    return str(uuid5(_NAMESPACE, "\n".join((*parts, meaning.channel, *others))))
