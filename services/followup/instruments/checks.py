"""What must hold between the parts of an instrument, beyond each part being readable."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from services.followup.domain.instrument import Instrument, InstrumentText, Library
from services.followup.domain.plan import Ask


def instrument_faults(instrument: Instrument) -> Iterator[str]:
    """One sentence for each fault of a scoring file."""
    where = f"{instrument.id} version {instrument.version}"
    yield from (f"{where}: {fault}" for fault in _item_faults(instrument))
    yield from (f"{where}: {fault}" for fault in _band_faults(instrument))
    yield from (f"{where}: {fault}" for fault in _escalation_faults(instrument))


def text_faults(instruments: Sequence[Instrument], texts: Sequence[InstrumentText]) -> Iterator[str]:
    """One sentence for each fault of the text files; an instrument whose words may not be shipped has none."""
    known = {(each.id, each.version): each for each in instruments}
    if len(known) < len(instruments):
        yield "two scoring files have the same id and version"
    for text in texts:
        where = f"{text.instrument} version {text.instrument_version} in {text.language}"
        instrument = known.get((text.instrument, text.instrument_version))
        faults = ["has no scoring file"] if instrument is None else _word_faults(instrument, text)
        yield from (f"{where}: {fault}" for fault in faults)


def plan_faults(library: Library, plan: Iterable[Ask]) -> Iterator[str]:
    """One sentence for each planned instrument that cannot be asked, at least in English."""
    spoken = {(text.instrument, text.instrument_version) for text in library.texts if text.language == "en"}
    for ask in plan:
        versions = [each.version for each in library.instruments if each.id == ask.instrument]
        if not versions:
            yield f"{ask.instrument}: is planned, but has no scoring file"
        elif (ask.instrument, max(versions)) not in spoken:
            yield f"{ask.instrument} version {max(versions)}: is planned, but has no text in en"


def _item_faults(instrument: Instrument) -> Iterator[str]:
    ids = [item.id for item in instrument.items]
    if not ids:
        yield "has no items"
    yield from (f"item {id} stands twice" for id in sorted({id for id in ids if ids.count(id) > 1}))
    yield from (f"item {item.id} has an empty range" for item in instrument.items if item.lowest > item.highest)


def _band_faults(instrument: Instrument) -> Iterator[str]:
    lowest = sum(item.lowest for item in instrument.items)
    highest = sum(item.highest for item in instrument.items)
    if not instrument.bands:
        yield "has no bands"
        return
    if (instrument.bands[0].lowest, instrument.bands[-1].highest) != (lowest, highest):
        yield f"bands must reach from {lowest} to {highest}"
    for band, following in pairwise(instrument.bands):
        if following.lowest != band.highest + 1:
            yield f"bands {band.name} and {following.name} must meet"
    yield from (f"band {band.name} is empty" for band in instrument.bands if band.lowest > band.highest)


def _escalation_faults(instrument: Instrument) -> Iterator[str]:
    items = {item.id: item for item in instrument.items}
    for watched in instrument.escalating:
        item = items.get(watched.item)
        if item is None:
            yield f"escalating item {watched.item} is no item"
            continue
        outside = [value for value in watched.tiers if not item.lowest <= value <= item.highest]
        yield from (f"escalating item {item.id} never takes {value}" for value in outside)


def _word_faults(instrument: Instrument, text: InstrumentText) -> Iterator[str]:
    yield from _differing("item", (item.id for item in instrument.items), text.items)
    values = {value for item in instrument.items for value in range(item.lowest, item.highest + 1)}
    yield from _differing("option", values, text.options)


def _differing(what: str, wanted: Iterable[object], given: Iterable[object]) -> Iterator[str]:
    wanted, given = set(wanted), set(given)
    yield from (f"{what} {each} has no words" for each in sorted(map(str, wanted - given)))
    yield from (f"{what} {each} is none of the instrument's" for each in sorted(map(str, given - wanted)))
