"""What a browser sends, read without trusting any of it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from services.booking.domain.page.wish_to_change import LONGEST_WORDS, DayPart, Delay
from services.booking.pages.view import Posted

DO: Final = "do"
"""What a button wants: each form has its own value."""
_DIGITS: Final = 4


@dataclass(frozen=True)
class Wanted:
    """Another time: what suits, and what the patient wrote."""

    parts: tuple[DayPart, ...]
    words: str

    @property
    def is_too_long(self) -> bool:
        return len(self.words) > LONGEST_WORDS

    @property
    def posted(self) -> Posted:
        """As it is shown again."""
        return Posted(self.words, DayPart.MORNING in self.parts, DayPart.AFTERNOON in self.parts)


def wanted(fields: Mapping[str, str]) -> Wanted:
    """The wish for another time."""
    return Wanted(tuple(part for part in DayPart if part in fields), _plain(fields.get("words", "")))


def delay(fields: Mapping[str, str]) -> Delay | None:
    """How late; None when nothing was chosen."""
    with suppress(ValueError):
        return Delay(fields.get("delay", ""))
    return None


def read(fields: Mapping[str, str]) -> tuple[str, int]:
    """Which version of which text the patient has read; version 0, which no text has, when it is no number."""
    version = fields.get("version", "")
    is_number = version.isdecimal() and len(version) <= _DIGITS
    return fields.get("topic", ""), int(version) if is_number else 0


def _plain(text: str) -> str:
    """What can be seen of a text, its lines kept."""
    lines = ("".join(char for char in line if char.isprintable()).strip() for line in text.splitlines())
    return "\n".join(lines).strip()
