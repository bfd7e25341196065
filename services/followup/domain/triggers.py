"""What leads to an alert, how urgent it is, and who is paged when: all of it data, `rules/default.yaml` until
a clinic publishes its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from services.followup.domain.hours import Hours, Opening
from services.followup.domain.instrument import Help
from services.followup.domain.relapse import RelapseRule

PRESSING: Final = 2
"""Up to this tier an alert cannot wait until the clinic opens: those whom it pages must be on call at any time."""


class Role(StrEnum):
    """In which part somebody is paged; `clinic`: whoever the clinic has named for its pages, on no rota."""

    CLINICIAN = "clinician"
    BACKUP = "backup"
    DIRECTOR = "director"
    NURSE = "nurse"
    COORDINATOR = "coordinator"
    CLINIC = "clinic"


@dataclass(frozen=True)
class Rung:
    """Who is paged, and when: so many elapsed `minutes` after the alert was raised, or at the close of a business day.

    `business_days`: 0 is the day on which it was raised, or the first business day after that. `hours`: not later than
    the close (`before-close`), not before the clinic opens (`open`).
    """

    role: Role
    minutes: int = 0
    business_days: int | None = None
    hours: Literal["any", "before-close", "open"] = "any"

    def due_at(self, raised_at: datetime, hours: Hours) -> datetime:
        """When this one is paged, if nobody has taken the alert on by then."""
        if self.business_days is not None:
            return hours.closes_after(raised_at, self.business_days)
        elapsed = raised_at + timedelta(minutes=self.minutes)
        if self.hours == "before-close":
            return min(elapsed, hours.closes_after(raised_at))
        return hours.opens_after(elapsed) if self.hours == "open" else elapsed


@dataclass(frozen=True)
class Trigger:
    """One row: `tier` 1 is the most urgent; `holds`: no dose until a clinician has released it.

    `covers`: what needs no alert of its own beside this one in the same response. `out_of_hours` takes the place of
    `steps` when the clinic is closed; empty: the same.
    """

    tier: int
    steps: tuple[Rung, ...] = ()
    out_of_hours: tuple[Rung, ...] = ()
    holds: bool = False
    covers: tuple[str, ...] = ()

    def ladder(self, raised_at: datetime, hours: Hours) -> tuple[tuple[Role, datetime], ...]:
        """Who is paged at which instant, in this order."""
        rungs = self.steps if hours.is_open(raised_at) else self.out_of_hours or self.steps
        return tuple((rung.role, rung.due_at(raised_at, hours)) for rung in rungs)


@dataclass(frozen=True)
class Row:
    """Which `trigger` an escalating answer is; empty fields fit anything."""

    trigger: str
    tier: int
    help: Help | None = None
    instrument: str = ""

    def fits(self, instrument: str, help: Help, tier: int) -> bool:
        """Whether this row speaks of such an answer."""
        return self.tier == tier and self.help in {None, help} and self.instrument in {"", instrument}


@dataclass(frozen=True)
class Rules:
    """`hours` of a clinic that has not said its own. `answers`: the first row that fits counts. `unanswered`: what it
    means that an instrument was left without answers, by its id.
    """

    hours: tuple[Opening, ...]
    triggers: Mapping[str, Trigger]
    answers: tuple[Row, ...]
    unanswered: Mapping[str, str]
    relapse: tuple[RelapseRule, ...]

    def trigger_of(self, instrument: str, help: Help, tier: int) -> str | None:
        """What an answer that escalates in `tier` is."""
        return next((row.trigger for row in self.answers if row.fits(instrument, help, tier)), None)

    def without_covered(self, triggers: Iterable[str]) -> frozenset[str]:
        """Those that need an alert of their own."""
        found = frozenset(triggers)
        return found - {covered for one in found & self.triggers.keys() for covered in self.triggers[one].covers}

    def above(self, default: "Rules") -> "Rules":
        """With what only `default` knows: the platform may have learned to raise more since these were published."""
        return replace(self, triggers={**default.triggers, **self.triggers}, answers=(*self.answers, *default.answers))

    @property
    def on_call(self) -> frozenset[Role]:
        """Roles that must be filled at any time."""
        pressing = [one for one in self.triggers.values() if one.tier <= PRESSING]
        return frozenset(rung.role for one in pressing for rung in (*one.steps, *one.out_of_hours)) - {Role.CLINIC}
