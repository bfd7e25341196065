"""What operations need of the outside world."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from services.followup.domain.check_in import CheckIn
from services.followup.domain.clinic import Clinic
from services.followup.domain.events import Event
from services.followup.domain.instrument import Library
from services.followup.domain.patient import Patient


class CheckIns(Protocol):
    """Check-ins of the unit's clinic; a session has at most one of each kind."""

    def get(self, id: str) -> CheckIn:
        """Raises `NotFound`."""
        ...

    def save(self, aggregate: CheckIn, events: Iterable[Event] = ()) -> CheckIn:
        """Keep it and let the events ride with it; the check-in as it then stands."""
        ...

    def of_session(self, series_id: str, session_number: int) -> Sequence[CheckIn]:
        """All kinds of check-ins of one session."""
        ...

    def of_patient(self, patient_id: str, *, after: str | None = None, limit: int = 0) -> Sequence[CheckIn]:
        """Those behind the id `after`, in order of planning; at most `limit` (0: all)."""
        ...

    def by_link(self, token_digest: str) -> CheckIn:
        """Raises `NotFound`."""
        ...

    def clinic_of(self, token_digest: str) -> str:
        """The clinic that a link belongs to, whichever clinic it is. Raises `NotFound`."""
        ...


class Clinics(Protocol):
    """The unit's clinic, as it was heard."""

    def get(self, id: str) -> Clinic:
        """Raises `NotFound`."""
        ...

    def find(self, id: str) -> Clinic | None: ...

    def save(self, aggregate: Clinic) -> Clinic: ...


class Patients(Protocol):
    """Patients of the unit's clinic, as they were heard."""

    def get(self, id: str) -> Patient:
        """Raises `NotFound`."""
        ...

    def find(self, id: str) -> Patient | None: ...

    def save(self, aggregate: Patient) -> Patient: ...


class UnitOfWork(Protocol):
    """One transaction of followup, for one clinic."""

    @property
    def clinic_id(self) -> str: ...

    @property
    def now(self) -> datetime:
        """Aware, UTC, whole milliseconds; the same for the whole unit."""
        ...

    @property
    def public_url(self) -> str:
        """Where patients' browsers reach this installation."""
        ...

    @property
    def instruments(self) -> Library: ...

    @property
    def check_ins(self) -> CheckIns: ...

    @property
    def clinics(self) -> Clinics: ...

    @property
    def patients(self) -> Patients: ...

    def new_id(self) -> str: ...

    def new_token(self) -> str:
        """A random secret of at least 128 bits that fits into a link."""
        ...

    def adopt_key(self, wrapped: str) -> None:
        """Keep the clinic's wrapped data key; adopting it again changes nothing."""
        ...

    def unseal(self, sealed: str) -> str:
        """The text behind a sealed value. Raises `TransientFailure` while the clinic's key has not been heard of."""
        ...
