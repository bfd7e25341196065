"""Calendar feeds at rest: of their addresses only digests."""

from services.booking.domain.views.feed import Feed
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.errors import NotFound
from shared.unit_of_work import Unit


class FeedStore:
    """Feeds in the collection `feeds`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[Feed](
            unit,
            "feeds",
            kind="feed",
            to_document=to_document,
            from_document=lambda document: from_document(Feed, document),
        )
        self.get = self._documents.get
        self.save = self._documents.save

    def list(self, *, after: str | None, limit: int, resource_id: str) -> list[Feed]:
        """A resource's feeds behind `after`, by id."""
        return self._documents.find({"resource_id": resource_id, "_id": {"$gt": after or ""}}, limit=limit)

    def by_link(self, link_digest: str) -> Feed:
        """The feed that an address leads to. Raises `NotFound`."""
        found = self._documents.find_one({"link_digest": link_digest})
        if found is None:
            raise NotFound("feed")
        return found

    def clinic_of_link(self, link_digest: str) -> str:
        """The clinic that an address belongs to, whichever clinic it is. Raises `NotFound`."""
        found = self._documents.parts({"link_digest": link_digest}, "clinic_id")
        if not found:
            raise NotFound("feed")
        return str(found[0]["clinic_id"])
