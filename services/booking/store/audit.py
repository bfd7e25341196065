"""The audit chain at rest: it grows by inserts and never changes; only where it ends does, by compare-and-set.

Two units that add to a clinic's chain at one moment mean the same head: one of them is `Contended` and decides again.
Reasons and facts are sealed, and hashed as they are sealed.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from services.booking.domain.audit.entry import BEGIN, ERASED, Act, Entry, Head, Stretch, chained
from shared.converters import from_document, to_document
from shared.paging import Page
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Change, Document, Insert, Unit, read

T = TypeVar("T")
AUDIT: Final = "audit"
HEADS: Final = "audit_heads"
_IN_ORDER: Final = [("seq", 1)]


class AuditStore:
    """Entries in the collection `audit`, by clinic and number; each clinic's head in `audit_heads`."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._unit = unit
        self._sealer = sealer
        self._entries = unit.database[AUDIT]
        self._heads = unit.database[HEADS]
        self._head: Head | None = None

    def open(self) -> Head:
        """Where the chain ends for this unit: behind what it has added, or where it ended when this was asked first."""
        self._head = self._head or self._read_head()
        return self._head

    def add(self, act: Act) -> None:
        """Put an act at the end of the chain, behind what this unit has added already."""
        clinic_id = self._unit.clinic_id
        before = self.open()
        entry = chained(clinic_id, before, _with_words(act, partial(self._sealer.seal, clinic_id)))
        self._head = entry.head
        self._unit.write(self._to_head(before, entry.head))
        self._unit.write(Insert(AUDIT, {"_id": f"{clinic_id}/{entry.seq}", **to_document(entry)}))

    def page(
        self, *, after: str | None, limit: int, patient_id: str | None, record: str | None, action: str | None
    ) -> Page[Entry]:
        """Entries in their order, behind number `after`, reasons and facts readable.

        Damaged ones are left out: walking the chain names them.
        """
        asked = {"act.patient_id": patient_id, "act.record": record, "act.action": action}
        wanted = {name: value for name, value in asked.items() if value is not None}
        behind = self._of_clinic({**wanted, "seq": {"$gt": int(after or 0)}})
        rows = read(lambda: list(self._entries.find(behind, sort=_IN_ORDER, limit=limit + 1)))
        entries = [entry for row in rows[:limit] if (entry := _or_none(Entry, row))]
        readable = [replace(entry, act=_with_words(entry.act, self._unsealed)) for entry in entries]
        return Page(readable, str(rows[limit - 1]["seq"]) if len(rows) > limit else None)

    def stretch(self, after: int, most: int) -> Stretch:
        """The chain as it is kept behind number `after`, at most so many entries of it.

        The newest number is read before the head, so that none lies lawfully behind it; what other units add
        meanwhile is left out. Of a damaged head nothing counts: every entry lies behind it then.
        """
        numbered = self._of_clinic({"seq": {"$gt": 0}})
        newest = read(lambda: list(self._entries.find(numbered, sort=[("seq", -1)], limit=1)))
        row = read(lambda: self._heads.find_one({"_id": self._unit.clinic_id}))
        head = _or_none(Head, row or {}) or BEGIN
        until = min(max(head.seq, *(row["seq"] for row in newest), 0), after + most)
        wanted = self._of_clinic({"seq": {"$gt": after, "$lte": until}})
        rows = read(lambda: list(self._entries.find(wanted, sort=_IN_ORDER)))
        return Stretch(tuple(_or_none(Entry, row) for row in rows), until, head)

    def _unsealed(self, words: str) -> str:
        return words if words.startswith(ERASED) else self._sealer.unseal(words)

    def _read_head(self) -> Head:
        row = read(lambda: self._heads.find_one({"_id": self._unit.clinic_id}))
        return BEGIN if row is None else from_document(Head, row)

    def _to_head(self, before: Head, after: Head) -> Insert | Change:
        clinic_id = self._unit.clinic_id
        if before == BEGIN:
            return Insert(HEADS, {"_id": clinic_id, "clinic_id": clinic_id, **to_document(after)})
        return Change(HEADS, {"_id": clinic_id, **to_document(before)}, {"$set": to_document(after)})

    def _of_clinic(self, filter: Document) -> Document:
        return {**filter, "clinic_id": self._unit.clinic_id}


def _with_words(act: Act, change: Callable[[str], str]) -> Act:
    """An act with its reason and facts sealed, or unsealed."""
    return replace(act, reason=act.reason and change(act.reason), facts=change(act.facts))


def _or_none(kind: type[T], row: Document) -> T | None:
    try:
        return from_document(kind, row)
    except ExceptionGroup:
        return None
