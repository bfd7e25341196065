"""Calendar files (RFC 5545) that phones and mail programs put into their calendars.

An entry keeps its `uid` for life; a program replaces what it has when `sequence` rises, or when it is equal and the
file is newer. Wall times carry their zone and its rules, so they stay right on devices that do not know the zone. What
stands in a summary is seen on lock screens and by whoever shares the calendar: it must name nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
_MAKER: Final = "-//Kadence//Appointments//EN"
_ZONE_BEFORE: Final = timedelta(days=400)
_ZONE_AFTER: Final = timedelta(days=800)
"""How much of a zone's rules a file carries: the years before and after its entries."""
_SOME_SPACE: Final = "\t\n\v\f\r\x85\u2028\u2029"


class EntryStatus(StrEnum):
    """Whether it takes place."""

    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One appointment. `starts_at` and `ends_at` are instants, shown in `zone`; `sequence` counts its changes.

    `organizer` is an e-mail address, shown by the name of the summary.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    summary: str
    location: str = ""
    status: EntryStatus = EntryStatus.CONFIRMED
    organizer: str = ""


def uid_of(subject: str) -> str:
    """The identity, in every calendar and for life, of what `subject` names (`series/<id>/sessions/<number>`)."""
    return f"{subject.replace('/', '-')}@kadence"


def method_of(entries: Iterable[Entry]) -> str:
    """What the file does to a calendar (RFC 5546): `CANCEL` when all its entries are off, else `PUBLISH`."""
    statuses = {entry.status for entry in entries}
    return "CANCEL" if statuses == {EntryStatus.CANCELLED} else "PUBLISH"


def calendar_file(entries: Sequence[Entry], *, stamped_at: datetime) -> bytes:
    """The file. Without entries it is an empty calendar."""
    calendar = Calendar()
    calendar.add("prodid", _MAKER)
    calendar.add("version", "2.0")
    calendar.add("method", method_of(entries))
    for entry in entries:
        calendar.add_component(_event(entry, stamped_at))
    if entries:
        first = min(entry.starts_at for entry in entries).date()
        last = max(entry.ends_at for entry in entries).date()
        calendar.add_missing_timezones(first_date=first - _ZONE_BEFORE, last_date=last + _ZONE_AFTER)
    return bytes(calendar.to_ical())


def _event(entry: Entry, stamped_at: datetime) -> Event:
    is_off = entry.status is EntryStatus.CANCELLED
    event = Event()
    event.add("uid", entry.uid)
    # Calling it off is a change of its own, and must outrank what it calls off.
    event.add("sequence", entry.sequence + is_off)
    event.add("dtstamp", stamped_at)
    event.add("dtstart", _shown(entry.starts_at, entry.zone))
    event.add("dtend", _shown(entry.ends_at, entry.zone))
    event.add("status", entry.status.value)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if is_off else "OPAQUE")
    event.add("summary", _plain(entry.summary))
    if entry.location:
        event.add("location", _plain(entry.location))
    if entry.organizer:
        event.add("organizer", f"mailto:{entry.organizer}", parameters={"CN": _name(entry.summary)})
    return event


def _shown(at: datetime, zone: str) -> datetime:
    """The instant as wall time with its zone; in UTC where the wall time happens a second time.

    A wall time in a file means the first of two (RFC 5545, 3.3.5); the second cannot be said but in UTC.
    """
    local = at.astimezone(ZoneInfo(zone))
    return at.astimezone(UTC) if local.fold else local


def _plain(text: str) -> str:
    """One line without control characters; the library escapes what has a meaning in the format."""
    spaced = "".join(" " if char in _SOME_SPACE else char for char in text)
    return " ".join("".join(char for char in spaced if char.isprintable()).split())


def _name(text: str) -> str:
    """Fit for a parameter, which knows no escape for double quotes."""
    return _plain(text).replace('"', "'")
