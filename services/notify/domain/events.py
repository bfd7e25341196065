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


@dataclass(frozen=True)
class ReplyFlagged:
    """A patient's text calls for a person at once; `flag` says why: crisis."""

    patient_id: str
    flag: str
    received_at: datetime


@dataclass(frozen=True)
class CallWanted:
    """Somebody at the front desk has to phone; `why` is a short code. Without `patient_id` a stranger wrote."""

    patient_id: str
    about: str
    kind: str
    why: str
    due_at: datetime


@dataclass(frozen=True)
class PageAcknowledged:
    """Somebody of the staff has taken it on; `by` is `staff/<contact id>` or `key/<access key id>`."""

    patient_id: str
    about: str
    reason: str
    by: str
    acknowledged_at: datetime


@dataclass(frozen=True)
class PageContacted:
    """Whoever has taken it on has reached the patient; `by` as of a page that was acknowledged."""

    patient_id: str
    about: str
    reason: str
    by: str
    contacted_at: datetime


@dataclass(frozen=True)
class PageUnanswered:
    """Everybody who can be paged was, and nobody has taken it on."""

    patient_id: str
    about: str
    reason: str
    raised_at: datetime
    at: datetime


@dataclass(frozen=True)
class ContactOptedOut:
    """An address wants nothing automated any more; `patient_id` is whose it is, null when nobody's is known."""

    patient_id: str | None
    channel: str
    source: str
    at: datetime


@dataclass(frozen=True)
class ContactOptedIn:
    """An address may be written to; `stopped_at`: since when it had been stopped, null when it had not."""

    patient_id: str | None
    channel: str
    source: str
    at: datetime
    stopped_at: datetime | None


Event = (
    ContactOptedOut
    | ContactOptedIn
    | MessageSent
    | MessageFailed
    | MessageSuppressed
    | ReplyReceived
    | ReplyFlagged
    | CallWanted
    | PageAcknowledged
    | PageContacted
    | PageUnanswered
)
