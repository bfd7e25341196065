"""What must be true before a dose is begun, and whose word sets which of it aside. All of it is told at once.

What it finds itself is a row of `GATE`. What others say (consents, assessment, dose order, clearance, holds of the
session) comes in as `asked` and gives way to nobody here: it is put right where it belongs. The rows, and who may
override them, are clinic defaults for a licensed clinician to approve.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from services.booking.domain.calendar.resource import PEOPLE, Resource, ResourceKind
from services.booking.domain.calendar.slots import PATIENT
from services.booking.domain.chart.dose_order import DoseOrder
from services.booking.domain.protocol.protocol import Condition, Modality, Regimen
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session, SessionStatus
from services.booking.domain.treatment.preparation import MANIA_FROM, Escort, Pregnancy, SuicideRisk
from services.booking.domain.treatment.treatment import Treatment
from services.booking.domain.treatment.vitals import MISSING, REFUSED, REVIEW, TOO_OLD, verdict
from shared.errors import Conflict, Fault
from shared.localtime import local_date

NOBODY: Final[frozenset[str]] = frozenset()
CLINICIAN: Final = frozenset({"clinician"})
PSYCHIATRIST: Final = frozenset({"psychiatrist"})
GATE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "session.not-today": NOBODY,
        "identity.not-confirmed": NOBODY,
        MISSING: NOBODY,
        TOO_OLD: NOBODY,
        REFUSED: NOBODY,
        REVIEW: CLINICIAN,
        "fasting.not-asked": NOBODY,
        "fasting.solids": CLINICIAN,
        "fasting.fluids": CLINICIAN,
        "escort.missing": CLINICIAN,
        "escort.not-valid": CLINICIAN,
        "substances.not-asked": NOBODY,
        "substances.taken": CLINICIAN,
        "suicide-risk.not-asked": NOBODY,
        "suicide-risk.moderate": CLINICIAN,
        "suicide-risk.high": NOBODY,
        "mania.not-asked": NOBODY,
        "mania.likely": PSYCHIATRIST,
        "pregnancy.not-asked": NOBODY,
        "pregnancy.positive": NOBODY,
        "supervisor.missing": NOBODY,
        "supervisor.not-valid": NOBODY,
        "supervisor.not-there": NOBODY,
        "place.taken": NOBODY,
        "kap.not-prepared": NOBODY,
        "kap.without-resource": NOBODY,
        "treatment.infused-elsewhere": NOBODY,
    }
)
"""Code of the fault: the scopes of which any one may set it aside, with a reason."""


@dataclass(frozen=True)
class Day:
    """All that is looked at.

    `order` is the dose order in force, which is what is given; `supervisor` is the resource that was named, if there is
    one; `occupied` are the places of things that other treatments under way take; `is_bipolar`: the assessment says so,
    whatever the course is for; `asked` is what others say.
    """

    treatment: Treatment
    series: Series
    regimen: Regimen
    at: datetime
    order: DoseOrder | None = None
    supervisor: Resource | None = None
    occupied: frozenset[str] = frozenset()
    is_infused_elsewhere: bool = False
    is_bipolar: bool = False
    asked: tuple[Fault, ...] = ()

    @property
    def session(self) -> Session:
        """The dose."""
        return self.series.session(self.treatment.number)

    @property
    def on(self) -> date:
        """The local date."""
        return local_date(self.at, self.series.zone)


def places_of(session: Session) -> tuple[str, ...]:
    """The places of chairs, rooms and pumps that a session takes: one patient each, whatever the clock says."""
    apart = {PATIENT, *PEOPLE}
    things = (claim for claim in session.claims if claim.kind not in apart)
    return tuple(sorted({f"{claim.resource_id}#{place}" for claim in things for place in claim.places}))


def every_fault(day: Day) -> list[Fault]:
    """All that speaks against beginning, whatever was set aside."""
    return [*day.asked, *(fault for check in _CHECKS for fault in check(day))]


def gate_faults(day: Day) -> list[Fault]:
    """What keeps the gate closed; nothing when the dose may begin."""
    return day.treatment.without_set_aside(every_fault(day))


def require_open(day: Day) -> None:
    """Raises `Conflict` with everything that keeps the gate closed."""
    if faults := gate_faults(day):
        raise Conflict("treatment.gate-closed", "Something speaks against giving this dose now.", faults)


# --- the rows -------------------------------------------------------------------------------------------------------


def _date(day: Day) -> Iterator[Fault]:
    if day.on != day.session.on:
        yield Fault("session.not-today", f"Session {day.session.number} is on {day.session.on}.")


def _identity(day: Day) -> Iterator[Fault]:
    if not day.treatment.answers.identity_confirmed:
        yield Fault("identity.not-confirmed", "Nobody has confirmed who the patient is.")


def _vitals(day: Day) -> Iterator[Fault]:
    yield from verdict(day.treatment.before_start, day.regimen.care, day.at).faults


def _fasting(day: Day) -> Iterator[Fault]:
    care, answers = day.regimen.care, day.treatment.answers
    rows = (
        ("solids", "solid food", answers.last_solids_at, timedelta(hours=care.solids_hours)),
        ("fluids", "clear fluids", answers.last_fluids_at, timedelta(minutes=care.fluids_minutes)),
    )
    for code, what, last_at, length in rows:
        # Who is begun with before the planned time has fasted for less than they were told to.
        until_at = min(day.session.starts_at, day.at) - length
        if last_at is None:
            yield Fault("fasting.not-asked", f"When the patient last had {what} is not known.", context={"of": code})
        elif last_at > until_at:
            detail = f"The last {what} was at {last_at.isoformat()}, later than {until_at.isoformat()}."
            yield Fault(f"fasting.{code}", detail, context={"until_at": until_at.isoformat()})


def _escort(day: Day) -> Iterator[Fault]:
    named = day.treatment.escort_named
    if named is None or named.answers.escort is None:
        yield Fault("escort.missing", "Nobody is named who takes the patient home.")
    elif not named.answers.escort.is_valid:
        detail = f"Who takes the patient home is an adult, and was reached today. {_about(named.answers.escort)}"
        # A word for this one is none for whoever is named next.
        yield Fault("escort.not-valid", f"{detail} Named at {named.at.isoformat()}.")


def _about(escort: Escort) -> str:
    adult, reached = ("yes" if said else "no" for said in (escort.is_adult, escort.is_reachable))
    return f"Adult: {adult}; reached: {reached}."


def _substances(day: Day) -> Iterator[Fault]:
    hours = day.regimen.care.substance_hours
    match day.treatment.answers.was_abstinent:
        case None:
            yield Fault("substances.not-asked", "Whether the patient had alcohol or other substances is not known.")
        case False:
            yield Fault("substances.taken", f"Alcohol or other substances within {hours} hours before the start.")


def _suicide_risk(day: Day) -> Iterator[Fault]:
    match day.treatment.answers.suicide_risk:
        case None:
            yield Fault("suicide-risk.not-asked", "The C-SSRS screener was not asked today.")
        case SuicideRisk.MODERATE:
            yield Fault("suicide-risk.moderate", "The C-SSRS screener says moderate: a clinician decides.")
        case SuicideRisk.HIGH:
            yield Fault("suicide-risk.high", "The C-SSRS screener says high: no dose today.")


def _mania(day: Day) -> Iterator[Fault]:
    if day.series.condition is not Condition.BIPOLAR and not day.is_bipolar:
        return
    total = day.treatment.answers.mania_total
    if total is None:
        yield Fault("mania.not-asked", "With bipolar disorder the ASRM is answered on the day of each dose.")
    elif total >= MANIA_FROM:
        yield Fault("mania.likely", f"The ASRM's total is {total}: from {MANIA_FROM} on a psychiatrist decides.")


def _pregnancy(day: Day) -> Iterator[Fault]:
    match day.treatment.answers.pregnancy:
        case None:
            yield Fault("pregnancy.not-asked", "Nothing is known of a pregnancy today.")
        case Pregnancy.POSITIVE:
            yield Fault("pregnancy.positive", "The medicine is not given in pregnancy.")


def _supervisor(day: Day) -> Iterator[Fault]:
    clinician = day.supervisor
    if clinician is None or clinician.kind is not ResourceKind.CLINICIAN:
        yield Fault("supervisor.missing", "No clinician of this clinic is named who supervises this dose.")
        return
    of_place = day.regimen.phase_of(day.treatment.number).skills_of(ResourceKind.CLINICIAN)
    needed = {*of_place, *day.regimen.care.supervisor_skills}
    held = [skill.code for skill in clinician.skills]
    if not (clinician.is_active and clinician.has_skills({*needed, *held}, day.on)):
        yield Fault("supervisor.not-valid", "The supervising clinician is in use, with every credential valid today.")
    if not any(opens <= day.at < closes for opens, closes in clinician.open_on(day.on, day.series.zone)):
        yield Fault("supervisor.not-there", "The supervising clinician is not in the house now.")


def _place(day: Day) -> Iterator[Fault]:
    for place in places_of(day.session):
        if place in day.occupied:
            detail = "A patient who was given something has not left this place yet."
            yield Fault("place.taken", detail, context={"resource_id": place.rpartition("#")[0]})


def _psychotherapy(day: Day) -> Iterator[Fault]:
    if day.regimen.modality is not Modality.KAP:
        return
    first_dose = min(one.number for one in day.series.sessions if one.doses)
    open_talks = [
        one.number
        for one in day.series.sessions
        if one.number < first_dose and one.status is not SessionStatus.FULFILLED
    ]
    if open_talks:
        detail = "The talks that prepare for the first dose have not all taken place."
        yield Fault("kap.not-prepared", detail, context={"numbers": open_talks})
    claimed = {claim.kind for claim in day.session.claims}
    for kind in (ResourceKind.THERAPIST, ResourceKind.ROOM):
        if kind not in claimed:
            yield Fault("kap.without-resource", f"No {kind} is booked for this dose.", context={"kind": str(kind)})


def _elsewhere(day: Day) -> Iterator[Fault]:
    if day.is_infused_elsewhere:
        yield Fault("treatment.infused-elsewhere", "This person is being given a dose somewhere at this moment.")


_CHECKS: Final[tuple[Callable[[Day], Iterator[Fault]], ...]] = (
    _date,
    _identity,
    _vitals,
    _fasting,
    _escort,
    _substances,
    _suicide_risk,
    _mania,
    _pregnancy,
    _supervisor,
    _place,
    _psychotherapy,
    _elsewhere,
)
