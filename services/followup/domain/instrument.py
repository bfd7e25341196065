"""What an instrument asks and how it is scored. Both are data: a new instrument is a file, not code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from shared.errors import Fault, Invalid

Answers = Mapping[str, int]
"""Item id to the value of the chosen option."""


@dataclass(frozen=True)
class Item:
    """One question; `code` is its code in the instrument's code system."""

    id: str
    code: str
    lowest: int
    highest: int


@dataclass(frozen=True)
class Band:
    """A range of totals with a name, both ends included."""

    name: str
    lowest: int
    highest: int


@dataclass(frozen=True)
class ChangeRules:
    """When a change counts, for instruments where a lower score is better. Points are points of the total."""

    response_percent: int
    remission_below: int
    reliable_points: int


@dataclass(frozen=True)
class EscalatingItem:
    """An item that must reach a person: answered value to tier (1 is the most urgent), and the tier when left blank."""

    item: str
    tiers: Mapping[int, int]
    blank_tier: int


@dataclass(frozen=True)
class Codes:
    """Codes of the instrument as a whole and of its total."""

    system: str
    panel: str
    total: str


@dataclass(frozen=True)
class Instrument:
    """How an instrument is scored. A check-in keeps the version it was made with."""

    id: str
    version: int
    name: str
    recall_days: int
    min_interval_days: int
    method: Literal["sum"]
    missing: Literal["incomplete"]
    codes: Codes
    items: tuple[Item, ...]
    bands: tuple[Band, ...]
    change: ChangeRules
    escalating: tuple[EscalatingItem, ...]
    licence: str
    sources: tuple[str, ...]

    def blank(self, answers: Answers) -> tuple[str, ...]:
        """Ids of the items that have no answer."""
        return tuple(item.id for item in self.items if item.id not in answers)

    def refuse_illegal(self, answers: Answers) -> None:
        """Raises `Invalid` that names every unknown item and every value out of range."""
        if faults := [*self._illegal(answers)]:
            raise Invalid("answers.invalid", f"{len(faults)} of the answers cannot be taken.", faults)

    def refuse_incomplete(self, answers: Answers) -> None:
        """Raises `Invalid` that names everything illegal and every blank item."""
        faults = [*self._illegal(answers), *map(_missing, self.blank(answers))]
        if faults:
            raise Invalid("answers.invalid", f"{len(faults)} of the answers cannot be taken.", faults)

    def _illegal(self, answers: Answers) -> Iterator[Fault]:
        known = {item.id: item for item in self.items}
        for id, value in answers.items():
            if id not in known:
                yield Fault("answer.unknown-item", f"{self.name} has no item {id}.", _pointer(id))
            elif not known[id].lowest <= value <= known[id].highest:
                yield _out_of_range(known[id])


def _missing(id: str) -> Fault:
    return Fault("answer.missing", f"Item {id} has no answer.", _pointer(id))


def _pointer(id: str) -> str:
    """RFC 6901."""
    return f"/answers/{id.replace('~', '~0').replace('/', '~1')}"


def _out_of_range(item: Item) -> Fault:
    return Fault(
        "answer.out-of-range",
        f"Item {item.id} takes {item.lowest} to {item.highest}.",
        _pointer(item.id),
        {"lowest": item.lowest, "highest": item.highest},
    )


@dataclass(frozen=True)
class InstrumentText:
    """The words of one instrument in one language: an official wording or none, never a translation of our own."""

    instrument: str
    instrument_version: int
    language: str
    prompt: str
    items: Mapping[str, str]
    options: Mapping[int, str]
    notice: str


@dataclass(frozen=True)
class Library:
    """All instruments that this installation has."""

    instruments: tuple[Instrument, ...]
    texts: tuple[InstrumentText, ...]

    def get(self, id: str, version: int) -> Instrument:
        """The instrument as it was in `version`. A version that was ever used must stay: `LookupError` is a bug."""
        for instrument in self.instruments:
            if (instrument.id, instrument.version) == (id, version):
                return instrument
        raise LookupError(f"no instrument {id} in version {version}")

    def newest(self, id: str) -> Instrument:
        """The instrument as new check-ins use it."""
        return max((each for each in self.instruments if each.id == id), key=lambda each: each.version)

    def text(self, instrument: Instrument, locale: str) -> InstrumentText:
        """The words in the language of `locale` (BCP 47), in English where no official wording of it is here."""
        offered = {
            text.language: text
            for text in self.texts
            if (text.instrument, text.instrument_version) == (instrument.id, instrument.version)
        }
        return offered.get(locale.partition("-")[0].lower()) or offered["en"]
