"""The events that a session's facts make, for the patient of its series."""

from datetime import datetime

from services.booking.domain.events import BookedSession, SessionCancelled, SessionDischarged, SessionMoved
from services.booking.domain.series.session import Session


def booking(session: Session) -> BookedSession:
    """It has its place, as its series is booked."""
    return BookedSession(
        number=session.number,
        phase=session.phase,
        starts_at=session.starts_at,
        starts_local=session.starts_local,
        ends_at=session.ends_at,
        revision=session.revision,
        doses=session.doses,
    )


def movement(patient_id: str, zone: str, before: Session, after: Session) -> SessionMoved:
    """It has another place."""
    return SessionMoved(
        patient_id=patient_id,
        number=after.number,
        phase=after.phase,
        zone=zone,
        starts_at=after.starts_at,
        starts_local=after.starts_local,
        ends_at=after.ends_at,
        revision=after.revision,
        previous_starts_at=before.starts_at,
    )


def cancellation(patient_id: str, session: Session) -> SessionCancelled:
    """It does not take place at this time, for its reason."""
    reason = session.reason or ""
    return SessionCancelled(patient_id, session.number, session.phase, session.starts_at, session.revision, reason)


def departure(
    patient_id: str, condition: str, zone: str, session: Session, no_driving_until: datetime | None
) -> SessionDischarged:
    """The patient went home, and does not drive before an instant. Raises `ValueError` for one that nobody left."""
    if session.discharged_at is None:
        raise ValueError(f"nobody was discharged from session {session.number}")
    return SessionDischarged(
        patient_id=patient_id,
        number=session.number,
        phase=session.phase,
        condition=condition,
        zone=zone,
        started_at=session.started_at or session.discharged_at,
        discharged_at=session.discharged_at,
        no_driving_until=no_driving_until,
    )
