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


@dataclass(frozen=True)
class AlertRaised:
    """Somebody has to see it; its clock runs from `raised_at`. Nothing takes it back."""

    patient_id: str
    series_id: str | None
    session_number: int | None
    check_in_id: str | None
    trigger: str
    tier: int
    holds_treatment: bool
    raised_at: datetime


@dataclass(frozen=True)
class AlertAcknowledged:
    """Somebody has taken it on; `by` is `staff/<contact id>` or `key/<access key id>`."""

    patient_id: str
    trigger: str
    by: str
    acknowledged_at: datetime


@dataclass(frozen=True)
class PageWanted:
    """The next of the staff is to be paged; without `contact_id` whoever the clinic has named. Name and addresses are
    personal.
    """

    patient_id: str
    alert_id: str
    step: int
    tier: int
    trigger: str
    role: str
    contact_id: str
    contact_name: str | None
    contact_phone: str | None
    contact_email: str | None
    raised_at: datetime


@dataclass(frozen=True)
class RelapseSuspected:
    """A rule says that an effect is being lost: a booster may be discussed."""

    patient_id: str
    series_id: str
    rule: str
    instrument: str
    score: int
    at: datetime


Event = (
    CheckInOpened
    | CheckInAnswered
    | CheckInMissed
    | ContactLost
    | CheckInCancelled
    | MeasureScored
    | AlertRaised
    | AlertAcknowledged
    | PageWanted
    | RelapseSuspected
)
