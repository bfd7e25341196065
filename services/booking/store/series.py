"""Series at rest: one document with its sessions and, in one flat list, every slot that they hold.

The unique index over that list makes a double booking impossible, whatever was decided and whoever decides at the same
time.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.booking.domain.calendar import LONGEST_SESSION, slots_of
from services.booking.domain.series import Series, SeriesStatus
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Document, Unit

SERIES = "series"


class SeriesStore:
    """Series in the collection `series`.

    A taken slot means `Contended`: decided again, the operation sees who has it, and either finds another place or
    tells every clash.
    """

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[Series](
            unit,
            SERIES,
            kind="series",
            to_document=_to_document,
            from_document=lambda document: from_document(Series, document),
        )
        self.get = self._documents.get
        self.save = self._documents.save

    def list(
        self, *, after: str | None, limit: int, patient_id: str | None, status: SeriesStatus | None
    ) -> list[Series]:
        """Series behind `after`, by id; only those of a patient or with a status when given."""
        wanted: Document = {"_id": {"$gt": after or ""}}
        if patient_id is not None:
            wanted["patient_id"] = patient_id
        if status is not None:
            wanted["status"] = str(status)
        return self._documents.find(wanted, limit=limit)

    def of_patient(self, patient_id: str) -> Sequence[Series]:
        """All series of a patient."""
        return self._documents.find({"patient_id": patient_id})

    def between(self, from_at: datetime, until_at: datetime) -> Sequence[Series]:
        """Series of which any session, whatever became of it, starts in [from_at, until_at)."""
        starts = {"$elemMatch": {"starts_at": {"$gte": from_at, "$lt": until_at}}}
        return self._documents.find({"sessions": starts})

    def busy(self, resource_ids: Collection[str], from_at: datetime, until_at: datetime) -> frozenset[str]:
        """The slots of these resources (patients among them) that are taken in [from_at, until_at)."""
        starts = {"$elemMatch": {"starts_at": {"$gte": from_at - LONGEST_SESSION, "$lt": until_at}}}
        found = self._documents.parts({"sessions": starts}, "slots")
        taken = (slot for document in found for slot in document.get("slots", ()))
        return slots_of(taken, resource_ids, from_at, until_at)


def _to_document(series: Series) -> Document:
    return {**to_document(series), "slots": sorted(series.slots)}
