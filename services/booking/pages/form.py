"""What a browser sends, read without trusting any of it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from services.booking.domain.page.wish_to_change import LONGEST_WORDS, DayPart, Delay
from services.booking.pages.view import Posted

DO: Final = "do"
"""What a button wants: each form has its own value."""


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


def _plain(text: str) -> str:
    """What can be seen of a text, its lines kept."""
    lines = ("".join(char for char in line if char.isprintable()).strip() for line in text.splitlines())
    return "\n".join(lines).strip()
