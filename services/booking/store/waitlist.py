"""The waitlist at rest. A unique key keeps one session from waiting twice."""

from collections.abc import Sequence

from services.booking.domain.waiting.waitlist import Entry, EntryStatus
from shared.errors import Conflict
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Document, Duplicate, Unit

_RANK = [("priority", 1), ("since", 1), ("_id", 1)]


class WaitlistStore:
    """Entries in the collection `waitlist`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "waitlist", Entry, kind="entry", on_duplicate=_waits_already)
        self.get = self._documents.get
        self.save = self._documents.save

    def list(self, *, after: str | None, limit: int, status: EntryStatus | None, series_id: str | None) -> list[Entry]:
        """Entries behind `after`, by id; only those with a status or of a series when given."""
        wanted: Document = {"_id": {"$gt": after or ""}}
        if status is not None:
            wanted["status"] = status.value
        if series_id is not None:
            wanted["series_id"] = series_id
        return self._documents.find(wanted, limit=limit)

    def waiting(self) -> Sequence[Entry]:
        """Everybody who waits, in the order of rank."""
        return self._documents.find({"status": EntryStatus.WAITING.value}, sort=_RANK)

    def of_series(self, series_id: str) -> Sequence[Entry]:
        """Those who wait for a session of this series."""
        return self._documents.find({"series_id": series_id, "status": EntryStatus.WAITING.value})

    def is_anybody_waiting(self) -> bool:
        """Whether there is any entry that waits."""
        return self._documents.find_one({"status": EntryStatus.WAITING.value}) is not None


def _waits_already(_: Duplicate) -> Exception:
    return Conflict("waitlist.waits-already", "Somebody waits for another place for this session already.")
