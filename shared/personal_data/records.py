"""What a service keeps of one patient, by a table: shown whole, or made nobody's.

Erasing overwrites: every sealed value of the patient's documents is replaced by one that says `erased` (a date by
1900-01-01), plain fields that could identify go, copies of what others told go whole. Facts stay, under the patient's
random id, which then leads to nobody. It is done by a job, document by document, and repeated until a look an hour
later finds nothing: what was being written meanwhile is found then.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from pymongo.database import Database

from shared.persistence.sealed import PREFIX, Sealer
from shared.persistence.unit_of_work import Change, Document, Insert, Unit
from shared.personal_data.operations import Dossier

ERASURES: Final = "erasures"
ERASED: Final = "erased"
NO_DATE: Final = "1900-01-01"
TRACE: Final = "erased:"
"""Stands before the hash of words that are erased and still count in an audit chain."""
LOOK_AGAIN: Final = timedelta(hours=1)
_NOT_SHOWN: Final = frozenset({"outbox", "lease", "clinic_id"})


@dataclass(frozen=True)
class Kept:
    """Documents of `collection` in whose field `by` stands the patient's id, as `named` writes it.

    `through`: their ids are those of the patient's documents in that collection. Of all these only those that match
    `only`. When the patient is erased, the documents go if `goes`; in those that stay others' (`shared`) the id leaves
    the list `by` and nothing else changes; else their fields in `plain` become what stands there, and their sealed
    words `erased`, or if `traced` their hash.
    """

    collection: str
    by: str = "patient_id"
    named: str = "{}"
    through: str = ""
    goes: bool = False
    shared: bool = False
    only: Mapping[str, Any] = field(default_factory=dict)
    plain: Mapping[str, Any] = field(default_factory=dict)
    traced: bool = False


PLATFORM_KEPT: Final[Sequence[Kept]] = tuple(
    Kept(collection, by, named)
    for collection in ("events", "held")
    for by, named in (("subject", "patient/{}"), ("data.patient_id", "{}"))
)
"""What every service keeps of patients: events told, and heard ones that wait."""


def look_again(database: Database[Document]) -> None:
    """The `run` of a step: everybody who was erased is looked at once more, by a table that finds more than before."""
    done = [{"$set": {"next_at": "$done_at", "done_at": None}}]
    database[ERASURES].update_many({"done_at": {"$ne": None}}, done)


class PatientRecords:
    """The documents of patients in one service's database, by its table."""

    def __init__(self, database: Database[Document], sealer: Sealer, table: Iterable[Kept]) -> None:
        self._database = database
        self._sealer = sealer
        self._table = (*table, *PLATFORM_KEPT)

    def export(self, clinic_id: str, patient_id: str) -> Dossier:
        """Everything by collection, personal fields opened. Raises `TransientFailure` without the clinic's key."""
        shown: dict[str, list[Mapping[str, Any]]] = {}
        for kept in self._table:
            for document in self._find(kept, clinic_id, patient_id):
                own = {**document, kept.by: [patient_id]} if kept.shared else document
                shown.setdefault(kept.collection, []).append(self._opened(own))
        return shown

    def due(self, now: datetime) -> list[Document]:
        """Those whom it is time to look at."""
        return list(self._database[ERASURES].find({"next_at": {"$lte": now}}))

    def look_at(self, row: Document, now: datetime) -> None:
        """Erase one of them, and note when to look again; done when nothing was found."""
        changed = self.erase(row["clinic_id"], row["_id"])
        after = {"next_at": now + LOOK_AGAIN} if changed else {"next_at": None, "done_at": now}
        # Who was noted again meanwhile stays noted.
        same = {"_id": row["_id"], "next_at": row["next_at"]}
        self._database[ERASURES].update_one(same, {"$set": after})

    def erase(self, clinic_id: str, patient_id: str) -> int:
        """One pass over everything; how many documents were not erased before it."""
        return sum(
            self._erase(kept, document, patient_id)
            for kept in self._table
            for document in self._find(kept, clinic_id, patient_id)
        )

    def _find(self, kept: Kept, clinic_id: str, patient_id: str) -> list[Document]:
        mine: Document = {"clinic_id": clinic_id, kept.by: kept.named.format(patient_id)}
        if kept.through:
            found = self._database[kept.through].find(mine, {"_id": 1})
            mine = {"clinic_id": clinic_id, "_id": {"$in": [row["_id"] for row in found]}}
        return list(self._database[kept.collection].find({**mine, **kept.only}))

    def _opened(self, document: Document) -> Mapping[str, Any]:
        shown = {name: value for name, value in document.items() if name not in _NOT_SHOWN}
        opened: Mapping[str, Any] = _each_text(shown, self._unsealed)
        return opened

    def _erase(self, kept: Kept, document: Document, patient_id: str) -> int:
        changed = {} if kept.goes else dict(self._changes(kept, document, patient_id))
        if not (kept.goes or changed):
            return 0
        # What rides in the outbox is an event in a moment, and found there by the next pass; so is what somebody else
        # writes meanwhile.
        same = {"_id": document["_id"], "outbox.0": {"$exists": False}}
        update: Document = {"$set": changed}
        if "version" in document:
            same["version"] = document["version"]
            update["$inc"] = {"version": 1}
        collection = self._database[kept.collection]
        if kept.goes:
            collection.delete_one(same)
        else:
            collection.update_one(same, update)
        return 1

    def _changes(self, kept: Kept, document: Document, patient_id: str) -> Iterator[tuple[str, Any]]:
        if kept.shared:
            yield kept.by, [id for id in document[kept.by] if id != patient_id]
            return
        hide = _trace if kept.traced else self._nobodys(document["clinic_id"])
        for name, value in document.items():
            if name == "outbox":
                continue
            after = kept.plain[name] if name in kept.plain else _each_text(value, hide, as_json=False)
            if after != value:
                yield name, after

    def _unsealed(self, text: str) -> str:
        return self._sealer.unseal(text) if text.startswith(PREFIX) else text

    def _nobodys(self, clinic_id: str) -> Callable[[str], str]:
        def hide(text: str) -> str:
            if not text.startswith(PREFIX) or (word := self._sealer.unseal(text)) in {ERASED, NO_DATE}:
                return text
            return self._sealer.seal(clinic_id, NO_DATE if _is_date(word) else ERASED)

        return hide


