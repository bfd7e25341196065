"""Resources at rest."""

from collections.abc import Sequence

from services.booking.domain.calendar.resource import Resource, ResourceKind
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Document, Unit


class ResourceStore:
    """Resources in the collection `resources`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "resources", Resource, kind="resource")
        self.get = self._documents.get
        self.save = self._documents.save

    def list(self, *, after: str | None, limit: int, kind: ResourceKind | None) -> list[Resource]:
        """Resources behind `after`, by id; only those of one kind when it is given."""
        wanted: Document = {"_id": {"$gt": after or ""}}
        return self._documents.find(wanted if kind is None else {**wanted, "kind": str(kind)}, limit=limit)

    def all(self) -> Sequence[Resource]:
        """Every resource of the clinic."""
        return self._documents.find({})
