"""What booking tells of single sessions.

`revision` counts the times that a session was given. News of an earlier time than the one that is known say nothing any
more, so that late and repeated news change nothing. News that come late (`told_at`) plan nothing that is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.notify.domain import ladder
from services.notify.domain.message import Kind, Message, Status
from services.notify.domain.visit import Visit, VisitStatus, visit_subject
from services.notify.operations.ledger import call_off, plan
from services.notify.operations.ports import UnitOfWork
from shared.errors import NotFound

PAUSED: Final = "paused"
"""Why a session is cancelled that only waits for a new time; the series' own news of the pause tell the patient."""


@dataclass(frozen=True)
class SessionMoved:
    """A session has another time; one that was cancelled or missed has a time again."""

    series_id: str
    told_at: datetime
    number: int
    zone: str
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    revision: int


@dataclass(frozen=True)
class SessionCancelled:
    """A session will not take place at its time."""

    series_id: str
    told_at: datetime
    number: int
    revision: int
    reason: str


@dataclass(frozen=True)
class SessionConfirmed:
    """The patient will come."""

    series_id: str
    number: int
    at: datetime


@dataclass(frozen=True)
class SessionArrived:
    """The patient is there, or was."""

    series_id: str
    number: int


@dataclass(frozen=True)
class SessionDischarged:
    """The patient went home."""

    series_id: str
    number: int
    discharged_at: datetime
    no_driving_until: datetime | None = None


@dataclass(frozen=True)
class SessionMissed:
    """The patient did not come."""

    series_id: str
    number: int
    revision: int


def hear_session_moved(uow: UnitOfWork, command: SessionMoved) -> None:
    """What was planned for the old time is called off; the new time gets a notice and reminders of its own."""
    known = _known(uow, command.series_id, command.number)
    if command.revision <= known.revision:
        return
    visit = replace(
        known,
        zone=command.zone,
        starts_at=command.starts_at,
        starts_local=command.starts_local,
        ends_at=command.ends_at,
        revision=command.revision,
        status=VisitStatus.BOOKED,
        confirmed_at=None,
        discharged_at=None,
        no_driving_until=None,
    )
    uow.visits.save(visit)
    call_off(uow, [visit.id], "visit-moved")
    notice = _notice_of_move(uow, visit, command.told_at)
    plan(uow, [*notice, *ladder.reminders(uow.clinic_id, visit, uow.now)])


def hear_session_cancelled(uow: UnitOfWork, command: SessionCancelled) -> None:
    """Nothing more about this visit but that it is off; of a series called off as a whole the patient knows that."""
    visit = _known(uow, command.series_id, command.number)
    status = VisitStatus.PAUSED if command.reason == PAUSED else VisitStatus.CANCELLED
    if command.revision < visit.revision or visit.status in {status, VisitStatus.CANCELLED}:
        return
    uow.visits.save(replace(visit, status=status, revision=command.revision))
    call_off(uow, [visit.id], f"visit-{status}")
    if status is VisitStatus.CANCELLED:
        plan(uow, ladder.cancellation_notice(uow.clinic_id, visit, cancelled_at=command.told_at, now=uow.now))


def hear_session_confirmed(uow: UnitOfWork, command: SessionConfirmed) -> None:
    """Who said that they will come is not asked again, nor put on the front desk's list."""
    visit = _known(uow, command.series_id, command.number)
    uow.visits.save(replace(visit, confirmed_at=command.at))
    call_off(uow, [visit.id], "visit-confirmed", but=lambda row: row.kind is not Kind.UNCONFIRMED)


def hear_session_arrived(uow: UnitOfWork, command: SessionArrived) -> None:
    """No reminders to somebody who is there."""
    _close(uow, _known(uow, command.series_id, command.number), VisitStatus.ARRIVED)


def hear_session_discharged(uow: UnitOfWork, command: SessionDischarged) -> None:
    """The patient is asked whether they came home."""
    known = _known(uow, command.series_id, command.number)
    visit = replace(
        known,
        status=VisitStatus.ARRIVED,
        discharged_at=command.discharged_at,
        no_driving_until=command.no_driving_until,
    )
    uow.visits.save(visit)
    call_off(uow, [visit.id], "visit-arrived", but=lambda row: row.kind is Kind.HOME_SAFE)
    plan(uow, ladder.home_safe(uow.clinic_id, visit, uow.now))


def hear_session_missed(uow: UnitOfWork, command: SessionMissed) -> None:
    """No reminders of a visit that is over."""
    visit = _known(uow, command.series_id, command.number)
    if command.revision >= visit.revision:
        _close(uow, visit, VisitStatus.MISSED)


def _known(uow: UnitOfWork, series_id: str, number: int) -> Visit:
    visit = uow.visits.find(visit_subject(series_id, number))
    if visit is None:
        raise NotFound("visit")
    return visit


def _close(uow: UnitOfWork, visit: Visit, status: VisitStatus) -> None:
    uow.visits.save(replace(visit, status=status))
    call_off(uow, [visit.id], f"visit-{status}")


def _notice_of_move(uow: UnitOfWork, moved: Visit, moved_at: datetime) -> list[Message]:
    """Several sessions of a series that move together are told in one notice, not in one each."""
    others = [visit for visit in uow.visits.about(moved.series) if visit.id != moved.id]
    waiting = _waiting_changes(uow, [moved.series, *(visit.id for visit in others)])
    if not waiting:
        return ladder.change_notice(uow.clinic_id, moved, moved_at=moved_at, now=uow.now)
    for row in waiting:
        uow.messages.save(row.cancel("told-together", uow.now))
    return ladder.series_change_notice(uow.clinic_id, [*others, moved], moved_at=moved_at, now=uow.now)


def _waiting_changes(uow: UnitOfWork, subjects: Sequence[str]) -> list[Message]:
    rows = uow.messages.about(subjects)
    return [row for row in rows if row.kind is Kind.CHANGE_NOTICE and row.status is Status.QUEUED]
