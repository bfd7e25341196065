"""Followup's world in memory: what units of work of all clinics share, with state instead of a database."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from services.followup.domain.alert import OPEN, Alert, AlertStatus
from services.followup.domain.alert_rules import KIND, AlertRules
from services.followup.domain.check_in import PATH, CheckIn, Status
from services.followup.domain.clinic import Clinic
from services.followup.domain.edition import name_of
from services.followup.domain.events import Event
from services.followup.domain.known import Known
from services.followup.domain.library import Library
from services.followup.domain.outcome import Scored
from services.followup.domain.patient import Patient
from services.followup.domain.plan import Plan, Questions
from services.followup.domain.rota import Rota
from services.followup.domain.triggers import Rules
from services.followup.domain.wording import LoadedText
from services.followup.instruments import load_library
from services.followup.plans import load_default
from services.followup.rules import load_rules
from shared.actor import Actor
from shared.errors import Contended, NotFound, Stale
from shared.paging import Page, page_from
from shared.persistence.sealed import KeyMissing
from shared.persistence.unit_of_work import EVERY_CLINIC
from shared.private_link import NewLink, new_link

A = TypeVar("A", Alert, AlertRules, CheckIn, Clinic, Known, LoadedText, Patient, Plan, Rota)
PUBLIC_URL = "https://care.example"
LIBRARY = load_library()
DEFAULT_PLAN = load_default(frozenset(instrument.id for instrument in LIBRARY.instruments))
RULES = load_rules(LIBRARY.instruments)
STAFF = Actor("key-1", frozenset({"clinician"}))


@dataclass
class FakeFollowup:
    """Everything that lasts. `told` holds clinic, check-in and event in the order of telling."""

    now: datetime
    instruments: Library = LIBRARY
    default_plan: Questions = DEFAULT_PLAN
    default_rules: Rules = RULES
    rows: dict[type, dict[tuple[str, str], Any]] = field(
        default_factory=lambda: {
            kind: {} for kind in (Alert, AlertRules, CheckIn, Clinic, Known, LoadedText, Patient, Plan, Rota)
        }
    )
    keys: set[str] = field(default_factory=set)
    told: list[tuple[str, str, Event]] = field(default_factory=list)
    _made: int = 0

    def unit(self, clinic_id: str) -> "FakeUnitOfWork":
        return FakeUnitOfWork(self, clinic_id)

    def run(self, clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Any:
        """One operation, one commit; a refusal writes nothing."""
        unit = self.unit(clinic_id)
        result = operation(unit, command)
        unit.commit()
        return result

    def pass_time(self, **how_much: float) -> None:
        self.now += timedelta(**how_much)

    def next_name(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}-{self._made:04d}"

    def all(self, kind: type[A]) -> list[A]:
        return list(self.rows[kind].values())

    def events(self, kind: type[Event] | None = None) -> list[Any]:
        return [event for _, _, event in self.told if kind is None or isinstance(event, kind)]


class FakeUnitOfWork:
    """Collects writes and applies them at once, as the real one does."""

    public_url = PUBLIC_URL

    def __init__(self, world: FakeFollowup, clinic_id: str) -> None:
        self.world = world
        self.clinic_id = clinic_id
        self.now = world.now
        self.instruments = world.instruments
        self.default_plan = world.default_plan
        self.default_rules = world.default_rules
        self.actor = STAFF
        self.alerts = FakeAlerts(self, Alert)
        self.rotas = FakeRotas(self, Rota)
        self.check_ins = FakeCheckIns(self, CheckIn)
        self.clinics = FakeStore(self, Clinic)
        self.patients = FakeStore(self, Patient)
        self.known = FakeKnown(self, Known)
        self.texts = FakeTexts(self, LoadedText)
        self.plans = FakeEditions(self, Plan, "plan")
        self.alert_rules = FakeEditions(self, AlertRules, KIND)
        self._writes: list[Callable[[], None]] = []

    def new_id(self) -> str:
        return self.world.next_name("id")

    def new_link(self) -> NewLink:
        return new_link(PUBLIC_URL, PATH, self.world.next_name("token"))

    def new_token(self) -> str:
        return self.world.next_name("token")

    def adopt_key(self, wrapped: str) -> None:
        self.world.keys.add(wrapped)

    def unseal(self, sealed: str) -> str:
        if not self.world.keys:
            raise KeyMissing("the clinic's data key is not here (yet)")
        return sealed.removeprefix("sealed:")

    def write(self, write: Callable[[], None]) -> None:
        self._writes.append(write)

    def commit(self) -> None:
        for write in self._writes:
            write()


class FakeStore(Generic[A]):
    """Aggregates of one kind; another clinic's are not there."""

    def __init__(self, unit: FakeUnitOfWork, kind: type[A]) -> None:
        self.unit = unit
        self.kind: type[A] = kind
        self.rows: dict[tuple[str, str], A] = unit.world.rows[kind]

    def find(self, id: str) -> A | None:
        return next((row for row in self.mine() if row.id == id), None)

    def get(self, id: str) -> A:
        found = self.find(id)
        if found is None:
            raise NotFound(self.kind.__name__)
        return found

    def save(self, aggregate: A, events: Iterable[Event] = ()) -> A:
        saved = replace(aggregate, version=aggregate.version + 1)
        told = [(self.unit.clinic_id, aggregate.id, event) for event in events]
        self.unit.write(lambda: self.keep(aggregate.version, saved, told))
        return saved

    def keep(self, read: int, saved: A, told: list[tuple[str, str, Event]]) -> None:
        key = (self.unit.clinic_id, saved.id)
        if (self.rows[key].version if key in self.rows else 0) != read:
            raise Contended(f"{key} was changed meanwhile")
        self.rows[key] = saved
        self.unit.world.told += told

    def mine(self) -> list[A]:
        clinic = self.unit.clinic_id
        return [row for (owner, _), row in sorted(self.rows.items()) if clinic in {owner, EVERY_CLINIC}]


