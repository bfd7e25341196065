"""What is heard of clinics and patients is kept as it is; hearing it again changes nothing."""

from dataclasses import dataclass, replace

from services.followup.domain.clinic import Clinic
from services.followup.domain.patient import Patient
from services.followup.operations.planning import latest_plan, replan_for
from services.followup.operations.ports import UnitOfWork


@dataclass(frozen=True)
class KeepClinic:
    """`data_key` comes with the first event of a clinic only."""

    clinic_id: str
    sender_alias: str
    zone: str
    country: str
    phone: str
    data_key: str | None = None


@dataclass(frozen=True)
class KeepPatient:
    """`birth_date` is sealed and stays so."""

    patient_id: str
    locale: str
    zone: str | None
    country: str | None
    birth_date: str


def keep_clinic(uow: UnitOfWork, command: KeepClinic) -> None:
    """Keep what followup needs of a clinic; it begins with the default plan."""
    if command.data_key is not None:
        uow.adopt_key(command.data_key)
    heard = Clinic(command.clinic_id, command.sender_alias, command.zone, command.country, command.phone)
    latest_plan(uow)
    known = uow.clinics.find(command.clinic_id)
    uow.clinics.save(heard if known is None else replace(heard, version=known.version))


def keep_patient(uow: UnitOfWork, command: KeepPatient) -> None:
    """Keep what followup needs of a patient; in another zone, other instants are the right ones to ask."""
    heard = Patient(command.patient_id, command.locale, command.zone, command.country, command.birth_date)
    known = uow.patients.find(command.patient_id)
    saved = uow.patients.save(heard if known is None else replace(heard, version=known.version))
    if known is None or known.zone != heard.zone:
        replan_for(uow, saved)
