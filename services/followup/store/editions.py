"""Editions at rest: one document each, named by clinic and edition, so that none can exist twice."""

from dataclasses import replace
from typing import Any, Generic, TypeVar, cast

from services.followup.domain.edition import Edition, name_of
from shared.converters import from_document
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Document

E = TypeVar("E", bound=Edition)


class Editions(Generic[E]):
    """All of one `kind` that a clinic has published."""

    def __init__(self, documents: Documents[E], *, clinic_id: str, kind: str) -> None:
        self._documents = documents
        self._prefix = f"{clinic_id}/"
        self._kind = kind
        self._saved: dict[int, E] = {}

    def get(self, edition: int) -> E:
        """That edition, also when it was saved in this unit. Raises `NotFound`."""
        if edition not in self._saved:
            self._saved[edition] = self._documents.get(self._prefix + name_of(self._kind, edition))
        return self._saved[edition]

    def latest(self) -> E | None:
        """The edition in force, if there is any."""
        return next(iter(self._documents.find({}, sort=[("_id", -1)], limit=1)), None)

    def save(self, one: E) -> E:
        """Write a new edition; the number of an edition is its version as well."""
        self._documents.save(_as(one, id=self._prefix + one.id))
        self._saved[one.edition] = _as(one, version=one.edition)
        return self._saved[one.edition]

    def list(self, *, after: str | None, limit: int) -> list[E]:
        """Editions behind `after`, by id."""
        return self._documents.find({"_id": {"$gt": self._prefix + (after or "")}}, limit=limit)


def edition_from(kind: type[E], document: Document) -> E:
    """An edition as it was saved."""
    return from_document(kind, {**document, "id": document["id"].partition("/")[2], "version": document["edition"]})


def _as(one: E, **changes: Any) -> E:
    return cast("E", replace(cast("Any", one), **changes))
