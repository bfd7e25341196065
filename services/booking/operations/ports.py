"""What booking's operations need of the outside: stores and one unit of work."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from services.booking.domain.access_key import AccessKey
from services.booking.domain.clinic import Clinic
from services.booking.domain.patient import Patient
from services.booking.domain.protocol import Protocol as ClinicProtocol
from services.booking.domain.resource import Resource, ResourceKind
from services.booking.domain.series import Series, SeriesStatus


class DataKeys(Protocol):
    """The keys that a clinic's personal fields are sealed with."""

    def create_key(self, clinic_id: str) -> str:
        """A new key for a clinic, wrapped."""
        ...


class ClinicStore(Protocol):
    """Clinics."""

    def get(self, id: str, version: int | None = None) -> Clinic: ...
    def save(self, aggregate: Clinic, events: Iterable[Any] = ()) -> Clinic: ...
    def list(self, *, after: str | None, limit: int) -> list[Clinic]: ...


class AccessKeyStore(Protocol):
    """Access keys."""

    def get(self, id: str, version: int | None = None) -> AccessKey: ...
    def save(self, aggregate: AccessKey, events: Iterable[Any] = ()) -> AccessKey: ...
    def list(self, *, after: str | None, limit: int) -> list[AccessKey]: ...


class PatientStore(Protocol):
    """Patients."""

    def get(self, id: str, version: int | None = None) -> Patient: ...
    def save(self, aggregate: Patient, events: Iterable[Any] = ()) -> Patient: ...
    def list(self, *, after: str | None, limit: int, phone: str | None, email: str | None) -> list[Patient]: ...


class ProtocolStore(Protocol):
    """Published editions of protocols; none is ever changed."""

    def get(self, slug: str, edition: int | None = None) -> ClinicProtocol:
        """That edition, or the latest one. Raises `NotFound`."""
        ...

    def find_latest(self, slug: str) -> ClinicProtocol | None:
        """The latest edition, if there is any."""
        ...

    def save(self, protocol: ClinicProtocol) -> ClinicProtocol: ...

    def list(self, *, after: str | None, limit: int, slug: str | None) -> list[ClinicProtocol]:
        """Editions behind `after`, by id; only those of one protocol when `slug` is given."""
        ...


class ResourceStore(Protocol):
    """Chairs, rooms, people."""

    def get(self, id: str, version: int | None = None) -> Resource: ...
    def save(self, aggregate: Resource, events: Iterable[Any] = ()) -> Resource: ...

    def list(self, *, after: str | None, limit: int, kind: ResourceKind | None) -> list[Resource]:
        """Resources behind `after`, by id; only those of one kind when it is given."""
        ...

    def all(self) -> Sequence[Resource]:
        """Every resource of the clinic."""
        ...


class SeriesStore(Protocol):
    """Series with their sessions; no two of them ever hold the same slot."""

    def get(self, id: str, version: int | None = None) -> Series: ...
    def save(self, aggregate: Series, events: Iterable[Any] = ()) -> Series: ...

    def list(
        self, *, after: str | None, limit: int, patient_id: str | None, status: SeriesStatus | None
    ) -> list[Series]:
        """Series behind `after`, by id; only those of a patient or with a status when given."""
        ...

    def of_patient(self, patient_id: str) -> Sequence[Series]:
        """All series of a patient."""
        ...

    def between(self, from_at: datetime, until_at: datetime) -> Sequence[Series]:
        """Series of which any session starts in [from_at, until_at)."""
        ...

    def busy(self, resource_ids: Collection[str], from_at: datetime, until_at: datetime) -> frozenset[str]:
        """The slots of these resources (patients among them) that are taken in [from_at, until_at)."""
        ...


class UnitOfWork(Protocol):
    """One clinic, one instant, one commit. `clinic_id` is the clinic that this work is done for."""

    @property
    def clinic_id(self) -> str: ...
    @property
    def now(self) -> datetime: ...
    def new_id(self) -> str: ...

    def new_secret(self) -> tuple[str, str]:
        """A new secret and its digest, SHA-256 in hex."""
        ...

    @property
    def data_keys(self) -> DataKeys: ...
    @property
    def clinics(self) -> ClinicStore: ...
    @property
    def access_keys(self) -> AccessKeyStore: ...
    @property
    def patients(self) -> PatientStore: ...
    @property
    def protocols(self) -> ProtocolStore: ...
    @property
    def resources(self) -> ResourceStore: ...
    @property
    def series(self) -> SeriesStore: ...
