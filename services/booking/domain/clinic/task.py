"""A task: something that a person at the desk must see to. Its statuses are words of a FHIR Task."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from shared.errors import illegal_move


class TaskKind(StrEnum):
    """What is to be seen to."""

    CHANGE_REQUESTED = "change-requested"
    RUNNING_LATE = "running-late"
    COORDINATE = "coordinate"
    CALL_NOW = "call-now"
    CALL_PATIENT = "call-patient"
    REVIEW_PERSON = "review-person"
    PHONE_PATIENT = "phone-patient"
    CRISIS = "crisis"
    CLINICAL_HOLD = "clinical-hold"
    BOOSTER_PROPOSAL = "booster-proposal"
    MISUSE_REVIEW = "misuse-review"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    CONSENT_EXPIRES = "consent-expires"
    OBSERVATION_OVERDUE = "observation-overdue"
    STOP_ADVICE = "stop-advice"
    DOSE_EXCEEDED = "dose-exceeded"
    INTEGRATION_PROPOSAL = "integration-proposal"


class TaskStatus(StrEnum):
    """Where a task stands."""

    REQUESTED = "requested"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class TaskMove(StrEnum):
    """What may happen to a task; the value completes "it cannot be …"."""

    COMPLETE = "completed"
    CANCEL = "cancelled"


MOVES: Final[Mapping[tuple[TaskStatus, TaskMove], TaskStatus]] = MappingProxyType(
    {
        (TaskStatus.REQUESTED, TaskMove.COMPLETE): TaskStatus.COMPLETED,
        (TaskStatus.REQUESTED, TaskMove.CANCEL): TaskStatus.CANCELLED,
    }
)


@dataclass(frozen=True)
class ProposedPlan:
    """What to ask the plans for: where a series of this protocol has its places."""

    patient_id: str
    protocol: str
    condition: str


@dataclass(frozen=True)
class Task:
    """`detail` says in the platform's own words what is to be done, `words` what the patient wrote; `note` is what a
    person added when closing it.

    `number` is the session's within its series. `due_at` is when it should be done. `plan` finds what may be booked.
    """

    id: str
    kind: TaskKind
    patient_id: str
    detail: str
    made_at: datetime
    series_id: str | None = None
    number: int | None = None
    due_at: datetime | None = None
    words: str | None = None
    plan: ProposedPlan | None = None
    status: TaskStatus = TaskStatus.REQUESTED
    note: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether somebody must still see to it."""
        return self.status is TaskStatus.REQUESTED

    def complete(self, note: str | None, *, by: str, at: datetime) -> "Task":
        """Somebody has seen to it. Raises `Conflict` when it is closed already."""
        return self._closed(TaskMove.COMPLETE, note, by, at)

    def cancel(self, note: str | None, *, by: str, at: datetime) -> "Task":
        """There is nothing to see to any more. Raises `Conflict` when it is closed already."""
        return self._closed(TaskMove.CANCEL, note, by, at)

    def _closed(self, move: TaskMove, note: str | None, by: str, at: datetime) -> "Task":
        if (self.status, move) not in MOVES:
            raise illegal_move("task", self.status, f"it cannot be {move}")
        return replace(self, status=MOVES[self.status, move], note=note, closed_at=at, closed_by=by)


def new_task(
    kind: TaskKind,
    patient_id: str,
    detail: str,
    *,
    reason: str,
    at: datetime,
    series_id: str | None = None,
    number: int | None = None,
    due_at: datetime | None = None,
    words: str | None = None,
    plan: ProposedPlan | None = None,
) -> Task:
    """A task whose id follows from what it is about, so that making it twice makes one.

    `reason` tells two tasks of one kind about one session apart, such as the id of the event that led to it or the
    session's revision; it never holds anything personal.
    """
    about = "\n".join([kind, patient_id, series_id or "", "" if number is None else str(number), reason])
    id = sha256(about.encode()).hexdigest()[:32]
    return Task(id, kind, patient_id, detail, at, series_id, number, due_at, words, plan)
