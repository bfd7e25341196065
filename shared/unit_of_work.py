"""One unit of work: reads at once, collects its writes, commits them as one.

A unit is opened for one clinic. `Documents` adds that clinic to every filter and every insert, so that no operation can
forget it, and lets the aggregate's outbox entries ride in the aggregate's own document. One write goes to the database
as it is; several go in one short transaction that holds nothing but writes, so a retry never decides anything twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar, cast

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, DuplicateKeyError, ExecutionTimeout, PyMongoError

from shared.envelope import Envelope
from shared.errors import Contended, NotFound, Stale, TransientFailure

Document = dict[str, Any]
EVERY_CLINIC: Final = "*"
"""Scope of the platform's own work (opening clinics, due work of all clinics); no credential of a clinic reaches it."""


class Aggregate(Protocol):
    """What a store needs of an aggregate: its name and how often it was changed (0: never stored)."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...


A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True)
class Cause:
    """What led to this work; travels with every event it tells."""

    correlation_id: str
    causation_id: str
    traceparent: str


class Duplicate(Exception):
    """A unique key was taken. `key` holds the fields of that key and the values that clashed."""

    def __init__(self, collection: str, key: Mapping[str, Any]) -> None:
        super().__init__(f"{collection}: {dict(key)}")
        self.collection = collection
        self.key = key


OnDuplicate = Callable[[Duplicate], Exception]


def as_contended(duplicate: Duplicate) -> Exception:
    """What a taken key means unless a store says otherwise: somebody was faster, decide again."""
    return Contended(str(duplicate))


@dataclass(frozen=True)
class Insert:
    """A document that must not exist yet."""

    collection: str
    document: Document
    on_duplicate: OnDuplicate = as_contended

    def run(self, database: Database[Document], session: ClientSession | None) -> None:
        database[self.collection].insert_one(self.document, session=session)


@dataclass(frozen=True)
class Change:
    """An update of exactly one document; not finding it means that somebody was faster."""

    collection: str
    filter: Document
    update: Document
    on_duplicate: OnDuplicate = as_contended

    def run(self, database: Database[Document], session: ClientSession | None) -> None:
        found = database[self.collection].update_one(self.filter, self.update, session=session)
        if found.matched_count == 0:
            raise Contended(f"{self.collection}: {self.filter} is not there any more")


@dataclass(frozen=True)
class Removal:
    """Deletes one document, if it is there."""

    collection: str
    filter: Document
    on_duplicate: OnDuplicate = as_contended

    def run(self, database: Database[Document], session: ClientSession | None) -> None:
        database[self.collection].delete_one(self.filter, session=session)


Write = Insert | Change | Removal
Tell = Callable[[Any, Envelope], Envelope]
"""Fills type and data of an envelope from a domain event; see `shared.outbox`."""


class Unit:
    """The technical side of a service's unit of work.

    `now` is fixed for the whole unit. `source` is the telling service. `commit` raises `Contended` when another writer
    was faster (run the operation again), the store's own refusal when a unique key was taken, and `TransientFailure`
    when the database does not answer within `budget` seconds.
    """

    def __init__(
        self,
        database: Database[Document],
        *,
        source: str,
        clinic_id: str,
        now: datetime,
        new_id: Callable[[], str],
        cause: Cause,
        tell: Tell,
        budget: float = 8.0,
    ) -> None:
        self.database = database
        self.clinic_id = clinic_id
        self.now = now
        self.new_id = new_id
        self._source = source
        self._cause = cause
        self._tell = tell
        self._budget = budget
        self._writes: list[Write] = []

    def write(self, write: Write, *, first: bool = False) -> None:
        """Collect a write for `commit`. The one that says whether all this was done before goes first."""
        self._writes.insert(0 if first else len(self._writes), write)

    def envelope(self, event: Any, subject: str, seq: int) -> Envelope:
        """The addressed form of a domain event, checked against its contract."""
        blank = Envelope(
            id=self.new_id(),
            type="",
            source=self._source,
            subject=subject,
            seq=seq,
            time=self.now,
            clinic_id=self.clinic_id,
            correlation_id=self._cause.correlation_id,
            causation_id=self._cause.causation_id,
            traceparent=self._cause.traceparent,
            data={},
        )
        return self._tell(event, blank)

    def commit(self) -> None:
        """Write everything or nothing."""
        writes, self._writes = self._writes, []
        try:
            with pymongo.timeout(self._budget):
                self._run(writes)
        except (ConnectionFailure, ExecutionTimeout) as error:
            raise TransientFailure(f"the database does not answer: {error}") from error
        except PyMongoError as error:
            if error.timeout or error.has_error_label("TransientTransactionError"):
                raise TransientFailure(f"the database does not answer: {error}") from error
            raise

    def _run(self, writes: Sequence[Write]) -> None:
        if len(writes) == 1:
            _run_one(writes[0], self.database, None)
        elif writes:
            with self.database.client.start_session() as session:
                session.with_transaction(lambda running: _run_all(writes, self.database, running))


def _run_all(writes: Sequence[Write], database: Database[Document], session: ClientSession) -> None:
    for write in writes:
        _run_one(write, database, session)


def _run_one(write: Write, database: Database[Document], session: ClientSession | None) -> None:
    try:
        write.run(database, session)
    except DuplicateKeyError as error:
        # It must leave the transaction's callback: the server has aborted already, and pymongo would try for ever.
        raise write.on_duplicate(Duplicate(write.collection, (error.details or {}).get("keyValue", {}))) from error


class Documents(Generic[A]):
    """One `kind` of aggregate in its collection: one document each, for the unit's clinic only.

    Kept beside the aggregate's own fields: `clinic_id`, `version` (raised by each save; the ETag), `told` (the number
    of the last event told) and `outbox` (events not yet collected by the relay). Lists that are empty are not stored:
    a unique multikey index would take two of them for equal. `on_change` has the last word on an update: what else must
    be true of the document (such as a claim on it), what else is written.
    """

    def __init__(
        self,
        unit: Unit,
        collection: str,
        *,
        kind: str,
        to_document: Callable[[A], Document],
        from_document: Callable[[Document], A],
        on_duplicate: OnDuplicate = as_contended,
        on_change: Callable[[A, Change], Change] = lambda _, change: change,
    ) -> None:
        self._unit = unit
        self._name = collection
        self._kind = kind
        self._collection = unit.database[collection]
        self._to_document = to_document
        self._from_document = from_document
        self._on_duplicate = on_duplicate
        self._on_change = on_change
        self._told: dict[str, int] = {}

    def get(self, id: str, version: int | None = None) -> A:
        """The aggregate. Raises `NotFound`, and `Stale` when the caller means another `version`."""
        found = self.find_one({"_id": id})
        if found is None:
            raise NotFound(self._kind.replace("_", " "))
        if version is not None and found.version != version:
            raise Stale
        return found

    def find_one(self, filter: Document) -> A | None:
        """The first aggregate of this clinic that matches."""
        document = self._read(lambda: self._collection.find_one(self._scoped(filter)))
        return None if document is None else self._load(document)

    def find(self, filter: Document, *, sort: Sequence[tuple[str, int]] = (("_id", 1),), limit: int = 0) -> list[A]:
        """All aggregates of this clinic that match, at most `limit` of them (0: all)."""
        cursor = self._collection.find(self._scoped(filter), sort=list(sort), limit=limit)
        return [self._load(document) for document in self._read(lambda: list(cursor))]

    def parts(self, filter: Document, *fields: str) -> list[Document]:
        """Some fields of this clinic's documents that match, to look at only."""
        cursor = self._collection.find(self._scoped(filter), dict.fromkeys(fields, 1))
        return cast("list[Document]", self._read(lambda: list(cursor)))

    def save(self, aggregate: A, events: Iterable[Any] = ()) -> A:
        """Write the new state and let the events ride with it; the aggregate as it then stands.

        `aggregate.version` is the version that was read, the answer carries the next one.
        """
        subject = f"{self._kind}/{aggregate.id}"
        told = self._told.get(aggregate.id, 0)
        entries = [
            _as_entry(self._unit.envelope(event, subject, told + number)) for number, event in enumerate(events, 1)
        ]
        state = {name: value for name, value in self._to_document(aggregate).items() if name not in {"id", "version"}}
        if aggregate.version == 0:
            self._unit.write(self._insert(aggregate, state, entries))
        else:
            self._unit.write(self._change(aggregate, state, entries))
        self._told[aggregate.id] = told + len(entries)
        return cast("A", replace(cast("Any", aggregate), version=aggregate.version + 1))

    def _insert(self, aggregate: A, state: Document, entries: list[Document]) -> Insert:
        document = {
            "_id": aggregate.id,
            **{name: value for name, value in state.items() if value != []},
            "clinic_id": self._own_clinic(),
            "version": 1,
            "told": len(entries),
            "outbox": entries,
        }
        return Insert(self._name, document, self._on_duplicate)

    def _change(self, aggregate: A, state: Document, entries: list[Document]) -> Change:
        update: Document = {
            "$set": {name: value for name, value in state.items() if value != []},
            "$inc": {"version": 1, "told": len(entries)},
        }
        if gone := {name: "" for name, value in state.items() if value == []}:
            update["$unset"] = gone
        if entries:
            update["$push"] = {"outbox": {"$each": entries}}
        unchanged = {"_id": aggregate.id, "version": aggregate.version}
        change = Change(self._name, self._scoped(unchanged), update, self._on_duplicate)
        return self._on_change(aggregate, change)

    def _scoped(self, filter: Document) -> Document:
        if self._unit.clinic_id == EVERY_CLINIC:
            return filter
        return {**filter, "clinic_id": self._unit.clinic_id}

    def _own_clinic(self) -> str:
        if self._unit.clinic_id == EVERY_CLINIC:
            raise ValueError(f"{self._name}: a document belongs to one clinic, not to all of them")
        return self._unit.clinic_id

    def _load(self, document: Document) -> A:
        self._told[document["_id"]] = document["told"]
        return self._from_document({**document, "id": document["_id"]})

    @staticmethod
    def _read(read: Callable[[], Any]) -> Any:
        try:
            return read()
        except ConnectionFailure as error:
            raise TransientFailure(f"the database does not answer: {error}") from error


def _as_entry(envelope: Envelope) -> Document:
    return {**vars(envelope), "data": dict(envelope.data)}


def as_envelope(entry: Mapping[str, Any]) -> Envelope:
    """The envelope that a stored outbox entry or event holds."""
    return Envelope(**{name: entry[name] for name in Envelope.__dataclass_fields__})


def with_data(envelope: Envelope, type: str, data: Mapping[str, Any]) -> Envelope:
    """The envelope with what it carries."""
    return replace(envelope, type=type, data=data)
