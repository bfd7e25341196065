"""The read side: series and the day's list of sessions."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from services.booking.domain.series import Series, SeriesStatus
from services.booking.domain.session import Session, SessionStatus
from services.booking.operations.ports import UnitOfWork
from shared.errors import Fault, Invalid
from shared.localtime import resolve_forward
from shared.paging import Page, page_of

MOST_DAYS = 31


@dataclass(frozen=True)
class ShowSeries:
    """One series."""

    series_id: str


@dataclass(frozen=True)
class ListSeries:
    """The clinic's series in the order of booking; of one patient or with one status, if given."""

    limit: int
    after: str | None
    patient_id: str | None = None
    status: SeriesStatus | None = None


@dataclass(frozen=True)
class ListSessions:
    """What happens from one local date to another, both included."""

    from_date: date
    until_date: date
    status: SessionStatus | None = None


@dataclass(frozen=True)
class SessionOfSeries:
    """A session, with whose it is."""

    series_id: str
    patient_id: str
    zone: str
    session: Session


@dataclass(frozen=True)
class Agenda:
    """Sessions in the order of their start."""

    items: tuple[SessionOfSeries, ...]


def show_series(uow: UnitOfWork, command: ShowSeries) -> Series:
    """The series with all its sessions. Raises `NotFound`."""
    return uow.series.get(command.series_id)


def list_series(uow: UnitOfWork, command: ListSeries) -> Page[Series]:
    """A page of the clinic's series."""
    found = uow.series.list(
        after=command.after, limit=command.limit + 1, patient_id=command.patient_id, status=command.status
    )
    return page_of(found, command.limit)


def list_sessions(uow: UnitOfWork, command: ListSessions) -> Agenda:
    """The clinic's sessions on these dates. Raises `Invalid` when the dates are too many or the wrong way round."""
    days = (command.until_date - command.from_date).days
    if not 0 <= days < MOST_DAYS:
        detail = f"Ask for 1 to {MOST_DAYS} days, the first one first."
        raise Invalid("agenda.dates-refused", detail, [Fault("agenda.dates-refused", detail, "/query/until_date")])
    zone = uow.clinics.get(uow.clinic_id).zone
    from_at = resolve_forward(datetime.combine(command.from_date, time()), zone)
    until_at = resolve_forward(datetime.combine(command.until_date + timedelta(days=1), time()), zone)
    found = [
        SessionOfSeries(series.id, series.patient_id, series.zone, session)
        for series in uow.series.between(from_at, until_at)
        for session in series.sessions
        if from_at <= session.starts_at < until_at and command.status in {None, session.status}
    ]
    return Agenda(tuple(sorted(found, key=lambda one: (one.session.starts_at, one.series_id))))
