"""As much of a MongoDB database as the platform uses (`unit_of_work`, `auth`, `idempotency`), in memory.

A document is copied on its way in and out, a transaction that raises leaves nothing behind, and a unique key that is
taken raises what pymongo raises.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self, TypeVar, cast

from pymongo.database import Database
from pymongo.errors import ConnectionFailure, DuplicateKeyError

Document = dict[str, Any]
R = TypeVar("R")


@dataclass(frozen=True)
class Counted:
    """What an update or a removal found."""

    matched_count: int = 0
    deleted_count: int = 0


class MemoryCollection:
    """One collection; `unique` names the fields of each unique key besides `_id`."""

    def __init__(self, database: "MemoryDatabase", unique: Sequence[tuple[str, ...]]) -> None:
        self._database = database
        self._unique = (("_id",), *unique)
        self.documents: dict[Any, Document] = {}

    def find_one(self, filter: Mapping[str, Any], _fields: Any = None) -> Document | None:
        return next(self._matching(filter), None)

    def find(
        self,
        filter: Mapping[str, Any],
        _fields: Any = None,
        *,
        sort: Sequence[tuple[str, int]] = (),
        limit: int = 0,
    ) -> Iterator[Document]:
        found = list(self._matching(filter))
        for field, direction in reversed(sort):
            found.sort(key=lambda document: cast("Any", document[field]), reverse=direction < 0)
        yield from found[: limit or None]

    def insert_one(self, document: Document, *, session: Any = None) -> None:
        self._database.reach(session)
        self._put(document)

    def update_one(self, filter: Mapping[str, Any], update: Mapping[str, Any], *, session: Any = None) -> Counted:
        self._database.reach(session)
        found = next(self._matching(filter), None)
        if found is None:
            return Counted()
        self._put(_updated(found, update), instead_of=found["_id"])
        return Counted(matched_count=1)

    def delete_one(self, filter: Mapping[str, Any], *, session: Any = None) -> Counted:
        self._database.reach(session)
        found = next(self._matching(filter), None)
        if found is None:
            return Counted()
        del self.documents[found["_id"]]
        return Counted(deleted_count=1)

    def _matching(self, filter: Mapping[str, Any]) -> Iterator[Document]:
        self._database.reach(None)
        yield from (deepcopy(one) for one in self.documents.values() if _matches(one, filter))

    def _put(self, document: Document, instead_of: Any = None) -> None:
        for key in self._unique:
            for other in self.documents.values():
                if other["_id"] != instead_of and all(other.get(name) == document.get(name) for name in key):
                    taken = {name: document.get(name) for name in key}
                    raise DuplicateKeyError("taken", 11000, {"keyValue": taken})
        self.documents[document["_id"]] = deepcopy(document)


class MemoryDatabase:
    """Collections by name. Set `fault` and every call raises it; `sessions` counts transactions."""

    def __init__(self, unique: Mapping[str, Sequence[tuple[str, ...]]] | None = None) -> None:
        self._unique = unique or {}
        self._collections: dict[str, MemoryCollection] = {}
        self.fault: Exception | None = None
        self.sessions = 0

    @property
    def client(self) -> "MemoryDatabase":
        return self

    def __getitem__(self, name: str) -> MemoryCollection:
        if name not in self._collections:
            self._collections[name] = MemoryCollection(self, self._unique.get(name, ()))
        return self._collections[name]

    def documents(self, collection: str) -> list[Document]:
        """All that is stored there."""
        return deepcopy(list(self[collection].documents.values()))

    def reach(self, _session: Any) -> None:
        """Every call passes here."""
        if self.fault is not None:
            raise self.fault

    def start_session(self) -> "MemoryDatabase":
        self.sessions += 1
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def with_transaction(self, callback: Callable[[Any], R]) -> R:
        before = {name: deepcopy(collection.documents) for name, collection in self._collections.items()}
        try:
            return callback(self)
        except BaseException:
            for name, collection in self._collections.items():
                collection.documents = before.get(name, {})
            raise

    def as_database(self) -> Database[Document]:
        """For those who ask for the real type."""
        return cast("Database[Document]", self)


def unreachable() -> ConnectionFailure:
    """What pymongo raises when no server answers."""
    return ConnectionFailure("nobody there")


def _matches(document: Mapping[str, Any], filter: Mapping[str, Any]) -> bool:
    return all(_fits(_value_at(document, name), wanted) for name, wanted in filter.items())


def _value_at(document: Any, name: str) -> Any:
    for step in name.split("."):
        document = None if document is None else document.get(step)
    return document


def _fits(value: Any, wanted: Any) -> bool:
    match wanted:
        case {"$gt": least, **rest}:
            return bool(value is not None and value > least and _fits(value, rest or value))
        case {"$lte": most}:
            return bool(value is not None and value <= most)
        case {"$in": several}:
            return value in several
        case dict() if any(name.startswith("$") for name in wanted):
            raise NotImplementedError(f"{wanted}: teach the memory database this operator")
    return bool(value == wanted)


def _updated(document: Document, update: Mapping[str, Any]) -> Document:
    changed = {**document, **update.get("$set", {})}
    for name, step in update.get("$inc", {}).items():
        changed[name] = changed.get(name, 0) + step
    for name, more in update.get("$push", {}).items():
        changed[name] = [*changed.get(name, []), *more["$each"]]
    for name in update.get("$unset", {}):
        changed.pop(name, None)
    if unknown := update.keys() - {"$set", "$inc", "$push", "$unset"}:
        raise NotImplementedError(f"{unknown}: teach the memory database these operators")
    return changed
