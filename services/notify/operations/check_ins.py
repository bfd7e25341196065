"""What followup tells of check-ins.

One of them asks whether the patient came home safely. That is asked by one text, the visit's own, which takes the link.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.notify.domain.check_in import CheckIn, check_in_subject
from services.notify.domain.ladder import check_in_chases, check_in_link
from services.notify.domain.message import WENT_OUT, Kind, Message, Status
from services.notify.domain.visit import visit_subject
from services.notify.operations.ledger import call_off, plan
from services.notify.operations.ports import UnitOfWork
from shared.errors import NotFound

HOME_SAFE: Final = "home-safe"
"""Followup's name of what asks whether somebody came home safely."""


@dataclass(frozen=True)
class CheckInOpened:
    """A form with these `instruments` waits for the patient; `link` is sealed."""

    check_in_id: str
    patient_id: str
    series_id: str
    session_number: int
    link: str
    opened_at: datetime
    expires_at: datetime
    instruments: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckInClosed:
    """The form was filled in, missed or cancelled."""

    check_in_id: str


def hear_check_in_opened(uow: UnitOfWork, command: CheckInOpened) -> None:
    """Send the patient the link, and again as long as nobody answers."""
    is_home_safe = HOME_SAFE in command.instruments
    check_in = CheckIn(
        id=check_in_subject(command.check_in_id),
        patient_id=command.patient_id,
        link=command.link,
        opened_at=command.opened_at,
        expires_at=command.expires_at,
        visit=visit_subject(command.series_id, command.session_number) if is_home_safe else "",
    )
    uow.check_ins.save(check_in)
    if is_home_safe and _goes_with_its_visit(uow, check_in):
        return
    links = check_in_link(uow.clinic_id, check_in, uow.now)
    plan(uow, [*links, *check_in_chases(uow.clinic_id, check_in, uow.now)])


def hear_check_in_closed(uow: UnitOfWork, command: CheckInClosed) -> None:
    """A link to a closed form is of no use."""
    check_in = uow.check_ins.find(check_in_subject(command.check_in_id))
    if check_in is None:
        raise NotFound("check-in")
    uow.check_ins.save(replace(check_in, is_open=False))
    call_off(uow, [check_in.id], "check-in-closed")
    for row in _home_rows(uow, check_in):
        if row.status is Status.QUEUED:
            uow.messages.save(row.cancel("check-in-closed", uow.now))


def _goes_with_its_visit(uow: UnitOfWork, check_in: CheckIn) -> bool:
    """Whether the visit's own text takes the link, now that it is there; it may be that it went out without."""
    rows = _home_rows(uow, check_in)
    for row in rows:
        if row.status is Status.QUEUED:
            uow.messages.save(row.look_again())
    return not any(row.status in WENT_OUT for row in rows)


def _home_rows(uow: UnitOfWork, check_in: CheckIn) -> list[Message]:
    rows = uow.messages.about([check_in.visit]) if check_in.visit else []
    return [row for row in rows if row.kind is Kind.HOME_SAFE]
