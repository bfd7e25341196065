"""Patients at rest, as they were heard: name, phone and e-mail came sealed and stay so."""

from services.notify.domain.recipient import Recipient
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class RecipientStore:
    """Patients in the collection `recipients`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "recipients", Recipient, kind="recipient")
        self.find = self._documents.find_id
        self.save = self._documents.save

    def all(self) -> list[Recipient]:
        """All patients of the clinic."""
        return self._documents.find({})
