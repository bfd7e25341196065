"""Patients at rest, as they were heard: the birth date came sealed and stays so."""

from services.followup.domain.patient import Patient
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class PatientStore:
    """Patients in the collection `patients`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "patients", Patient, kind="patient")
        self.get = self._documents.get
        self.find = self._documents.find_id
        self.save = self._documents.save
