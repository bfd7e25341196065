"""Followup's unit of work on MongoDB: the technical unit, dressed in followup's stores."""

from services.followup.domain.instrument import Library
from services.followup.store.check_in import CheckInStore
from services.followup.store.clinic import ClinicStore
from services.followup.store.patient import PatientStore
from shared.auth import new_secret
from shared.key_ring import KeyRing
from shared.sealed import Sealer
from shared.unit_of_work import Unit


class MongoUnitOfWork:
    """See `operations.ports.UnitOfWork`."""

    def __init__(self, unit: Unit, sealer: Sealer, *, instruments: Library, public_url: str) -> None:
        self.now = unit.now
        self.new_id = unit.new_id
        self.clinic_id = unit.clinic_id
        self.instruments = instruments
        self.public_url = public_url
        self.new_token = new_secret
        self.adopt_key = sealer.adopt_key
        self.unseal = sealer.unseal
        self.check_ins = CheckInStore(unit, sealer)
        self.clinics = ClinicStore(unit)
        self.patients = PatientStore(unit)
        self.key_ring = KeyRing(unit)
