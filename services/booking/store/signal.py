"""Signals of the watch for misuse at rest; what people wrote is sealed."""

from collections.abc import Sequence

from services.booking.domain.chart.misuse import Signal
from shared.converters import from_document, to_document
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit


class SignalStore:
    """Signals in the collection `signals`, by patient."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[Signal](
            unit, "signals", kind="signal", to_document=self._to_document, from_document=self._from_document
        )
        self.save = self._documents.save

    def of_patient(self, patient_id: str) -> Sequence[Signal]:
        """All of a patient, by the date on which it happened."""
        return self._documents.find({"patient_id": patient_id}, sort=[("on", 1), ("_id", 1)])

    def _to_document(self, signal: Signal) -> Document:
        note = signal.note and self._sealer.seal(self._clinic_id, signal.note)
        return {**to_document(signal), "note": note}

    def _from_document(self, document: Document) -> Signal:
        note = document["note"] and self._sealer.unseal(document["note"])
        return from_document(Signal, {**document, "note": note})
