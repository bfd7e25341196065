"""Notify's unit of work on MongoDB: the technical unit, dressed in notify's stores."""

from datetime import datetime
from functools import partial

from services.notify.domain.contact_point import UNSUBSCRIBE, ContactPoint
from services.notify.domain.keywords import Keywords
from services.notify.domain.page import PATH
from services.notify.store.call import CallStore
from services.notify.store.check_in import CheckInStore
from services.notify.store.clinic import ClinicStore
from services.notify.store.contact_point import ContactPointStore
from services.notify.store.hook_event import HookEventStore
from services.notify.store.kept import KEPT
from services.notify.store.message import MessageStore
from services.notify.store.offer import OfferStore
from services.notify.store.page import PageStore
from services.notify.store.policy import PolicyStore
from services.notify.store.recipient import RecipientStore
from services.notify.store.reply import ReplyStore
from services.notify.store.series import SeriesStore
from services.notify.store.template import TemplateStore
from services.notify.store.visit import VisitStore
from services.notify.templates.writer import load_writer
from shared.http.auth import new_secret
from shared.http.key_ring import KeyRing
from shared.persistence import restored
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Unit
from shared.personal_data.records import UnitDossiers
from shared.private_link import NewLink, address, new_link


class MongoUnitOfWork:
    """See `operations.ports.UnitOfWork`."""

    def __init__(self, unit: Unit, sealer: Sealer, *, keywords: Keywords, public_url: str) -> None:
        self._database = unit.database
        self._public_url = public_url
        self._sealer = sealer
        self.keywords = keywords
        self.now = unit.now
        self.actor = unit.actor
        self.new_id = unit.new_id
        self.clinic_id = unit.clinic_id
        self.adopt_key = sealer.adopt_key
        self.seal = partial(sealer.seal, unit.clinic_id)
        self.unseal = sealer.unseal
        self.fingerprint = partial(sealer.fingerprints.of, f"address/{unit.clinic_id}")
        self.clinics = ClinicStore(unit)
        self.recipients = RecipientStore(unit)
        self.contact_points = ContactPointStore(unit, sealer)
        self.series = SeriesStore(unit)
        self.visits = VisitStore(unit)
        self.check_ins = CheckInStore(unit)
        self.offers = OfferStore(unit)
        self.messages = MessageStore(unit)
        self.replies = ReplyStore(unit)
        self.hook_events = HookEventStore(unit)
        self.policies = PolicyStore(unit, sealer)
        self.templates = TemplateStore(unit)
        self.writer = load_writer()
        self.pages = PageStore(unit)
        self.calls = CallStore(unit, sealer)
        self.key_ring = KeyRing(unit)
        self.dossiers = UnitDossiers(unit, sealer, KEPT)

    @property
    def lost_until(self) -> datetime | None:
        """See `shared.persistence.restored`."""
        return restored.lost_until(self._database)

    @property
    def has_key(self) -> bool:
        """Whether the clinic's data key is here."""
        return self._sealer.has_key(self.clinic_id)

    def unsubscribe_url(self, point: ContactPoint) -> str:
        """The link with which an e-mail address is unsubscribed."""
        return address(self._public_url, UNSUBSCRIBE, self.contact_points.unsubscribe_token(point.id))

    def new_page_link(self) -> NewLink:
        """A new private link to a page."""
        return new_link(self._public_url, PATH, new_secret())
