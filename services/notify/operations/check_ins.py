"""What followup tells of check-ins."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.notify.domain.check_in import CheckIn, check_in_subject
from services.notify.domain.ladder import check_in_chases, check_in_link
from services.notify.operations.ledger import call_off, plan
from services.notify.operations.ports import UnitOfWork
from shared.errors import NotFound


@dataclass(frozen=True)
class CheckInOpened:
    """A form waits for the patient; `link` is sealed."""

    check_in_id: str
    patient_id: str
    link: str
    opened_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class CheckInClosed:
    """The form was filled in, missed or cancelled."""

    check_in_id: str


def hear_check_in_opened(uow: UnitOfWork, command: CheckInOpened) -> None:
    """Send the patient the link, and again as long as nobody answers."""
    check_in = CheckIn(
        id=check_in_subject(command.check_in_id),
        patient_id=command.patient_id,
        link=command.link,
        opened_at=command.opened_at,
        expires_at=command.expires_at,
    )
    uow.check_ins.save(check_in)
    links = check_in_link(uow.clinic_id, check_in, uow.now)
    plan(uow, [*links, *check_in_chases(uow.clinic_id, check_in, uow.now)])


def hear_check_in_closed(uow: UnitOfWork, command: CheckInClosed) -> None:
    """A link to a closed form is of no use."""
    check_in = uow.check_ins.find(check_in_subject(command.check_in_id))
    if check_in is None:
        raise NotFound("check-in")
    uow.check_ins.save(replace(check_in, is_open=False))
    call_off(uow, [check_in.id], "check-in-closed")
