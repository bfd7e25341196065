"""What a service heard and could not apply: `held` (readable, waits for a predecessor or a mend) and `poison`."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from shared.clock import system_clock
from shared.envelope import Envelope
from shared.errors import NotFound
from shared.persistence.unit_of_work import Document

WAITING: Final = "waiting"
FAILED: Final = "failed"
WAITING_SECONDS: Final = 60.0
LONGEST_BACKOFF_SECONDS: Final = 300.0


@dataclass(frozen=True)
class Record:
    """A Kafka record as it came; `position` is `<topic>/<partition>/<offset>`."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    position: str

    @property
    def id(self) -> str:
        """The same for each coming of the same record; a broker that starts anew repeats positions, so not these."""
        parts = (self.key or b"", self.value or b"", self.position.encode())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


class Drawer:
    """The two collections. Nothing in here decides what happens to an event."""

    def __init__(self, database: Database[Document]) -> None:
        self._held = database["held"]
        self._poison = database["poison"]

    def set_aside(self, record: Record, error: str) -> None:
        """Keep a record that cannot be read."""
        document = {
            "key": record.key,
            "value": record.value,
            "headers": [list(header) for header in record.headers],
            "position": record.position,
            "error": error,
            "at": system_clock(),
        }
        self._poison.update_one({"_id": record.id}, {"$setOnInsert": document}, upsert=True)

    def wait(self, envelope: Envelope) -> None:
        """Keep an event whose predecessor is missing."""
        self._keep(envelope, {"reason": WAITING, "error": "", "attempts": 0}, WAITING_SECONDS)

    def fail(self, envelope: Envelope, error: str) -> None:
        """Keep an event whose handler failed; it is tried again, each time after a longer while."""
        row = self._held.find_one({"_id": envelope.id}, {"attempts": 1})
        attempts = (row["attempts"] if row else 0) + 1
        backoff = min(2.0 ** min(attempts, 10), LONGEST_BACKOFF_SECONDS)
        self._keep(envelope, {"reason": FAILED, "error": error, "attempts": attempts}, backoff)

    def head(self, aggregate: str) -> Document | None:
        """The first of the aggregate's queue."""
        return self._held.find_one({"aggregate": aggregate}, sort=[("seq", 1)])

    def due(self, limit: int) -> list[str]:
        """Aggregates with held events that it is time to look at."""
        rows = self._held.find({"next_at": {"$lte": system_clock()}}, {"aggregate": 1}, sort=[("next_at", 1)])
        return list(dict.fromkeys(row["aggregate"] for row in rows.limit(limit)))

    def hurry(self, aggregate: str) -> None:
        """Let the aggregate's queue be tried at once."""
        self._held.update_many({"aggregate": aggregate}, {"$set": {"next_at": system_clock()}})

    def postpone(self, aggregate: str) -> None:
        """Nothing can be done about those that wait; look again later."""
        later = system_clock() + timedelta(seconds=WAITING_SECONDS)
        self._held.update_many({"aggregate": aggregate, "reason": WAITING}, {"$set": {"next_at": later}})

    def drop(self, id: str) -> None:
        """Forget a held event; one that is gone is forgotten already."""
        self._held.delete_one({"_id": id})

    def drop_poison(self, id: str) -> None:
        """Forget a poison record. Raises `NotFound`."""
        if not self._poison.delete_one({"_id": id}).deleted_count:
            raise NotFound("poison record")

    def held(self, id: str) -> Document:
        """A held event as it is kept. Raises `NotFound`."""
        return _found(self._held.find_one({"_id": id}), "held event")

    def poison(self, id: str) -> Record:
        """A poison record as it came. Raises `NotFound`."""
        row = _found(self._poison.find_one({"_id": id}), "poison record")
        return Record(row["key"], row["value"], [(name, value) for name, value in row["headers"]], row["position"])

    def list_held(self, *, clinic_id: str | None = None, limit: int = 100) -> list[Document]:
        """Held events, each aggregate's in order."""
        mine = {"clinic_id": clinic_id} if clinic_id else {}
        return list(self._held.find(mine, sort=[("aggregate", 1), ("seq", 1)], limit=limit))

    def list_poison(self, *, limit: int = 100) -> list[Document]:
        """Poison records, without what is in them: it may be anything."""
        return list(self._poison.find({}, {"value": 0, "key": 0, "headers": 0}, sort=[("at", 1)], limit=limit))

    def counts(self) -> tuple[int, int]:
        """How many events are held and how many records are poison."""
        return self._held.count_documents({}), self._poison.count_documents({})

    def _keep(self, envelope: Envelope, state: Document, seconds: float) -> None:
        now = system_clock()
        event = {**vars(envelope), "data": dict(envelope.data), "aggregate": envelope.aggregate, "at": now}
        changing = {**state, "next_at": now + timedelta(seconds=seconds)}
        try:
            self._held.update_one({"_id": envelope.id}, {"$set": changing, "$setOnInsert": event}, upsert=True)
        except DuplicateKeyError:
            # Another event of the same number is held already; the first one heard counts.
            return


def is_ready(row: Document) -> bool:
    """Whether a held event may be tried, if its predecessor is applied."""
    return bool(row["reason"] == WAITING or row["next_at"] <= system_clock())


def _found(row: Document | None, what: str) -> Document:
    if row is None:
        raise NotFound(what)
    return row
