"""Clinics at rest, as they were heard. Nothing of a clinic is personal; its data key is kept apart."""

from services.followup.domain.clinic import Clinic
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

    def find(self, id: str) -> Clinic | None:
        """The clinic, if it was heard of."""
        return self._documents.find_one({"_id": id})
