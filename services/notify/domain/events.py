"""What notify tells: what became of a message, never what it said.

`about` is the subject the message speaks of, as its teller wrote it: `series/<id>/sessions/3`.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class MessageSent:
    """A provider took it."""

    patient_id: str
    kind: str
    channel: str
    about: str
    sent_at: datetime


@dataclass(frozen=True)
class MessageFailed:
    """It will not reach the patient; somebody may have to phone."""

    patient_id: str
    kind: str
    channel: str
    about: str
    cause: str
    failed_at: datetime


@dataclass(frozen=True)
class MessageSuppressed:
    """A rule held it back, and nothing else goes out in its place."""

    patient_id: str
    kind: str
    channel: str
    about: str
    cause: str
    at: datetime


Event = MessageSent | MessageFailed | MessageSuppressed
