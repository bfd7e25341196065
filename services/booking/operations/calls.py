"""What notify could not say or have answered: a person has to phone. Each becomes a task, heard twice one task."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.booking.domain.clinic.task import TaskKind, new_task
from services.booking.operations.ports import UnitOfWork

_SERIES: Final = re.compile(r"series/([^/]+)(?:/sessions/([0-9]{1,4}))?(?:/.*)?")


@dataclass(frozen=True)
class HearCallWanted:
    """No message is of use any more: `kind` is what it was for, `why` what stands in its way.

    It comes from the row of a message, from a page to the staff or from a reply. Without `patient_id` a stranger wrote.
    """

    patient_id: str
    about: str
    kind: str
    why: str
    due_at: datetime
    told_at: datetime
    message_id: str = ""
    page_id: str = ""
    reply_id: str = ""


@dataclass(frozen=True)
class HearPageUnanswered:
    """Everybody who can be paged was, and nobody has taken it on."""

    page_id: str
    patient_id: str
    about: str
    reason: str
    at: datetime


def hear_call_wanted(uow: UnitOfWork, command: HearCallWanted) -> None:
    """Leave a task to phone the patient."""
    series_id, number = _meant(command.about)
    task = new_task(
        TaskKind.PHONE_PATIENT,
        command.patient_id,
        f"Phone the patient ({command.about}). What could not be said by message: {command.kind}. Why: {command.why}.",
        reason=f"call {command.message_id or command.page_id or command.reply_id} {command.kind} {command.why}",
        at=command.told_at,
        series_id=series_id,
        number=number,
        due_at=command.due_at,
    )
    uow.tasks.add(task)


def hear_page_unanswered(uow: UnitOfWork, command: HearPageUnanswered) -> None:
    """Leave a task for whoever is there: nobody of the staff has answered a page."""
    detail = f"Nobody has answered the page ({command.reason}, {command.about}). Somebody has to call the patient now."
    reason = f"page {command.page_id}"
    task = new_task(TaskKind.CRISIS, command.patient_id, detail, reason=reason, at=command.at, due_at=command.at)
    uow.tasks.add(task)


def _meant(about: str) -> tuple[str | None, int | None]:
    """The series, and the number of the session, that a message spoke of."""
    named = _SERIES.fullmatch(about)
    if named is None:
        return None, None
    return named[1], None if named[2] is None else int(named[2])
