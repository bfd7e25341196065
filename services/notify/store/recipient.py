"""Patients at rest, as they were heard: name, phone and e-mail came sealed and stay so."""

from services.notify.domain.recipient import Recipient
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Unit


class RecipientStore:
    """Patients in the collection `recipients`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[Recipient](
            unit,
            "recipients",
            kind="recipient",
            to_document=to_document,
            from_document=lambda document: from_document(Recipient, document),
        )
        self.save = self._documents.save

    def find(self, id: str) -> Recipient | None:
        """The patient, if they were heard of."""
        return self._documents.find_one({"_id": id})

    def all(self) -> list[Recipient]:
        """All patients of the clinic."""
        return self._documents.find({})
