"""Booking's unit of work on MongoDB: the technical unit, dressed in booking's stores."""

from services.booking.store.access_key import AccessKeyStore
from services.booking.store.clinic import ClinicStore
from services.booking.store.patient import PatientStore
from services.booking.store.protocol import ProtocolStore
from services.booking.store.resource import ResourceStore
from services.booking.store.series import SeriesStore
from shared.auth import digest, new_secret
from shared.sealed import Sealer
from shared.unit_of_work import Unit


class MongoUnitOfWork:
    """See `operations.ports.UnitOfWork`."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self.now = unit.now
        self.new_id = unit.new_id
        self.clinic_id = unit.clinic_id
        self.data_keys = sealer
        self.clinics = ClinicStore(unit)
        self.access_keys = AccessKeyStore(unit)
        self.patients = PatientStore(unit, sealer)
        self.protocols = ProtocolStore(unit)
        self.resources = ResourceStore(unit)
        self.series = SeriesStore(unit)

    @staticmethod
    def new_secret() -> tuple[str, str]:
        """A new secret and its digest."""
        secret = new_secret()
        return secret, digest(secret)
