"""Booking's world in memory: what all units of work share, with state and the database's unique keys."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

from services.booking.domain.audit.entry import Entry as AuditEntry
from services.booking.domain.calendar.resource import Resource, ResourceKind
from services.booking.domain.calendar.slots import LONGEST_SESSION, runs_of, slots_of
from services.booking.domain.chart.assessment import Assessment
from services.booking.domain.chart.consent import Consent, ConsentTexts
from services.booking.domain.chart.dose_order import DoseOrder
from services.booking.domain.chart.misuse import Signal
from services.booking.domain.clinic.access_key import AccessKey
from services.booking.domain.clinic.clinic import Clinic
from services.booking.domain.clinic.task import Task, TaskKind, TaskStatus
from services.booking.domain.page.education import Receipts, Reviews
from services.booking.domain.page.private_link import PATH, Visitors
from services.booking.domain.patient.clearance import Clearance
from services.booking.domain.patient.exposure import Exposure, Infusion, Source
from services.booking.domain.patient.patient import Patient, external_id_taken
from services.booking.domain.patient.person import identity_of
from services.booking.domain.patient.search import Terms, terms_of
from services.booking.domain.protocol.protocol import Protocol
from services.booking.domain.series.offer import Offer, OfferStatus
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import Session
from services.booking.domain.treatment.treatment import Treatment
from services.booking.domain.views.day_sheet import SessionOfSeries
from services.booking.domain.views.feed import Feed
from services.booking.domain.waiting.opening import Opening
from services.booking.domain.waiting.waitlist import Entry, EntryStatus
from services.booking.operations.following import follow
from shared.actor import Actor
from shared.errors import Conflict, Contended, NotFound, Stale
from shared.paging import Page
from shared.persistence.unit_of_work import EVERY_CLINIC
from shared.private_link import NewLink, digest, new_link
from tests.support.booking_audit import FakeAudit

PUBLIC_URL = "https://care.example"
A = TypeVar(
    "A",
    AccessKey, Assessment, Clearance, Clinic, Consent, ConsentTexts, DoseOrder, Entry,
    Feed, Offer, Opening, Patient, Protocol, Receipts, Resource, Reviews, Series, Signal, Task, Treatment, Visitors,
)  # fmt: skip
THE_DESK = Actor("key-of-the-desk", frozenset({"front_desk"}))
A_CLINICIAN = Actor("key-of-a-clinician", frozenset({"clinician"}))
A_NURSE = Actor("key-of-a-nurse", frozenset({"nurse"}))
_KINDS = (
    AccessKey, Assessment, Clearance, Clinic, Consent, ConsentTexts, DoseOrder, Entry,
    Feed, Offer, Opening, Patient, Protocol, Receipts, Resource, Reviews, Series, Signal, Task, Treatment, Visitors,
)  # fmt: skip


@dataclass
class FakeBooking:
    """Everything that lasts. `told` holds clinic, aggregate id and event in the order of telling."""

    now: datetime
    rows: dict[type, dict[tuple[str, str], Any]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    told: list[tuple[str, str, Any]] = field(default_factory=list)
    made: int = 0
    actor: Actor = THE_DESK
    exposures: dict[str, Exposure] = field(default_factory=dict)
    audit: dict[str, list[AuditEntry]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)

    def unit(self, clinic_id: str) -> "FakeUnitOfWork":
        return FakeUnitOfWork(self, clinic_id)

    def run(self, clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Any:
        """One operation, one commit, decided again when another writer was faster; a refusal writes nothing."""
        for _ in range(3):
            unit = self.unit(clinic_id)
            try:
                result = operation(unit, command)
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
        self.actor = world.actor
        self.data_keys = FakeDataKeys()
        self.access_keys = FakeStore(self, AccessKey)
        self.clinics = FakeStore(self, Clinic)
        self.patients = FakePatients(self, Patient)
        self.clearances = FakeClearances(self, Clearance)
        self.assessments = FakeAssessments(self, Assessment)
        self.consents = FakeConsents(self, Consent)
        self.consent_texts = FakeConsentTexts(self, ConsentTexts)
        self.dose_orders = FakeDoseOrders(self, DoseOrder)
        self.signals = FakeSignals(self, Signal)
        self.protocols = FakeProtocols(self)
        self.resources = FakeResources(self, Resource)
        self.exposures = FakeExposures(self)
        self.series = FakeSeriesStore(self, Series)
        self.tasks = FakeTasks(self, Task)
        self.waitlist = FakeWaitlist(self, Entry)
        self.offers = FakeOffers(self, Offer)
        self.openings = FakeStore(self, Opening)
        self.visitors = FakeVisitors(self, Visitors)
        self.education_reviews = FakeReviews(self, Reviews)
        self.education_receipts = FakeReceipts(self, Receipts)
        self.feeds = FakeFeeds(self, Feed)
        self.treatments = FakeTreatments(self, Treatment)
        self.dossiers = FakeDossiers(self)
        self.audit = FakeAudit(world.audit, clinic_id, lambda *write: self.write(FakeWrite(*write)))
        self._writes: list[FakeWrite] = []

    def new_id(self) -> str:
        return self.world.next_name("id")

    def new_secret(self) -> tuple[str, str]:
        secret = self.world.next_name("secret")
        return secret, digest(secret)

    @staticmethod
    def person_token(name: str, birth_date: date) -> str:
        return f"person {identity_of(name, birth_date)}"

    def new_feed_link(self) -> NewLink:
        link = new_link(PUBLIC_URL, "/booking/f/", self.world.next_name("token"))
        return replace(link, url=f"{link.url}.ics")

    def new_link(self) -> NewLink:
        return new_link(PUBLIC_URL, PATH, self.world.next_name("token"))

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
    """Patients, to be looked up and searched, with the unique key on their external id."""

    def get(self, id: str, version: int | None = None) -> Patient:
        found = super().get(id, version)
        if found.erased_at is not None:
            raise NotFound("patient")
        return found

    def save(self, aggregate: Patient, events: Iterable[Any] = ()) -> Patient:
        before = self.rows.get((self.unit.clinic_id, aggregate.id), aggregate)
        put, dates = self.unit.exposures.put, aggregate.external_dates
        if before.person != aggregate.person:
            put(before.person, Source.EXTERNAL, aggregate.id, ())
        if dates or before.external_dates:
            put(aggregate.person, Source.EXTERNAL, aggregate.id, dates, is_unforeseen=True)
        return super().save(aggregate, events)

    def check(self, aggregate: Patient) -> None:
        super().check(aggregate)
        others = [row.external_id for row in self.mine() if row.id != aggregate.id]
        if aggregate.external_id is not None and aggregate.external_id in others:
            raise external_id_taken()

    def list(  # type: ignore[override]
        self,
        *,
        after: str | None,
        limit: int,
        phone: str | None,
        email: str | None,
        search: Sequence[Terms] | None = None,
    ) -> list[Patient]:
        known = [row for row in self.mine() if row.erased_at is None]
        found = [row for row in known if phone in {None, row.phone} and email in {None, row.email}]
        if search is not None:
            found = [row for row in found if any(terms <= terms_of(row) for terms in search)]
        return [row for row in found if row.id > (after or "")][:limit]


class FakeDossiers:
    """Who is to be erased; of everybody else, that there is a patient."""

    def __init__(self, unit: "FakeUnitOfWork") -> None:
        self._unit = unit

    def of(self, patient_id: str) -> dict[str, list[Any]]:
        found = [{"_id": row.id} for row in self._unit.patients.mine() if row.id == patient_id]
        return {"patients": found} if found else {}

    def erase(self, patient_id: str) -> None:
        self._unit.write(FakeWrite(lambda: None, lambda: self._unit.world.erased.add(patient_id)))


class FakeClearances(FakeStore[Clearance]):
    """Clearances, by the patient's id."""

    def of(self, patient_id: str) -> Clearance:
        return next((row for row in self.mine() if row.id == patient_id), Clearance(patient_id))

    def held(self) -> frozenset[str]:
        return frozenset(row.id for row in self.mine() if row.is_held)


