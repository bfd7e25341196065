"""Booking's world in memory: what all units of work share, with state and the database's unique keys."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from services.booking.domain.access_key import AccessKey
from services.booking.domain.calendar import slots_of
from services.booking.domain.clinic import Clinic
from services.booking.domain.patient import Patient
from services.booking.domain.protocol import Protocol
from services.booking.domain.resource import Resource, ResourceKind
from services.booking.domain.series import Series, SeriesStatus
from shared.errors import Contended, NotFound, Stale
from shared.unit_of_work import EVERY_CLINIC

A = TypeVar("A", AccessKey, Clinic, Patient, Protocol, Resource, Series)
_KINDS = (AccessKey, Clinic, Patient, Protocol, Resource, Series)


@dataclass
class FakeBooking:
    """Everything that lasts. `told` holds clinic, aggregate id and event in the order of telling."""

    now: datetime
    rows: dict[type, dict[tuple[str, str], Any]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    told: list[tuple[str, str, Any]] = field(default_factory=list)
    made: int = 0

    def unit(self, clinic_id: str) -> "FakeUnitOfWork":
        return FakeUnitOfWork(self, clinic_id)

    def run(self, clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Any:
        """One operation, one commit, decided again when another writer was faster; a refusal writes nothing."""
        for _ in range(3):
            unit = self.unit(clinic_id)
            result = operation(unit, command)
            try:
                unit.commit()
            except Contended:
                continue
            return result
        raise Contended("again and again")

    def pass_time(self, **how_much: float) -> None:
        self.now += timedelta(**how_much)

    def next_name(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}-{self.made:04d}"

    def all(self, kind: type[A]) -> list[A]:
        return list(self.rows[kind].values())

    def events(self, kind: type | None = None) -> list[Any]:
        return [event for _, _, event in self.told if kind is None or isinstance(event, kind)]


class FakeUnitOfWork:
    """Collects writes; commit applies all of them or none."""

    def __init__(self, world: FakeBooking, clinic_id: str) -> None:
        self.world = world
        self.clinic_id = clinic_id
        self.now = world.now
        self.data_keys = FakeDataKeys()
        self.access_keys = FakeStore(self, AccessKey)
        self.clinics = FakeStore(self, Clinic)
        self.patients = FakePatients(self, Patient)
        self.protocols = FakeProtocols(self)
        self.resources = FakeResources(self, Resource)
        self.series = FakeSeriesStore(self, Series)
        self._writes: list[FakeWrite] = []

    def new_id(self) -> str:
        return self.world.next_name("id")

    def new_secret(self) -> tuple[str, str]:
        secret = self.world.next_name("secret")
        return secret, f"digest of {secret}"

    def write(self, write: "FakeWrite") -> None:
        self._writes.append(write)

    def commit(self) -> None:
        for write in self._writes:
            write.check()
        for write in self._writes:
            write.apply()


@dataclass(frozen=True)
class FakeWrite:
    """`check` raises before anything of the commit is applied."""

    check: Callable[[], None]
    apply: Callable[[], None]


class FakeDataKeys:
    """Makes a clinic's data key up."""

    def create_key(self, clinic_id: str) -> str:
        return f"key of {clinic_id}"