class FakeCheckIns(FakeStore[CheckIn]):
    """Check-ins, found by patient and by link."""

    def of_patient(self, patient_id: str) -> list[CheckIn]:
        return [row for row in self.mine() if row.patient_id == patient_id]

    def scores(self, instrument: str | None) -> list[Scored]:
        return [
            Scored(row.patient_id, row.series_id, part.instrument, part.instrument_version, row.due_at,
                   part.score.total, part.score.band or "")
            for row in self.mine()
            for part in row.parts
            if row.status is Status.ANSWERED and part.score is not None and part.score.total is not None
            and instrument in {None, part.instrument}
        ]  # fmt: skip

    def overdue(self, opened_before: datetime) -> list[CheckIn]:
        rows = [row for row in self.mine() if row.status is Status.OPEN]
        return [row for row in rows if row.opened_at is not None and row.opened_at <= opened_before]

    def by_link(self, link_digest: str) -> CheckIn:
        for row in self.mine():
            if row.token_digest == link_digest:
                return row
        raise NotFound("check in")

    def clinic_of_link(self, link_digest: str) -> str:
        for (clinic, _), row in self.rows.items():
            if row.token_digest == link_digest:
                return clinic
        raise NotFound("check in")


class FakeKnown(FakeStore[Known]):
    """What is known of patients, found by the protocol of a series."""

    def with_protocol(self, protocol: str | None) -> list[Known]:
        return [
            row for row in self.mine() if protocol is None or any(each.protocol == protocol for each in row.courses)
        ]


class FakeAlerts(FakeStore[Alert]):
    """Alerts, by what they are about and as lists."""

    def open(self) -> list[Alert]:
        return [row for row in self.mine() if row.status in OPEN]

    def of_check_in(self, patient_id: str, check_in_id: str) -> list[Alert]:
        return [row for row in self.mine() if (row.patient_id, row.check_in_id) == (patient_id, check_in_id)]

    def page(
        self, *, status: AlertStatus | None, tier: int | None, patient_id: str | None, after: str | None, limit: int
    ) -> Page[Alert]:
        asked = {"status": status, "tier": tier, "patient_id": patient_id}
        wanted = {name: value for name, value in asked.items() if value is not None}
        rows = [row for row in self.mine() if all(getattr(row, name) == value for name, value in wanted.items())]
        return page_from(rows, after=after, limit=limit, place=lambda row: f"{row.raised_at.isoformat()} {row.id}")


class FakeRotas(FakeStore[Rota]):
    """One rota for each clinic."""

    def of_clinic(self, version: int | None = None) -> Rota:
        rota = self.find(self.unit.clinic_id) or Rota(self.unit.clinic_id)
        if version is not None and rota.version != version:
            raise Stale
        return rota


class FakeEditions(FakeStore[Any]):
    """Editions; one that was saved in this unit can be read in it. Its number is its version as well."""

    def __init__(self, unit: FakeUnitOfWork, kind: type[Any], name: str) -> None:
        super().__init__(unit, kind)
        self.name = name
        self.saved: dict[str, Any] = {}

    def get(self, edition: Any) -> Any:
        name = name_of(self.name, edition)
        return self.saved.get(name) or super().get(name)

    def latest(self) -> Any:
        return max(self.mine(), key=lambda one: one.edition, default=None)

    def save(self, aggregate: Any, events: Iterable[Event] = ()) -> Any:
        super().save(aggregate, events)
        self.saved[aggregate.id] = replace(aggregate, version=aggregate.edition)
        return self.saved[aggregate.id]

    def keep(self, read: int, saved: Any, told: list[tuple[str, str, Event]]) -> None:
        super().keep(read, replace(saved, version=saved.edition), told)

    def list(self, *, after: str | None, limit: int) -> list[Any]:
        return [one for one in self.mine() if one.id > (after or "")][:limit]


class FakeTexts(FakeStore[LoadedText]):
    """Wordings with the unique key that the database has."""

    def keep(self, read: int, saved: LoadedText, told: list[tuple[str, str, Event]]) -> None:
        if any(row.text.name == saved.text.name for row in self.mine()):
            raise Contended(f"{saved.text.name} is taken")
        super().keep(read, saved, told)

    def of_instrument(self, instrument: str) -> list[LoadedText]:
        return [row for row in self.mine() if row.text.instrument == instrument]

    def all(self) -> list[LoadedText]:
        return self.mine()
