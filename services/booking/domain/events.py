"""What booking tells: one frozen class per event, holding exactly what the event carries.

Instants are aware and in UTC (`…_at`, `at`), `starts_local` is the naive wall time in `zone`. Which series an event
speaks of is said by the envelope's subject.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TypeAlias

# --- series and their sessions: one aggregate, one order ------------------------------------------------------------


@dataclass(frozen=True)
class BookedSession:
    """One session of a booked series."""

    number: int
    phase: str
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    revision: int


@dataclass(frozen=True)
class SeriesBooked:
    """A whole series has its places in the calendar."""

    patient_id: str
    protocol_id: str
    protocol_version: int
    condition: str
    zone: str
    sessions: tuple[BookedSession, ...]


@dataclass(frozen=True)
class SessionMoved:
    """One session has another time; `revision` counts the moves of this session."""

    patient_id: str
    number: int
    phase: str
    zone: str
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    revision: int
    previous_starts_at: datetime


@dataclass(frozen=True)
class SessionCancelled:
    """A session will not take place."""

    patient_id: str
    number: int
    phase: str
    starts_at: datetime
    revision: int
    reason: str


@dataclass(frozen=True)
class SessionCheckedIn:
    """The patient is there."""

    patient_id: str
    number: int
    at: datetime


@dataclass(frozen=True)
class SessionStarted:
    """The treatment began."""

    patient_id: str
    number: int
    at: datetime


@dataclass(frozen=True)
class SessionDischarged:
    """The patient went home."""

    patient_id: str
    number: int
    phase: str
    condition: str
    zone: str
    started_at: datetime
    discharged_at: datetime


@dataclass(frozen=True)
class SessionMissed:
    """The patient did not come, or came too late."""

    patient_id: str
    number: int
    phase: str
    starts_at: datetime
    revision: int
    reason: str


@dataclass(frozen=True)
class SeriesCompleted:
    """No session is open any more, and at least one took place."""

    patient_id: str
    completed_at: datetime


@dataclass(frozen=True)
class SeriesCancelled:
    """No session is open any more, and none took place; or the rest was called off."""

    patient_id: str
    reason: str
    cancelled_at: datetime


SeriesEvent: TypeAlias = (
    SeriesBooked
    | SessionMoved
    | SessionCancelled
    | SessionCheckedIn
    | SessionStarted
    | SessionDischarged
    | SessionMissed
    | SeriesCompleted
    | SeriesCancelled
)


# --- clinics, access keys, patients ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClinicChanged:
    """What the other services need of a clinic; quiet hours are local wall times of the patient, `HH:MM`."""

    name: str
    sender_alias: str
    zone: str
    country: str
    locale: str
    phone: str
    quiet_from: time
    quiet_until: time


@dataclass(frozen=True)
class ClinicOpened(ClinicChanged):
    """A clinic has joined. `data_key` is its data key, wrapped with the installation's master key."""

    data_key: str


@dataclass(frozen=True)
class AccessKeyIssued:
    """A new credential; `digest` is the SHA-256 of its secret."""

    label: str
    digest: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True)
class AccessKeyChanged:
    """A credential ends at another instant."""

    expires_at: datetime | None


@dataclass(frozen=True)
class AccessKeyRevoked:
    """A credential is void from now on."""

    revoked_at: datetime


@dataclass(frozen=True)
class PatientRegistered:
    """A patient and how to reach them. Personal fields travel sealed."""

    name: str
    birth_date: date
    phone: str | None
    email: str | None
    locale: str
    zone: str | None
    country: str | None
    privacy: str
    preferred_channel: str


@dataclass(frozen=True)
class PatientChanged(PatientRegistered):
    """The patient's details, all of them, as they are now."""
