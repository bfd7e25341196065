"""Since when a patient's scores say that the disorder is as good as gone, whatever order they are heard in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

REMISSION_AT_MOST: Final[Mapping[str, int]] = MappingProxyType({"phq-9": 4, "gad-7": 4, "y-bocs": 12})
"""Points of the total (Kroenke 2001; Spitzer 2006: the band "minimal"; Y-BOCS: usual in trials)."""


@dataclass(frozen=True)
class Remission:
    """What is known of one instrument: when it last said more, and each time since that it said so little."""

    instrument: str
    above_at: datetime | None = None
    low_at: tuple[datetime, ...] = ()

    @property
    def since(self) -> datetime | None:
        """When the run of low scores began that has not ended; None where there is none."""
        return self.low_at[0] if self.low_at else None

    def with_score(self, total: int, at: datetime) -> "Remission":
        """One score more is known, later or earlier than those before."""
        is_low = total <= REMISSION_AT_MOST[self.instrument]
        above = [one for one in (self.above_at, None if is_low else at) if one is not None]
        low = {*self.low_at, *([at] if is_low else [])}
        last = max(above, default=None)
        return Remission(self.instrument, last, tuple(sorted(one for one in low if last is None or one > last)))


def with_score(known: Iterable[Remission], instrument: str, total: int, at: datetime) -> tuple[Remission, ...]:
    """All that is known once an instrument was scored; nothing of one that has no level of remission."""
    by_instrument = {one.instrument: one for one in known}
    if instrument in REMISSION_AT_MOST:
        by_instrument[instrument] = by_instrument.get(instrument, Remission(instrument)).with_score(total, at)
    return tuple(by_instrument[name] for name in sorted(by_instrument))
