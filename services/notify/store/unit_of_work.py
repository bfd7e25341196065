"""Notify's unit of work on MongoDB: the technical unit, dressed in notify's stores."""

from functools import partial

from services.notify.store.check_in import CheckInStore
from services.notify.store.clinic import ClinicStore
from services.notify.store.message import MessageStore
from services.notify.store.offer import OfferStore
from services.notify.store.recipient import RecipientStore
from services.notify.store.reply import ReplyStore
from services.notify.store.series import SeriesStore
from services.notify.store.visit import VisitStore
from shared.key_ring import KeyRing
from shared.sealed import Sealer
from shared.unit_of_work import Unit


class MongoUnitOfWork:
    """See `operations.ports.UnitOfWork`."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self.now = unit.now
        self.new_id = unit.new_id
        self.clinic_id = unit.clinic_id
        self.adopt_key = sealer.adopt_key
        self.seal = partial(sealer.seal, unit.clinic_id)
        self.unseal = sealer.unseal
        self.fingerprint = partial(sealer.fingerprints.of, f"address/{unit.clinic_id}")
        self.clinics = ClinicStore(unit)
        self.recipients = RecipientStore(unit)
        self.series = SeriesStore(unit)
        self.visits = VisitStore(unit)
        self.check_ins = CheckInStore(unit)
        self.offers = OfferStore(unit)
        self.messages = MessageStore(unit)
        self.replies = ReplyStore(unit)
        self.key_ring = KeyRing(unit)
