"""Check-ins at rest, as they were heard: the link came sealed and stays so."""

from services.notify.domain.check_in import CheckIn
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit

COLLECTION = "check_ins"


class CheckInStore:
    """Check-ins in the collection `check_ins`, each under the subject that its message is about."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, COLLECTION, CheckIn, kind="check_in")
        self.find = self._documents.find_id
        self.save = self._documents.save

    def after(self, visit: str) -> CheckIn | None:
        """The last check-in that asks whether the patient came home safely from this visit."""
        found = self._documents.find({"visit": visit}, sort=[("opened_at", -1)], limit=1)
        return found[0] if found else None
