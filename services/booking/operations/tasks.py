"""What can be done with tasks."""

from dataclasses import dataclass
from datetime import datetime

from services.booking.domain.clinic.task import Task, TaskKind, TaskStatus, new_task
from services.booking.operations.ports import UnitOfWork
from shared.paging import Page


@dataclass(frozen=True)
class ListTasks:
    """The clinic's tasks, the oldest first; with one status, of one kind or about one patient, if given."""

    limit: int
    after: str | None
    status: TaskStatus | None = None
    kind: TaskKind | None = None
    patient_id: str | None = None


@dataclass(frozen=True)
class CompleteTask:
    """Somebody has seen to it."""

    task_id: str
    note: str | None = None


@dataclass(frozen=True)
class CancelTask:
    """There is nothing to see to any more."""

    task_id: str
    note: str | None = None


@dataclass(frozen=True)
class ContactLost:
    """A patient left so many check-ins in a row unanswered; the last of them is `check_in_id`."""

    check_in_id: str
    patient_id: str
    series_id: str
    missed: int
    missed_at: datetime


def hear_contact_lost(uow: UnitOfWork, command: ContactLost) -> None:
    """Leave a task to phone the patient; heard again, it is the same one."""
    task = new_task(
        TaskKind.CALL_PATIENT,
        command.patient_id,
        f"Phone the patient: {command.missed} check-ins in a row were not answered.",
        reason=f"check-in {command.check_in_id}",
        at=command.missed_at,
        series_id=command.series_id,
    )
    uow.tasks.add(task)


def list_tasks(uow: UnitOfWork, command: ListTasks) -> Page[Task]:
    """A page of the clinic's tasks."""
    return uow.tasks.page(
        after=command.after,
        limit=command.limit,
        status=command.status,
        kind=command.kind,
        patient_id=command.patient_id,
    )


def complete_task(uow: UnitOfWork, command: CompleteTask) -> Task:
    """Close a task that was seen to. Raises `NotFound`, and `Conflict` when it is closed already."""
    return uow.tasks.save(uow.tasks.get(command.task_id).complete(command.note, by=uow.actor.id, at=uow.now))


def cancel_task(uow: UnitOfWork, command: CancelTask) -> Task:
    """Close a task that is void. Raises `NotFound`, and `Conflict` when it is closed already."""
    return uow.tasks.save(uow.tasks.get(command.task_id).cancel(command.note, by=uow.actor.id, at=uow.now))
