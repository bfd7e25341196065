"""Calendar feeds at rest: of their addresses only digests."""

from services.booking.domain.views.feed import Feed
from shared.persistence.documents import Documents, LinkIndex
from shared.persistence.unit_of_work import Unit


class FeedStore:
    """Feeds in the collection `feeds`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "feeds", Feed, kind="feed")
        self.get = self._documents.get
        self.save = self._documents.save
        links = LinkIndex(self._documents, "link_digest", "feed")
        self.by_link = links.by_link
        self.clinic_of_link = links.clinic_of_link

    def list(self, *, after: str | None, limit: int, resource_id: str) -> list[Feed]:
        """A resource's feeds behind `after`, by id."""
        return self._documents.find({"resource_id": resource_id, "_id": {"$gt": after or ""}}, limit=limit)
