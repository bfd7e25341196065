"""Pages to the staff at rest: of their links only digests, numbers sealed before they come here."""

from datetime import datetime
from typing import Final

from services.notify.domain.page import PageStatus, StaffPage
from shared.converters import from_document, to_document
from shared.paging import Page
from shared.persistence.by_time import behind, place_of
from shared.persistence.documents import Documents, LinkIndex
from shared.persistence.unit_of_work import Document, Unit

COLLECTION: Final = "pages"
_DONE: Final = PageStatus.CONTACTED.value


def due(now: datetime) -> Document:
    """Pages that the next one is to be called for."""
    return {"status": PageStatus.OPEN.value, "next_at": {"$lte": now}}


class PageStore:
    """Pages in the collection `pages`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[StaffPage](
            unit,
            COLLECTION,
            kind="page",
            to_document=to_document,
            from_document=lambda document: from_document(StaffPage, {"paged": [], **document}),
        )
        self.get = self._documents.get
        self.save = self._documents.save
        links = LinkIndex(self._documents, "paged.link_digest", "page")
        self.by_link = links.by_link
        self.clinic_of_link = links.clinic_of_link

    def last(self, whose: str, reason: str) -> StaffPage | None:
        """The latest page about this one, for this reason."""
        asked = {"whose": whose, "reason": reason}
        found = self._documents.find(asked, sort=[("raised_at", -1), ("_id", 1)], limit=1)
        return found[0] if found else None

    def page(self, *, is_open: bool | None, after: str | None, limit: int) -> Page[StaffPage]:
        """Pages by the time they were raised, at most `limit` of them, behind the place `after` of an earlier page."""
        wanted: Document = {} if is_open is None else {"status": {"$ne" if is_open else "$eq": _DONE}}
        order = [("raised_at", 1), ("_id", 1)]
        found = self._documents.find({**wanted, **behind(after, "raised_at")}, sort=order, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], place_of(last.raised_at, last.id) if last else None)
