"""Protocols at rest: one document per edition, named by clinic, slug and edition, so that none can exist twice."""

from dataclasses import replace

from services.booking.domain.protocol.protocol import Protocol, protocol_id
from shared.converters import from_document, to_document
from shared.errors import NotFound
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Document, Unit


class ProtocolStore:
    """Editions in the collection `protocols`."""

    def __init__(self, unit: Unit) -> None:
        self._prefix = f"{unit.clinic_id}/"
        self._documents = Documents[Protocol](
            unit, "protocols", kind="protocol", to_document=to_document, from_document=self._from_document
        )

    def get(self, slug: str, edition: int | None = None) -> Protocol:
        """That edition, or the latest one. Raises `NotFound`."""
        if edition is not None:
            return self._documents.get(f"{self._prefix}{protocol_id(slug, edition)}")
        found = self.find_latest(slug)
        if found is None:
            raise NotFound("protocol")
        return found

    def find_latest(self, slug: str) -> Protocol | None:
        """The latest edition, if there is any."""
        return next(iter(self._documents.find({"slug": slug}, sort=[("edition", -1)], limit=1)), None)

    def save(self, protocol: Protocol) -> Protocol:
        """Write a new edition."""
        saved = self._documents.save(replace(protocol, id=self._prefix + protocol.id))
        return replace(saved, id=protocol.id)

    def list(self, *, after: str | None, limit: int, slug: str | None) -> list[Protocol]:
        """Editions behind `after`, by id; only those of one protocol when `slug` is given."""
        wanted: Document = {"_id": {"$gt": self._prefix + (after or "")}}
        return self._documents.find(wanted if slug is None else {**wanted, "slug": slug}, limit=limit)

    def _from_document(self, document: Document) -> Protocol:
        return from_document(Protocol, {**document, "id": document["id"].removeprefix(self._prefix)})
