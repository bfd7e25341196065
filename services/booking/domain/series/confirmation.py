"""The patient's word that they will come. It holds for one place: a session that moves has to be confirmed anew."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from services.booking.domain.events import SessionConfirmed
from services.booking.domain.series.series import Changed, Series
from services.booking.domain.series.session import Session, SessionStatus
from shared.errors import Conflict, Fault


class ConfirmedBy(StrEnum):
    """Who said so."""

    PATIENT = "patient"
    DESK = "desk"


def is_awaited(session: Session, at: datetime) -> bool:
    """Whether the patient is still expected, so that their word for it, or against it, means something."""
    return session.status is SessionStatus.BOOKED and at < session.starts_at


def confirm(series: Series, number: int, *, by: ConfirmedBy, at: datetime) -> Changed:
    """Note that the patient will come; once more changes nothing.

    Raises `NotFound`, and `Conflict` when the session has begun, is over or takes place at no time.
    """
    session = series.session(number)
    if not is_awaited(session, at):
        detail = f"Session {number} is {session.status} and not ahead: there is nothing to confirm."
        faults = [Fault("session.not-ahead", detail, context={"number": number, "status": str(session.status)})]
        raise Conflict("session.not-ahead", detail, faults)
    if session.confirmed_at is not None:
        return series, []
    confirmed = series.with_sessions(replace(session, confirmed_at=at))
    return confirmed, [SessionConfirmed(series.patient_id, number, at, str(by))]
