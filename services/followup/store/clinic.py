"""Clinics at rest, as they were heard. Nothing of a clinic is personal; its data key is kept apart."""

from services.followup.domain.clinic import Clinic
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class ClinicStore:
    """Clinics in the collection `clinics`; each is its own tenant."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "clinics", Clinic, kind="clinic")
        self.get = self._documents.get
        self.find = self._documents.find_id
        self.save = self._documents.save
