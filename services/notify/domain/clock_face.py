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


@dataclass(frozen=True)
class Face:
    """How a language writes a day with a time (`moment`), and a time within a sentence that goes on (`time`)."""

    moment: Style
    time: Style


def _english_moment(wall: datetime) -> str:
    return f"{wall:%a} {wall:%b} {wall.day}, {_english_time(wall)}"


def _english_time(wall: datetime) -> str:
    half = "AM" if wall.hour < _NOON else "PM"
    return f"{wall.hour % _NOON or _NOON}:{wall:%M} {half}"


_SPANISH_DAYS: Final = ("lun", "mar", "mié", "jue", "vie", "sab", "dom")
"""Saturday without its accent: GSM 7 bit has none on an `a`, and one such letter halves what a whole SMS can hold."""
_GERMAN_DAYS: Final = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")


def _spanish_moment(wall: datetime) -> str:
    return f"{_SPANISH_DAYS[wall.weekday()]} {wall.day}/{wall.month} a {_spanish_time(wall)}"


def _spanish_time(wall: datetime) -> str:
    return f"{'la' if wall.hour == 1 else 'las'} {wall.hour}:{wall:%M}"


def _german_moment(wall: datetime) -> str:
    return f"{_GERMAN_DAYS[wall.weekday()]} {wall:%d.%m.} {_german_time(wall)} Uhr"


def _german_time(wall: datetime) -> str:
    return f"{wall.hour}:{wall:%M}"


FACES: Final[Mapping[str, Face]] = MappingProxyType(
    {
        "en": Face(_english_moment, _english_time),
        "es": Face(_spanish_moment, _spanish_time),
        "de": Face(_german_moment, _german_time),
    }
)
"""One row for each language that messages are written in. The 24 hours of Spanish and German, day before month."""


@dataclass(frozen=True)
class Reader:
    """Whose clock shows `zone`, who reads at the instant `now`, and how their language writes times."""

    zone: str
    now: datetime
    face: Face


def visit_time(visit: Moment, reader: Reader) -> str:
    """`Mon Mar 9, 9:00 AM EDT`, `lun 9/3 a las 9:00`, `Mo 09.03. 9:00 Uhr`.

    The zone stands there when the reader's clock shows something else at that time, or when the clocks change between
    now and then.
    """
    return _time(visit.starts_at, visit.starts_local, visit.zone, reader)


def time_on_its_clock(at: datetime, zone: str, reader: Reader) -> str:
    """An instant as `visit_time` writes it, on the clock of `zone`, which is the visit's."""
    return _time(at, to_local(at, zone), zone, reader)


def _time(at: datetime, wall: datetime, zone: str, reader: Reader) -> str:
    text = reader.face.moment(wall)
    offset = utc_offset(at, zone)
    elsewhere = offset != utc_offset(at, reader.zone)
    clocks_change = offset != utc_offset(reader.now, zone)
    return f"{text} {abbreviation(at, zone)}" if elsewhere or clocks_change else text


def limit_time(at: datetime, visit: Moment, *, face: Face) -> str:
    """The wall time of a limit before a visit: `3:00 AM`, `las 3:00`; with the zone when clocks change meanwhile."""
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
