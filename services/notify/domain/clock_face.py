"""Instants as people read them: the visit's wall clock, with the zone's abbreviation only where it is needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from shared.localtime import is_ambiguous, to_local, utc_offset

_NOON: Final = 12
Style = Callable[[datetime], str]


class Moment(Protocol):
    """Something that begins at an instant, promised as wall time in a zone."""

    @property
    def zone(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def starts_local(self) -> datetime: ...


def _english_date(wall: datetime) -> str:
    return f"{wall:%a} {wall:%b} {wall.day}"


def _english_time(wall: datetime) -> str:
    half = "AM" if wall.hour < _NOON else "PM"
    return f"{wall.hour % _NOON or _NOON}:{wall:%M} {half}"


@dataclass(frozen=True)
class Face:
    """How a language writes a date and a time of day."""

    date: Style
    time: Style


FACES: Final[Mapping[str, Face]] = MappingProxyType({"en": Face(_english_date, _english_time)})
"""One row for each language that messages are written in."""


@dataclass(frozen=True)
class Reader:
    """Whose clock shows `zone`, who reads at the instant `now`, and how their language writes times."""

    zone: str
    now: datetime
    face: Face


def visit_time(visit: Moment, reader: Reader) -> str:
    """`Mon Mar 9, 9:00 AM EDT`.

    The zone stands there when the reader's clock shows something else at that time, or when the clocks change between
    now and then.
    """
    return _time(visit.starts_at, visit.starts_local, visit.zone, reader)


def time_on_its_clock(at: datetime, visit: Moment, reader: Reader) -> str:
    """An instant as `visit_time` writes it, on the clock of the visit."""
    return _time(at, to_local(at, visit.zone), visit.zone, reader)


def _time(at: datetime, wall: datetime, zone: str, reader: Reader) -> str:
    text = f"{reader.face.date(wall)}, {reader.face.time(wall)}"
    offset = utc_offset(at, zone)
    elsewhere = offset != utc_offset(at, reader.zone)
    clocks_change = offset != utc_offset(reader.now, zone)
    return f"{text} {abbreviation(at, zone)}" if elsewhere or clocks_change else text


def limit_time(at: datetime, visit: Moment, *, face: Face) -> str:
    """The wall time of a limit before a visit: `3:00 AM`; with the zone when the clocks change in between."""
    wall = to_local(at, visit.zone)
    clocks_change = utc_offset(at, visit.zone) != utc_offset(visit.starts_at, visit.zone)
    needs_zone = clocks_change or is_ambiguous(wall, visit.zone)
    return f"{face.time(wall)} {abbreviation(at, visit.zone)}" if needs_zone else face.time(wall)


def abbreviation(at: datetime, zone: str) -> str:
    """`EDT`; where a zone has none (Lord Howe): `UTC+10:30`."""
    name = at.astimezone(ZoneInfo(zone)).tzname() or ""
    return name if name.isalpha() else _distance(utc_offset(at, zone))


def _distance(offset: timedelta) -> str:
    minutes = abs(offset) // timedelta(minutes=1)
    sign = "-" if offset < timedelta() else "+"
    return f"UTC{sign}{minutes // 60}:{minutes % 60:02}"
