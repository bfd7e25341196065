"""Whom to call in a crisis, by country: only lines that answer day and night. Each clinic reviews them first.

US: 988 Suicide & Crisis Lifeline, in Spanish after 2 or by the word AYUDA, for veterans after 1; CA: 9-8-8; DE:
TelefonSeelsorge; AU: Lifeline; GB: Samaritans and Shout. All of them are public numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Way(StrEnum):
    """How somebody gets through: `word` is a text of one word, `press` a call and then a digit."""

    CALL = "call"
    TEXT = "text"
    WORD = "word"
    PRESS = "press"
    VETERANS = "veterans"
    EMERGENCY = "emergency"


@dataclass(frozen=True)
class Line:
    """One way to get help. `number` as it is read; `word` is what to text or to press.

    `language` (BCP 47): what is said about it is said in that one, because that is what is spoken there; without it in
    the reader's.
    """

    way: Way
    number: str
    word: str = ""
    language: str = ""

    @property
    def href(self) -> str:
        """What a phone opens when it is touched."""
        kind = "sms" if self.way in {Way.TEXT, Way.WORD} else "tel"
        return f"{kind}:{self.number.replace(' ', '')}"


@dataclass(frozen=True)
class Help:
    """The lines of a country; `emergency` for immediate danger."""

    lines: tuple[Line, ...]
    emergency: tuple[Line, ...]


LINES: Final[Mapping[str, Help]] = {
    "US": Help(
        (
            Line(Way.CALL, "988"),
            Line(Way.TEXT, "988"),
            Line(Way.PRESS, "988", "2", language="es"),
            Line(Way.WORD, "988", "AYUDA", language="es"),
            Line(Way.VETERANS, "988", "1"),
        ),
        (Line(Way.EMERGENCY, "911"),),
    ),
    "CA": Help((Line(Way.CALL, "988"), Line(Way.TEXT, "988")), (Line(Way.EMERGENCY, "911"),)),
    "DE": Help(
        (Line(Way.CALL, "0800 111 0 111"), Line(Way.CALL, "0800 111 0 222"), Line(Way.CALL, "116 123")),
        (Line(Way.EMERGENCY, "112"),),
    ),
    "AU": Help((Line(Way.CALL, "13 11 14"), Line(Way.TEXT, "0477 13 11 14")), (Line(Way.EMERGENCY, "000"),)),
    "GB": Help(
        (Line(Way.CALL, "116 123"), Line(Way.WORD, "85258", "SHOUT")),
        (Line(Way.EMERGENCY, "999"), Line(Way.EMERGENCY, "112")),
    ),
}


def help_in(country: str) -> Help | None:
    """The lines of a country (ISO 3166 alpha-2); None where none are known: then the clinic's phone is shown."""
    return LINES.get(country.upper())
