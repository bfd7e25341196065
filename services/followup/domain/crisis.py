"""Whom to call in a crisis, by country. Reviewed by each clinic before it goes live; numbers are public ones.

US: 988 Suicide & Crisis Lifeline; CA: 9-8-8; DE: TelefonSeelsorge; AU: Lifeline; GB: Samaritans and Shout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Line:
    """One way to get help: what to read (in `language`, BCP 47) and what a phone opens when it is touched."""

    text: str
    href: str
    language: str = "en"


@dataclass(frozen=True)
class Help:
    """The lines of a country; `emergency` for immediate danger."""

    country: str
    lines: tuple[Line, ...]
    emergency: tuple[Line, ...]


LINES: Final[Mapping[str, Help]] = {
    "US": Help(
        "United States",
        (
            Line("Call 988, any time", "tel:988"),
            Line("Text 988, any time", "sms:988"),
            Line("Español: llame al 988 y oprima 2", "tel:988", "es"),
            Line("Veterans: call 988, then press 1", "tel:988"),
        ),
        (Line("Emergency: call 911", "tel:911"),),
    ),
    "CA": Help(
        "Canada",
        (Line("Call 988, any time", "tel:988"), Line("Text 988, any time", "sms:988")),
        (Line("Emergency: call 911", "tel:911"),),
    ),
    "DE": Help(
        "Germany",
        (
            Line("Call 0800 111 0 111", "tel:08001110111"),
            Line("Call 0800 111 0 222", "tel:08001110222"),
            Line("Call 116 123", "tel:116123"),
        ),
        (Line("Emergency: call 112", "tel:112"),),
    ),
    "AU": Help(
        "Australia",
        (Line("Call Lifeline 13 11 14", "tel:131114"), Line("Text 0477 13 11 14", "sms:0477131114")),
        (Line("Emergency: call 000", "tel:000"),),
    ),
    "GB": Help(
        "United Kingdom",
        (Line("Call 116 123", "tel:116123"), Line("Text SHOUT to 85258", "sms:85258")),
        (Line("Emergency: call 999", "tel:999"), Line("Emergency: call 112", "tel:112")),
    ),
}


def help_in(country: str) -> Help | None:
    """The lines of a country (ISO 3166 alpha-2); None where none are known: then the clinic's phone is shown."""
    return LINES.get(country.upper())
