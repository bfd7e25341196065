"""Visits at rest, as they were heard."""

from collections.abc import Collection
from datetime import datetime

from services.notify.domain.visit import Visit, VisitStatus
from shared.paging import Page
from shared.persistence.by_time import behind, place_of
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit

COLLECTION = "visits"


class VisitStore:
    """Visits in the collection `visits`, each under the subject that messages are about."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, COLLECTION, Visit, kind="visit")
        self.find = self._documents.find_id
        self.save = self._documents.save

    def about(self, subject: str) -> list[Visit]:
        """The visit `subject`, or all visits of the series `subject`, by their times."""
        either = {"$or": [{"_id": subject}, {"series": subject}]}
        return self._documents.find(either, sort=[("starts_at", 1), ("_id", 1)])

    def coming(self, patient_id: str, now: datetime) -> list[Visit]:
        """The visits that a patient is still expected at, the next one first."""
        wanted = {"patient_id": patient_id, "status": VisitStatus.BOOKED.value, "starts_at": {"$gt": now}}
        return self._documents.find(wanted, sort=[("starts_at", 1), ("_id", 1)])

    def of_series(self, series: Collection[str]) -> list[Visit]:
        """All visits of these series."""
        return self._documents.find({"series": {"$in": sorted(series)}})

    def unconfirmed(self, now: datetime, until: datetime, *, after: str | None, limit: int) -> Page[Visit]:
        """Visits that begin in (now, until] and that nobody has confirmed, by time."""
        soon = {"starts_at": {"$gt": now, "$lte": until}, "status": VisitStatus.BOOKED.value, "confirmed_at": None}
        order = [("starts_at", 1), ("_id", 1)]
        found = self._documents.find({"$and": [soon, behind(after, "starts_at")]}, sort=order, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], place_of(last.starts_at, last.id) if last else None)
