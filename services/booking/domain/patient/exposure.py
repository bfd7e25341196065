"""When a person is given the medicine, in any clinic of the platform: what the caps are counted on. Local dates only.

Doses that took place, were begun, or are booked, held or offered count; cancelled and missed ones do not. What was
given elsewhere counts with its source.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum


class Source(StrEnum):
    """Where a date comes from: a series of a clinic, or doses outside of the platform."""

    SERIES = "series"
    EXTERNAL = "external"


@dataclass(frozen=True)
class Share:
    """The dates that one series, or the external doses of one patient's record, add. `of` is the id of that."""

    clinic_id: str
    source: Source
    of: str
    dates: tuple[date, ...]


@dataclass(frozen=True)
class Infusion:
    """Treatment `of`, at a clinic, is giving the medicine at this moment."""

    clinic_id: str
    of: str


@dataclass(frozen=True)
class Exposure:
    """One person's. `id` is the person's token. `infusing` is what is being given now: one at most, unless two records
    turned out to be one person's while it was.

    `to_review` names the clinics that are to count the caps anew: doses have come to light that nobody could know of
    when they booked.
    """

    id: str
    shares: tuple[Share, ...] = ()
    to_review: tuple[str, ...] = ()
    infusing: tuple[Infusion, ...] = ()
    version: int = 0

    @property
    def dates(self) -> tuple[date, ...]:
        """Every dose's date, in order."""
        return self.without()

    def without(self, *of: str) -> tuple[date, ...]:
        """The dates of all doses but those of these series or records, in order."""
        return tuple(sorted(day for share in self.shares if share.of not in of for day in share.dates))

    def with_share(self, clinic_id: str, source: Source, of: str, dates: Collection[date]) -> "Exposure":
        """Let a series or record add these dates and no others."""
        others = tuple(share for share in self.shares if share.of != of)
        own = (Share(clinic_id, source, of, tuple(sorted(dates))),) if dates else ()
        return replace(self, shares=others + own)

    def is_infused_beside(self, of: str) -> bool:
        """Whether anything but treatment `of` gives this person the medicine now, in any clinic."""
        return any(one.of != of for one in self.infusing)

    def with_infusions(self, *infusions: Infusion) -> "Exposure":
        """These are being given, too."""
        return replace(self, infusing=tuple(dict.fromkeys((*self.infusing, *infusions))))

    def without_infusions(self, of: Collection[str]) -> "Exposure":
        """The treatments `of` give nothing any more."""
        return replace(self, infusing=tuple(one for one in self.infusing if one.of not in of))

    def unforeseen_but_in(self, clinic_id: str) -> "Exposure":
        """Every other clinic that gives this person doses is to count the caps anew."""
        others = {share.clinic_id for share in self.shares} - {clinic_id}
        return replace(self, to_review=tuple(sorted(others.union(self.to_review))))

    def reviewed_in(self, clinic_id: str) -> "Exposure":
        """A clinic has counted the caps anew."""
        return replace(self, to_review=tuple(one for one in self.to_review if one != clinic_id))
