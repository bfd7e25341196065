"""When the phone must not ring: 21:00 to 08:00 on the patient's wall clock unless the clinic says otherwise.

The default is the window that US rules for automated calls and texts allow (08:00 to 21:00 local time of the called
party). At exactly the closing time it is quiet, at exactly the opening time it is not.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from shared.localtime import at_local_time, to_local

EVENING: Final = timedelta(minutes=30)
"""A reminder that must come earlier comes so long before quiet hours begin: 20:30."""
LAST_MINUTES: Final = timedelta(minutes=5)
"""What cannot wait until morning comes so long before quiet hours begin: 20:55 (clinic default)."""
FORMS_AT: Final = time(9)
"""A questionnaire that must come later comes at this wall time (clinic default)."""


@dataclass(frozen=True)
class QuietHours:
    """Quiet from `starts` until `ends`, wall times in `zone`; usually across midnight."""

    starts: time
    ends: time
    zone: str

    def cover(self, at: datetime) -> bool:
        """Whether it is quiet at the instant `at`."""
        wall = to_local(at, self.zone).time()
        if self.starts > self.ends:
            return wall >= self.starts or wall < self.ends
        return self.starts <= wall < self.ends

    def opening_after(self, at: datetime) -> datetime:
        """The next instant at which quiet hours end."""
        return self._next(self.ends, at)

    def forms_after(self, at: datetime) -> datetime:
        """The next instant at which a questionnaire is welcome: at nine, or when quiet hours end if that is later."""
        return self._next(max(FORMS_AT, self.ends), at)

    def evening_before(self, at: datetime, ahead: timedelta = EVENING) -> datetime:
        """The last instant, not after `at`, that lies `ahead` (half an hour) of quiet hours."""
        wall = (datetime.combine(to_local(at, self.zone), self.starts) - ahead).time()
        days = (at_local_time(at, self.zone, wall, days=day) for day in (0, -1))
        return next(evening for evening in days if evening <= at)

    def _next(self, wall: time, at: datetime) -> datetime:
        days = (at_local_time(at, self.zone, wall, days=day) for day in (0, 1))
        return next(instant for instant in days if instant > at)


def last_minutes_at(due_at: datetime, quiet: QuietHours) -> datetime:
    """When to say what is due at `due_at` and of no use in the morning: just before quiet hours begin."""
    return quiet.evening_before(due_at, LAST_MINUTES) if quiet.cover(due_at) else due_at


def reminder_at(due_at: datetime, useful_until: datetime, quiet: QuietHours) -> datetime:
    """When to say a reminder that is due at `due_at`.

    In quiet hours it is said when they end, if preparing is then still possible (`useful_until`: when fasting starts),
    else the evening before: a fasting message must never come after fasting began.
    """
    if not quiet.cover(due_at):
        return due_at
    opening = quiet.opening_after(due_at)
    return opening if opening <= useful_until else quiet.evening_before(due_at)
