"""What booking tells of series and their sessions. News that come late (`told_at`) plan nothing that is over."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.notify.domain import ladder
from services.notify.domain.message import Kind, Message, Status
from services.notify.domain.visit import Visit, VisitStatus, series_subject, visit_subject
from services.notify.operations.ledger import call_off, plan
from services.notify.operations.ports import UnitOfWork
from shared.errors import NotFound


@dataclass(frozen=True)
class BookedSession:
    """One session of a booked series."""

    number: int
    starts_at: datetime
    starts_local: datetime
    revision: int


@dataclass(frozen=True)
class SeriesBooked:
    """A whole series was booked."""

    series_id: str
    told_at: datetime
    patient_id: str
    zone: str
    sessions: tuple[BookedSession, ...]


@dataclass(frozen=True)
class SessionMoved:
    """A session has another time."""

    series_id: str
    told_at: datetime
    number: int
    zone: str
    starts_at: datetime
    starts_local: datetime
    revision: int


@dataclass(frozen=True)
class SessionCancelled:
    """A session will not take place."""

    series_id: str
    told_at: datetime
    number: int


@dataclass(frozen=True)
class SessionArrived:
    """The patient is there, or was."""

    series_id: str
    number: int


@dataclass(frozen=True)
class SessionMissed:
    """The patient did not come."""

    series_id: str
    number: int


@dataclass(frozen=True)
class SeriesCancelled:
    """The rest of the series is called off."""

    series_id: str
    told_at: datetime


def hear_series_booked(uow: UnitOfWork, command: SeriesBooked) -> None:
    """Expect the patient at each session, confirm once, remind of each."""
    confirmation = ladder.confirmation(
        uow.clinic_id,
        series_subject(command.series_id),
        command.patient_id,
        booked_at=command.told_at,
        now=uow.now,
    )
    visits = [_visit(command, session) for session in command.sessions]
    for visit in visits:
        uow.visits.save(visit)
    reminders = [row for visit in visits for row in ladder.reminders(uow.clinic_id, visit, uow.now)]
    plan(uow, [*confirmation, *reminders])


def hear_session_moved(uow: UnitOfWork, command: SessionMoved) -> None:
    """What was planned for the old time is called off; the new time gets a notice and reminders of its own."""
    visit = replace(
        _known(uow, command.series_id, command.number),
        zone=command.zone,
        starts_at=command.starts_at,
        starts_local=command.starts_local,
        revision=command.revision,
        status=VisitStatus.BOOKED,
    )
    uow.visits.save(visit)
    call_off(uow, [visit.id], "visit-moved")
    notice = ladder.change_notice(uow.clinic_id, visit, moved_at=command.told_at, now=uow.now)
    plan(uow, [*notice, *ladder.reminders(uow.clinic_id, visit, uow.now)])


def hear_session_cancelled(uow: UnitOfWork, command: SessionCancelled) -> None:
    """Nothing more about this visit but that it is off; of a series called off as a whole the patient knows that."""
    visit = _known(uow, command.series_id, command.number)
    if visit.status is VisitStatus.CANCELLED:
        return
    uow.visits.save(replace(visit, status=VisitStatus.CANCELLED))
    call_off(uow, [visit.id], "visit-cancelled")
    plan(uow, ladder.cancellation_notice(uow.clinic_id, visit, cancelled_at=command.told_at, now=uow.now))


def hear_session_arrived(uow: UnitOfWork, command: SessionArrived) -> None:
    """No reminders to somebody who is there."""
    _close(uow, command.series_id, command.number, VisitStatus.ARRIVED)


def hear_session_missed(uow: UnitOfWork, command: SessionMissed) -> None:
    """No reminders of a visit that is over."""
    _close(uow, command.series_id, command.number, VisitStatus.MISSED)


def hear_series_cancelled(uow: UnitOfWork, command: SeriesCancelled) -> None:
    """Everything planned is called off. Several visits lost at once are told in one notice, not in one each."""
    series = series_subject(command.series_id)
    visits = uow.visits.about(series)
    subjects = [series, *(visit.id for visit in visits)]
    untold = {row.about for row in uow.messages.about(subjects) if _is_waiting_cancellation(row)}
    lost = [visit for visit in visits if visit.is_expected or visit.id in untold]
    for visit in visits:
        if visit.is_expected:
            uow.visits.save(replace(visit, status=VisitStatus.CANCELLED))
    notices = _notices(uow, lost, command.told_at)
    planned = {notice.id for notice in notices}
    call_off(uow, subjects, "series-cancelled", but=lambda row: row.id in planned)
    plan(uow, notices)


def _visit(command: SeriesBooked, session: BookedSession) -> Visit:
    return Visit(
        id=visit_subject(command.series_id, session.number),
        series=series_subject(command.series_id),
        number=session.number,
        patient_id=command.patient_id,
        zone=command.zone,
        starts_at=session.starts_at,
        starts_local=session.starts_local,
        revision=session.revision,
    )


def _known(uow: UnitOfWork, series_id: str, number: int) -> Visit:
    visit = uow.visits.find(visit_subject(series_id, number))
    if visit is None:
        raise NotFound("visit")
    return visit


def _close(uow: UnitOfWork, series_id: str, number: int, status: VisitStatus) -> None:
    visit = _known(uow, series_id, number)
    uow.visits.save(replace(visit, status=status))
    call_off(uow, [visit.id], f"visit-{status}")


def _is_waiting_cancellation(row: Message) -> bool:
    return row.kind is Kind.CANCELLATION_NOTICE and row.status is Status.QUEUED


def _notices(uow: UnitOfWork, lost: list[Visit], cancelled_at: datetime) -> list[Message]:
    if len(lost) > 1:
        return ladder.series_cancellation_notice(uow.clinic_id, lost, cancelled_at=cancelled_at, now=uow.now)
    return [
        notice
        for visit in lost
        for notice in ladder.cancellation_notice(uow.clinic_id, visit, cancelled_at=cancelled_at, now=uow.now)
    ]
