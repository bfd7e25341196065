"""When a clinic is open: business days and closing times, by its own clock. Holidays are not known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Final

from shared.localtime import local_date, resolve_forward

_LOOKED_AHEAD: Final = 400
"""Days; far more than any rule counts."""


@dataclass(frozen=True)
class Opening:
    """Open from `opens` until `closes` on these `days` (ISO: 1 is Monday), never over midnight."""

    days: tuple[int, ...]
    opens: time
    closes: time


@dataclass(frozen=True)
class Hours:
    """At least one opening, on the wall clock of `zone`."""

    zone: str
    openings: tuple[Opening, ...]

    def is_open(self, at: datetime) -> bool:
        """Whether the clinic is open."""
        return any(opens <= at < closes for opens, closes in self._on(local_date(at, self.zone)))

    def opens_after(self, at: datetime) -> datetime:
        """`at` itself while the clinic is open, otherwise the next opening."""
        return next(max(opens, at) for opens, closes in self._spans(at) if closes > at)

    def closes_after(self, at: datetime, business_days: int = 0) -> datetime:
        """The close of the n-th business day after the local date of `at`; 0: the first close that is still to come."""
        if business_days == 0:
            return next(closes for _, closes in self._spans(at) if closes > at)
        later = (day for day in self._days(at) if day > local_date(at, self.zone) and self._on(day))
        return max(closes for _, closes in self._on(next(islice(later, business_days - 1, None))))

    def _spans(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        return (span for day in self._days(at) for span in self._on(day))

    def _days(self, at: datetime) -> Iterator[date]:
        return (local_date(at, self.zone) + timedelta(days=days) for days in range(_LOOKED_AHEAD))

    def _on(self, day: date) -> list[tuple[datetime, datetime]]:
        mine = [one for one in self.openings if day.isoweekday() in one.days]
        return sorted((self._instant(day, one.opens), self._instant(day, one.closes)) for one in mine)

    def _instant(self, day: date, wall: time) -> datetime:
        return resolve_forward(datetime.combine(day, wall), self.zone)
