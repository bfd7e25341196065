"""The read side: series and the list of sessions."""

from dataclasses import dataclass
from datetime import date

from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import SessionStatus
from services.booking.domain.views.day_sheet import SessionOfSeries
from services.booking.operations.local_days import local_days
from services.booking.operations.ports import UnitOfWork
from shared.paging import Page, page_from, page_of


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
    """What happens from one local date to another, both included, by the time of its start."""

    from_date: date
    until_date: date
    limit: int
    after: str | None
    status: SessionStatus | None = None


def show_series(uow: UnitOfWork, command: ShowSeries) -> Series:
    """The series with all its sessions. Raises `NotFound`."""
    return uow.series.get(command.series_id)


def list_series(uow: UnitOfWork, command: ListSeries) -> Page[Series]:
    """A page of the clinic's series."""
    found = uow.series.list(
        after=command.after, limit=command.limit + 1, patient_id=command.patient_id, status=command.status
    )
    return page_of(found, command.limit)


def list_sessions(uow: UnitOfWork, command: ListSessions) -> Page[SessionOfSeries]:
    """A page of the sessions on these dates. Raises `Invalid` when they are too many or the wrong way round."""
    days = local_days(uow, command.from_date, command.until_date)
    found = [
        placed
        for placed in uow.series.sessions_between(days.from_at, days.until_at)
        if not placed.is_offered and command.status in {None, placed.session.status}
    ]
    return page_from(found, after=command.after, limit=command.limit, place=lambda one: one.place)
