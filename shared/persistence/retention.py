"""How long is kept what has an end: a table, and the deleting by it.

What stands in no row is kept for ever, and a test has the reason of each such collection. A row must outlive everything
that may still ask for its documents: a repeated request, an event that is told again, a provider that repeats itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.database import Database

from shared.persistence.idempotency import ANSWERS
from shared.persistence.unit_of_work import Document
from shared.telemetry import metrics


@dataclass(frozen=True)
class Retention:
    """Documents of `collection`, those that match `only`, go when the instant in their field `since` is `kept_for` ago.

    An index of the fields of `only` and `since` must find them.
    """

    collection: str
    since: str
    kept_for: timedelta
    why: str
    only: Mapping[str, Any] = field(default_factory=dict)


PLATFORM_FORGOTTEN: Final[Sequence[Retention]] = (
    Retention(
        "events", "time", timedelta(days=90), "can be told again; far longer than a topic's week", {"state": "sent"}
    ),
    Retention(ANSWERS, "at", timedelta(days=90), "a request is repeated within days, also by whoever was offline"),
)
"""What every service forgets. Who hears knows its events for ever (`heard`), however late one is repeated."""


def forget_old(database: Database[Document], table: Iterable[Retention], now: datetime) -> int:
    """Delete what is too old by the table; how many documents."""
    return sum(_forget(database, row, now) for row in table)


def _forget(database: Database[Document], row: Retention, now: datetime) -> int:
    old = {**row.only, row.since: {"$lt": now - row.kept_for}}
    many = database[row.collection].delete_many(old).deleted_count
    metrics.count("kadence_documents_forgotten_total", many, collection=row.collection)
    return many
