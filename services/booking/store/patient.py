"""Patients at rest: every personal field sealed; phone and e-mail so that they can be looked up."""

from typing import Any, Final

from services.booking.domain.patient import Patient
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.sealed import Sealer
from shared.unit_of_work import Document, Unit

_SEALED: Final = ("name", "birth_date")
_SEARCHABLE: Final = ("phone", "email")


class PatientStore:
    """Patients in the collection `patients`."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[Patient](
            unit, "patients", kind="patient", to_document=self._to_document, from_document=self._from_document
        )
        self.get = self._documents.get
        self.save = self._documents.save

    def list(self, *, after: str | None, limit: int, phone: str | None, email: str | None) -> list[Patient]:
        """Patients behind `after`, by id; with exactly this phone or e-mail, if given."""
        wanted: Document = {"_id": {"$gt": after or ""}}
        for field, value in (("phone", phone), ("email", email)):
            if value is not None:
                wanted[field] = self._sealer.seal_searchable(self._clinic_id, value)
        return self._documents.find(wanted, limit=limit)

    def _to_document(self, patient: Patient) -> Document:
        document = to_document(patient)
        seal, searchable = self._sealer.seal, self._sealer.seal_searchable
        sealed: dict[str, Any] = {field: seal(self._clinic_id, document[field]) for field in _SEALED}
        for field in _SEARCHABLE:
            value = document[field]
            sealed[field] = None if value is None else searchable(self._clinic_id, value)
        return {**document, **sealed}

    def _from_document(self, document: Document) -> Patient:
        found = [field for field in (*_SEALED, *_SEARCHABLE) if document[field] is not None]
        return from_document(Patient, {**document, **{field: self._sealer.unseal(document[field]) for field in found}})
