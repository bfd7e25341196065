"""Offers at rest, as they were heard."""

from services.notify.domain.offer import Offer
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class OfferStore:
    """Offers in the collection `offers`, each under the subject that its message is about."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "offers", Offer, kind="offer")
        self.find = self._documents.find_id
        self.save = self._documents.save
