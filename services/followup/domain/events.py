"""What followup tells. Times are instants; `link` is personal and travels sealed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CheckInOpened:
    patient_id: str
    series_id: str
    session_number: int
    instrument: str
    link: str
    opened_at: datetime
    expires_at: datetime
    instruments: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckInAnswered:
    patient_id: str
    answered_at: datetime


@dataclass(frozen=True)
class CheckInMissed:
    patient_id: str
    missed_at: datetime


@dataclass(frozen=True)
class ContactLost:
    """So many check-ins in a row were not answered: somebody should phone."""

    patient_id: str
    series_id: str
    missed: int
    missed_at: datetime


@dataclass(frozen=True)
class CheckInCancelled:
    patient_id: str
    reason: str


@dataclass(frozen=True)
class MeasureScored:
    patient_id: str
    series_id: str
    session_number: int
    instrument: str
    instrument_version: int
    total: int
    band: str
    scored_at: datetime


Event = CheckInOpened | CheckInAnswered | CheckInMissed | ContactLost | CheckInCancelled | MeasureScored