class FakeConsents(FakeStore[Consent]):
    """What patients signed."""

    def of_patient(self, patient_id: str) -> Sequence[Consent]:
        return [row for row in self.mine() if row.patient_id == patient_id]


class FakeConsentTexts(FakeStore[ConsentTexts]):
    """One for each clinic."""

    def of_clinic(self, version: int | None = None) -> ConsentTexts:
        texts = next(iter(self.mine()), ConsentTexts(self.unit.clinic_id))
        if version not in {None, texts.version}:
            raise Stale
        return texts


class FakeAssessments(FakeStore[Assessment]):
    """Assessments, by patient."""

    def list(self, *, after: str | None, limit: int, patient_id: str) -> list[Assessment]:  # type: ignore[override]
        return [row for row in self.of_patient(patient_id) if row.id > (after or "")][:limit]

    def of_patient(self, patient_id: str) -> Sequence[Assessment]:
        return [row for row in self.mine() if row.patient_id == patient_id]


class FakeDoseOrders(FakeStore[DoseOrder]):
    """Dose orders, by series and by patient."""

    def in_force(self, series_id: str) -> DoseOrder | None:
        return next((row for row in self.of_series(series_id) if row.superseded_by is None), None)

    def of_patient(self, patient_id: str) -> Sequence[DoseOrder]:
        return [row for row in self.mine() if row.patient_id == patient_id]

    def of_series(self, series_id: str) -> Sequence[DoseOrder]:
        return sorted((row for row in self.mine() if row.series_id == series_id), key=lambda row: row.number)


