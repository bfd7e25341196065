"""Instants as the reader of a page knows them: on a wall clock, in their language, by the habits of their country."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time

from shared.http.page_texts import Texts
from shared.localtime import is_ambiguous, to_local, utc_offset


@dataclass(frozen=True)
class ClockFace:
    """Writes instants in `zone` in the words of `say`, which has `clock`, `in_zone` and `weekday_clock`."""

    zone: str
    locale: Locale
    say: Texts

    def date(self, at: datetime) -> str:
        """`Sunday, March 8, 2026`."""
        return format_date(self._local(at), "full", locale=self.locale)

    def time(self, at: datetime) -> str:
        """`8:00 AM`."""
        return self.say("clock", time=format_time(self._local(at), "short", locale=self.locale))

    def zone_name(self, at: datetime) -> str:
        """`Eastern Daylight Time`."""
        return format_datetime(self._local(at), "zzzz", locale=self.locale)

    def moment(self, at: datetime, *, beside: datetime) -> str:
        """`Sunday, 1:00 AM`, within days of `beside`; with the zone where the clocks change in between."""
        is_unclear = is_ambiguous(to_local(at, self.zone), self.zone)
        clocks_change = utc_offset(at, self.zone) != utc_offset(beside, self.zone)
        time = self.time(at)
        if clocks_change or is_unclear:
            time = self.say("in_zone", time=time, zone=self.zone_name(at))
        weekday = format_date(self._local(at), "EEEE", locale=self.locale)
        return self.say("weekday_clock", weekday=weekday, time=time)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone))


def locale_of(language: str, country: str) -> Locale:
    """How dates and times are written in a language and a country; in the language alone where the two do not meet."""
    try:
        return Locale.parse(f"{language}_{country}")
    except UnknownLocaleError:
        return Locale.parse(language)
