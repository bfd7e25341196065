"""What the desk is told of a patient's coming, by phone or by the reply to a message."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.booking.domain.clinic.clinic import Clinic
from services.booking.domain.page.wish_to_change import change_wanted, running_late
from services.booking.domain.series.confirmation import ConfirmedBy, confirm, is_awaited
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session
from services.booking.operations.ports import UnitOfWork
from shared.errors import NotFound

_ABOUT: Final = re.compile(r"series/([^/]+)/sessions/([0-9]{1,4})")


@dataclass(frozen=True)
class ConfirmSession:
    """The patient told the desk that they will come."""

    series_id: str
    number: int


@dataclass(frozen=True)
class ShowAppointment:
    """One session, as it stands in the patient's calendar."""

    series_id: str
    number: int


@dataclass(frozen=True)
class Appointment:
    """One session and what its calendar file needs beside it."""

    series: Series
    session: Session
    clinic: Clinic
    at: datetime


class Reply(StrEnum):
    """What a patient answers to a message."""

    CONFIRM = "confirm"
    CHANGE = "change"
    LATE = "late"


@dataclass(frozen=True)
class HearReply:
    """A patient answered a message about `about` (`series/<id>/sessions/<number>`)."""

    about: str
    answer: str
    received_at: datetime


def confirm_session(uow: UnitOfWork, command: ConfirmSession) -> Series:
    """Note that the patient will come; once more changes nothing. Raises `NotFound`, and `Conflict` when too late."""
    series = uow.series.get(command.series_id)
    confirmed, told = confirm(series, command.number, by=ConfirmedBy.DESK, at=uow.now)
    return uow.series.save(confirmed, told) if told else series


def show_appointment(uow: UnitOfWork, command: ShowAppointment) -> Appointment:
    """One session for a calendar file. Raises `NotFound`."""
    series = uow.series.get(command.series_id)
    return Appointment(series, series.session(command.number), uow.clinics.get(uow.clinic_id), uow.now)


def hear_reply(uow: UnitOfWork, command: HearReply) -> None:
    """Note a confirmation of the place that the session has; everything else that is asked becomes a task.

    What counts is when the patient answered, not when it is heard: a confirmation of an earlier place is none of the
    present one, and a wish is passed on whatever became of the session. A reply about nothing that is here is dropped.
    """
    found = _meant(uow, command.about)
    if found is None:
        return
    series, session = found
    occasion = f"reply {command.received_at.isoformat()}"
    if command.answer == Reply.CONFIRM:
        _confirmed(uow, series, session, command.received_at)
    elif command.answer == Reply.CHANGE:
        uow.tasks.add(change_wanted(series, session.number, occasion=occasion, at=command.received_at))
    elif command.answer == Reply.LATE:
        uow.tasks.add(running_late(series, session.number, occasion=occasion, at=command.received_at))


def _confirmed(uow: UnitOfWork, series: Series, session: Session, received_at: datetime) -> None:
    is_of_this_place = session.placed_at is None or session.placed_at <= received_at
    if is_of_this_place and is_awaited(session, received_at):
        confirmed, told = confirm(series, session.number, by=ConfirmedBy.PATIENT, at=received_at)
        if told:
            uow.series.save(confirmed, told)


def _meant(uow: UnitOfWork, about: str) -> tuple[Series, Session] | None:
    """The session that a message spoke of, when there is such a one."""
    named = _ABOUT.fullmatch(about)
    if named is None:
        return None
    try:
        series = uow.series.get(named[1])
        return series, series.session(int(named[2]))
    except NotFound:
        return None
