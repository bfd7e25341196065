"""Lets many rows of the ledger expire at once, of all clinics: an outage leaves thousands, and each costs nothing but
one write, for nothing is told and nobody is called.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection

from services.notify.domain.message import Channel, Kind, Message, Status
from shared.converters import from_document, to_document
from shared.persistence.leases import RELEASE
from shared.persistence.unit_of_work import Document

Sort = tuple[Kind, Channel]


def overdue_by(now: datetime) -> Document:
    """Rows that wait and are of no use any more."""
    channels = [channel.value for channel in Channel]
    waits = {"status": Status.QUEUED.value, "channel": {"$in": channels}, "next_at": {"$lte": now}}
    return {**waits, "expires_at": {"$lte": now}}


def let_go(collection: Collection[Document], now: datetime, *, limit: int) -> Mapping[Sort, int]:
    """Expire at most `limit` rows; how many of each kind and channel did.

    A row that another writer changed meanwhile is left alone, and whoever holds a claim on one has lost it.
    """
    rows = [_as_message(document) for document in collection.find(overdue_by(now), limit=limit)]
    gone: Counter[Sort] = Counter()
    for sort, same in groupby(sorted(rows, key=_sort), _sort):
        gone[sort] = _expire(collection, same, now)
    return gone


def _expire(collection: Collection[Document], rows: Iterable[Message], now: datetime) -> int:
    changes = [_change(row, row.expire(now)) for row in rows]
    return collection.bulk_write(changes, ordered=False).modified_count


def _change(row: Message, expired: Message) -> UpdateOne:
    changed = to_document(expired)
    state = {"status": changed["status"], "history": changed["history"]}
    return UpdateOne({"_id": row.id, "version": row.version}, {"$set": state, "$inc": {"version": 1}, **RELEASE})


def _as_message(document: dict[str, Any]) -> Message:
    return from_document(Message, {**document, "id": document["_id"]})


def _sort(row: Message) -> Sort:
    return row.kind, row.channel
