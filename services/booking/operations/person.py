"""Who a patient is across clinics: matched by name and birth date, confirmed or corrected by staff."""

from dataclasses import dataclass
from enum import StrEnum

from services.booking.domain.patient.patient import Patient
from services.booking.domain.patient.person import Match, Ruling, apart
from services.booking.domain.series.override import CLINICIAN
from services.booking.operations.audit import audited
from services.booking.operations.exposure import identify
from services.booking.operations.ports import UnitOfWork
from shared.errors import Forbidden


class Decision(StrEnum):
    """What staff may say of a match."""

    CONFIRMED = "confirmed"
    DIFFERENT = "different"


@dataclass(frozen=True)
class DecidePerson:
    """Staff confirm the match by name and birth date, or tell this patient apart from others who share both."""

    patient_id: str
    decision: Decision
    reason: str


@audited("person.decide")
def decide_person(uow: UnitOfWork, command: DecidePerson) -> Patient:
    """Confirm a match, or give the record a person of its own; caps are counted anew at once.

    Telling people apart takes doses out of a person's count, so it needs the scope clinician. Raises `NotFound` and
    `Forbidden`.
    """
    patient = uow.patients.get(command.patient_id)
    if command.decision is Decision.DIFFERENT and CLINICIAN not in uow.actor.scopes:
        raise Forbidden("scope-missing", f"Only the scope {CLINICIAN} tells two people apart.")
    own = apart(patient.id) if command.decision is Decision.DIFFERENT else _by_name(uow, patient)
    ruling = Ruling(Match(command.decision), command.reason, uow.actor.id, uow.now)
    return identify(uow, patient.ruled(own, ruling))


def person_after(uow: UnitOfWork, before: Patient, changed: Patient) -> Patient:
    """The patient as whoever a new name or birth date makes them; nobody has confirmed that yet."""
    person = _by_name(uow, changed)
    if before.person_confirmed is Match.DIFFERENT or person == before.person:
        return changed
    return changed.identified(person, Match.UNCONFIRMED)


def _by_name(uow: UnitOfWork, patient: Patient) -> str:
    return uow.person_token(patient.name, patient.birth_date)
