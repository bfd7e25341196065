"""How rows come into the ledger: planned, and made anew of one that is there to say the same once more."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from services.notify.domain.message import PATIENT, Channel, Kind, Message, Status, Step

_NAMESPACE: Final = UUID("6f1c8a0e-51f3-5d0b-9a53-0e6d8a5c2b17")


def queued(
    clinic_id: str,
    *,
    patient_id: str,
    about: str,
    kind: Kind,
    channel: Channel,
    due_at: datetime,
    expires_at: datetime,
    at: datetime,
    needed_at: datetime | None = None,
    offset: str = "",
    revision: int = 0,
    reader: str = PATIENT,
    to: str = "",
    body: str = "",
) -> Message:
    """A new row, its id made of its meaning."""
    others = () if reader == PATIENT else (reader,)
    meaning = (clinic_id, patient_id, about, kind, offset, str(revision), channel, *others)
    message = Message(
        id=str(uuid5(_NAMESPACE, "\n".join(meaning))),
        patient_id=patient_id,
        about=about,
        kind=kind,
        offset=offset,
        revision=revision,
        channel=channel,
        reader=reader,
        to=to,
        body=body,
        due_at=due_at,
        expires_at=expires_at,
        needed_at=needed_at or expires_at,
        next_at=due_at,
        history=(Step(Status.QUEUED, at, ""),),
    )
    return message.look_again()


def made_anew(message: Message, clinic_id: str, at: datetime, **changes: Any) -> Message:
    """A row that says the same as this one, but for `changes` (see `queued`)."""
    same: dict[str, Any] = {
        "patient_id": message.patient_id,
        "about": message.about,
        "kind": message.kind,
        "offset": message.offset,
        "revision": message.revision,
        "channel": message.channel,
        "reader": message.reader,
        "to": message.to,
        "body": message.body,
        "due_at": message.due_at,
        "expires_at": message.expires_at,
        "needed_at": message.needed_at,
    }
    return queued(clinic_id, at=at, **same | changes)


def on_channel(message: Message, channel: Channel, clinic_id: str, at: datetime) -> Message:
    """The row that says the same by another channel. An address that was fixed belongs to its own channel."""
    return made_anew(message, clinic_id, at, channel=channel, to="")
