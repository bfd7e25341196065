"""What patients write back: kept as it came, and understood only where it says exactly one of three things."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

from services.notify.domain.events import ReplyReceived

_NAMESPACE: Final = UUID("c2a1b9d4-7c55-5e0f-8f0e-3f6d2f0a9b61")


class Answer(StrEnum):
    """What a reply says about a session; `other`: a person has to read it."""

    CONFIRM = "confirm"
    CHANGE = "change"
    LATE = "late"
    OTHER = "other"


ANSWERS: Final[Mapping[int, Answer]] = MappingProxyType({1: Answer.CONFIRM, 2: Answer.CHANGE, 3: Answer.LATE})
"""Digits, because carriers take words such as YES, CANCEL and END for their own."""
_AROUND: Final = ("P", "Z", "C", "M")
"""Unicode categories that may stand around the digit: punctuation, blanks, invisible signs, marks of an emoji."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """`phone` and `text` are sealed. Without `patient_id` and `about` nothing was ever said to this phone."""

    id: str
    version: int = 0
    patient_id: str | None
    about: str | None
    answer: Answer
    phone: str
    text: str
    provider_id: str
    received_at: datetime

    @property
    def events(self) -> tuple[ReplyReceived, ...]:
        """What others hear of it; of a stranger's text they hear nothing."""
        if self.patient_id is None or self.about is None:
            return ()
        return (ReplyReceived(self.patient_id, self.about, self.answer.value, self.received_at),)


def reply_id(clinic_id: str, provider_id: str) -> str:
    """The same text, handed in again, is the same reply."""
    return str(uuid5(_NAMESPACE, f"{clinic_id}\n{provider_id}"))


def answer_of(text: str) -> Answer:
    """What the text says: one digit and nothing else but blanks and punctuation around it, else `other`."""
    letters = list(text)
    while letters and unicodedata.category(letters[0])[0] in _AROUND:
        letters.pop(0)
    while letters and unicodedata.category(letters[-1])[0] in _AROUND:
        letters.pop()
    digit = unicodedata.digit(letters[0], 0) if len(letters) == 1 else 0
    return ANSWERS.get(digit, Answer.OTHER)
