"""What a chart says in words, for whoever reads and for whoever listens."""

from collections.abc import Iterator
from datetime import date

from babel.dates import format_date

from services.followup.domain.change import Change
from services.followup.domain.chart import Chart, Reading
from services.followup.domain.instrument import Instrument, Scale
from services.followup.domain.measure import Measure
from services.followup.domain.scoring import decimal


def title(chart: Chart) -> str:
    """What the chart is of."""
    return f"{chart.instrument.name} over time"


def headline(chart: Chart) -> str:
    """The newest score and what became of it, in one sentence."""
    if not chart.readings:
        return "No score yet."
    newest = chart.readings[-1]
    return f"{day(newest.on)}: {scored(newest.measure)}{_changed(chart.instrument, newest.measure.change)}."


def described(chart: Chart) -> str:
    """All that is drawn, for who cannot see it."""
    return " ".join((headline(chart), *_sentences(chart)))


def day(on: date) -> str:
    """A date that no reader takes for another one."""
    return str(format_date(on, "d MMM y", locale="en"))


def scored(measure: Measure) -> str:
    """The score and its word; the word alone where the score is a level."""
    return measure.shown if measure.band in {None, measure.shown} else f"{measure.shown} ({measure.band})"


def in_words(instrument: Instrument, points: int) -> str:
    """Points as the instrument's scores are written; the name where they are the rank of a level."""
    if instrument.total is None:
        return instrument.levels[-1 - points].name
    return _written(instrument.total, points)


def _written(scale: Scale, points: int) -> str:
    return decimal(points, len(scale.items), scale.decimals) if scale.method == "mean" else str(points)


def _changed(instrument: Instrument, change: Change | None) -> str:
    if change is None:
        return ", the baseline"
    if instrument.total is None:
        return ""
    said = (_distance(instrument.total, change), *_verdicts(change))
    return "".join(f", {each}" for each in said)


def _distance(scale: Scale, change: Change) -> str:
    if not change.drop:
        return "the same as the baseline"
    size = _written(scale, abs(change.drop))
    percent = "" if change.drop_per_mille is None else f" ({abs(change.drop_per_mille) / 10:.0f} %)"
    return f"{size} point{'s' * (size != '1')}{percent} {'below' if change.drop > 0 else 'above'} the baseline"


def _verdicts(change: Change) -> Iterator[str]:
    if change.response:
        yield "response"
    if change.partial_response:
        yield "partial response"
    if change.remission:
        yield "remission"
    if change.reliable is not None:
        yield "reliable change" if change.reliable else "no reliable change"


def _sentences(chart: Chart) -> Iterator[str]:
    if chart.readings:
        yield f"All scores: {'; '.join(map(_line, chart.readings))}."
    if chart.sessions:
        yield f"Sessions: {', '.join(f'{each.number} on {day(each.on)}' for each in chart.sessions)}."


def _line(reading: Reading) -> str:
    notes = [
        *(["an answer that a person must see"] if reading.is_urgent else []),
        *(["too soon after the one before to count by itself"] if reading.is_too_soon else []),
    ]
    return f"{day(reading.on)} {scored(reading.measure)}{''.join(f', {note}' for note in notes)}"
