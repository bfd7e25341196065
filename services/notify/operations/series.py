"""What booking tells of whole series. News that come late (`told_at`) plan nothing that is over."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.notify.domain import ladder
from services.notify.domain.message import Kind, Message, Status
from services.notify.domain.preparation import Fasting
from services.notify.domain.series import Series
from services.notify.domain.visit import Visit, VisitStatus, series_subject, visit_subject
from services.notify.operations.ledger import call_off, plan
from services.notify.operations.ports import UnitOfWork


@dataclass(frozen=True)
class BookedSession:
    """One session of a booked series. `doses`: the medicine is given, as bookings of earlier editions do not tell."""

    number: int
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    revision: int
    doses: bool = True


@dataclass(frozen=True)
class SeriesBooked:
    """A whole series was booked; `link` (sealed) leads to the patient's own page about it.

    Bookings of earlier editions told no fasting hours: the usual ones count.
    """

    series_id: str
    told_at: datetime
    patient_id: str
    zone: str
    sessions: tuple[BookedSession, ...]
    link: str | None = None
    solids_hours: int = Fasting.solids_hours
    fluids_minutes: int = Fasting.fluids_minutes


@dataclass(frozen=True)
class SeriesPaused:
    """The rest of the series waits for new times."""

    series_id: str
    told_at: datetime


@dataclass(frozen=True)
class SeriesCancelled:
    """The rest of the series is called off."""

    series_id: str
    told_at: datetime


def hear_series_booked(uow: UnitOfWork, command: SeriesBooked) -> None:
    """Expect the patient at each session, confirm once, remind of each."""
    series = Series(id=series_subject(command.series_id), patient_id=command.patient_id, link=command.link)
    if uow.series.find(series.id):
        return
    uow.series.save(series)
    confirmation = ladder.confirmation(
        uow.clinic_id, series.id, command.patient_id, booked_at=command.told_at, now=uow.now
    )
    visits = [_visit(command, session) for session in command.sessions]
    for visit in visits:
        uow.visits.save(visit)
    reminders = [row for visit in visits for row in ladder.reminders(uow.clinic_id, visit, uow.now)]
    plan(uow, [*confirmation, *reminders])


def hear_series_paused(uow: UnitOfWork, command: SeriesPaused) -> None:
    """Its sessions have lost their times one by one before this; the patient is told once, of all."""
    series = series_subject(command.series_id)
    visits = uow.visits.about(series)
    paused = [visit for visit in visits if visit.status is VisitStatus.PAUSED]
    call_off(uow, [series, *(visit.id for visit in paused)], "series-paused")
    plan(uow, ladder.pause_notice(uow.clinic_id, visits, paused, paused_at=command.told_at, now=uow.now))


def hear_series_cancelled(uow: UnitOfWork, command: SeriesCancelled) -> None:
    """Everything planned is called off. Several visits lost at once are told in one notice, not in one each."""
    series = series_subject(command.series_id)
    visits = uow.visits.about(series)
    subjects = [series, *(visit.id for visit in visits)]
    untold = {row.about for row in uow.messages.about(subjects) if _is_waiting_cancellation(row)}
    lost = [visit for visit in visits if visit.is_open or visit.id in untold]
    for visit in visits:
        if visit.is_open:
            uow.visits.save(replace(visit, status=VisitStatus.CANCELLED))
    notices = _notices(uow, visits, lost, command.told_at)
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
        ends_at=session.ends_at,
        revision=session.revision,
        doses=session.doses,
        fasting=Fasting(command.solids_hours, command.fluids_minutes),
    )


def _is_waiting_cancellation(row: Message) -> bool:
    return row.kind is Kind.CANCELLATION_NOTICE and row.status is Status.QUEUED


def _notices(uow: UnitOfWork, visits: list[Visit], lost: list[Visit], cancelled_at: datetime) -> list[Message]:
    if len(lost) > 1:
        return ladder.series_cancellation_notice(uow.clinic_id, visits, lost, cancelled_at=cancelled_at, now=uow.now)
    return [
        notice
        for visit in lost
        for notice in ladder.cancellation_notice(uow.clinic_id, visit, cancelled_at=cancelled_at, now=uow.now)
    ]
