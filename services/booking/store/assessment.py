"""Assessments at rest; what people wrote is sealed: names of medication and treatments, reasons of decisions."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from services.booking.domain.chart.assessment import Assessment
from shared.converters import from_document, to_document
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit

_SEALED_WITHIN: Final = (("medications", "note"), ("trials", "treatment"), ("decisions", "reason"))


class AssessmentStore:
    """Assessments in the collection `assessments`, by patient."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[Assessment](
            unit,
            "assessments",
            kind="assessment",
            to_document=self._to_document,
            from_document=self._from_document,
        )
        self.get = self._documents.get
        self.save = self._documents.save

    def list(self, *, after: str | None, limit: int, patient_id: str) -> list[Assessment]:
        """A patient's behind `after`, by id."""
        return self._documents.find({"patient_id": patient_id, "_id": {"$gt": after or ""}}, limit=limit)

    def of_patient(self, patient_id: str) -> Sequence[Assessment]:
        """All of a patient, those that were superseded among them."""
        return self._documents.find({"patient_id": patient_id})

    def _to_document(self, assessment: Assessment) -> Document:
        return _with_words(to_document(assessment), partial(self._sealer.seal, self._clinic_id))

    def _from_document(self, document: Document) -> Assessment:
        return from_document(Assessment, _with_words(document, self._sealer.unseal))


def _with_words(document: Document, change: Callable[[str], str]) -> Document:
    """With what people wrote sealed, or unsealed. Lists that are empty are not stored."""
    rows = {many: [_with(row, field, change) for row in document.get(many, ())] for many, field in _SEALED_WITHIN}
    return {**document, **rows}


def _with(row: Document, field: str, change: Callable[[str], str]) -> Document:
    return row if row[field] is None else {**row, field: change(row[field])}
