"""A series: all sessions of one course of one patient. It is booked whole, and each session then goes its own way."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from services.booking.domain.calendar import dose_day
from services.booking.domain.events import (
    BookedSession,
    SeriesBooked,
    SeriesCancelled,
    SeriesCompleted,
    SeriesEvent,
    SessionCancelled,
    SessionCheckedIn,
    SessionDischarged,
    SessionMissed,
    SessionMoved,
    SessionStarted,
)
from services.booking.domain.protocol import Condition
from services.booking.domain.session import CancelReason, MissReason, Session, SessionMove, SessionStatus
from services.booking.domain.spacing import Finding
from shared.errors import Conflict, NotFound, RuleBroken
from shared.localtime import local_date


class SeriesStatus(StrEnum):
    """Where a series stands: active until no session is open."""

    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Series:
    """`protocol` is the slug; `notes` tells what the spacing rules accepted with a remark."""

    id: str
    patient_id: str
    protocol: str
    edition: int
    condition: Condition
    zone: str
    sessions: tuple[Session, ...]
    notes: tuple[Finding, ...] = ()
    status: SeriesStatus = SeriesStatus.ACTIVE
    version: int = 0

    @property
    def slots(self) -> frozenset[str]:
        """What its live sessions hold: every slot of every resource, and each local date of a dose.

        The latter lets the database itself refuse the patient's second dose on one day.
        """
        live = [session for session in self.sessions if session.is_live]
        days = frozenset(dose_day(self.patient_id, session.on) for session in live if session.doses)
        return days.union(*(session.slots for session in live))

    def session(self, number: int) -> Session:
        """Session `number`. Raises `NotFound`."""
        found = next((session for session in self.sessions if session.number == number), None)
        if found is None:
            raise NotFound("session")
        return found

    def book(self) -> "Changed":
        """All sessions at once."""
        sessions = tuple(
            BookedSession(one.number, one.phase, one.starts_at, one.starts_local, one.ends_at, one.revision)
            for one in self.sessions
        )
        told = SeriesBooked(self.patient_id, self.protocol, self.edition, str(self.condition), self.zone, sessions)
        return self, [told]

    def move(self, placed: Session, notes: Iterable[Finding]) -> "Changed":
        """Put a session where `placed` is; the others stay, and it keeps its number."""
        before = self.session(placed.number)
        moved = before.after(
            SessionMove.RESCHEDULE,
            starts_at=placed.starts_at,
            starts_local=placed.starts_local,
            second=placed.second,
            ends_at=placed.ends_at,
            claims=placed.claims,
            revision=before.revision + 1,
        )
        told = SessionMoved(
            patient_id=self.patient_id,
            number=moved.number,
            phase=moved.phase,
            zone=self.zone,
            starts_at=moved.starts_at,
            starts_local=moved.starts_local,
            ends_at=moved.ends_at,
            revision=moved.revision,
            previous_starts_at=before.starts_at,
        )
        return replace(self.with_sessions(moved), notes=tuple(notes)), [told]

    def check_in(self, number: int, *, at: datetime) -> "Changed":
        """The patient is there. Raises `RuleBroken` on any day but that of the session."""
        session = self.session(number).after(SessionMove.CHECK_IN, arrived_at=at)
        if local_date(at, self.zone) != session.on:
            raise RuleBroken("session.not-today", f"Session {number} is on {session.on}.")
        return self.with_sessions(session), [SessionCheckedIn(self.patient_id, number, at)]

    def start(self, number: int, *, at: datetime) -> "Changed":
        """The treatment begins."""
        session = self.session(number).after(SessionMove.START, started_at=at)
        return self.with_sessions(session), [SessionStarted(self.patient_id, number, at)]

    def discharge(self, number: int, *, at: datetime) -> "Changed":
        """The patient goes home; with the last open session the series is completed."""
        session = self.session(number).after(SessionMove.DISCHARGE, discharged_at=at)
        told = SessionDischarged(
            patient_id=self.patient_id,
            number=number,
            phase=session.phase,
            condition=str(self.condition),
            zone=self.zone,
            started_at=session.started_at or at,
            discharged_at=at,
        )
        return _settled(self.with_sessions(session), told, at)

    def cancel(self, number: int, *, reason: CancelReason, at: datetime) -> "Changed":
        """A session will not take place; its slots are free."""
        session = self.session(number).after(SessionMove.CANCEL, reason=str(reason))
        return _settled(self.with_sessions(session), self._cancellation(session, reason), at)

    def miss(self, number: int, *, reason: MissReason, at: datetime) -> "Changed":
        """The patient did not come in time; the slots are free. Raises `RuleBroken` before the session's start."""
        session = self.session(number).after(SessionMove.MISS, reason=str(reason))
        if at < session.starts_at:
            raise RuleBroken("session.not-due", f"Session {number} has not begun yet: nobody can have missed it.")
        told = SessionMissed(self.patient_id, number, session.phase, session.starts_at, session.revision, str(reason))
        return _settled(self.with_sessions(session), told, at)

    def cancel_rest(self, *, reason: CancelReason, at: datetime) -> "Changed":
        """Call off every open session. Raises `Conflict` when none is open, or one of them has begun."""
        rest = [session for session in self.sessions if session.is_open]
        if faults := [fault for session in rest for fault in session.faults_of(SessionMove.CANCEL)]:
            raise Conflict("session.illegal-move", "A session that has begun is not cancelled.", faults)
        if not rest:
            raise Conflict("series.closed", f"This series is {self.status}.")
        cancelled = [session.after(SessionMove.CANCEL, reason=str(reason)) for session in rest]
        told = [self._cancellation(session, reason) for session in cancelled]
        closed = replace(self.with_sessions(*cancelled), status=SeriesStatus.CANCELLED)
        return closed, [*told, SeriesCancelled(self.patient_id, str(reason), at)]

    def with_sessions(self, *changed: Session) -> "Series":
        """The series with these sessions in the places of those with their numbers."""
        by_number = {session.number: session for session in (*self.sessions, *changed)}
        return replace(self, sessions=tuple(by_number[session.number] for session in self.sessions))

    def _cancellation(self, session: Session, reason: CancelReason) -> SessionCancelled:
        return SessionCancelled(
            self.patient_id, session.number, session.phase, session.starts_at, session.revision, str(reason)
        )


Changed: TypeAlias = tuple[Series, list[SeriesEvent]]


def doses_on(series: Iterable[Series]) -> tuple[date, ...]:
    """The local dates of all live doses of these series."""
    return tuple(one.on for each in series for one in each.sessions if one.is_live and one.doses)


def _settled(series: Series, told: SessionDischarged | SessionCancelled | SessionMissed, at: datetime) -> Changed:
    """The series after a session has ended; closed when that was the last open one."""
    if any(session.is_open for session in series.sessions):
        return series, [told]
    if any(session.status is SessionStatus.FULFILLED for session in series.sessions):
        return replace(series, status=SeriesStatus.COMPLETED), [told, SeriesCompleted(series.patient_id, at)]
    reason = series.session(told.number).reason or ""
    return replace(series, status=SeriesStatus.CANCELLED), [told, SeriesCancelled(series.patient_id, reason, at)]
