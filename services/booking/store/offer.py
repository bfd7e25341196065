"""Offers and openings at rest, and which of them are due."""

from datetime import datetime
from typing import Final

from services.booking.domain.series.offer import Offer, OfferStatus
from services.booking.domain.waiting.opening import Opening, OpeningStatus
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Document, Unit

OFFERS: Final = "offers"
OPENINGS: Final = "openings"


def unanswered(now: datetime) -> Document:
    """Filter for the offers, of all clinics, whose time is over."""
    return {"status": OfferStatus.MADE.value, "expires_at": {"$lte": now}}


def to_offer(now: datetime) -> Document:
    """Filter for the openings, of all clinics, that somebody should be asked about."""
    return {"status": OpeningStatus.OPEN.value, "next_at": {"$lte": now}}


class OfferStore:
    """Offers in the collection `offers`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, OFFERS, Offer, kind="offer")
        self.get = self._documents.get
        self.save = self._documents.save

    def list(self, *, after: str | None, limit: int, status: OfferStatus | None, series_id: str | None) -> list[Offer]:
        """Offers behind `after`, by id; only those with a status or of a series when given."""
        wanted: Document = {"_id": {"$gt": after or ""}}
        if status is not None:
            wanted["status"] = status.value
        if series_id is not None:
            wanted["series_id"] = series_id
        return self._documents.find(wanted, limit=limit)


class OpeningStore:
    """Openings in the collection `openings`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, OPENINGS, Opening, kind="opening")
        self.get = self._documents.get
        self.save = self._documents.save
