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
    """One session of a booked series. `doses`: the medicine is given; else it is a talk."""

    number: int
    phase: str
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    revision: int
    doses: bool


@dataclass(frozen=True)
class SeriesBooked:
    """A whole series has its places in the calendar. `link` is the patient's page about it.

    Before a dose the patient eats nothing for `solids_hours` and drinks nothing for `fluids_minutes`.
    """

    patient_id: str
    protocol_id: str
    protocol_version: int
    condition: str
    zone: str
    sessions: tuple[BookedSession, ...]
    link: str
    solids_hours: int
    fluids_minutes: int


@dataclass(frozen=True)
class SessionConfirmed:
    """The patient will come: their own word, or what they told the desk."""

    patient_id: str
    number: int
    at: datetime
    by: str


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
    """The patient went home; after a dose they do not drive before `no_driving_until`."""

    patient_id: str
    number: int
    phase: str
    condition: str
    zone: str
    started_at: datetime
    discharged_at: datetime
    no_driving_until: datetime | None


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


@dataclass(frozen=True)
class SeriesPaused:
    """Treatment rests; no session has a place until it is resumed."""

    patient_id: str
    reason: str
    paused_at: datetime


@dataclass(frozen=True)
class SeriesResumed:
    """Treatment goes on: every session has a place again."""

    patient_id: str
    resumed_at: datetime


@dataclass(frozen=True)
class TreatmentHeld:
    """A dose does not begin before a clinician has looked at it; `reason` is the code of what holds it."""

    patient_id: str
    number: int
    reason: str
    at: datetime


@dataclass(frozen=True)
class TreatmentReleased:
    """A clinician has looked at it: as far as `reasons` go, the codes of what held it, the dose may begin."""

    patient_id: str
    number: int
    reasons: tuple[str, ...]
    at: datetime


SeriesEvent: TypeAlias = (
    SeriesBooked
    | SessionConfirmed
    | SessionMoved
    | SessionCancelled
    | SessionCheckedIn
    | SessionStarted
    | SessionDischarged
    | SessionMissed
    | SeriesCompleted
    | SeriesCancelled
    | SeriesPaused
    | SeriesResumed
    | TreatmentHeld
    | TreatmentReleased
)


# --- offers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OfferMade:
    """A place that came free is kept for this patient, for this session of theirs, until `expires_at`."""

    patient_id: str
    series_id: str
    number: int
    zone: str
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class OfferAccepted:
    """The patient takes the place; the session moves there."""

    patient_id: str
    series_id: str
    number: int
    at: datetime


@dataclass(frozen=True)
class OfferDeclined:
    """The patient does not want the place."""

    patient_id: str
    series_id: str
    number: int
    at: datetime


@dataclass(frozen=True)
class OfferExpired:
    """Nobody answered in time."""

    patient_id: str
    series_id: str
    number: int
    at: datetime


@dataclass(frozen=True)
class OfferWithdrawn:
    """The offer is void: the session went another way, or the patient waits no longer."""

    patient_id: str
    series_id: str
    number: int
    at: datetime


OfferEvent: TypeAlias = OfferMade | OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn


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
    escort_phone: str | None


@dataclass(frozen=True)
class PatientChanged(PatientRegistered):
    """The patient's details, all of them, as they are now."""


@dataclass(frozen=True)
class PatientErased:
    """The clinic has erased who a patient was: whoever keeps a copy erases theirs."""

    erased_at: datetime
