"""Dose orders at rest; why one took the place of another is sealed."""

from collections.abc import Callable, Sequence
from functools import partial

from services.booking.domain.chart.dose_order import DoseOrder
from shared.converters import from_document, to_document
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit


class DoseOrderStore:
    """Dose orders in the collection `dose_orders`. An id is made of the series and a number, so no two are in force."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[DoseOrder](
            unit,
            "dose_orders",
            kind="dose_order",
            to_document=self._to_document,
            from_document=self._from_document,
        )
        self.get = self._documents.get
        self.save = self._documents.save

    def in_force(self, series_id: str) -> DoseOrder | None:
        """The order of a series that none has superseded; None before the first."""
        return self._documents.find_one({"series_id": series_id, "superseded_by": None})

    def of_patient(self, patient_id: str) -> Sequence[DoseOrder]:
        """All of a patient, those that were superseded among them."""
        return self._documents.find({"patient_id": patient_id})

    def of_series(self, series_id: str) -> Sequence[DoseOrder]:
        """All of a series, those that were superseded among them, by time of signing."""
        return self._documents.find({"series_id": series_id}, sort=[("number", 1)])

    def _to_document(self, order: DoseOrder) -> Document:
        return _with_reason(to_document(order), partial(self._sealer.seal, self._clinic_id))

    def _from_document(self, document: Document) -> DoseOrder:
        return from_document(DoseOrder, _with_reason(document, self._sealer.unseal))


def _with_reason(document: Document, change: Callable[[str], str]) -> Document:
    """An order with its reason sealed, or unsealed."""
    reason = document["wanted"]["reason"]
    return {**document, "wanted": {**document["wanted"], "reason": reason and change(reason)}}
