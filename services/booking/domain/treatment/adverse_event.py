"""What went wrong for the patient during a session: what, how badly, since when, and whether it is over.

(FHIR: AdverseEvent.) Nothing of it is ever changed but its end.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

from shared.errors import Conflict, Fault, RuleBroken


class AdverseEventKind(StrEnum):
    """The vocabulary; the first ones are the most frequent in the esketamine label."""

    DISSOCIATION = "dissociation"
    HALLUCINATION = "hallucination"
    SEDATION = "sedation"
    DIZZINESS = "dizziness"
    NAUSEA = "nausea"
    VOMITING = "vomiting"
    HEADACHE = "headache"
    ANXIETY = "anxiety-panic"
    BLURRED_VISION = "blurred-vision"
    RAISED_PRESSURE = "raised-blood-pressure"
    TACHYCARDIA = "tachycardia"
    LOW_SPO2 = "low-spo2"
    AGITATION = "agitation"
    SITE_REACTION = "infusion-site-reaction"
    ALLERGIC_REACTION = "allergic-reaction"
    URINARY_SYMPTOMS = "urinary-symptoms"
    OTHER = "other"


class Severity(IntEnum):
    """How bad it was; none: it was looked for and not found."""

    NONE = 0
    MILD = 1
    MODERATE = 2
    SEVERE = 3


@dataclass(frozen=True)
class AdverseEvent:
    """Noted under access key `by` at `noted_at`; it began at `onset_at` and lasts while `resolved_at` is None.

    `note` is in people's own words.
    """

    id: str
    kind: AdverseEventKind
    severity: Severity
    onset_at: datetime
    noted_at: datetime
    by: str
    note: str = ""
    resolved_at: datetime | None = None
    resolved_by: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is resolved."""
        return self.resolved_at is not None

    def resolved(self, resolved_at: datetime, by: str, at: datetime) -> "AdverseEvent":
        """It ended at `resolved_at`, as said at `at`.

        Raises `Conflict` when it is over already, `RuleBroken` for an end before its onset or in the future.
        """
        if self.is_over:
            raise Conflict("adverse-event.resolved", "This adverse event was resolved already.")
        if resolved_at < self.onset_at:
            raise _refused("resolved-before-onset", "Nothing ends before it began.", "/resolved_at")
        if resolved_at > at:
            raise _refused("future", "Only what has happened is noted.", "/resolved_at")
        return replace(self, resolved_at=resolved_at, resolved_by=by)


def require_noteworthy(event: AdverseEvent, started_at: datetime) -> None:
    """Raises `RuleBroken` for an onset before the infusion's start or in the future, or for `other` without a note."""
    if event.onset_at < started_at:
        raise _refused("onset-before-start", "It began before the infusion: that is no effect of it.", "/onset_at")
    if event.onset_at > event.noted_at:
        raise _refused("future", "Only what has happened is noted.", "/onset_at")
    if event.kind is AdverseEventKind.OTHER and not event.note:
        raise _refused("note-missing", "Say what it was.", "/note")


def _refused(what: str, detail: str, pointer: str) -> RuleBroken:
    code = f"adverse-event.{what}"
    return RuleBroken(code, detail, [Fault(code, detail, pointer)])