class FakeSignals(FakeStore[Signal]):
    """What staff noticed, by patient."""

    def of_patient(self, patient_id: str) -> Sequence[Signal]:
        return sorted((row for row in self.mine() if row.patient_id == patient_id), key=lambda row: row.on)


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


class FakeExposures:
    """One for each person, whichever clinics treat them; written under the version that was read."""

    def __init__(self, unit: FakeUnitOfWork) -> None:
        self.unit = unit
        self.read: dict[str, int] = {}
        self.known: dict[str, Exposure] = {}

    def of(self, person: str) -> Exposure:
        if person not in self.known:
            self.known[person] = self.unit.world.exposures.get(person, Exposure(person))
            self.read[person] = self.known[person].version
        return self.known[person]

    def put(
        self, person: str, source: Source, of: str, dates: Collection[date], *, is_unforeseen: bool = False
    ) -> None:
        before = self.of(person)
        after = before.with_share(self.unit.clinic_id, source, of, dates)
        if after.shares != before.shares:
            self.write(after.unforeseen_but_in(self.unit.clinic_id) if is_unforeseen and dates else after)

    def note_reviewed(self, person: str) -> None:
        self.write(self.of(person).reviewed_in(self.unit.clinic_id))

    def note_begun(self, person: str, of: str) -> None:
        self.write(self.of(person).with_infusions(Infusion(self.unit.clinic_id, of)))

    def note_ended(self, person: str, of: str) -> None:
        self.write(self.of(person).without_infusions({of}))

    def take_along(self, before: str, now: str, series_id: str) -> None:
        found = [one for one in self.of(before).infusing if one.of.startswith(f"{series_id}.")]
        if found:
            self.write(self.of(before).without_infusions({one.of for one in found}))
            self.write(self.of(now).with_infusions(*found))

    def write(self, changed: Exposure) -> None:
        person = changed.id
        self.known[person] = replace(changed, version=changed.version + 1)
        self.unit.write(FakeWrite(lambda: self.check(person), lambda: self.keep(person)))

    def check(self, person: str) -> None:
        if self.unit.world.exposures.get(person, Exposure(person)).version != self.read[person]:
            raise Contended(f"the doses of {person} were changed meanwhile")

    def keep(self, person: str) -> None:
        self.unit.world.exposures[person] = self.known[person]


