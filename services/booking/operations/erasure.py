"""Showing everything that is kept of a patient, and erasing who they were: both are on record."""

from dataclasses import dataclass

from services.booking.domain.patient.patient import Patient
from services.booking.domain.series.erasure import faults_of_erasing
from services.booking.operations.audit import audited
from services.booking.operations.exposure import identify
from services.booking.operations.ports import UnitOfWork
from shared.errors import Conflict
from shared.localtime import local_date
from shared.personal_data import operations as patient_data
from shared.personal_data.operations import Dossier, ExportPatient


@dataclass(frozen=True)
class ErasePatient:
    """Nobody is to know any more who this patient was."""

    patient_id: str
    reason: str


@audited("patient.export")
def export_patient(uow: UnitOfWork, command: ExportPatient) -> "dict[str, Dossier]":
    """All of it, as `kept`. Raises `NotFound` when nothing is kept."""
    return dict(patient_data.export_patient(uow, command))


@audited("patient.erase")
def erase_patient(uow: UnitOfWork, command: ErasePatient) -> Patient:
    """Erase who the patient was, here and by an event in every service; what was done stays, and is nobody's.

    How long a record must be kept is the clinic's to know: export it before. Raises `NotFound`, and `Conflict` with
    every reason while a series runs or a dose counts for caps.
    """
    patient = uow.patients.get(command.patient_id)
    today = local_date(uow.now, uow.clinics.get(uow.clinic_id).zone)
    if faults := faults_of_erasing(uow.series.of_patient(patient.id), patient.external_dates, today):
        raise Conflict("patient.not-erasable", "This patient cannot be erased yet.", faults)
    erased = identify(uow, *patient.erase(uow.now))
    uow.dossiers.erase(patient.id)
    return erased
