"""What time it is, for everything that the business promises.

Leases and time-outs never use this clock: they run on the database server's or on the monotonic one, because a
simulated clock may jump by weeks.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from shared.settings import PlatformSettings

Clock: TypeAlias = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, aware, in UTC, in whole milliseconds: the database keeps no more."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def clock_of(settings: PlatformSettings) -> Clock:
    """The clock that the settings choose."""
    return SimulatedClock(Path(settings.clock_path)) if settings.clock == "simulated" else system_clock


class SimulatedClock:
    """The system clock plus an offset that all processes of an installation read from one file.

    Moving it moves the whole platform: the demo runs six weeks in seconds. Settings refuse it in production.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> datetime:
        return system_clock() + self.offset()

    def offset(self) -> timedelta:
        """How far the simulated time is ahead of the real one; zero as long as nobody moved it."""
        try:
            return timedelta(seconds=float(self._file.read_text()))
        except FileNotFoundError:
            return timedelta()

    def move_to(self, instant: datetime) -> None:
        """Let every process see `instant` as now, at its next look."""
        offset = (instant - system_clock()).total_seconds()
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(offset))
        fresh.replace(self._file)
