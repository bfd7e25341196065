"""Who came through patients' links, at rest: digests and counts only."""

from services.booking.domain.page.private_link import Visitors
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class VisitorsStore:
    """Visitors in the collection `visitors`, by the digest of the link."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "visitors", Visitors, kind="visitors")
        self.save = self._documents.save

    def of(self, link_digest: str) -> Visitors:
        """Those of a link; nobody yet when none is kept."""
        return self._documents.find_id(link_digest) or Visitors(link_digest)
