"""What waits in a service, for a job or for a person: a table of counts, for the operator's backlog and for gauges."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database


@dataclass(frozen=True)
class Count:
    """One row: documents of `collection`, of all clinics, that match `which(now)`. An index must answer it.

    `since`: the field with the instant since when a document waits; without it nobody asks how long.
    """

    name: str
    collection: str
    which: Callable[[datetime], Mapping[str, Any]]
    since: str = ""


def count_all(database: Database[dict[str, Any]], counts: Iterable[Count], now: datetime) -> dict[str, int]:
    """How many there are of each, by name."""
    return {count.name: database[count.collection].count_documents(count.which(now)) for count in counts}


def oldest_all(database: Database[dict[str, Any]], counts: Iterable[Count], now: datetime) -> dict[str, datetime]:
    """Since when the oldest of each waits that has a `since`, by name; `now` where nothing waits."""
    return {count.name: _oldest(database, count, now) for count in counts if count.since}


def _oldest(database: Database[dict[str, Any]], count: Count, now: datetime) -> datetime:
    found = database[count.collection].find_one(count.which(now), {count.since: 1}, sort=[(count.since, 1)])
    return found[count.since] if found else now
