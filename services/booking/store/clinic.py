"""Clinics at rest. Nothing of a clinic is personal."""

from services.booking.domain.clinic.clinic import Clinic
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class ClinicStore:
    """Clinics in the collection `clinics`; each is its own tenant."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "clinics", Clinic, kind="clinic")
        self.get = self._documents.get
        self.save = self._documents.save

    def list(self, *, after: str | None, limit: int) -> list[Clinic]:
        """Clinics behind `after`, by id."""
        return self._documents.find({"_id": {"$gt": after or ""}}, limit=limit)
