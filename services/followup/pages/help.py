"""Whom to call, in the words of a page."""

from collections.abc import Mapping
from dataclasses import dataclass

from babel import Locale

from services.followup.domain.crisis import LINES, Help, Line, help_in
from shared.http.page_texts import Texts, best


@dataclass(frozen=True)
class ShownLine:
    """One way to get help: what to read, in which language, and what a phone opens when it is touched."""

    text: str
    href: str
    language: str


@dataclass(frozen=True)
class ShownHelp:
    """The lines of a country; `emergency` for immediate danger."""

    lines: tuple[ShownLine, ...]
    emergency: tuple[ShownLine, ...]


def shown_help(country: str, say: Texts, texts: Mapping[str, Texts]) -> ShownHelp | None:
    """The lines of a country (ISO 3166 alpha-2), None where none are known."""
    known = help_in(country)
    return None if known is None else _shown(known, say, texts)


def every_country(say: Texts, texts: Mapping[str, Texts]) -> tuple[tuple[str, ShownHelp], ...]:
    """The name and the lines of each country, where nobody knows in which one the reader is."""
    names = Locale.parse(say.language).territories
    return tuple((names[country], _shown(known, say, texts)) for country, known in LINES.items())


def _shown(known: Help, say: Texts, texts: Mapping[str, Texts]) -> ShownHelp:
    """Lines on which the reader's own language is promised come first."""

    def line(one: Line) -> ShownLine:
        words = best(texts, one.language or say.language)
        return ShownLine(words(f"line_{one.way}", number=one.number, word=one.word), one.href, words.language)

    lines = sorted(known.lines, key=lambda one: one.language != say.language)
    return ShownHelp(tuple(map(line, lines)), tuple(map(line, known.emergency)))