class FakeSeriesStore(FakeStore[Series]):
    """Series with the unique key that the database has on their slots."""

    def save(self, aggregate: Series, events: Iterable[Any] = ()) -> Series:
        before = self.rows.get((self.unit.clinic_id, aggregate.id), aggregate)
        aggregate = follow(self.unit, before, aggregate)
        if before.person != aggregate.person:
            self.unit.exposures.put(before.person, Source.SERIES, aggregate.id, ())
            self.unit.exposures.take_along(before.person, aggregate.person, aggregate.id)
        is_moved = before.person != aggregate.person
        self.unit.exposures.put(
            aggregate.person, Source.SERIES, aggregate.id, aggregate.dose_dates, is_unforeseen=is_moved
        )
        return super().save(aggregate, events)

    def of_person(self, person: str) -> Sequence[Series]:
        return [row for row in self.mine() if row.person == person]

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

    def by_link(self, link_digest: str) -> Series:
        for row in self.mine():
            if row.link_digest == link_digest:
                return row
        raise NotFound("page")

    def clinic_of_link(self, link_digest: str) -> str:
        for (clinic, _), row in self.rows.items():
            if row.link_digest == link_digest and self.unit.clinic_id in {clinic, EVERY_CLINIC}:
                return clinic
        raise NotFound("page")

    def between(self, from_at: datetime, until_at: datetime) -> Sequence[Series]:
        return [row for row in self.mine() if any(from_at <= session.starts_at < until_at for session in row.sessions)]

    def taking(self, resource_id: str, after: datetime) -> Sequence[Series]:
        def takes(session: Session) -> bool:
            return session.ends_at > after and any(claim.resource_id == resource_id for claim in session.claims)

        return [row for row in self.mine() if any(map(takes, row.sessions))]

    def sessions_between(self, from_at: datetime, until_at: datetime) -> Sequence[SessionOfSeries]:
        sessions = [(row, session, False) for row in self.mine() for session in row.sessions]
        offers = [(row, row.offered.session, True) for row in self.mine() if row.offered]
        return [
            SessionOfSeries(row.id, row.patient_id, row.zone, session, is_offered)
            for row, session, is_offered in (*sessions, *offers)
            if from_at <= session.starts_at < until_at
        ]

    def busy(
        self, resource_ids: Collection[str], from_at: datetime, until_at: datetime, *, but: str | None = None
    ) -> frozenset[str]:
        runs = (run for row in self.mine() if row.id != but for run in runs_of(row.slots))
        return slots_of(runs, resource_ids, from_at, until_at)

    def taken(self, from_at: datetime, until_at: datetime) -> Sequence[str]:
        starts = ((row, one.starts_at) for row in self.mine() for one in (*row.sessions, *_offered(row)))
        found = {row.id: row for row, at in starts if from_at - LONGEST_SESSION <= at < until_at}
        return [run for row in found.values() for run in runs_of(row.slots)]


def _offered(series: Series) -> list[Session]:
    return [series.offered.session] if series.offered else []


class FakeTasks(FakeStore[Task]):
    """Tasks, by age."""

    def __init__(self, unit: FakeUnitOfWork, kind: type[Task]) -> None:
        super().__init__(unit, kind)
        self.added: set[str] = set()

    def add(self, task: Task) -> None:
        if task.id not in {*self.added, *(row.id for row in self.mine())}:
            self.save(task)
        self.added.add(task.id)

    def page(
        self,
        *,
        after: str | None,
        limit: int,
        status: TaskStatus | None,
        kind: TaskKind | None,
        patient_id: str | None,
    ) -> Page[Task]:
        rows = sorted((f"{row.made_at.isoformat()} {row.id}", row) for row in self.mine())
        found = [
            (place, row)
            for place, row in rows
            if status in {None, row.status} and kind in {None, row.kind} and patient_id in {None, row.patient_id}
        ]
        behind = [(place, row) for place, row in found if place > (after or "")]
        items = [row for _, row in behind[:limit]]
        return Page(items, behind[limit - 1][0] if len(behind) > limit else None)


