"""What a patient does before and after a session with the medicine. Hours are elapsed hours, whatever the clocks do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.booking.domain.protocol.care import Care
from services.booking.domain.series.session import Session


@dataclass(frozen=True)
class Preparation:
    """Instants of a session's day. A talk needs neither an empty stomach nor a driver."""

    arrive_at: datetime
    home_at: datetime
    solids_until: datetime | None = None
    fluids_until: datetime | None = None
    no_driving_until: datetime | None = None


def preparation_of(session: Session, care: Care) -> Preparation:
    """What to do for a session of a protocol with this care: the figures that its day is held against."""
    if not session.doses:
        return Preparation(session.arrives_at, session.ends_at)
    return Preparation(
        arrive_at=session.arrives_at,
        home_at=session.ends_at,
        solids_until=session.starts_at - timedelta(hours=care.solids_hours),
        fluids_until=session.starts_at - timedelta(minutes=care.fluids_minutes),
        no_driving_until=session.ends_at + timedelta(hours=care.no_driving_hours),
    )
