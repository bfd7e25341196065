"""What booking's operations need of the outside: stores and one unit of work."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from services.booking.domain.calendar.resource import Resource, ResourceKind
from services.booking.domain.clinic.access_key import AccessKey
from services.booking.domain.clinic.clinic import Clinic
from services.booking.domain.clinic.task import Task, TaskKind, TaskStatus
from services.booking.domain.page.private_link import Visitors
from services.booking.domain.patient.clearance import Clearance
from services.booking.domain.patient.exposure import Exposure
from services.booking.domain.patient.patient import Patient
from services.booking.domain.patient.search import Terms
from services.booking.domain.protocol.protocol import Protocol as ClinicProtocol
from services.booking.domain.series.offer import Offer, OfferStatus
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.views.day_sheet import SessionOfSeries
from services.booking.domain.views.feed import Feed
from services.booking.domain.waiting.opening import Opening
from services.booking.domain.waiting.waitlist import Entry, EntryStatus
from services.booking.operations.ports_audit import AuditStore
from services.booking.operations.ports_chart import (
    AssessmentStore,
    ConsentStore,
    ConsentTextStore,
    DoseOrderStore,
    SignalStore,
)
from services.booking.operations.ports_education import ReceiptStore, ReviewStore
from services.booking.operations.ports_treatment import TreatmentStore
from shared.actor import Actor
from shared.paging import Page
from shared.personal_data.operations import Dossiers
from shared.private_link import NewLink


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
    """Patients; no two of a clinic have the same external id. `save` counts their external doses, too."""

    def get(self, id: str, version: int | None = None) -> Patient: ...
    def save(self, aggregate: Patient, events: Iterable[Any] = ()) -> Patient: ...

    def list(
        self,
        *,
        after: str | None,
        limit: int,
        phone: str | None,
        email: str | None,
        search: Sequence[Terms] | None = None,
    ) -> list[Patient]:
        """Patients behind `after`, by id; with exactly this phone or e-mail, and all terms of any of `search`."""
        ...


class ClearanceStore(Protocol):
    """Whether patients may be treated."""

    def of(self, patient_id: str) -> Clearance:
        """That of a patient; nothing held and nothing measured when none is kept."""
        ...

    def save(self, aggregate: Clearance, events: Iterable[Any] = ()) -> Clearance: ...

    def held(self) -> frozenset[str]:
        """The patients whose treatment is held."""
        ...


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


class ExposureStore(Protocol):
    """People's doses in all clinics. The stores of series and patients write them, within the same commit."""

    def of(self, person: str) -> Exposure:
        """The doses of whoever has this token; none when nobody ever booked for them."""
        ...

    def note_reviewed(self, person: str) -> None:
        """The unit's clinic has counted the caps anew, with what has come to light of this person's doses."""
        ...

    def note_begun(self, person: str, of: str) -> None:
        """Treatment `of` of the unit's clinic gives the person the medicine now."""
        ...

    def note_ended(self, person: str, of: str) -> None:
        """Treatment `of` gives the person nothing any more."""
        ...


class SeriesStore(Protocol):
    """Series with their sessions; no two of them ever hold the same slot.

    `save` also counts their doses in the exposure of `person`; what another unit changed there since this one read it
    is `Contended`.
    """

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

    def of_person(self, person: str) -> Sequence[Series]:
        """All series, of this clinic, of whoever has this token."""
        ...

    def by_link(self, link_digest: str) -> Series:
        """The series that a patient's link leads to. Raises `NotFound`."""
        ...

    def clinic_of_link(self, link_digest: str) -> str:
        """The clinic of a patient's link; of all clinics when the unit is open for all. Raises `NotFound`."""
        ...

    def between(self, from_at: datetime, until_at: datetime) -> Sequence[Series]:
        """Series of which any session starts in [from_at, until_at)."""
        ...

    def taking(self, resource_id: str, after: datetime) -> Sequence[Series]:
        """Series of which any session that ends after an instant takes this resource, or did before it was lost."""
        ...

    def sessions_between(self, from_at: datetime, until_at: datetime) -> Sequence[SessionOfSeries]:
        """Sessions that start in [from_at, until_at), whatever became of them, and places on offer."""
        ...

    def busy(
        self, resource_ids: Collection[str], from_at: datetime, until_at: datetime, *, but: str | None = None
    ) -> frozenset[str]:
        """The slots of these resources (patients among them) taken in [from_at, until_at); by all series `but` one."""
        ...

    def taken(self, from_at: datetime, until_at: datetime) -> Sequence[str]:
        """The runs of slots (`calendar.runs_of`) of all series with a session or an offer in [from_at, until_at)."""
        ...


