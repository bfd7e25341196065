"""Which check-ins there should be: a pure function of what is known, so that the order of news cannot matter.

Instruments are given out by rank, each to one occasion within its least interval, whichever series wants it; then what
is due on one date becomes one check-in.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from services.followup.domain.occasion import Occasion
from services.followup.domain.plan import Anchor


@dataclass(frozen=True)
class Asked:
    """An instrument that the patient has answered, or can answer now, and the local date on which it was due."""

    instrument: str
    on: date


@dataclass(frozen=True)
class Planned:
    """One check-in that there should be. `covers` are the occasions that it is for, the first of them names it."""

    name: str
    series_id: str
    session_number: int
    anchor: Anchor
    kind: str
    instruments: tuple[str, ...]
    due_at: datetime
    open_for: timedelta
    covers: tuple[str, ...]


def planned(
    occasions: Iterable[Occasion],
    *,
    asked: Iterable[Asked],
    settled: Collection[str],
    intervals: Mapping[str, int],
    now: datetime,
) -> tuple[Planned, ...]:
    """The check-ins that are still to come, by name.

    `settled` are covers that need nothing any more. `intervals`: least distance in local days, for every instrument
    there is; 0 has none. What could not be answered any more at `now` is left out.
    """
    open_ones = [one for one in occasions if one.cover not in settled and one.closes_at > now]
    wanted = _given_out(open_ones, asked, intervals)
    together = sorted(wanted, key=lambda one: (one.on, one.name if one.alone else "", one.rank, one.due_at, one.name))
    groups = groupby(together, key=lambda one: (one.on, one.name if one.alone else ""))
    return tuple(sorted((_check_in(list(group)) for _, group in groups), key=lambda one: one.name))


def _given_out(occasions: Sequence[Occasion], asked: Iterable[Asked], intervals: Mapping[str, int]) -> list[Occasion]:
    """The occasions that keep something to ask, with no more than that."""
    taken: dict[str, list[date]] = {}
    for each in asked:
        taken.setdefault(each.instrument, []).append(each.on)
    kept = []
    for one in sorted(occasions, key=lambda one: (one.rank, one.due_at, one.name)):
        mine = tuple(name for name in one.instruments if name in intervals and _is_free(name, one, taken, intervals))
        for name in mine:
            taken.setdefault(name, []).append(one.on)
        if mine:
            kept.append(replace(one, instruments=mine))
    return kept


def _is_free(name: str, one: Occasion, taken: Mapping[str, Sequence[date]], intervals: Mapping[str, int]) -> bool:
    return all(abs((one.on - day).days) >= intervals[name] for day in taken.get(name, ()))


def _check_in(group: Sequence[Occasion]) -> Planned:
    """One check-in for what is due on one date: when the last of those is due that must not be asked earlier."""
    first = group[0]
    due_at = max((one.due_at for one in group if one.is_elapsed), default=min(one.due_at for one in group))
    return Planned(
        name=first.name,
        series_id=first.series_id,
        session_number=first.session_number,
        anchor=first.anchor,
        kind=first.kind,
        instruments=tuple(dict.fromkeys(name for one in group for name in one.instruments)),
        due_at=due_at,
        open_for=max(one.closes_at for one in group) - due_at,
        covers=tuple(one.cover for one in group),
    )
