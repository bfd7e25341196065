"""The words of instruments: an official wording or none, never a translation of our own."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.followup.domain.instrument import Instrument, Item, language_of
from shared.errors import Fault

ENGLISH: Final = "en"


@dataclass(frozen=True)
class InstrumentText:
    """The words of one instrument in one language.

    `options` are the words of the values for all items but those with options of their own in `item_options`.
    `source` names where the official wording was taken from; `edition` counts the texts of one instrument and language.
    """

    instrument: str
    instrument_version: int
    language: str
    items: Mapping[str, str]
    source: str
    prompt: str = ""
    options: Mapping[int, str] = field(default_factory=dict)
    item_options: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    notice: str = ""
    edition: int = 1
    is_own: bool = False

    @property
    def name(self) -> str:
        """What a check-in keeps of the words it asked with; `c` marks those that the clinic loaded."""
        return f"{self.instrument}.{self.instrument_version}.{self.language}.{'c' * self.is_own}{self.edition}"

    def option(self, item: Item, value: int) -> str:
        """The words of one answer."""
        return self.item_options.get(item.id, self.options)[value]


@dataclass(frozen=True)
class LoadedText:
    """A wording that a clinic loaded. It is never changed: a better one is the next edition."""

    id: str
    text: InstrumentText
    loaded_at: datetime
    version: int = 0


def best(texts: Iterable[InstrumentText], instrument: Instrument, locale: str) -> InstrumentText | None:
    """The words for a locale (BCP 47): the clinic's own before those of the installation, newer before older.

    Where there is no official wording in that language, the English one; None where there is none either.
    """
    mine = [each for each in texts if (each.instrument, each.instrument_version) == (instrument.id, instrument.version)]
    for language in (language_of(locale), ENGLISH):
        if spoken := [each for each in mine if each.language == language]:
            return max(spoken, key=lambda each: (each.is_own, each.edition))
    return None


def word_faults(instrument: Instrument, text: InstrumentText) -> Iterator[Fault]:
    """Every item and every answer that lacks words, every word that belongs to nothing, a missing source."""
    items = {item.id: item for item in instrument.items}
    if not text.source.strip():
        yield Fault("text.no-source", "source of the official wording is missing", "/source")
    yield from _differing("item", items, text.items, "/items")
    for id in sorted(set(text.item_options) - set(items)):
        yield Fault("text.unknown", f"options of item {id}: there is no such item", f"/item_options/{id}")
    for id in sorted(set(text.item_options) & set(items)):
        yield from _differing(f"item {id}: option", _values(items[id]), text.item_options[id], f"/item_options/{id}")
    shared = {value for id, item in items.items() if id not in text.item_options for value in _values(item)}
    yield from _differing("option", shared, text.options, "/options")


def _values(item: Item) -> range:
    return range(item.lowest, item.highest + 1)


def _differing(
    what: str, wanted: Iterable[str | int], given: Mapping[str, str] | Mapping[int, str], where: str
) -> Iterator[Fault]:
    words: Mapping[str, str] = {str(key): value for key, value in given.items()}
    known = {str(each) for each in wanted}
    for each in sorted(known, key=_in_order):
        if not words.get(each, "").strip():
            yield Fault("text.missing", f"{what} {each} has no words", f"{where}/{each}")
    for each in sorted(words.keys() - known, key=_in_order):
        yield Fault("text.unknown", f"{what} {each} is none of the instrument's", f"{where}/{each}")


def _in_order(name: str) -> tuple[int, str]:
    return (int(name) if name.isdecimal() else len(name) + 1_000, name)
