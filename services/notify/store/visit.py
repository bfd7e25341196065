"""Visits at rest, as they were heard."""

from services.notify.domain.visit import Visit
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Unit

COLLECTION = "visits"


class VisitStore:
    """Visits in the collection `visits`, each under the subject that messages are about."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[Visit](
            unit,
            COLLECTION,
            kind="visit",
            to_document=to_document,
            from_document=lambda document: from_document(Visit, document),
        )
        self.save = self._documents.save

    def find(self, id: str) -> Visit | None:
        """The visit, if it was heard of."""
        return self._documents.find_one({"_id": id})

    def about(self, subject: str) -> list[Visit]:
        """The visit `subject`, or all visits of the series `subject`, by their times."""
        either = {"$or": [{"_id": subject}, {"series": subject}]}
        return self._documents.find(either, sort=[("starts_at", 1), ("_id", 1)])
