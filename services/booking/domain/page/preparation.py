"""What a patient does before and after a session with the medicine. Hours are elapsed hours, whatever the clocks do.

All figures are defaults that a licensed clinician approves or changes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.booking.domain.series.session import Session

SOLIDS_STOP: Final = timedelta(hours=6)
"""No solid food from so long before the start (ASA preoperative fasting guideline: light meal 6 h)."""
CLEAR_FLUIDS_STOP: Final = timedelta(hours=2)
"""No clear fluids from so long before the start (ASA preoperative fasting guideline: 2 h)."""
NO_DRIVING: Final = timedelta(hours=24)
"""No driving for so long after going home (common clinic practice after sedation)."""


@dataclass(frozen=True)
class Preparation:
    """Instants of a session's day. A talk needs neither an empty stomach nor a driver."""

    arrive_at: datetime
    home_at: datetime
    solids_until: datetime | None = None
    fluids_until: datetime | None = None
    no_driving_until: datetime | None = None

    @property
    def is_fasting(self) -> bool:
        """Whether the patient comes with an empty stomach and leaves with somebody."""
        return self.solids_until is not None


def preparation_of(session: Session) -> Preparation:
    """What to do for a session, by default."""
    if not session.doses:
        return Preparation(session.arrives_at, session.ends_at)
    return Preparation(
        arrive_at=session.arrives_at,
        home_at=session.ends_at,
        solids_until=session.starts_at - SOLIDS_STOP,
        fluids_until=session.starts_at - CLEAR_FLUIDS_STOP,
        no_driving_until=session.ends_at + NO_DRIVING,
    )
