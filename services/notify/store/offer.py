"""Offers at rest, as they were heard."""

from services.notify.domain.offer import Offer
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Unit


class OfferStore:
    """Offers in the collection `offers`, each under the subject that its message is about."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[Offer](
            unit,
            "offers",
            kind="offer",
            to_document=to_document,
            from_document=lambda document: from_document(Offer, document),
        )
        self.save = self._documents.save

    def find(self, id: str) -> Offer | None:
        """The offer, if it was heard of."""
        return self._documents.find_one({"_id": id})
