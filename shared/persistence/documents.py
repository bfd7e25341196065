"""Aggregates as documents: one collection per kind, one clinic at a time, events riding along."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from shared.converters import from_document, to_document
from shared.envelope import Envelope
from shared.errors import NotFound, Stale
from shared.persistence.unit_of_work import (
    EVERY_CLINIC,
    Change,
    Document,
    Insert,
    OnDuplicate,
    Unit,
    as_contended,
    read,
)


class Aggregate(Protocol):
    """What a store needs of an aggregate: its name and how often it was changed (0: never stored)."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...


A = TypeVar("A", bound=Aggregate)


class Documents(Generic[A]):
    """One `kind` of aggregate in its collection: one document each, for the unit's clinic only.

    What a unit has read it decides on: `get` answers with what was found of a name before, whoever changes it
    meanwhile; saving it then is refused.

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
        self._found: dict[str, A] = {}

    @classmethod
    def plain(
        cls,
        unit: Unit,
        collection: str,
        of: type[A],
        *,
        kind: str,
        on_duplicate: OnDuplicate = as_contended,
        on_change: Callable[[A, Change], Change] = lambda _, change: change,
    ) -> "Documents[A]":
        """Those of aggregates `of` that are kept just as they are."""
        return cls(
            unit,
            collection,
            kind=kind,
            to_document=to_document,
            from_document=partial(from_document, of),
            on_duplicate=on_duplicate,
            on_change=on_change,
        )

    def get(self, id: str, version: int | None = None) -> A:
        """The aggregate. Raises `NotFound`, and `Stale` when the caller means another `version`."""
        found = self._found.get(id) or self.find_id(id)
        if found is None:
            raise NotFound(self._kind.replace("_", " "))
        if version is not None and found.version != version:
            raise Stale
        return found

    def find_id(self, id: str) -> A | None:
        """The aggregate, if this clinic has it."""
        return self.find_one({"_id": id})

    def find_one(self, filter: Document) -> A | None:
        """The first aggregate of this clinic that matches."""
        document = read(lambda: self._collection.find_one(self._scoped(filter)))
        return None if document is None else self._load(document)

    def find(
        self,
        filter: Document,
        *,
        sort: Sequence[tuple[str, int]] = (("_id", 1),),
        limit: int = 0,
        by: str | None = None,
    ) -> list[A]:
        """All aggregates of this clinic that match, at most `limit` of them (0: all), by the index named `by`."""
        cursor = self._collection.find(self._scoped(filter), sort=list(sort), limit=limit)
        if by is not None:
            cursor = cursor.hint(by)
        return [self._load(document) for document in read(lambda: list(cursor))]

    def parts(self, filter: Document, *fields: str) -> list[Document]:
        """Some fields of this clinic's documents that match, to look at only."""
        cursor = self._collection.find(self._scoped(filter), dict.fromkeys(fields, 1))
        return read(lambda: list(cursor))

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
        found = self._from_document({**document, "id": document["_id"]})
        self._found.setdefault(document["_id"], found)
        return found


class LinkIndex(Generic[A]):
    """Finds aggregates by what is kept of their private links: the digest in `field`. `what` is not found without."""

    def __init__(self, documents: Documents[A], field: str, what: str) -> None:
        self._documents = documents
        self._field = field
        self._what = what

    def by_link(self, link_digest: str) -> A:
        """What a link leads to. Raises `NotFound`."""
        found = self._documents.find_one({self._field: link_digest})
        if found is None:
            raise NotFound(self._what)
        return found

    def clinic_of_link(self, link_digest: str) -> str:
        """The clinic that a link belongs to, whichever clinic it is. Raises `NotFound`."""
        found = self._documents.parts({self._field: link_digest}, "clinic_id")
        if not found:
            raise NotFound(self._what)
        return str(found[0]["clinic_id"])


def _as_entry(envelope: Envelope) -> Document:
    return {**vars(envelope), "data": dict(envelope.data)}
