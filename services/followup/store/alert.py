"""Alerts at rest; what staff wrote about them is sealed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from services.followup.domain.alert import OPEN, Alert, AlertStatus
from shared.converters import from_document, to_document
from shared.paging import Page
from shared.persistence.by_time import behind, place_of
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit

COLLECTION: Final = "alerts"


def to_page(now: datetime) -> Document:
    """Filter for the alerts, of all clinics, that the next one is to be paged for."""
    return {"status": AlertStatus.RAISED.value, "next_step_at": {"$lte": now}}


class AlertStore:
    """Alerts in the collection `alerts`; the id follows from what one is about, so that no two are the same."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[Alert](
            unit, COLLECTION, kind="alert", to_document=self._to_document, from_document=self._from_document
        )
        self.get = self._documents.get
        self.find = self._documents.find_id
        self.save = self._documents.save

    def open(self) -> Sequence[Alert]:
        """All that are not closed."""
        return self._documents.find({"status": {"$in": sorted(status.value for status in OPEN)}})

    def of_check_in(self, patient_id: str, check_in_id: str) -> Sequence[Alert]:
        """What the answers of one check-in raised."""
        return self._documents.find({"patient_id": patient_id, "check_in_id": check_in_id})

    def page(
        self, *, status: AlertStatus | None, tier: int | None, patient_id: str | None, after: str | None, limit: int
    ) -> Page[Alert]:
        """Alerts by the time they were raised, behind the place `after`; without a filter all of them."""
        asked = {"status": status and status.value, "tier": tier, "patient_id": patient_id}
        wanted = {name: value for name, value in asked.items() if value is not None}
        order = [("raised_at", 1), ("_id", 1)]
        found = self._documents.find({**wanted, **behind(after, "raised_at")}, sort=order, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], place_of(last.raised_at, last.id) if last else None)

    def _to_document(self, alert: Alert) -> Document:
        return self._each(to_document(alert), lambda text: self._sealer.seal(self._clinic_id, text))

    def _from_document(self, document: Document) -> Alert:
        return from_document(Alert, self._each(document, self._sealer.unseal))

    @staticmethod
    def _each(document: Document, changed: Callable[[str], str]) -> Document:
        """With everything that somebody wrote changed; empty texts stay."""
        texts = {field: changed(document[field]) for field in ("contact_note", "close_reason") if document[field]}
        regraded = [{**one, "reason": changed(one["reason"])} for one in document.get("regraded", [])]
        return {**document, **texts, "regraded": regraded}
