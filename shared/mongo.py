"""MongoDB: one client per process, one database per service, indexes as a table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pymongo
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

Document = dict[str, Any]
CLIENT_OPTIONS: Mapping[str, Any] = {
    "tz_aware": True,  # the default gives naive datetimes
    "uuidRepresentation": "standard",
    "retryWrites": True,
    # Long enough to ride over an election (4 s with electionTimeoutMillis=3000).
    "serverSelectionTimeoutMS": 8000,
    "connectTimeoutMS": 3000,
    "socketTimeoutMS": 20000,
}


@dataclass(frozen=True)
class Index:
    """One index that a service needs; unique ones are what makes things happen once.

    `expires_after`: the database itself deletes documents whose first key lies that far back.
    """

    collection: str
    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    only: Mapping[str, Any] = field(default_factory=dict)
    expires_after: timedelta | None = None

    @property
    def name(self) -> str:
        return "_".join(part for key, _ in self.keys for part in key.split("."))


PLATFORM_INDEXES: tuple[Index, ...] = (
    Index("events", (("aggregate", 1), ("seq", 1)), unique=True),
    Index("events", (("state", 1), ("aggregate", 1), ("seq", 1)), only={"state": "new"}),
    Index("events", (("time", 1),)),
    Index("events", (("clinic_id", 1), ("time", 1))),
    Index("held", (("aggregate", 1), ("seq", 1)), unique=True),
    Index("held", (("next_at", 1),)),
    Index("answers", (("at", 1),)),
    Index("data_keys", (("keyAltNames", 1),), unique=True, only={"keyAltNames": {"$exists": True}}),
)
"""What every service's database needs for telling, hearing, answering once and sealing."""


def outbox_index(collection: str) -> Index:
    """Finds the aggregates that have something to tell, without looking at the others."""
    return Index(collection, (("outbox.0.id", 1),), only={"outbox.0": {"$exists": True}})


def connect(url: str) -> MongoClient[Document]:
    """A client for this process (never made before a fork)."""
    return MongoClient(url, **CLIENT_OPTIONS)


def database(client: MongoClient[Document], namespace: str, service: str) -> Database[Document]:
    """The service's own database. A write is acknowledged when a majority has it, and only such writes are read."""
    return client.get_database(
        f"{namespace}_{service}",
        write_concern=WriteConcern("majority", wtimeout=10000),
        read_concern=ReadConcern("majority"),
    )


def create_indexes(where: Database[Document], indexes: Iterable[Index]) -> list[str]:
    """Create what is missing; names of the indexes that stand afterwards. Collections come with their first index."""
    return [
        f"{index.collection}.{where[index.collection].create_index(index.keys, **_options(index))}" for index in indexes
    ]


def ping(where: Database[Document]) -> None:
    """Raises when no primary answers within a second."""
    with pymongo.timeout(1):
        where.command("ping")


def _options(index: Index) -> dict[str, Any]:
    options: dict[str, Any] = {"name": index.name, "unique": index.unique}
    if index.expires_after is not None:
        options["expireAfterSeconds"] = int(index.expires_after.total_seconds())
    return {**options, "partialFilterExpression": index.only} if index.only else options
