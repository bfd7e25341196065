"""When a patient may go home after a dose: a list, each row of which stands in the way alone.

The rows are those of RCEM's guideline on ketamine sedation; PADSS or a modified Aldrete score of 9 of 10 answers for
what was not ticked. Which row gives way to whose word is a clinic default, for a licensed clinician to approve.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.booking.domain.protocol.care import BLOOD_PRESSURE, Care, Vital
from services.booking.domain.treatment import dissociation
from services.booking.domain.treatment.adverse_event import AdverseEvent
from services.booking.domain.treatment.observation import ORDINARY_LOOK, looks_of
from services.booking.domain.treatment.preparation import OF_CONCERN
from services.booking.domain.treatment.treatment import End, Treatment
from services.booking.domain.treatment.vitals import Reading, Sedation, counted, passed_since
from shared.errors import Conflict, Fault, RuleBroken

ENOUGH_POINTS: Final = 9
"""Of 10: PADSS (Chung 1995) and the modified Aldrete score (Aldrete 1995)."""
MOST_POINTS: Final = 10
SEVERE: Final = 3
NOBODY: Final[frozenset[str]] = frozenset()
CLINICIAN: Final = frozenset({"clinician"})
DISCHARGE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "discharge.under-floor": NOBODY,
        "discharge.too-early": CLINICIAN,
        "discharge.reading-due": NOBODY,
        "discharge.beyond-limit": NOBODY,
        "discharge.not-near-baseline": CLINICIAN,
        "discharge.not-oriented": NOBODY,
        "discharge.not-steady": CLINICIAN,
        "discharge.nausea": CLINICIAN,
        "discharge.suicide-risk-not-asked": NOBODY,
        "discharge.suicide-risk": CLINICIAN,
        "discharge.escort-absent": CLINICIAN,
        "discharge.not-instructed": NOBODY,
        "discharge.adverse-event": CLINICIAN,
        "dissociation.missing": NOBODY,
        "dissociation.above-limit": CLINICIAN,
    }
)
"""Code of the fault: the scopes of which any one may set it aside, with a reason."""


class Nausea(StrEnum):
    """How the patient feels."""

    NONE = "none"
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


@dataclass(frozen=True)
class Checklist:
    """What was looked at; None: it was not. `is_instructed`: written instructions and the emergency number were given.

    `padss` and `aldrete` are totals of 0 to 10. They answer for orientation, walking and nausea where nothing is said
    of these; a no always counts.
    """

    is_oriented: bool | None = None
    walks_steadily: bool | None = None
    nausea: Nausea | None = None
    is_escort_present: bool | None = None
    is_instructed: bool | None = None
    padss: int | None = None
    aldrete: int | None = None

    @property
    def ticked(self) -> dict[str, str]:
        """What was looked at, as words for the record."""
        every = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: str(value).lower() for name, value in every.items() if value is not None}

    @property
    def has_enough_points(self) -> bool:
        """Whether a score answers for what was not said."""
        return max(self.padss or 0, self.aldrete or 0) >= ENOUGH_POINTS


def require_scale(checklist: Checklist) -> None:
    """Raises `RuleBroken` for points that the scores do not have."""
    totals = {"padss": checklist.padss, "aldrete": checklist.aldrete}
    wrong = [name for name, total in totals.items() if total is not None and not 0 <= total <= MOST_POINTS]
    if wrong:
        detail = f"The total is 0 to {MOST_POINTS}."
        faults = [Fault("discharge.implausible", detail, f"/{name}") for name in wrong]
        raise RuleBroken("discharge.implausible", detail, faults)


@dataclass(frozen=True)
class Leaving:
    """All that is looked at; `at` is now."""

    treatment: Treatment
    end: End
    checklist: Checklist
    care: Care
    at: datetime

    @property
    def recent(self) -> list[Reading]:
        """What was read in the recovery, not longer ago than its looks are apart."""
        since = max(self.end.at, self.at - timedelta(minutes=self.care.recovery_every))
        return [reading for reading in self.treatment.since_start if reading.at >= since]


def every_fault(treatment: Treatment, checklist: Checklist, care: Care, at: datetime) -> list[Fault]:
    """All that speaks against going home, whatever was set aside. Raises `Conflict` while the dose is being given."""
    if treatment.end is None:
        raise Conflict("treatment.illegal-move", "Nobody goes home from a dose that has not ended.")
    leaving = Leaving(treatment, treatment.end, checklist, care, at)
    return [fault for check in _CHECKS for fault in check(leaving)]


def no_driving_until(discharged_at: datetime, care: Care) -> datetime:
    """Elapsed hours, whatever the clocks do."""
    return discharged_at + timedelta(hours=care.no_driving_hours)


# --- the rows -------------------------------------------------------------------------------------------------------


def _observation(leaving: Leaving) -> Iterator[Fault]:
    watched, care = leaving.at - leaving.end.at, leaving.care
    rows = (("discharge.under-floor", care.observe_floor), ("discharge.too-early", care.observe))
    for code, minutes in rows:
        if watched < timedelta(minutes=minutes):
            detail = f"The patient stays {minutes} minutes after the end of the infusion at least."
            until_at = leaving.end.at + timedelta(minutes=minutes)
            yield Fault(code, detail, context={"minutes": watched // timedelta(minutes=1), "at": until_at.isoformat()})
            return


def _readings(leaving: Leaving) -> Iterator[Fault]:
    """What each look asks for, taken in the recovery and not longer ago than its grid."""
    taken = {look for reading in leaving.recent for look in looks_of(reading)}
    for look in ORDINARY_LOOK:
        if look not in taken:
            detail = f"{look} was not looked at in the last {leaving.care.recovery_every} minutes."
            yield Fault("discharge.reading-due", detail, context={"look": str(look)})


def _limits(leaving: Leaving) -> Iterator[Fault]:
    """Nothing that advised to stop when it was measured last, whenever that was."""
    for passed in passed_since(leaving.treatment.since_start, leaving.care.limits):
        detail = f"{passed.limit.vital} {passed.value}: {passed.limit}."
        yield Fault("discharge.beyond-limit", detail, context={"vital": str(passed.limit.vital)})


def _baseline(leaving: Leaving) -> Iterator[Fault]:
    """Blood pressure and heart rate near those before the start."""
    newest: dict[Vital, Decimal] = {}
    for reading in leaving.recent:
        newest |= reading.values
    baseline = counted(leaving.treatment.before_start, leaving.care.limits)
    for vital in (*BLOOD_PRESSURE, Vital.HEART_RATE):
        if {vital} <= newest.keys() & baseline.keys() and not _is_near(
            newest[vital], baseline[vital], leaving.care.near_percent
        ):
            detail = f"{vital} is {newest[vital]}, more than {leaving.care.near_percent} % from {baseline[vital]}."
            yield Fault("discharge.not-near-baseline", detail, context={"vital": str(vital)})


def _is_near(value: Decimal, baseline: Decimal, percent: int) -> bool:
    return abs(value - baseline) * 100 <= percent * baseline


def _condition(leaving: Leaving) -> Iterator[Fault]:
    checklist = leaving.checklist
    is_fine = checklist.has_enough_points
    sedation = [one.sedation for one in leaving.recent if one.sedation is not None]
    is_awake = not sedation or sedation[-1] is Sedation.AWAKE
    if not (is_awake and _or(checklist.is_oriented, is_fine)):
        yield Fault("discharge.not-oriented", "The patient is awake and knows who, where and when.")
    if not _or(checklist.walks_steadily, is_fine):
        yield Fault("discharge.not-steady", "The patient walks without help, or as before.")
    light = None if checklist.nausea is None else checklist.nausea in {Nausea.NONE, Nausea.MILD}
    if not _or(light, is_fine):
        yield Fault("discharge.nausea", "There is no nausea, or a mild one.")


def _or(said: bool | None, otherwise: bool) -> bool:  # noqa: FBT001 -- two answers to one question
    return otherwise if said is None else said


def _safety(leaving: Leaving) -> Iterator[Fault]:
    if not leaving.checklist.is_escort_present:
        yield Fault("discharge.escort-absent", "The person who takes the patient home is here.")
    if not leaving.checklist.is_instructed:
        yield Fault("discharge.not-instructed", "The patient has written instructions and the emergency number.")


def _suicide_risk(leaving: Leaving) -> Iterator[Fault]:
    """Asked after the infusion's end; what was once said of concern stays so, whatever is said later."""
    risks = leaving.treatment.risks
    if all(one.at < leaving.end.at for one in risks):
        detail = "The patient is asked about suicide (C-SSRS screener) before they go home."
        yield Fault("discharge.suicide-risk-not-asked", detail)
    for one in risks:
        if one.level in OF_CONCERN:
            detail = f"The C-SSRS screener said {one.level} at {one.at.isoformat()}: a clinician decides."
            yield Fault("discharge.suicide-risk", detail, context={"level": str(one.level), "at": one.at.isoformat()})


def _adverse_events(leaving: Leaving) -> Iterator[Fault]:
    for event in leaving.treatment.adverse_events:
        if _is_severe(event):
            detail = f"A severe adverse event ({event.kind}, {event.id}) is not over."
            yield Fault("discharge.adverse-event", detail, context={"id": event.id})


def _is_severe(event: AdverseEvent) -> bool:
    return event.severity >= SEVERE and event.resolved_at is None


def _dissociation(leaving: Leaving) -> Iterator[Fault]:
    yield from dissociation.discharge_faults(leaving.treatment.scores, leaving.care, leaving.end.at)


_CHECKS: Final[tuple[Callable[[Leaving], Iterator[Fault]], ...]] = (
    _observation,
    _readings,
    _limits,
    _baseline,
    _condition,
    _safety,
    _suicide_risk,
    _adverse_events,
    _dissociation,
)
