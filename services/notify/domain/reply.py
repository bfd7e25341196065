"""What patients write back: kept as it came, with what it was understood to say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

from services.notify.domain.events import ReplyReceived

_NAMESPACE: Final = UUID("c2a1b9d4-7c55-5e0f-8f0e-3f6d2f0a9b61")


class Answer(StrEnum):
    """What a reply says. `confirm`, `change`, `late`: of a session. `other`: a person has to find out."""

    CONFIRM = "confirm"
    CHANGE = "change"
    LATE = "late"
    OPT_OUT = "opt-out"
    OPT_IN = "opt-in"
    HELP = "help"
    CRISIS = "crisis"
    OTHER = "other"


OF_A_SESSION: Final = frozenset({Answer.CONFIRM, Answer.CHANGE, Answer.LATE})
"""Answers to a message about a session."""
_TOLD: Final = OF_A_SESSION | {Answer.OTHER}
"""What others hear of as a reply; what is said of consent and of danger they hear as such."""


class ReplyStatus(StrEnum):
    """Whether a person still has to read it."""

    OPEN = "open"
    DONE = "done"


MOVES: Final[Mapping[str, tuple[frozenset[ReplyStatus], ReplyStatus]]] = MappingProxyType(
    {"deal_with": (frozenset({ReplyStatus.OPEN}), ReplyStatus.DONE)}
)
"""Every legal change of status: from where, to where. Done stays done: whoever comes second changes nothing."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """`phone` and `text` are sealed, `sender` is the number's fingerprint. Without `patient_id` a stranger wrote.

    `about` is what the last message to this phone spoke of; without it, nothing was ever said there. `answered_by`
    names the kinds of message that answered it at once. `kept_at` is when it was handed in. `done_by` is the access key
    of who dealt with it; empty: there was nothing that a person would have had to read.
    """

    id: str
    version: int = 0
    patient_id: str | None
    about: str | None
    answer: Answer
    phone: str
    text: str
    provider_id: str
    received_at: datetime
    kept_at: datetime | None = None
    sender: str = ""
    answered_by: tuple[str, ...] = ()
    status: ReplyStatus = ReplyStatus.OPEN
    done_at: datetime | None = None
    done_by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a person still has to read it."""
        return self.status is ReplyStatus.OPEN

    @property
    def events(self) -> tuple[ReplyReceived, ...]:
        """What others hear of it; of a stranger's text they hear nothing."""
        if self.patient_id is None or self.about is None or self.answer not in _TOLD:
            return ()
        return (ReplyReceived(self.patient_id, self.about, self.answer.value, self.received_at),)

    def deal_with(self, by: str, at: datetime) -> "Reply":
        """Somebody has seen to it. Once more changes nothing: who was first stays."""
        sources, target = MOVES["deal_with"]
        return replace(self, status=target, done_by=by, done_at=at) if self.status in sources else self


def reply_id(clinic_id: str, provider_id: str) -> str:
    """The same text, handed in again, is the same reply."""
    return str(uuid5(_NAMESPACE, f"{clinic_id}\n{provider_id}"))
