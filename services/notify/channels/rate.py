"""How many letters of each clinic go to a provider within a second: a moving window that all workers share.

`limits` counts in the service's own database. Times are those of the machines, never the simulated clock's.
"""

from typing import Any, Final

from limits import RateLimitItemPerSecond
from limits.storage.mongodb import MongoDBStorageBase
from limits.strategies import MovingWindowRateLimiter
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError

from shared.errors import TransientFailure

COLLECTION: Final = "rates"


class SharedRate:
    """At most `per_second` in any second, for each clinic, by the provider called `name`."""

    def __init__(self, database: Database[dict[str, Any]], name: str, per_second: int) -> None:
        self._name = name
        self._most = RateLimitItemPerSecond(per_second)
        self._windows = MovingWindowRateLimiter(_OwnDatabase(database))

    def take(self, clinic_id: str) -> bool:
        """See `guarded.Rate`."""
        try:
            return self._windows.hit(self._most, self._name, clinic_id)
        except PyMongoError as error:
            raise TransientFailure(f"the database does not answer: {error}") from error


class _OwnDatabase(MongoDBStorageBase):
    """The storage of `limits` on a client that is there already, and stays when this is gone."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__("", database.name, counter_collection_name=COLLECTION, window_collection_name=COLLECTION)
        self._client = database.client

    def _init_mongo_client(self, uri: str | None, **options: int | str | bool) -> MongoClient[dict[str, Any]]:
        del uri, options
        return self._client

    def __del__(self) -> None:
        """The client is not ours to close."""
