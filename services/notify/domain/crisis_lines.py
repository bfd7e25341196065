"""Whom to call in a crisis, by the country that somebody is in now and the language they read.

United States and Canada: 988 Suicide & Crisis Lifeline (in Spanish by phone after 2, by text with AYUDA); Germany:
TelefonSeelsorge; Australia: Lifeline; United Kingdom: Samaritans and Shout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class CrisisLine:
    """`brief` stands at the end of a message about something else, `full` answers somebody in need.

    Both are written to be read within a sentence. `number` is the country's emergency number, empty where it is not
    known.
    """

    brief: str
    full: str
    number: str


def _lines(number: str, brief: Mapping[str, str], full: Mapping[str, str]) -> Mapping[str, CrisisLine]:
    return {language: CrisisLine(brief[language], full[language], number) for language in brief}


LINES: Final[Mapping[str, Mapping[str, CrisisLine]]] = MappingProxyType(
    {
        "US": _lines(
            "911",
            {
                "en": "call or text 988, or 911",
                "es": "llame al 988 (marque 2) o al 911",
                "de": "rufen Sie 988 oder 911 an",
            },
            {
                "en": "call or text 988 (24/7) or 911",
                "es": "llame al 988 y marque 2, mande AYUDA al 988 (24/7) o llame al 911",
                "de": "rufen Sie 988 (24/7, Englisch) oder 911 an",
            },
        ),
        "CA": _lines(
            "911",
            {
                "en": "call or text 988, or 911",
                "es": "llame al 988 o al 911",
                "de": "rufen Sie 988 oder 911 an",
            },
            {
                "en": "call or text 988 (24/7) or 911",
                "es": "llame al 988 (24/7) o al 911",
                "de": "rufen Sie 988 (24/7, Englisch) oder 911 an",
            },
        ),
        "GB": _lines(
            "999",
            {
                "en": "call 116 123, or 999",
                "es": "llame al 116 123 o al 999",
                "de": "rufen Sie 116 123 oder 999 an",
            },
            {
                "en": "call 116 123, text SHOUT to 85258, or call 999",
                "es": "llame al 116 123 o al 999",
                "de": "rufen Sie 116 123 (Englisch) oder 999 an",
            },
        ),
        "DE": _lines(
            "112",
            {
                "en": "call 116 123, or 112",
                "es": "llame al 116 123 o al 112",
                "de": "rufen Sie 116 123 oder 112 an",
            },
            {
                "en": "call 0800 111 0 111, 0800 111 0 222 or 116 123, or 112",
                "es": "llame al 0800 111 0 111, al 116 123 o al 112",
                "de": "rufen Sie 0800 111 0 111, 0800 111 0 222, 116 123 oder 112 an",
            },
        ),
        "AU": _lines(
            "000",
            {
                "en": "call 13 11 14, or 000",
                "es": "llame al 13 11 14 o al 000",
                "de": "rufen Sie 13 11 14 oder 000 an",
            },
            {
                "en": "call 13 11 14, text 0477 13 11 14, or call 000",
                "es": "llame al 13 11 14 o al 000",
                "de": "rufen Sie 13 11 14 (Englisch) oder 000 an",
            },
        ),
    }
)
"""One row for each country whose lines are known, in each language that messages are written in."""

_LOCAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "call your local emergency number",
        "es": "llame a emergencias",
        "de": "rufen Sie den Notruf an",
    }
)


def crisis_line(country: str, language: str) -> CrisisLine:
    """What is known for that country; elsewhere the emergency number without its digits."""
    known = LINES.get(country)
    return known[language] if known else CrisisLine(_LOCAL[language], _LOCAL[language], "")