class FakeTreatments(FakeStore[Treatment]):
    """Treatments, by patient."""

    def find(self, id: str) -> Treatment | None:
        return next((row for row in self.mine() if row.id == id), None)

    def of_patient(self, patient_id: str) -> Sequence[Treatment]:
        return sorted((row for row in self.mine() if row.patient_id == patient_id), key=lambda row: row.arrived_at)

    def last_dose(self, patient_id: str) -> Decimal | None:
        given = [row.end.given_mg for row in self.of_patient(patient_id) if row.end and row.end.given_mg]
        return given[-1] if given else None

    def under_way(self) -> Sequence[Treatment]:
        return [row for row in self.mine() if row.is_under_way]


class FakeFeeds(FakeStore[Feed]):
    """Calendar feeds, by resource and by address."""

    def list(self, *, after: str | None, limit: int, resource_id: str) -> list[Feed]:  # type: ignore[override]
        return [row for row in self.mine() if row.resource_id == resource_id and row.id > (after or "")][:limit]

    def by_link(self, link_digest: str) -> Feed:
        for row in self.mine():
            if row.link_digest == link_digest:
                return row
        raise NotFound("feed")

    def clinic_of_link(self, link_digest: str) -> str:
        for (clinic, _), row in self.rows.items():
            if row.link_digest == link_digest and self.unit.clinic_id in {clinic, EVERY_CLINIC}:
                return clinic
        raise NotFound("feed")


class FakeVisitors(FakeStore[Visitors]):
    """Who came through a link, by its digest."""

    def of(self, link_digest: str) -> Visitors:
        return next((row for row in self.mine() if row.id == link_digest), Visitors(link_digest))


class FakeReviews(FakeStore[Reviews]):
    """Who stands behind what patients read; one for each clinic."""

    def of_clinic(self) -> Reviews:
        return next(iter(self.mine()), Reviews(self.unit.clinic_id))


class FakeReceipts(FakeStore[Receipts]):
    """What patients say they have read, by the patient's id."""

    def of(self, patient_id: str) -> Receipts:
        return next((row for row in self.mine() if row.id == patient_id), Receipts(patient_id))


class FakeWaitlist(FakeStore[Entry]):
    """The waitlist with the unique key that keeps one session from waiting twice."""

    def check(self, aggregate: Entry) -> None:
        super().check(aggregate)
        others = [row for row in self.waiting() if row.id != aggregate.id]
        place = (aggregate.series_id, aggregate.number)
        if aggregate.status is EntryStatus.WAITING and place in {(row.series_id, row.number) for row in others}:
            raise Conflict("waitlist.waits-already", "Somebody waits already.")

    def list(  # type: ignore[override]
        self, *, after: str | None, limit: int, status: EntryStatus | None, series_id: str | None
    ) -> list[Entry]:
        found = [row for row in self.mine() if status in {None, row.status} and series_id in {None, row.series_id}]
        return [row for row in found if row.id > (after or "")][:limit]

    def waiting(self) -> Sequence[Entry]:
        return sorted((row for row in self.mine() if row.status is EntryStatus.WAITING), key=lambda row: row.rank)

    def of_series(self, series_id: str) -> Sequence[Entry]:
        return [row for row in self.waiting() if row.series_id == series_id]

    def is_anybody_waiting(self) -> bool:
        return bool(self.waiting())


class FakeOffers(FakeStore[Offer]):
    """Places on offer."""

    def list(  # type: ignore[override]
        self, *, after: str | None, limit: int, status: OfferStatus | None, series_id: str | None
    ) -> list[Offer]:
        found = [row for row in self.mine() if status in {None, row.status} and series_id in {None, row.series_id}]
        return [row for row in found if row.id > (after or "")][:limit]
