"""Check-ins at rest. Of a link only the digest is kept; what staff noted is sealed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.followup.domain.check_in import CheckIn, Status
from services.followup.domain.outcome import Scored
from shared.converters import from_document, to_document
from shared.persistence.documents import Documents, LinkIndex
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit

COLLECTION = "check_ins"
_SCORED = (
    *("patient_id", "series_id", "due_at"),
    *("parts.instrument", "parts.instrument_version", "parts.score.total", "parts.score.band"),
)


def to_open(now: datetime) -> Document:
    """Filter for the check-ins, of all clinics, that are to be opened."""
    return {"status": Status.SCHEDULED.value, "due_at": {"$lte": now}}


def expired(now: datetime) -> Document:
    """Filter for the check-ins, of all clinics, that nobody answered in time."""
    return {"status": Status.OPEN.value, "expires_at": {"$lte": now}}


class CheckInStore:
    """Check-ins in the collection `check_ins`; the id follows from what one is for, so that no two are for the same."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[CheckIn](
            unit, COLLECTION, kind="check_in", to_document=self._to_document, from_document=self._from_document
        )
        self.get = self._documents.get
        self.save = self._documents.save
        links = LinkIndex(self._documents, "token_digest", "check in")
        self.by_link = links.by_link
        self.clinic_of_link = links.clinic_of_link

    def of_patient(self, patient_id: str) -> Sequence[CheckIn]:
        """All that there are, also what is not planned at present."""
        return self._documents.find({"patient_id": patient_id})

    def overdue(self, opened_before: datetime) -> Sequence[CheckIn]:
        """Those of the clinic that have been open since then or longer."""
        return self._documents.find({"status": Status.OPEN.value, "opened_at": {"$lte": opened_before}})

    def scores(self, instrument: str | None) -> Iterator[Scored]:
        """What was scored with `instrument`, or with any, of all patients; nothing else is read."""
        filter: Document = {"status": Status.ANSWERED.value}
        if instrument is not None:
            filter["parts.instrument"] = instrument
        found = self._documents.parts(filter, *_SCORED)
        scored = (_scored(document, part) for document in found for part in document["parts"] if _has_total(part))
        return (each for each in scored if instrument in {None, each.instrument})

    def _to_document(self, check_in: CheckIn) -> Document:
        document = to_document(check_in)
        return {**document, "notes": self._sealer.seal(self._clinic_id, check_in.notes) if check_in.notes else ""}

    def _from_document(self, document: Document) -> CheckIn:
        notes = document["notes"]
        return from_document(CheckIn, {**document, "notes": self._sealer.unseal(notes) if notes else ""})


def _has_total(part: Mapping[str, Any]) -> bool:
    return part.get("score") is not None and part["score"]["total"] is not None


def _scored(document: Document, part: Mapping[str, Any]) -> Scored:
    return Scored(
        patient_id=document["patient_id"],
        series_id=document["series_id"],
        instrument=part["instrument"],
        instrument_version=part["instrument_version"],
        due_at=document["due_at"],
        total=part["score"]["total"],
        band=part["score"]["band"] or "",
    )
