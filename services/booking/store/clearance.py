"""Clearances at rest; why a clinician let treatment go on is sealed."""

from collections.abc import Callable
from functools import partial
from typing import Final

from services.booking.domain.patient.clearance import Clearance
from shared.converters import from_document, to_document
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit

CLEARANCES: Final = "clearances"
_HELD: Document = {"is_held": True}


class ClearanceStore:
    """Clearances in the collection `clearances`, by the patient's id."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[Clearance](
            unit,
            CLEARANCES,
            kind="clearance",
            to_document=self._to_document,
            from_document=self._from_document,
        )
        self.save = self._documents.save

    def of(self, patient_id: str) -> Clearance:
        """That of a patient; nothing held and nothing measured when none is kept."""
        return self._documents.find_id(patient_id) or Clearance(patient_id)

    def held(self) -> frozenset[str]:
        """The patients whose treatment is held."""
        return frozenset(str(row["_id"]) for row in self._documents.parts(_HELD, "_id"))

    def _to_document(self, clearance: Clearance) -> Document:
        document = to_document(clearance)
        holds = [_with_reason(one, partial(self._sealer.seal, self._clinic_id)) for one in document["holds"]]
        return {**document, "holds": holds, "is_held": clearance.is_held}

    def _from_document(self, document: Document) -> Clearance:
        holds = [_with_reason(one, self._sealer.unseal) for one in document.get("holds", ())]
        return from_document(Clearance, {**document, "holds": holds})


def _with_reason(hold: Document, change: Callable[[str], str]) -> Document:
    """A hold with its clinician's reason sealed, or unsealed."""
    release = hold["release"]
    return {**hold, "release": release and {**release, "reason": change(release["reason"])}}
