"""Access keys at rest: digests only. `shared.http.auth` reads the same documents."""

from services.booking.domain.clinic.access_key import AccessKey
from shared.http.auth import ACCESS_KEYS
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class AccessKeyStore:
    """Access keys in the collection `access_keys`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, ACCESS_KEYS, AccessKey, kind="access_key")
        self.get = self._documents.get
        self.save = self._documents.save

    def list(self, *, after: str | None, limit: int) -> list[AccessKey]:
        """Keys behind `after`, by id."""
        return self._documents.find({"_id": {"$gt": after or ""}}, limit=limit)
