"""What operations need of the outside world."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from services.followup.domain.alert import Alert, AlertStatus
from services.followup.domain.alert_rules import AlertRules
from services.followup.domain.check_in import CheckIn
from services.followup.domain.clinic import Clinic
from services.followup.domain.edition import Edition
from services.followup.domain.events import Event
from services.followup.domain.known import Known
from services.followup.domain.library import Library
from services.followup.domain.outcome import Scored
from services.followup.domain.patient import Patient
from services.followup.domain.plan import Plan, Questions
from services.followup.domain.rota import Rota
from services.followup.domain.triggers import Rules
from services.followup.domain.wording import LoadedText
from shared.actor import Actor
from shared.paging import Page
from shared.private_link import NewLink

E = TypeVar("E", bound=Edition)


class CheckIns(Protocol):
    """Check-ins of the unit's clinic."""

    def get(self, id: str) -> CheckIn:
        """Raises `NotFound`."""
        ...

    def save(self, aggregate: CheckIn, events: Iterable[Event] = ()) -> CheckIn:
        """Keep it and let the events ride with it; the check-in as it then stands."""
        ...

    def of_patient(self, patient_id: str) -> Sequence[CheckIn]:
        """All that there are, also what is not planned at present."""
        ...

    def scores(self, instrument: str | None) -> Iterable[Scored]:
        """What was scored with `instrument`, or with any, of all patients."""
        ...

    def by_link(self, link_digest: str) -> CheckIn:
        """Raises `NotFound`."""
        ...

    def clinic_of_link(self, link_digest: str) -> str:
        """The clinic that a link belongs to, whichever clinic it is. Raises `NotFound`."""
        ...

    def overdue(self, opened_before: datetime) -> Sequence[CheckIn]:
        """Those of the clinic that have been open since then or longer."""
        ...


class Alerts(Protocol):
    """Alerts of the unit's clinic."""

    def get(self, id: str) -> Alert:
        """Raises `NotFound`."""
        ...

    def find(self, id: str) -> Alert | None: ...

    def save(self, aggregate: Alert, events: Iterable[Event] = ()) -> Alert: ...

    def open(self) -> Sequence[Alert]:
        """All that are not closed."""
        ...

    def of_check_in(self, patient_id: str, check_in_id: str) -> Sequence[Alert]:
        """What the answers of one check-in raised."""
        ...

    def page(
        self, *, status: AlertStatus | None, tier: int | None, patient_id: str | None, after: str | None, limit: int
    ) -> Page[Alert]:
        """Alerts by the time they were raised, behind the place `after`; without a filter all of them."""
        ...


class Rotas(Protocol):
    """The rota of the unit's clinic."""

    def of_clinic(self, version: int | None = None) -> Rota:
        """An empty one, version 0, as long as none was published. Raises `Stale` for another `version`."""
        ...

    def save(self, aggregate: Rota) -> Rota: ...


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


class KnownSeries(Protocol):
    """What booking told of the series of patients of the unit's clinic."""

    def find(self, patient_id: str) -> Known | None: ...

    def with_protocol(self, protocol: str | None) -> Sequence[Known]:
        """Patients with a series of `protocol`, or of any; each with all of their series."""
        ...

    def save(self, aggregate: Known) -> Known: ...


class Editions(Protocol[E]):
    """What the unit's clinic has published of one kind."""

    def get(self, edition: int) -> E:
        """Also one that was saved in this unit. Raises `NotFound`."""
        ...

    def latest(self) -> E | None: ...

    def save(self, one: E) -> E:
        """Write a new edition."""
        ...

    def list(self, *, after: str | None, limit: int) -> Sequence[E]:
        """Editions behind the id `after`, in their order."""
        ...


class Texts(Protocol):
    """Wordings of instruments that the unit's clinic loaded; each is written once."""

    def of_instrument(self, instrument: str) -> Sequence[LoadedText]:
        """All editions in all languages."""
        ...

    def all(self) -> Sequence[LoadedText]:
        """Those of all instruments."""
        ...

    def save(self, aggregate: LoadedText) -> LoadedText: ...


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
    def default_plan(self) -> Questions:
        """What a clinic asks that has published no plan of its own."""
        ...

    @property
    def default_rules(self) -> Rules:
        """What reaches a person, and how fast, at a clinic that has published no rules of its own."""
        ...

    @property
    def actor(self) -> Actor:
        """Who wants it done."""
        ...

    @property
    def check_ins(self) -> CheckIns: ...

    @property
    def alerts(self) -> Alerts: ...

    @property
    def rotas(self) -> Rotas: ...

    @property
    def known(self) -> KnownSeries: ...

    @property
    def plans(self) -> Editions[Plan]: ...

    @property
    def alert_rules(self) -> Editions[AlertRules]: ...

    @property
    def clinics(self) -> Clinics: ...

    @property
    def patients(self) -> Patients: ...

    @property
    def texts(self) -> Texts: ...

    def new_id(self) -> str: ...

    def new_link(self) -> NewLink:
        """A new private link to a check-in."""
        ...

    def new_token(self) -> str:
        """A random secret of at least 128 bits."""
        ...

    def adopt_key(self, wrapped: str) -> None:
        """Keep the clinic's wrapped data key; adopting it again changes nothing."""
        ...

    def unseal(self, sealed: str) -> str:
        """The text behind a sealed value. Raises `TransientFailure` while the clinic's key has not been heard of."""
        ...