class TaskStore(Protocol):
    """What the desk must see to."""

    def get(self, id: str, version: int | None = None) -> Task: ...
    def save(self, aggregate: Task, events: Iterable[Any] = ()) -> Task: ...

    def add(self, task: Task) -> None:
        """Keep a new task; one that is there already (open or closed) stays as it is."""
        ...

    def page(
        self,
        *,
        after: str | None,
        limit: int,
        status: TaskStatus | None,
        kind: TaskKind | None,
        patient_id: str | None,
    ) -> Page[Task]:
        """Tasks by age, the oldest first, at most `limit` of them, behind the position `after` of an earlier page."""
        ...


class WaitlistStore(Protocol):
    """Who waits for which session; for one session at most once."""

    def get(self, id: str, version: int | None = None) -> Entry: ...
    def save(self, aggregate: Entry, events: Iterable[Any] = ()) -> Entry: ...

    def list(self, *, after: str | None, limit: int, status: EntryStatus | None, series_id: str | None) -> list[Entry]:
        """Entries behind `after`, by id; only those with a status or of a series when given."""
        ...

    def waiting(self) -> Sequence[Entry]:
        """Everybody who waits, in the order of rank."""
        ...

    def of_series(self, series_id: str) -> Sequence[Entry]:
        """Those who wait for a session of this series."""
        ...

    def is_anybody_waiting(self) -> bool: ...


class OfferStore(Protocol):
    """Places on offer."""

    def get(self, id: str, version: int | None = None) -> Offer: ...
    def save(self, aggregate: Offer, events: Iterable[Any] = ()) -> Offer: ...

    def list(self, *, after: str | None, limit: int, status: OfferStatus | None, series_id: str | None) -> list[Offer]:
        """Offers behind `after`, by id; only those with a status or of a series when given."""
        ...


class OpeningStore(Protocol):
    """Places that came free."""

    def get(self, id: str, version: int | None = None) -> Opening: ...
    def save(self, aggregate: Opening, events: Iterable[Any] = ()) -> Opening: ...


class FeedStore(Protocol):
    """Calendar feeds of resources."""

    def get(self, id: str, version: int | None = None) -> Feed: ...
    def save(self, aggregate: Feed, events: Iterable[Any] = ()) -> Feed: ...

    def list(self, *, after: str | None, limit: int, resource_id: str) -> list[Feed]:
        """A resource's feeds behind `after`, by id."""
        ...

    def by_link(self, link_digest: str) -> Feed:
        """The feed that an address leads to. Raises `NotFound`."""
        ...

    def clinic_of_link(self, link_digest: str) -> str:
        """The clinic of an address; of all clinics when the unit is open for all. Raises `NotFound`."""
        ...


class VisitorsStore(Protocol):
    """Who came through patients' links."""

    def of(self, link_digest: str) -> Visitors:
        """Those of a link; nobody yet when none is kept."""
        ...

    def save(self, aggregate: Visitors, events: Iterable[Any] = ()) -> Visitors: ...


class UnitOfWork(Protocol):
    """One clinic, one instant, one commit. `clinic_id` is the clinic that this work is done for."""

    @property
    def clinic_id(self) -> str: ...
    @property
    def now(self) -> datetime: ...

    @property
    def actor(self) -> Actor:
        """Who wants this work to be done."""
        ...

    def new_id(self) -> str: ...

    def new_secret(self) -> tuple[str, str]:
        """A new secret and its digest, SHA-256 in hex."""
        ...

    def new_link(self) -> NewLink:
        """A new private link of a patient."""
        ...

    def new_feed_link(self) -> NewLink:
        """A new secret address of a calendar feed."""
        ...

    def person_token(self, name: str, birth_date: date) -> str:
        """The token of whoever has this name and birth date, the same in every clinic."""
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
    def dossiers(self) -> Dossiers: ...
    @property
    def clearances(self) -> ClearanceStore: ...
    @property
    def assessments(self) -> AssessmentStore: ...
    @property
    def protocols(self) -> ProtocolStore: ...
    @property
    def resources(self) -> ResourceStore: ...
    @property
    def exposures(self) -> ExposureStore: ...
    @property
    def series(self) -> SeriesStore: ...
    @property
    def tasks(self) -> TaskStore: ...
    @property
    def waitlist(self) -> WaitlistStore: ...
    @property
    def offers(self) -> OfferStore: ...
    @property
    def openings(self) -> OpeningStore: ...
    @property
    def visitors(self) -> VisitorsStore: ...
    @property
    def education_reviews(self) -> ReviewStore: ...
    @property
    def education_receipts(self) -> ReceiptStore: ...
    @property
    def feeds(self) -> FeedStore: ...
    @property
    def treatments(self) -> TreatmentStore: ...
    @property
    def consents(self) -> ConsentStore: ...
    @property
    def consent_texts(self) -> ConsentTextStore: ...
    @property
    def dose_orders(self) -> DoseOrderStore: ...
    @property
    def signals(self) -> SignalStore: ...
    @property
    def audit(self) -> AuditStore: ...
