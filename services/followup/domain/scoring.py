"""From answers to a score. A score describes; it decides no treatment."""

from dataclasses import dataclass

from services.followup.domain.instrument import Answers, Instrument


@dataclass(frozen=True)
class Escalation:
    """An answer that a person must see whatever the total; `value` None: the item was left blank."""

    item: str
    value: int | None
    tier: int


@dataclass(frozen=True)
class Score:
    """`total` (points) and `band` are None as long as an item is blank."""

    total: int | None
    band: str | None
    complete: bool
    escalation: tuple[Escalation, ...]


def score(instrument: Instrument, answers: Answers) -> Score:
    """The score of `answers`, complete or not; blank items are never imputed.

    Bands and the escalating items are the instrument's own (see the sources in its file). Raises `Invalid` naming
    every unknown item and every value out of range.
    """
    instrument.refuse_illegal(answers)
    if instrument.blank(answers):
        return Score(None, None, complete=False, escalation=_escalation(instrument, answers))
    total = sum(answers.values())
    return Score(total, _band(instrument, total), complete=True, escalation=_escalation(instrument, answers))


def worrying(instrument: Instrument, answers: Answers) -> bool:
    """Whether any given answer must reach a person: then help is shown to the patient at once, scored or not."""
    return any(escalation.value is not None for escalation in _escalation(instrument, answers))


def _escalation(instrument: Instrument, answers: Answers) -> tuple[Escalation, ...]:
    found = []
    for watched in instrument.escalating:
        value = answers.get(watched.item)
        tier = watched.blank_tier if value is None else watched.tiers.get(value)
        if tier is not None:
            found.append(Escalation(watched.item, value, tier))
    return tuple(found)


def _band(instrument: Instrument, total: int) -> str:
    return next(band.name for band in instrument.bands if band.lowest <= total <= band.highest)
