"""Where everything of a chart stands, in pixels; the template only draws it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.followup.charts.scale import Span, dates, days, marks, points, zones
from services.followup.charts.words import day, in_words, scored
from services.followup.domain.chart import Chart, Reading, Session

WIDTH: Final = 960
HEIGHT: Final = 460
LEFT: Final = 64
RIGHT: Final = 800
TOP: Final = 112
BOTTOM: Final = 388

_LABELS_APART: Final = 26
_NUMBERS_APART: Final = 16
_ABOVE: Final = 14
_BELOW: Final = 25
_HEADROOM: Final = 28
"""Pixels between a dot and its number, which stands below where it would run into the numbers of sessions."""
_MOST_DATES: Final = 9
_SIGN: Final = 30
_LETTER: Final = 7.2
_BETWEEN: Final = 24
"""Pixels of the legend: a sign, about a letter, between two entries."""
_PALEST: Final = (232, 243, 236)
_MIDDLE: Final = (253, 243, 214)
_STRONGEST: Final = (244, 208, 203)
"""From well to ill; pale enough for text on each of them, and told apart by their names, not by the colour alone."""


@dataclass(frozen=True)
class Zone:
    """A band: its stripe and its name at the right."""

    top: float
    height: float
    middle: float
    name: str
    fill: str


@dataclass(frozen=True)
class Mark:
    """A place along an edge and what is written there."""

    at: float
    text: str


@dataclass(frozen=True)
class Dot:
    """One score. `text` is written at `text_y` beside it, where there is room; `about` is read aloud."""

    x: float
    y: float
    text: str
    text_y: float
    about: str
    is_urgent: bool
    is_too_soon: bool


@dataclass(frozen=True)
class Target:
    """A height that matters, from where to where."""

    start: float
    end: float
    y: float


@dataclass(frozen=True)
class Group:
    """Sessions that stand too close to each other to be numbered one by one."""

    start: float
    end: float
    middle: float
    text: str


@dataclass(frozen=True)
class Entry:
    """One line of the legend; `sign`: urgent, too-soon or target."""

    x: float
    sign: str
    text: str


@dataclass(frozen=True)
class Picture:
    """Everything that the template draws."""

    zones: tuple[Zone, ...]
    heights: tuple[Mark, ...]
    dates: tuple[Mark, ...]
    sessions: tuple[float, ...]
    groups: tuple[Group, ...]
    targets: tuple[Target, ...]
    lines: tuple[str, ...]
    dots: tuple[Dot, ...]
    legend: tuple[Entry, ...]


def layout(chart: Chart) -> Picture:
    """The picture of a chart, whatever is in it."""
    x, y = days(chart, LEFT, RIGHT), points(chart.instrument, TOP, BOTTOM)
    is_empty = not (chart.readings or chart.sessions)
    return Picture(
        zones=tuple(_zones(chart, y)),
        heights=tuple(Mark(y.at(value), text) for value, text in marks(chart.instrument)),
        dates=() if is_empty else tuple(Mark(x.at(on), text) for on, text in dates(x, _MOST_DATES)),
        sessions=tuple(x.at(session.on.toordinal()) for session in chart.sessions),
        groups=tuple(_groups(chart.sessions, x)),
        targets=tuple(_targets(chart, x, y)),
        lines=tuple(_line(readings, x, y) for readings in chart.courses),
        dots=tuple(_dots(chart, x, y)),
        legend=tuple(_in_a_row(_legend(chart))),
    )


def _zones(chart: Chart, y: Span) -> Iterator[Zone]:
    bands = zones(chart.instrument)
    for place, band in enumerate(bands):
        top, bottom = y.at(band.highest + 0.5), y.at(band.lowest - 0.5)
        fill = _between(place / max(1, len(bands) - 1))
        yield Zone(top, round(bottom - top, 1), round((top + bottom) / 2, 1), band.name, fill)


def _between(share: float) -> str:
    """The colour at a share of the way from well to ill."""
    (start, end), part = ((_PALEST, _MIDDLE), share * 2) if share < 1 / 2 else ((_MIDDLE, _STRONGEST), share * 2 - 1)
    return "#" + "".join(f"{round(low + (high - low) * part):02x}" for low, high in zip(start, end, strict=True))


def _groups(sessions: Sequence[Session], x: Span) -> Iterator[Group]:
    """Neighbours without room for their numbers share one: 1 to 6."""
    group: list[Session] = []
    for session in sessions:
        if group and x.at(session.on.toordinal()) - x.at(group[-1].on.toordinal()) >= _NUMBERS_APART:
            yield _group(group, x)
            group = []
        group.append(session)
    if group:
        yield _group(group, x)


def _group(sessions: Sequence[Session], x: Span) -> Group:
    start, end = (x.at(session.on.toordinal()) for session in (sessions[0], sessions[-1]))
    first, last = sessions[0].number, sessions[-1].number
    text = str(first) if len(sessions) == 1 else f"{first}–{last}"  # noqa: RUF001 - a range is written with a dash
    return Group(start, end, round((start + end) / 2, 1), text)


def _targets(chart: Chart, x: Span, y: Span) -> Iterator[Target]:
    yield from (Target(LEFT, RIGHT, y.at(screen.at_least - 0.5)) for screen in chart.screens)
    for aim in chart.aims:
        yield Target(x.at(aim.since.toordinal()), x.at(aim.until.toordinal()), y.at(aim.at_most + 0.5))


def _line(readings: Iterable[Reading], x: Span, y: Span) -> str:
    """The corners of a line; what was asked too soon is no corner."""
    corners = (reading for reading in readings if not reading.is_too_soon)
    return " ".join(f"{x.at(each.on.toordinal())},{y.at(each.measure.total)}" for each in corners)


def _dots(chart: Chart, x: Span, y: Span) -> Iterator[Dot]:
    """A level needs no text: its name stands at the right."""
    written = _written(chart.readings, x) if chart.instrument.total else set()
    for place, reading in enumerate(chart.readings):
        height = y.at(reading.measure.total)
        yield Dot(
            x.at(reading.on.toordinal()),
            height,
            reading.measure.shown if place in written else "",
            round(height - _ABOVE if height - TOP > _HEADROOM else height + _BELOW, 1),
            f"{day(reading.on)}: {scored(reading.measure)}",
            reading.is_urgent,
            reading.is_too_soon,
        )


def _written(readings: Sequence[Reading], x: Span) -> set[int]:
    """Which scores have room for their number: the newest and the first before all others."""
    places = [x.at(reading.on.toordinal()) for reading in readings]
    written: set[int] = set()
    for place in [*range(len(readings))[-1:], *range(len(readings))]:
        if all(abs(places[place] - places[other]) >= _LABELS_APART for other in written):
            written.add(place)
    return written


def _legend(chart: Chart) -> Iterator[tuple[str, str]]:
    if any(reading.is_urgent for reading in chart.readings):
        yield "urgent", "an answer that a person must see"
    if any(reading.is_too_soon for reading in chart.readings):
        yield "too-soon", "asked again too soon to count by itself"
    yield from (("target", f"{screen.name}: {screen.at_least} or more") for screen in chart.screens)
    if chart.aims:
        yield "target", f"response: {in_words(chart.instrument, chart.aims[-1].at_most)} or less"


def _in_a_row(signs: Iterable[tuple[str, str]]) -> Iterator[Entry]:
    at = float(LEFT)
    for sign, text in signs:
        yield Entry(round(at, 1), sign, text)
        at += _SIGN + len(text) * _LETTER + _BETWEEN
