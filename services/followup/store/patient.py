"""Patients at rest, as they were heard: the birth date came sealed and stays so."""

from services.followup.domain.patient import Patient
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Unit


class PatientStore:
    """Patients in the collection `patients`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[Patient](
            unit,
            "patients",
            kind="patient",
            to_document=to_document,
            from_document=lambda document: from_document(Patient, document),
        )
        self.get = self._documents.get
        self.save = self._documents.save

    def find(self, id: str) -> Patient | None:
        """The patient, if they were heard of."""
        return self._documents.find_one({"_id": id})
