"""How much of the time that a resource is there is taken: minutes of its places, turnover told apart."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from services.booking.domain.calendar.resource import Interval, Resource
from services.booking.domain.calendar.slots import Claim
from services.booking.domain.series.session import Session
from services.booking.domain.views.day_sheet import SessionOfSeries
from shared.localtime import local_date


@dataclass(frozen=True)
class Use:
    """Time of all places together. `turnover` is that part of `taken` which lies behind the patient's leaving."""

    open: timedelta = timedelta()
    taken: timedelta = timedelta()
    turnover: timedelta = timedelta()

    def __add__(self, other: "Use") -> "Use":
        return Use(self.open + other.open, self.taken + other.taken, self.turnover + other.turnover)

    @property
    def share(self) -> float | None:
        """Taken of open, from 0 on; None when it was never open. Above 1 when it is taken outside its hours."""
        return self.taken / self.open if self.open else None


@dataclass(frozen=True)
class DayOfUse:
    """One local date."""

    on: date
    use: Use


@dataclass(frozen=True)
class ResourceUse:
    """A resource's days in their order, and all of them together."""

    resource: Resource
    days: tuple[DayOfUse, ...]
    total: Use


Taken: TypeAlias = Mapping[tuple[str, date], Use]
"""What is taken of each resource on each local date on which a claim begins."""


def taken_by(placed: Iterable[SessionOfSeries], zone: str) -> Taken:
    """What sessions and places on offer take, in a clinic in `zone`."""
    taken: dict[tuple[str, date], Use] = defaultdict(Use)
    for one in placed:
        for claim in one.session.resource_claims if one.holds_its_place else ():
            taken[claim.resource_id, local_date(claim.from_at, zone)] += _use(claim, one.session)
    return taken


def use_of(resource: Resource, openings: Mapping[date, Sequence[Interval]], taken: Taken) -> ResourceUse:
    """How a resource is used on the dates of `openings`, each with the intervals in which it is there."""
    days = tuple(
        DayOfUse(on, _opened(resource, there) + taken.get((resource.id, on), Use())) for on, there in openings.items()
    )
    return ResourceUse(resource, days, sum((day.use for day in days), Use()))


def _use(claim: Claim, session: Session) -> Use:
    turnover = max(timedelta(), claim.until_at - max(claim.from_at, session.ends_at))
    places = len(claim.places)
    return Use(taken=places * (claim.until_at - claim.from_at), turnover=places * turnover)


def _opened(resource: Resource, there: Sequence[Interval]) -> Use:
    return Use(open=resource.capacity * sum((closes - opens for opens, closes in there), timedelta()))
