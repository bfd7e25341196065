"""Clinics at rest. Nothing of a clinic is personal."""

from services.booking.domain.clinic.clinic import Clinic
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Unit


class ClinicStore:
    """Clinics in the collection `clinics`; each is its own tenant."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[Clinic](
            unit,
            "clinics",
            kind="clinic",
            to_document=to_document,
            from_document=lambda document: from_document(Clinic, document),
        )
        self.get = self._documents.get
        self.save = self._documents.save

    def list(self, *, after: str | None, limit: int) -> list[Clinic]:
        """Clinics behind `after`, by id."""
        return self._documents.find({"_id": {"$gt": after or ""}}, limit=limit)