class UnitDossiers:
    """See `patient_data.Dossiers`."""

    def __init__(self, unit: Unit, sealer: Sealer, table: Iterable[Kept]) -> None:
        self._unit = unit
        self._records = PatientRecords(unit.database, sealer, table)

    def of(self, patient_id: str) -> Dossier:
        """Everything; collections without anything are left out."""
        return self._records.export(self._unit.clinic_id, patient_id)

    def erase(self, patient_id: str) -> None:
        """Note it for the job. Noted again (an event is heard anew), it is looked at again."""
        asked = {"clinic_id": self._unit.clinic_id, "next_at": self._unit.now, "done_at": None}
        if self._unit.database[ERASURES].find_one({"_id": patient_id}, {"_id": 1}):
            self._unit.write(Change(ERASURES, {"_id": patient_id}, {"$set": asked}))
        else:
            self._unit.write(Insert(ERASURES, {"_id": patient_id, **asked}))


def _each_text(value: Any, change: Callable[[str], str], *, as_json: bool = True) -> Any:
    """The same value with its texts changed, wherever they stand; instants as RFC 3339 if it is to be JSON."""
    match value:
        case str():
            return change(value)
        case dict():
            return {name: _each_text(one, change, as_json=as_json) for name, one in value.items()}
        case list():
            return [_each_text(one, change, as_json=as_json) for one in value]
        case datetime() if as_json:
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def _trace(text: str) -> str:
    return TRACE + sha256(text.encode()).hexdigest() if text.startswith(PREFIX) else text


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len(NO_DATE)
