"""Access keys at rest: digests only. `shared.auth` reads the same documents."""

from services.booking.domain.clinic.access_key import AccessKey
from shared.auth import ACCESS_KEYS
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Unit


class AccessKeyStore:
    """Access keys in the collection `access_keys`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[AccessKey](
            unit,
            ACCESS_KEYS,
            kind="access_key",
            to_document=to_document,
            from_document=lambda document: from_document(AccessKey, document),
        )
        self.get = self._documents.get
        self.save = self._documents.save

    def list(self, *, after: str | None, limit: int) -> list[AccessKey]:
        """Keys behind `after`, by id."""
        return self._documents.find({"_id": {"$gt": after or ""}}, limit=limit)
