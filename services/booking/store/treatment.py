"""Treatments at rest: what people wrote, names and phone numbers of escorts among it, is sealed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from services.booking.domain.treatment.treatment import UNDER_WAY, EndKind, Treatment
from shared.converters import from_document, to_document
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit

TREATMENTS: Final = "treatments"
_SEALED: Final = frozenset({"name", "phone", "reason", "note"})
"""Fields of people's own words, wherever they stand in the document."""


def unwatched(now: datetime) -> Document:
    """Filter for the treatments, of all clinics, at which somebody should have looked by now."""
    return {"next_at": {"$lte": now}}


class TreatmentStore:
    """Treatments in the collection `treatments`."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[Treatment](
            unit, TREATMENTS, kind="treatment", to_document=self._to_document, from_document=self._from_document
        )
        self.get = self._documents.get
        self.find = self._documents.find_id
        self.save = self._documents.save

    def of_patient(self, patient_id: str) -> Sequence[Treatment]:
        """All of a patient, by arrival."""
        return self._documents.find({"patient_id": patient_id}, sort=(("arrived_at", 1), ("_id", 1)))

    def last_dose(self, patient_id: str) -> Decimal | None:
        """Milligrams given by the patient's latest dose, aborted or not, that gave any; None before the first."""
        wanted = {"patient_id": patient_id, "end.kind": {"$in": [kind.value for kind in EndKind]}}
        found = self._documents.find(wanted, sort=(("arrived_at", -1),))
        return next((one.end.given_mg for one in found if one.end and one.end.given_mg), None)

    def under_way(self) -> Sequence[Treatment]:
        """Those of the clinic whose patients were given something and have not gone home."""
        return self._documents.find({"status": {"$in": sorted(UNDER_WAY)}})

    def _to_document(self, treatment: Treatment) -> Document:
        document: Document = _with_words(to_document(treatment), partial(self._sealer.seal, self._clinic_id))
        return document

    def _from_document(self, document: Document) -> Treatment:
        return from_document(Treatment, _with_words(document, self._sealer.unseal))


def _with_words(value: Any, change: Callable[[str], str]) -> Any:
    """The same document with people's words changed, wherever they stand."""
    if isinstance(value, dict):
        return {
            name: change(one) if name in _SEALED and isinstance(one, str) else _with_words(one, change)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_with_words(one, change) for one in value]
    return value
