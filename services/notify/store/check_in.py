"""Check-ins at rest, as they were heard: the link came sealed and stays so."""

from services.notify.domain.check_in import CheckIn
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Unit

COLLECTION = "check_ins"


class CheckInStore:
    """Check-ins in the collection `check_ins`, each under the subject that its message is about."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[CheckIn](
            unit,
            COLLECTION,
            kind="check_in",
            to_document=to_document,
            from_document=lambda document: from_document(CheckIn, document),
        )
        self.save = self._documents.save

    def find(self, id: str) -> CheckIn | None:
        """The check-in, if it was heard of."""
        return self._documents.find_one({"_id": id})

    def after(self, visit: str) -> CheckIn | None:
        """The last check-in that asks whether the patient came home safely from this visit."""
        found = self._documents.find({"visit": visit}, sort=[("opened_at", -1)], limit=1)
        return found[0] if found else None