class FakeStore(Generic[A]):
    """Aggregates of one kind; another clinic's are not there."""

    def __init__(self, unit: FakeUnitOfWork, kind: type[A]) -> None:
        self.unit = unit
        self.kind: type[A] = kind
        self.rows: dict[tuple[str, str], A] = unit.world.rows[kind]

    def get(self, id: str, version: int | None = None) -> A:
        found = next((row for row in self.mine() if row.id == id), None)
        if found is None:
            raise NotFound(self.kind.__name__.lower())
        if version is not None and found.version != version:
            raise Stale
        return found

    def save(self, aggregate: A, events: Iterable[Any] = ()) -> A:
        saved = replace(aggregate, version=aggregate.version + 1)
        told = [(self.unit.clinic_id, aggregate.id, event) for event in events]
        self.unit.write(FakeWrite(lambda: self.check(aggregate), lambda: self.keep(saved, told)))
        return saved

    def list(self, *, after: str | None, limit: int) -> list[A]:
        return [row for row in self.mine() if row.id > (after or "")][:limit]

    def check(self, aggregate: A) -> None:
        stored = self.rows.get((self.unit.clinic_id, aggregate.id))
        if (stored.version if stored else 0) != aggregate.version:
            raise Contended(f"{aggregate.id} was changed meanwhile")

    def keep(self, saved: A, told: Iterable[tuple[str, str, Any]]) -> None:
        self.rows[self.unit.clinic_id, saved.id] = saved
        self.unit.world.told += told

    def mine(self) -> Sequence[A]:
        clinic = self.unit.clinic_id
        return [row for (owner, _), row in sorted(self.rows.items()) if clinic in {owner, EVERY_CLINIC}]


class FakePatients(FakeStore[Patient]):
    """Patients, to be looked up by phone and e-mail."""

    def list(  # type: ignore[override]
        self, *, after: str | None, limit: int, phone: str | None, email: str | None
    ) -> list[Patient]:
        found = [row for row in self.mine() if phone in {None, row.phone} and email in {None, row.email}]
        return [row for row in found if row.id > (after or "")][:limit]


class FakeProtocols:
    """Editions of protocols."""

    def __init__(self, unit: FakeUnitOfWork) -> None:
        self.store = FakeStore(unit, Protocol)

    def get(self, slug: str, edition: int | None = None) -> Protocol:
        found = [row for row in self.editions(slug) if edition in {None, row.edition}]
        if not found:
            raise NotFound("protocol")
        return found[-1]

    def find_latest(self, slug: str) -> Protocol | None:
        return next(reversed(self.editions(slug)), None)

    def save(self, protocol: Protocol) -> Protocol:
        return self.store.save(protocol)

    def list(self, *, after: str | None, limit: int, slug: str | None) -> list[Protocol]:
        return [row for row in self.store.mine() if slug in {None, row.slug} and row.id > (after or "")][:limit]

    def editions(self, slug: str) -> Sequence[Protocol]:
        return sorted((row for row in self.store.mine() if row.slug == slug), key=lambda row: row.edition)


class FakeResources(FakeStore[Resource]):
    """Resources."""

    def list(  # type: ignore[override]
        self, *, after: str | None, limit: int, kind: ResourceKind | None
    ) -> list[Resource]:
        return [row for row in self.mine() if kind in {None, row.kind} and row.id > (after or "")][:limit]

    def all(self) -> Sequence[Resource]:
        return self.mine()


class FakeSeriesStore(FakeStore[Series]):
    """Series with the unique key that the database has on their slots."""

    def check(self, aggregate: Series) -> None:
        super().check(aggregate)
        taken = {slot for row in self.mine() if row.id != aggregate.id for slot in row.slots}
        if clash := taken & aggregate.slots:
            raise Contended(f"{min(clash)} is taken")

    def list(  # type: ignore[override]
        self, *, after: str | None, limit: int, patient_id: str | None, status: SeriesStatus | None
    ) -> list[Series]:
        found = [row for row in self.mine() if patient_id in {None, row.patient_id} and status in {None, row.status}]
        return [row for row in found if row.id > (after or "")][:limit]

    def of_patient(self, patient_id: str) -> Sequence[Series]:
        return [row for row in self.mine() if row.patient_id == patient_id]

    def between(self, from_at: datetime, until_at: datetime) -> Sequence[Series]:
        return [row for row in self.mine() if any(from_at <= session.starts_at < until_at for session in row.sessions)]

    def busy(self, resource_ids: Collection[str], from_at: datetime, until_at: datetime) -> frozenset[str]:
        taken = (slot for row in self.mine() for slot in row.slots)
        return slots_of(taken, resource_ids, from_at, until_at)
