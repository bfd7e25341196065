"""What must hold between the parts of an instrument, beyond each part being readable. Every fault is one sentence."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from services.followup.domain.instrument import FOR_THE_PATIENT, SCORE, Condition, Instrument, Item, Scale, Watched
from services.followup.domain.wording import InstrumentText, word_faults

TIERS: Final = range(1, 5)


def instrument_faults(instrument: Instrument) -> Iterator[str]:
    """One sentence for each fault of a scoring file."""
    where = f"{instrument.id} version {instrument.version}"
    checks = (
        _item_faults,
        _scale_faults,
        _level_faults,
        _cut_off_faults,
        _change_faults,
        _watched_faults,
        _mark_faults,
    )
    yield from (f"{where}: {fault}" for check in checks for fault in check(instrument))


def text_faults(instruments: Sequence[Instrument], texts: Sequence[InstrumentText]) -> Iterator[str]:
    """One sentence for each fault of the text files; an instrument whose words may not be shipped has none."""
    known = {(each.id, each.version): each for each in instruments}
    if len(known) < len(instruments):
        yield "two scoring files have the same id and version"
    if len({text.name for text in texts}) < len(texts):
        yield "two text files have the same instrument, language and edition"
    for text in texts:
        where = f"{text.instrument} version {text.instrument_version} in {text.language}"
        instrument = known.get((text.instrument, text.instrument_version))
        yield from (f"{where}: {fault}" for fault in _text_faults(instrument, text))


def unknown_fields(given: Any, understood: Any, where: str = "") -> Iterator[str]:
    """Fields of a file that nothing reads: a slip of the pen there would change a score in silence."""
    if isinstance(given, Mapping) and isinstance(understood, Mapping):
        for name, value in given.items():
            if name in understood:
                yield from unknown_fields(value, understood[name], f"{where}{name} ")
            else:
                yield f"{where}{name}: there is no such field"
    elif isinstance(given, list) and isinstance(understood, list):
        for number, (one, other) in enumerate(zip(given, understood, strict=True), 1):
            yield from unknown_fields(one, other, f"{where}{number} ")


def _item_faults(instrument: Instrument) -> Iterator[str]:
    if not instrument.items:
        yield "has no items"
    yield from _twice("item", [item.id for item in instrument.items])
    earlier: dict[str, Item] = {}
    for item in instrument.items:
        if item.id == SCORE or not item.id.replace("-", "").isalnum():
            yield f"item {item.id} must have another name, of letters, digits and hyphens"
        if item.lowest > item.highest:
            yield f"item {item.id} has an empty range"
        if item.asked_if is not None:
            yield from _condition_faults(f"branch to item {item.id}", item.asked_if, earlier)
        earlier[item.id] = item


def _scale_faults(instrument: Instrument) -> Iterator[str]:
    items = {item.id: item for item in instrument.items}
    yield from _twice("scale", [scale.id for scale in instrument.scales])
    for scale in instrument.scales:
        place = f"scale {scale.id}"
        yield from (f"{place}: {id} is no item" for id in (*scale.items, *scale.never_imputed) if id not in items)
        yield from _twice(f"{place}: item", scale.items)
        yield from (f"{place}: item {id} is optional" for id in scale.items if id in items and items[id].optional)
        if not 0 <= scale.may_lack < max(1, len(scale.items)):
            yield f"{place}: cannot do without {scale.may_lack} of {len(scale.items)} items"
        if scale.method == "mean" and scale.may_lack and (scale.bands or scale == instrument.total):
            yield f"{place}: a mean that is compared by its sum cannot make up for blank items"
        if scale.bands:
            known = [items[id] for id in scale.items if id in items]
            yield from (f"{place}: {fault}" for fault in _band_faults(scale, known))


def _band_faults(scale: Scale, items: Sequence[Item]) -> Iterator[str]:
    lowest, highest = sum(item.lowest for item in items), sum(item.highest for item in items)
    yield from _twice("band", [band.name for band in scale.bands])
    if (scale.bands[0].lowest, scale.bands[-1].highest) != (lowest, highest):
        yield f"bands must reach from {lowest} to {highest}"
    for band, following in pairwise(scale.bands):
        if following.lowest != band.highest + 1:
            yield f"bands {band.name} and {following.name} must meet"
    yield from (f"band {band.name} is empty" for band in scale.bands if band.lowest > band.highest)


def _level_faults(instrument: Instrument) -> Iterator[str]:
    items = {item.id: item for item in instrument.items}
    yield from _twice("level", [level.name for level in instrument.levels])
    if instrument.levels and instrument.levels[-1].when:
        yield f"the last level, {instrument.levels[-1].name}, must hold for whatever is left"
    yield from (f"level {level.name} leaves nothing for the next" for level in instrument.levels[:-1] if not level.when)
    if instrument.levels and instrument.total and instrument.total.bands:
        yield "a result is named by bands or by levels, not by both"
    for level in (*instrument.levels, *instrument.findings):
        for condition in level.when:
            yield from _condition_faults(level.name, condition, items)


def _condition_faults(place: str, condition: Condition, items: Mapping[str, Item]) -> Iterator[str]:
    yield from (f"{place}: {id} is no (earlier) item" for id in condition.items if id not in items)
    if not 1 <= condition.count <= len(condition.items):
        yield f"{place}: {condition.count} of {len(condition.items)} items can never be"
    for item in (items[id] for id in condition.items if id in items):
        if not item.lowest < condition.value <= item.highest:
            yield f"{place}: item {item.id} never reaches {condition.value}, or always does"


def _cut_off_faults(instrument: Instrument) -> Iterator[str]:
    yield from _twice("cut-off", [cut_off.name for cut_off in instrument.cut_offs])
    for cut_off in instrument.cut_offs:
        for points in (cut_off.at_least, *cut_off.by_language.values(), *cut_off.by_sex.values()):
            if points not in instrument.reach:
                yield f"cut-off {cut_off.name}: the total never reaches {points}"


def _change_faults(instrument: Instrument) -> Iterator[str]:
    rules = instrument.change
    for name, percent in (("response", rules.response_percent), ("partial", rules.partial_percent)):
        if percent is not None and not 0 < percent <= 100:  # noqa: PLR2004 - percent
            yield f"change: {name} of {percent} percent"
    if rules.partial_percent is not None and rules.partial_percent >= (rules.response_percent or 0):
        yield "change: a partial response must be less than a response"
    points = (rules.remission_at_most, rules.end_state_at_most, rules.reliable_points, rules.noticed_points)
    yield from (
        f"change: the total never comes to {each}"
        for each in points
        if each is not None and each not in instrument.reach
    )


def _watched_faults(instrument: Instrument) -> Iterator[str]:
    reach = {item.id: range(item.lowest, item.highest + 1) for item in instrument.items}
    if any(_calls_for_crisis_lines(watched) for watched in instrument.escalating) and not instrument.needs_crisis_line:
        yield "calls for crisis lines, and does not say that it needs them"
    imputed = {
        id for scale in instrument.scales if scale.may_lack for id in set(scale.items) - set(scale.never_imputed)
    }
    yield from _twice("escalating item", [watched.item for watched in instrument.escalating])
    for watched in instrument.escalating:
        values = instrument.reach if watched.item == SCORE else reach.get(watched.item)
        if values is None:
            yield f"escalating item {watched.item} is no item"
            continue
        yield from (
            f"escalating item {watched.item} never takes {value}" for value in watched.tiers if value not in values
        )
        tiers = {*watched.tiers.values(), *([] if watched.blank_tier is None else [watched.blank_tier])}
        yield from (f"escalating item {watched.item}: there is no tier {tier}" for tier in tiers if tier not in TIERS)
        rising = [watched.tiers[value] for value in sorted(watched.tiers)]
        if rising != sorted(rising, reverse=True):
            yield f"escalating item {watched.item} becomes less urgent as it rises"
        if watched.item in imputed:
            yield f"escalating item {watched.item} must never be imputed"


def _calls_for_crisis_lines(watched: Watched) -> bool:
    return watched.help == "crisis" and any(tier <= FOR_THE_PATIENT for tier in watched.tiers.values())


def _mark_faults(instrument: Instrument) -> Iterator[str]:
    if not any(source.strip() for source in instrument.sources):
        yield "names no source"
    if not instrument.licence.text.strip():
        yield "does not say what its licence is"
    if instrument.version < 1:
        yield "versions count from 1"
    if instrument.recall_days < 0 or instrument.min_interval_days < 0:
        yield "days cannot be negative"


def _text_faults(instrument: Instrument | None, text: InstrumentText) -> Iterator[str]:
    if instrument is None:
        yield "has no scoring file"
        return
    if not instrument.licence.may_ship:
        yield "its words may not be shipped"
    yield from (fault.detail for fault in word_faults(instrument, text))


def _twice(what: str, names: Sequence[str]) -> Iterator[str]:
    yield from (f"{what} {name} stands twice" for name in sorted({name for name in names if names.count(name) > 1}))
