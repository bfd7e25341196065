"""Tasks at rest; what people wrote is sealed."""

from datetime import datetime
from typing import Final

from services.booking.domain.clinic.task import Task, TaskKind, TaskStatus
from shared.converters import from_document, to_document
from shared.paging import Page
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit

TASKS: Final = "tasks"
_SEALED: Final = ("words", "note")


class TaskStore:
    """Tasks in the collection `tasks`, read by age."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._added: set[str] = set()
        self._documents = Documents[Task](
            unit, TASKS, kind="task", to_document=self._to_document, from_document=self._from_document
        )
        self.get = self._documents.get
        self.save = self._documents.save

    def add(self, task: Task) -> None:
        """Keep a new task; one that is there already (open or closed) stays as it is."""
        if task.id not in self._added and not self._documents.parts({"_id": task.id}, "_id"):
            self._documents.save(task)
        self._added.add(task.id)

    def page(
        self,
        *,
        after: str | None,
        limit: int,
        status: TaskStatus | None,
        kind: TaskKind | None,
        patient_id: str | None,
    ) -> Page[Task]:
        """Tasks by age, the oldest first, at most `limit` of them, behind the position `after` of an earlier page."""
        asked = {"status": status and status.value, "kind": kind and kind.value, "patient_id": patient_id}
        wanted: Document = {name: value for name, value in asked.items() if value is not None}
        order = [("made_at", 1), ("_id", 1)]
        found = self._documents.find({**wanted, **_behind(after)}, sort=order, limit=limit + 1)
        return Page(found[:limit], _position(found[limit - 1]) if len(found) > limit else None)

    def _to_document(self, task: Task) -> Document:
        document = to_document(task)
        written = [field for field in _SEALED if document[field] is not None]
        return {**document, **{field: self._sealer.seal(self._clinic_id, document[field]) for field in written}}

    def _from_document(self, document: Document) -> Task:
        written = [field for field in _SEALED if document[field] is not None]
        return from_document(Task, {**document, **{field: self._sealer.unseal(document[field]) for field in written}})


def _position(task: Task) -> str:
    return f"{task.made_at.isoformat()} {task.id}"


def _behind(position: str | None) -> Document:
    if position is None:
        return {}
    text, id = position.split(" ")
    made_at = datetime.fromisoformat(text)
    # The first bound says nothing new, but lets the index begin there.
    return {"made_at": {"$gte": made_at}, "$or": [{"made_at": {"$gt": made_at}}, {"_id": {"$gt": id}}]}
