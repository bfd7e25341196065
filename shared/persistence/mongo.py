"""MongoDB: one client per process, one database per service, indexes as a table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

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
_MEMBERS: Final = frozenset({"RSPrimary", "RSSecondary", "RSArbiter"})
"""What a member is that does its part: one that still copies everything, or has lost its way, does not."""


@dataclass(frozen=True)
class Index:
    """One index that a service needs; unique ones are what makes things happen once."""

    collection: str
    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    only: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its keys, joined; unique within the collection."""
        return "_".join(part for key, _ in self.keys for part in key.split("."))


PLATFORM_INDEXES: tuple[Index, ...] = (
    Index("events", (("aggregate", 1), ("seq", 1)), unique=True),
    Index("events", (("state", 1), ("aggregate", 1), ("seq", 1)), only={"state": "new"}),
    Index("events", (("time", 1),)),
    Index("events", (("clinic_id", 1), ("time", 1))),
    Index("held", (("aggregate", 1), ("seq", 1)), unique=True),
    Index("held", (("next_at", 1),)),
    Index("answers", (("at", 1),)),
    Index("erasures", (("next_at", 1),)),
    Index("data_keys", (("keyAltNames", 1),), unique=True, only={"keyAltNames": {"$exists": True}}),
)
"""What every service's database needs for telling, hearing, answering once and sealing."""


def outbox_index(collection: str) -> Index:
    """Finds the aggregates that have something to tell, without looking at the others."""
    return Index(collection, (("outbox.0.id", 1),), only={"outbox.0": {"$exists": True}})


def connect(url: str, *, may_take_long: bool = False) -> MongoClient[Document]:
    """A client for this process (never made before a fork).

    `may_take_long`: it waits for each answer for as long as the server works on it, as building indexes and restoring
    need; the client of a service gives up after 20 seconds (`NetworkTimeout`).
    """
    unbounded = {"socketTimeoutMS": None} if may_take_long else {}
    return MongoClient(url, **{**CLIENT_OPTIONS, **unbounded})


def database(
    client: MongoClient[Document], namespace: str, service: str, *, may_take_long: bool = False
) -> Database[Document]:
    """The service's own database. A write is acknowledged when a majority has it, and only such writes are read.

    `may_take_long`: a majority may need more than ten seconds, as its members do that copy a restored database.
    """
    return client.get_database(
        f"{namespace}_{service}",
        write_concern=WriteConcern("majority", wtimeout=None if may_take_long else 10000),
        read_concern=ReadConcern("majority"),
    )


def create_indexes(where: Database[Document], indexes: Iterable[Index]) -> None:
    """Create what is missing; collections come with their first index. Large ones take minutes (`may_take_long`).

    Raises `OperationFailure` where an index of that name was made otherwise, or what is kept breaks a unique one.
    """
    for index in indexes:
        where[index.collection].create_index(index.keys, **_options(index))


def missing_indexes(where: Database[Document], indexes: Iterable[Index]) -> list[str]:
    """Those of the indexes that are not there as declared: `collection.name`."""
    return [f"{index.collection}.{index.name}" for index in indexes if not _stands(where, index)]


def unknown_indexes(where: Database[Document], indexes: Iterable[Index]) -> list[str]:
    """Indexes in the collections of `indexes` that are none of them: `collection.name`."""
    known: dict[str, set[str]] = {}
    for index in indexes:
        known.setdefault(index.collection, {"_id_"}).add(index.name)
    return [f"{name}.{one}" for name, ours in known.items() for one in sorted(set(_found(where, name)) - ours)]


def ping(where: Database[Document]) -> None:
    """Raises when no primary answers within a second."""
    with pymongo.timeout(1):
        where.command("ping")


def unreachable_members(where: Database[Document]) -> list[str]:
    """Members of the replica set that do not do their part, `host:port`, as this process's client saw them last.

    It looks at each of them every ten seconds, whoever asks; one that it has never reached yet counts as well.
    """
    members = where.client.topology_description.server_descriptions()
    return sorted(f"{host}:{port}" for (host, port), seen in members.items() if seen.server_type_name not in _MEMBERS)


def _found(where: Database[Document], collection: str) -> Mapping[str, Any]:
    return where[collection].index_information()


def _stands(where: Database[Document], index: Index) -> bool:
    found = _found(where, index.collection).get(index.name)
    if found is None:
        return False
    wanted = {"key": list(index.keys), **_options(index)}
    return all(found.get(name, False) == value for name, value in wanted.items() if name != "name")


def _options(index: Index) -> dict[str, Any]:
    options: dict[str, Any] = {"name": index.name, "unique": index.unique}
    return {**options, "partialFilterExpression": index.only} if index.only else options
