"""Texts of patients that call for a person at once, as notify read them."""

from dataclasses import dataclass
from datetime import datetime

from services.booking.domain.clinic.task import TaskKind, new_task
from services.booking.operations.ports import UnitOfWork


@dataclass(frozen=True)
class HearReplyFlagged:
    """A patient wrote something that somebody has to act upon now; `flag` says why."""

    reply_id: str
    patient_id: str
    flag: str
    received_at: datetime


def hear_reply_flagged(uow: UnitOfWork, command: HearReplyFlagged) -> None:
    """Leave a task that is due at once. What was written is read at notify."""
    task = new_task(
        TaskKind.CRISIS,
        command.patient_id,
        f"Call the patient now: a text of theirs was flagged ({command.flag}). Read it among the replies.",
        reason=f"reply {command.reply_id}",
        at=command.received_at,
        due_at=command.received_at,
    )
    uow.tasks.add(task)
