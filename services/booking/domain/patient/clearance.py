"""Whether a patient may be treated, as far as follow-up knows: what holds the treatment, and what was scored last.

A clinical hold (FHIR: a Flag, active until it is released) is not a hold of places, which is a series.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.booking.domain.patient.remission import Remission, with_score
from shared.errors import Conflict, Fault, NotFound

SUICIDAL: Final = frozenset(
    {
        "suicide-risk-high",
        "suicide-risk-moderate",
        "suicidal-thoughts-high",
        "suicidal-thoughts",
        "suicidal-thoughts-low",
    }
)
"""Triggers of alerts that speak of suicide: any answer but none to such a question, and levels of the C-SSRS."""
CONCERN_LASTS: Final = timedelta(days=30)
"""So long after such an alert somebody who does not come is phoned at once. Clinic default."""


@dataclass(frozen=True)
class Release:
    """A clinician's word that treatment may go on, given under access key `by`."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class ClinicalHold:
    """An alert because of which no dose is given; `id` is the alert's, `trigger` what led to it, tier 1 the gravest."""

    id: str
    trigger: str
    tier: int
    raised_at: datetime
    release: Release | None = None

    @property
    def stands(self) -> bool:
        """Whether no clinician has released it."""
        return self.release is None


@dataclass(frozen=True)
class Measure:
    """A score: points of the total, of a mean too; `band` is empty where the instrument has no word for it."""

    instrument: str
    total: int
    band: str
    scored_at: datetime


@dataclass(frozen=True)
class Clearance:
    """`id` is the patient's. `holds` are all there ever were, `measures` the newest of each instrument. `concern_at` is
    when the last alert spoke of suicide; `remissions` and `misuse_flags` are what the watch for misuse goes by, the
    latter as it last stood.
    """

    id: str
    holds: tuple[ClinicalHold, ...] = ()
    measures: tuple[Measure, ...] = ()
    concern_at: datetime | None = None
    remissions: tuple[Remission, ...] = ()
    misuse_flags: tuple[str, ...] = ()
    version: int = 0

    @property
    def is_held(self) -> bool:
        """Whether no dose is given for now."""
        return any(hold.stands for hold in self.holds)

    @property
    def faults(self) -> list[Fault]:
        """Why no dose is given: one for each hold that stands."""
        return [_fault(hold) for hold in self.holds if hold.stands]

    def is_of_concern(self, at: datetime) -> bool:
        """Whether an alert of the last 30 days spoke of suicide."""
        return self.concern_at is not None and at - self.concern_at <= CONCERN_LASTS

    def alerted(self, trigger: str, at: datetime) -> "Clearance":
        """An alert was raised at an instant; whichever is heard first, the last one that speaks of suicide counts."""
        if trigger not in SUICIDAL:
            return self
        return replace(self, concern_at=max(at, self.concern_at or at))

    def hold(self, hold: ClinicalHold) -> "Clearance":
        """Treatment is held. What is known already stays as it is, released or not."""
        if hold.id in {one.id for one in self.holds}:
            return self
        return replace(self, holds=(*self.holds, hold))

    def released(self, alert_id: str, release: Release) -> "Clearance":
        """One hold ends; others stand. Raises `NotFound`, and `Conflict` when it has ended already."""
        hold = next((one for one in self.holds if one.id == alert_id), None)
        if hold is None:
            raise NotFound("clinical hold")
        if not hold.stands:
            raise Conflict("clinical-hold.released", "This clinical hold was released already.")
        ended = replace(hold, release=release)
        return replace(self, holds=tuple(ended if one is hold else one for one in self.holds))

    def with_measure(self, measure: Measure) -> "Clearance":
        """The newer one of each instrument is kept, whichever is heard first."""
        others = [one for one in self.measures if one.instrument != measure.instrument]
        same = [one for one in self.measures if one.instrument == measure.instrument]
        newest = max([*same, measure], key=lambda one: (one.scored_at, one.total))
        return replace(
            self,
            measures=tuple(sorted([*others, newest], key=lambda one: one.instrument)),
            remissions=with_score(self.remissions, measure.instrument, measure.total, measure.scored_at),
        )

    def flagged(self, codes: tuple[str, ...]) -> "Clearance":
        """What the watch for misuse shows now."""
        return replace(self, misuse_flags=codes)


def _fault(hold: ClinicalHold) -> Fault:
    detail = f"An alert holds the treatment ({hold.trigger}): no dose before a clinician has released it."
    context = {"alert_id": hold.id, "trigger": hold.trigger, "tier": hold.tier, "raised_at": hold.raised_at.isoformat()}
    return Fault("clinical-hold.stands", detail, context=context)
