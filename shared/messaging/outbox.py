"""From the aggregates' documents to the `events` collection, where every event told stays until it is forgotten.

Two steps that may each be cut off and repeated at any point: keep the entries as events, then pull them from their
aggregate. So `events` is complete, whatever becomes of the broker.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final

import structlog
from pymongo import UpdateMany, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from shared.persistence.unit_of_work import Document

log = structlog.get_logger()
NEXT_INSTANT: Final = timedelta(milliseconds=1)
"""MongoDB keeps instants to the millisecond."""
_TELLING: Final[Document] = {"outbox.0": {"$exists": True}}
_UNTOLD: Final[Sequence[Document]] = (
    {"$match": {"state": "new"}},
    {"$group": {"_id": None, "count": {"$sum": 1}, "at": {"$min": "$time"}}},
)
_UNCOLLECTED: Final[Sequence[Document]] = (
    {"$match": _TELLING},
    {"$sort": {"outbox.0.id": 1}},  # without it the partial index would not be used
    {"$group": {"_id": None, "count": {"$sum": 1}, "at": {"$first": {"$first": "$outbox.time"}}}},
)


@dataclass(frozen=True)
class Lag:
    """What is not told yet: how many events (aggregates, while not collected) and since when the oldest waits."""

    count: int
    oldest_at: datetime | None

    def age(self, now: datetime) -> timedelta:
        """How long the oldest has waited at `now`; nothing where nothing waits."""
        return now - self.oldest_at if self.oldest_at else timedelta()


class Outbox:
    """The outboxes of one service: those that ride in the documents of `collections`, and `events`."""

    def __init__(self, database: Database[Document], collections: Sequence[str]) -> None:
        self._sources = [database[name] for name in collections]
        self._events = database["events"]

    def collect(self, limit: int = 500) -> int:
        """Move the entries of up to `limit` documents of each collection to `events`; returns how many documents."""
        return sum(self._collect_from(source, limit) for source in self._sources)

    def page(self, after: str, limit: int) -> list[Document]:
        """Untold events of the aggregates behind `after` in name, those of one aggregate in the order of `seq`.

        An event is never there before its predecessor is, because `collect` adds them in order; so walking the names
        round and round keeps the order of each aggregate and gives all of them their turn.
        """
        untold = {"state": "new", "aggregate": {"$gt": after}}
        return list(self._events.find(untold, sort=[("aggregate", 1), ("seq", 1)], limit=limit))

    def mark_sent(self, events: Iterable[Document]) -> None:
        """These were told, as they stood when they were read: one that must be told again since then stays new."""
        self._mark(events, {"state": "sent", "sent_at": "$$NOW"})

    def mark_refused(self, events: Iterable[Document]) -> None:
        """These are too large ever to be told. Hearers miss them and hold what follows: a person has to look."""
        self._mark(events, {"state": "refused"})

    def tell_again(self, which: Mapping[str, Any]) -> int:
        """Let the relay tell once more the events that it told and that match `which`; returns how many."""
        again = {"$set": {"state": "new"}, "$inc": {"again": 1}}
        return self._events.update_many({**which, "state": "sent"}, again).modified_count

    def republish(self, clinic_id: str | None, since: datetime, until: datetime) -> int:
        """Tell again what one clinic (None: every clinic) told from `since` to before `until`."""
        clinic = {"clinic_id": clinic_id} if clinic_id else {}
        return self.tell_again({**clinic, "time": {"$gte": since, "$lt": until}})

    def told(
        self, clinic_id: str | None, since: datetime, until: datetime, limit: int
    ) -> tuple[list[Document], datetime | None]:
        """About `limit` events from `since` to before `until`, each aggregate's in order; since when there are more.

        What happened at one instant stays together, so that the next call begins behind it.
        """
        mine = {"clinic_id": clinic_id} if clinic_id else {}
        found = list(
            self._events.find({**mine, "time": {"$gte": since, "$lt": until}}, sort=[("time", 1)], limit=limit)
        )
        more_since = None
        if len(found) == limit:
            last = found[-1]["time"]
            found = [*(row for row in found if row["time"] < last), *self._events.find({**mine, "time": last})]
            more_since = last + NEXT_INSTANT
        return sorted(found, key=itemgetter("time", "aggregate", "seq")), more_since

    def lag(self) -> Lag:
        """How far telling is behind."""
        rows = [*self._events.aggregate([*_UNTOLD])]
        for source in self._sources:
            rows += source.aggregate([*_UNCOLLECTED])
        return Lag(sum(row["count"] for row in rows), min((row["at"] for row in rows), default=None))

    def _collect_from(self, source: Collection[Document], limit: int) -> int:
        found = list(source.find(_TELLING, {"outbox": 1}, sort=[("outbox.0.id", 1)], limit=limit))
        try:
            return self._move(source, found) if found else 0
        except BulkWriteError:
            return sum(self._move_alone(source, document) for document in found)

    def _move_alone(self, source: Collection[Document], document: Document) -> int:
        """One damaged document must not keep all others silent."""
        try:
            return self._move(source, [document])
        except BulkWriteError as error:
            faults = [fault["code"] for fault in (error.details or {})["writeErrors"]]  # its text quotes the event
            log.error("outbox cannot be collected", collection=source.name, id=document["_id"], codes=faults)  # noqa: TRY400
            return 0

    def _move(self, source: Collection[Document], documents: Sequence[Document]) -> int:
        self._events.bulk_write([_keep(entry) for document in documents for entry in document["outbox"]])
        source.bulk_write([_pull(document) for document in documents], ordered=False)
        return len(documents)

    def _mark(self, events: Iterable[Document], fields: Document) -> None:
        seen: dict[int, list[str]] = {}
        for event in events:
            seen.setdefault(event["again"], []).append(event["_id"])
        marks = [UpdateMany({"_id": {"$in": ids}, "again": again}, [{"$set": fields}]) for again, ids in seen.items()]
        if marks:
            self._events.bulk_write(marks, ordered=False)


def _keep(entry: Document) -> UpdateOne:
    aggregate = f"{entry['source']}/{entry['subject']}"
    event = {**entry, "aggregate": aggregate, "state": "new", "again": 0}
    return UpdateOne({"_id": entry["id"]}, {"$setOnInsert": event}, upsert=True)


def _pull(document: Document) -> UpdateOne:
    ids = [entry["id"] for entry in document["outbox"]]
    return UpdateOne({"_id": document["_id"]}, {"$pull": {"outbox": {"id": {"$in": ids}}}})
