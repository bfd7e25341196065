"""Booking's unit of work on MongoDB: the technical unit, dressed in booking's stores."""

from dataclasses import replace
from datetime import date
from typing import Final

from services.booking.domain.page.private_link import PATH
from services.booking.domain.patient.person import identity_of
from services.booking.domain.views.feed import PATH as FEED_PATH
from services.booking.domain.views.feed import SUFFIX
from services.booking.operations.following import follow
from services.booking.store.access_key import AccessKeyStore
from services.booking.store.assessment import AssessmentStore
from services.booking.store.audit import AuditStore
from services.booking.store.clearance import ClearanceStore
from services.booking.store.clinic import ClinicStore
from services.booking.store.consent import ConsentStore, ConsentTextStore
from services.booking.store.dose_order import DoseOrderStore
from services.booking.store.education import ReceiptStore, ReviewStore
from services.booking.store.exposure import ExposureStore
from services.booking.store.feed import FeedStore
from services.booking.store.kept import KEPT
from services.booking.store.offer import OfferStore, OpeningStore
from services.booking.store.patient import PatientStore
from services.booking.store.protocol import ProtocolStore
from services.booking.store.resource import ResourceStore
from services.booking.store.series import SeriesStore
from services.booking.store.signal import SignalStore
from services.booking.store.task import TaskStore
from services.booking.store.treatment import TreatmentStore
from services.booking.store.visitors import VisitorsStore
from services.booking.store.waitlist import WaitlistStore
from shared.http.auth import new_secret
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Unit
from shared.personal_data.records import UnitDossiers
from shared.private_link import NewLink, digest, new_link

_PERSON: Final = "person"


class MongoUnitOfWork:
    """See `operations.ports.UnitOfWork`."""

    def __init__(self, unit: Unit, sealer: Sealer, *, public_url: str) -> None:
        self._public_url = public_url
        self.now = unit.now
        self.actor = unit.actor
        self.new_id = unit.new_id
        self.clinic_id = unit.clinic_id
        self.data_keys = sealer
        self._fingerprints = sealer.fingerprints
        self.clinics = ClinicStore(unit)
        self.access_keys = AccessKeyStore(unit)
        self.exposures = ExposureStore(unit)
        self.patients = PatientStore(unit, sealer, self.exposures)
        self.clearances = ClearanceStore(unit, sealer)
        self.assessments = AssessmentStore(unit, sealer)
        self.consents = ConsentStore(unit, sealer)
        self.consent_texts = ConsentTextStore(unit)
        self.dose_orders = DoseOrderStore(unit, sealer)
        self.signals = SignalStore(unit, sealer)
        self.protocols = ProtocolStore(unit)
        self.resources = ResourceStore(unit)
        self.series = SeriesStore(unit, sealer, self.exposures, lambda before, after: follow(self, before, after))
        self.tasks = TaskStore(unit, sealer)
        self.visitors = VisitorsStore(unit)
        self.education_reviews = ReviewStore(unit)
        self.education_receipts = ReceiptStore(unit)
        self.feeds = FeedStore(unit)
        self.treatments = TreatmentStore(unit, sealer)
        self.audit = AuditStore(unit, sealer)
        self.waitlist = WaitlistStore(unit)
        self.offers = OfferStore(unit)
        self.openings = OpeningStore(unit)
        self.dossiers = UnitDossiers(unit, sealer, KEPT)

    def person_token(self, name: str, birth_date: date) -> str:
        """The token of whoever has this name and birth date, the same in every clinic."""
        return self._fingerprints.of(_PERSON, identity_of(name, birth_date))

    def new_link(self) -> NewLink:
        """A new private link of a patient."""
        return new_link(self._public_url, PATH, new_secret())

    def new_feed_link(self) -> NewLink:
        """A new secret address of a calendar feed."""
        link = new_link(self._public_url, FEED_PATH, new_secret())
        return replace(link, url=f"{link.url}{SUFFIX}")

    @staticmethod
    def new_secret() -> tuple[str, str]:
        """A new secret and its digest."""
        secret = new_secret()
        return secret, digest(secret)
