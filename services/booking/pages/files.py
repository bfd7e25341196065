"""Appointments as calendar files: times, and the name that the clinic goes by in messages. Nothing else is in them."""

from collections.abc import Sequence
from datetime import datetime

from services.booking.domain.clinic.clinic import Clinic
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session
from shared.calendar_file import Entry, EntryStatus, calendar_file, uid_of


def appointments_file(series: Series, sessions: Sequence[Session], clinic: Clinic, *, at: datetime) -> bytes:
    """The file of some sessions; one that does not take place is called off in the calendar."""
    return calendar_file([_entry(series, session, clinic) for session in sessions], stamped_at=at)


def _entry(series: Series, session: Session, clinic: Clinic) -> Entry:
    return Entry(
        uid=uid_of(f"series/{series.id}/sessions/{session.number}"),
        sequence=session.revision,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        zone=series.zone,
        summary=clinic.sender_alias,
        status=EntryStatus.CONFIRMED if session.is_live else EntryStatus.CANCELLED,
    )
