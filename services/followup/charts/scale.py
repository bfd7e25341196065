"""From dates and points to places in the picture, and which marks stand along its edges."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Final

from babel.dates import format_date

from services.followup.domain.chart import Chart
from services.followup.domain.instrument import Band, Instrument

SHORTEST: Final = timedelta(days=28)
"""A picture of fewer days would make a week look like a year."""
_MARKS: Final = 5
_STEPS: Final = (1, 2, 5, 10, 20, 25, 50)
_DAYS_APART: Final = (7, 14, 28)
_MONTHS_APART: Final = (1, 2, 3, 6, 12)


@dataclass(frozen=True)
class Span:
    """A line of the picture from one pixel to another, for values from `first` to `last`."""

    first: float
    last: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value, to a tenth."""
        return round(self.start + (self.end - self.start) * (value - self.first) / (self.last - self.first), 1)


def days(chart: Chart, start: float, end: float) -> Span:
    """All that is drawn fits between, with some air on both sides."""
    drawn = [each.on for each in chart.readings] + [each.on for each in chart.sessions]
    first, last = min(drawn, default=date.min).toordinal(), max(drawn, default=date.min).toordinal()
    last = max(last, first + SHORTEST.days)
    air = (last - first) / 40
    return Span(first - air, last + air, start, end)


def points(instrument: Instrument, top: float, bottom: float) -> Span:
    """All points that can be; half a point more on both sides, so that a band is as high as it has points."""
    return Span(instrument.reach[0] - 0.5, instrument.reach[-1] + 0.5, bottom, top)


def zones(instrument: Instrument) -> tuple[Band, ...]:
    """Which ranges have a name: bands of the total, or the levels."""
    if instrument.total is not None:
        return instrument.total.bands
    return tuple(Band(level.name, place, place) for place, level in enumerate(reversed(instrument.levels)))


def marks(instrument: Instrument) -> Iterator[tuple[float, str]]:
    """Points with what is written beside them: where bands begin, or round numbers of the score as it is shown."""
    total = instrument.total
    if total is None:
        return
    if total.bands and total.method == "sum":
        yield from ((band.lowest, str(band.lowest)) for band in total.bands)
        yield total.bands[-1].highest, str(total.bands[-1].highest)
        return
    count = len(total.items) if total.method == "mean" else 1
    highest = instrument.reach[-1] // count
    step = next(step for step in _STEPS if highest / step <= _MARKS)
    yield from ((shown * count, str(shown)) for shown in range(instrument.reach[0] // count, highest + 1, step))


def dates(span: Span, most: int) -> Sequence[tuple[float, str]]:
    """Days with what is written below them: so many weeks or months apart that there are at most so many."""
    first, last = date.fromordinal(ceil(span.first)), date.fromordinal(int(span.last))
    for apart in _DAYS_APART:
        found = [first + timedelta(days=count) for count in range(0, (last - first).days + 1, apart)]
        if len(found) <= most:
            return [(on.toordinal(), str(format_date(on, "d MMM", locale="en"))) for on in found]
    months = list(_firsts_of_months(first, last))
    apart = next((apart for apart in _MONTHS_APART if len(months) / apart <= most), len(months))
    return [(on.toordinal(), str(format_date(on, "MMM y", locale="en"))) for on in months[::apart]]


def _firsts_of_months(first: date, last: date) -> Iterator[date]:
    for month in range(first.year * 12 + first.month, last.year * 12 + last.month):
        yield date(month // 12, month % 12 + 1, 1)
