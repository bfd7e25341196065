"""From answers to a score. A score describes; it decides no treatment."""

from dataclasses import dataclass

from services.followup.domain.instrument import (
    FOR_THE_PATIENT,
    SCORE,
    Answers,
    Help,
    Instrument,
    Level,
    Scale,
    Watched,
)


@dataclass(frozen=True)
class Escalation:
    """An answer (or the score: item `score`) that a person must see; `value` None: it was left blank."""

    item: str
    value: int | None
    tier: int


@dataclass(frozen=True)
class Points:
    """What a scale came to. `points` is a sum, of a mean too; `shown` is how it is written."""

    scale: str
    points: int
    answered: int
    shown: str
    band: str | None


@dataclass(frozen=True)
class Score:
    """`total` is a sum (of a mean too) or the rank of the level that was reached; `findings` names those that hold.

    `total` is None as long as answers are missing, and where the instrument counts nothing; `band` is None also where
    it has no word for its total.
    """

    total: int | None
    band: str | None
    complete: bool
    escalation: tuple[Escalation, ...]
    shown: str = ""
    subscales: tuple[Points, ...] = ()
    findings: tuple[str, ...] = ()


def score(instrument: Instrument, answers: Answers) -> Score:
    """The score of `answers`, complete or not; answers on a branch not taken do not count.

    Bands, levels and what escalates are the instrument's own (see the sources in its file). Raises `Invalid` naming
    every unknown item and every value out of range.
    """
    instrument.refuse_illegal(answers)
    given = instrument.on_path(answers)
    if instrument.blank(given):
        return Score(None, None, complete=False, escalation=_escalation(instrument, given))
    total, band, shown = _result(instrument, given)
    return Score(
        total,
        band,
        complete=True,
        escalation=_escalation(instrument, given),
        shown=shown,
        subscales=tuple(_points(instrument, scale, given) for scale in instrument.subscales),
        findings=tuple(finding.name for finding in instrument.findings if finding.holds(given)),
    )


def help_called_for(instrument: Instrument, answers: Answers) -> frozenset[Help]:
    """The help that given answers call for: it is shown to the patient at once, scored or not.

    A question that is left blank calls for none, and an answer on a branch that was left again does.
    """
    return frozenset(instrument.help_of(each.item) for each in pressing(instrument, answers)) - {"none"}


def pressing(instrument: Instrument, answers: Answers) -> tuple[Escalation, ...]:
    """Given answers that cannot wait for the others: a person has to see them, whatever becomes of the rest."""
    found = _escalation(instrument, answers)
    return tuple(each for each in found if each.value is not None and each.tier <= FOR_THE_PATIENT)


def decimal(points: int, count: int, decimals: int) -> str:
    """`points / count` with that many decimals, rounded half up from whole numbers: no float comes in between."""
    unit: int = 10**decimals
    rounded = (2 * points * unit + count) // (2 * count)
    return f"{rounded // unit}.{rounded % unit:0{decimals}d}" if decimals else str(rounded)


def rank(levels: tuple[Level, ...], answers: Answers) -> int:
    """How high the level is that the answers lead to, from 0; more of them can only lead higher."""
    return next(len(levels) - number for number, level in enumerate(levels, 1) if level.holds(answers))


def _result(instrument: Instrument, given: Answers) -> tuple[int | None, str | None, str]:
    level = rank(instrument.levels, given) if instrument.levels else None
    name = None if level is None else instrument.levels[-1 - level].name
    if instrument.total is None:
        return level, name, name or ""
    points = _points(instrument, instrument.total, given)
    return points.points, name or points.band, points.shown


def _points(instrument: Instrument, scale: Scale, given: Answers) -> Points:
    items = [item for item in instrument.items if item.id in scale.items]
    asked = {item.id for item in instrument.asked(given)}
    answered = [item for item in items if item.id in given]
    points = sum(item.points(given[item.id]) for item in answered)
    points += sum(item.lowest for item in items if item.id not in asked)
    lacking = sum(item.id in asked and item.id not in given for item in items)
    if scale.method == "mean":
        shown = decimal(points, len(items) - lacking, scale.decimals)
    else:
        points = int(decimal(points * len(items), len(items) - lacking, 0))
        shown = str(points)
    return Points(scale.id, points, len(answered), shown, _band(scale, points))


def _band(scale: Scale, points: int) -> str | None:
    return next((band.name for band in scale.bands if band.lowest <= points <= band.highest), None)


def _escalation(instrument: Instrument, given: Answers) -> tuple[Escalation, ...]:
    found = []
    for watched in instrument.escalating:
        value = _reached(instrument, given) if watched.item == SCORE else given.get(watched.item)
        if (tier := _tier(instrument, watched, value, given)) is not None:
            found.append(Escalation(watched.item, value, tier))
    return tuple(found)


def _tier(instrument: Instrument, watched: Watched, value: int | None, given: Answers) -> int | None:
    tiers = [watched.tier(value)]
    if watched.item == SCORE and instrument.blank(given):
        # What was said so far counts, and that something was left blank counts too.
        tiers.append(watched.blank_tier)
    return min((tier for tier in tiers if tier is not None), default=None)


def _reached(instrument: Instrument, given: Answers) -> int | None:
    """The score as far as the answers go: of levels what is certain by now, of a total nothing before it is whole."""
    is_whole = not instrument.blank(given)
    if instrument.total is None and instrument.levels:
        return rank(instrument.levels, given) or (0 if is_whole else None)
    return _result(instrument, given)[0] if is_whole else None
