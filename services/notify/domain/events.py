"""What notify tells: what became of a message and what was answered, never what was said.

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


@dataclass(frozen=True)
class ReplyReceived:
    """A patient wrote back; `answer` is confirm, change, late or other."""

    patient_id: str
    about: str
    answer: str
    received_at: datetime


Event = MessageSent | MessageFailed | MessageSuppressed | ReplyReceived
