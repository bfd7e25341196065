"""A patient who stopped automated messages: somebody has to phone, until messages are welcome again."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.booking.domain.clinic.task import Task, TaskKind, new_task
from services.booking.operations.ports import UnitOfWork
from shared.errors import NotFound

_WHAT: Final = MappingProxyType({"sms": "text messages", "email": "e-mails"})


@dataclass(frozen=True)
class HearOptedOut:
    """An address of a patient's gets nothing automated any more; without `patient_id` it is a stranger's."""

    contact_id: str
    patient_id: str | None
    channel: str
    at: datetime


@dataclass(frozen=True)
class HearOptedIn:
    """It may be written to again; `stopped_at` says which stop is over."""

    contact_id: str
    patient_id: str | None
    channel: str
    at: datetime
    stopped_at: datetime | None = None


def hear_opted_out(uow: UnitOfWork, command: HearOptedOut) -> None:
    """Leave a task to phone the patient; of a stranger's number nobody has to be told."""
    if command.patient_id is not None:
        uow.tasks.add(_phone(command.contact_id, command.patient_id, command.channel, command.at))


def hear_opted_in(uow: UnitOfWork, command: HearOptedIn) -> None:
    """Withdraw the task to phone, if nobody has seen to it yet."""
    if command.patient_id is None or command.stopped_at is None:
        return
    left = _phone(command.contact_id, command.patient_id, command.channel, command.stopped_at)
    with suppress(NotFound):
        task = uow.tasks.get(left.id)
        if task.is_open:
            uow.tasks.save(task.cancel("Messages are welcome again.", by=uow.actor.id, at=uow.now))


def _phone(contact_id: str, patient_id: str, channel: str, at: datetime) -> Task:
    detail = f"The patient stopped automated {_WHAT[channel]}. Phone about coming appointments."
    return new_task(
        TaskKind.PHONE_PATIENT,
        patient_id,
        detail,
        reason=f"contact {contact_id} opted out {at.isoformat()}",
        at=at,
    )
