"""Exclusive right to work until an instant of the database server's clock.

A lease never promises that only one works: a process may stand still and come back. So each new right gets a higher
`fence` number, and every write that must not come late carries owner and fence in its filter.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from shared.ids import new_id
from shared.persistence.unit_of_work import Document

PER_CLINIC: Final = 10
LOOKED_THROUGH: Final = 5000
RELEASE: Final[Mapping[str, Any]] = {"$unset": {"lease.owner": "", "lease.until": ""}}
"""Update that gives a claimed document back; its fence stays, so that the next right is a higher one."""
_FREE: Final[Document] = {"$expr": {"$lt": ["$lease.until", "$$NOW"]}}  # true as well where there is no lease yet
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _until(seconds: float) -> Document:
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(seconds * 1000)}}


def is_held(collection: Collection[Document], name: str) -> bool:
    """Whether some process leads as `name` just now. Raises what the database raises."""
    running: Document = {"_id": name, "$expr": {"$gte": ["$until", "$$NOW"]}}
    return collection.find_one(running, {"_id": 1}) is not None


class Lease:
    """The right to be the only leader called `name`, among processes that share `collection`."""

    def __init__(self, collection: Collection[Document], name: str, *, seconds: float = 10.0) -> None:
        self._collection = collection
        self._name = name
        self._seconds = seconds
        self._owner = new_id()
        self._fence: int | None = None
        self._renew_at = 0.0

    def hold(self) -> int | None:
        """The fence number while the right is ours, else None. Cheap: it asks the database when a third is over."""
        now = time.monotonic()
        if self._fence is None or now >= self._renew_at:
            self._fence = None  # an error below must not leave us believing
            self._fence = self._take()
            self._renew_at = now + self._seconds / 3
        return self._fence

    def release(self) -> None:
        """Let another one take over at once."""
        self._fence = None
        self._collection.update_one({"_id": self._name, "owner": self._owner}, {"$set": {"until": _NEVER}})

    def _take(self) -> int | None:
        found = self._try()
        if found is None and self._make():
            found = self._try()
        return None if found is None else int(found["fence"])

    def _try(self) -> Document | None:
        is_ours = {"$eq": ["$owner", self._owner]}
        is_running = {"$gte": ["$until", "$$NOW"]}
        fence = {"$cond": [{"$and": [is_ours, is_running]}, "$fence", {"$add": ["$fence", 1]}]}
        return self._collection.find_one_and_update(
            {"_id": self._name, "$or": [{"owner": self._owner}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]},
            [{"$set": {"until": _until(self._seconds), "owner": self._owner, "fence": fence}}],
            return_document=ReturnDocument.AFTER,
        )

    def _make(self) -> bool:
        """Insert the lease's document; False when it was there. An upsert cannot do it: it allows no `$expr`."""
        if self._collection.find_one({"_id": self._name}, {"_id": 1}):
            return False
        try:
            self._collection.insert_one({"_id": self._name, "owner": "", "until": _NEVER, "fence": 0})
        except DuplicateKeyError:
            return False
        return True


def claim_batch(
    collection: Collection[Document],
    due: Document,
    *,
    order_by: str,
    limit: int = 50,
    seconds: float = 60.0,
    per_clinic: int = PER_CLINIC,
) -> list[Document]:
    """Claim up to `limit` documents that match `due` and nobody works on; at most `per_clinic` of each clinic.

    Each comes with `lease` (`owner`, `until`, `fence`). Who dies with it loses it after `seconds`, and another one gets
    it with a higher fence. `due` and `order_by` (the due instant) need an index.
    """
    ids = _choose(collection, due, order_by, limit, per_clinic)
    if not ids:
        return []
    owner = new_id()
    fence = {"$add": [{"$ifNull": ["$lease.fence", 0]}, 1]}
    lease = {"owner": owner, "until": _until(seconds), "fence": fence}
    collection.update_many({"_id": {"$in": ids}, **due, **_FREE}, [{"$set": {"lease": lease}}])
    return list(collection.find({"_id": {"$in": ids}, "lease.owner": owner}, sort=[(order_by, 1)]))


def held_by(document: Mapping[str, Any]) -> Document:
    """Filter for every later write on a claimed document: it finds nothing once somebody else has the right."""
    return {
        "_id": document["_id"],
        "lease.owner": document["lease"]["owner"],
        "lease.fence": document["lease"]["fence"],
    }


def _choose(
    collection: Collection[Document], due: Document, order_by: str, limit: int, per_clinic: int
) -> Iterable[Any]:
    """The oldest of each clinic, so that one clinic's backlog keeps no other waiting."""
    few = {"$firstN": {"n": per_clinic, "input": "$_id"}}
    rows = collection.aggregate(
        [
            {"$match": {**due, **_FREE}},
            {"$sort": {order_by: 1}},
            {"$limit": LOOKED_THROUGH},
            {"$group": {"_id": "$clinic_id", "ids": few, "oldest": {"$first": f"${order_by}"}}},
            {"$sort": {"oldest": 1}},
            {"$unwind": "$ids"},
            {"$limit": limit},
        ]
    )
    return [row["ids"] for row in rows]
