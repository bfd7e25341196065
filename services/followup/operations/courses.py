"""What booking tells of series and their sessions. News may come in any order and more than once."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.followup.domain.known import Course, Known, Visit
from services.followup.operations.planning import keep_and_replan, latest_plan
from services.followup.operations.ports import UnitOfWork


@dataclass(frozen=True)
class BookedSession:
    """One session of a booked series."""

    number: int
    phase: str
    starts_at: datetime
    starts_local: datetime
    revision: int


@dataclass(frozen=True)
class SeriesBooked:
    """A whole series has its places."""

    series_id: str
    patient_id: str
    protocol_id: str
    condition: str
    zone: str
    sessions: tuple[BookedSession, ...]


@dataclass(frozen=True)
class SessionMoved:
    """A session has another place, or one again; or it is new in the series."""

    series_id: str
    patient_id: str
    number: int
    phase: str
    zone: str
    starts_at: datetime
    starts_local: datetime
    revision: int


@dataclass(frozen=True)
class SessionLost:
    """A session was cancelled, missed or paused: it does not take place where it was."""

    series_id: str
    patient_id: str
    number: int
    phase: str
    revision: int


@dataclass(frozen=True)
class SessionDischarged:
    """The patient went home."""

    series_id: str
    patient_id: str
    number: int
    phase: str
    condition: str
    zone: str
    discharged_at: datetime


_UNPINNED: Final = 0


def hear_series_booked(uow: UnitOfWork, command: SeriesBooked) -> None:
    """Plan everything that the series asks for."""
    visits = tuple(
        Visit(one.number, one.phase, one.revision, one.starts_at, one.starts_local) for one in command.sessions
    )
    course = Course(
        command.series_id,
        _UNPINNED,
        protocol=command.protocol_id,
        condition=command.condition,
        zone=command.zone,
        visits=visits,
    )
    _hear(uow, command.patient_id, course)


def hear_session_moved(uow: UnitOfWork, command: SessionMoved) -> None:
    """What is still to be asked is counted from the new place."""
    visit = Visit(command.number, command.phase, command.revision, command.starts_at, command.starts_local)
    _hear(uow, command.patient_id, Course(command.series_id, _UNPINNED, zone=command.zone, visits=(visit,)))


def hear_session_lost(uow: UnitOfWork, command: SessionLost) -> None:
    """Nothing is asked about it, and it is no longer the end of the series."""
    visit = Visit(command.number, command.phase, lost=command.revision)
    _hear(uow, command.patient_id, Course(command.series_id, _UNPINNED, visits=(visit,)))


def hear_session_discharged(uow: UnitOfWork, command: SessionDischarged) -> None:
    """Plan what is asked so many hours after it."""
    visit = Visit(command.number, command.phase, discharged_at=command.discharged_at)
    course = Course(command.series_id, _UNPINNED, condition=command.condition, zone=command.zone, visits=(visit,))
    _hear(uow, command.patient_id, course)


def _hear(uow: UnitOfWork, patient_id: str, news: Course) -> None:
    """Join the news to what is known; news that say nothing new change nothing."""
    known = uow.known.find(patient_id) or Known(patient_id)
    if known.course(news.id) is None:
        news = replace(news, edition=latest_plan(uow).edition)
    after = known.with_news(news)
    if after != known:
        keep_and_replan(uow, after)
