"""Followup's unit of work on MongoDB: the technical unit, dressed in followup's stores."""

from services.followup.domain.check_in import PATH
from services.followup.domain.library import Library
from services.followup.domain.plan import Questions
from services.followup.domain.triggers import Rules
from services.followup.store.alert import AlertStore
from services.followup.store.alert_rules import AlertRulesStore
from services.followup.store.check_in import CheckInStore
from services.followup.store.clinic import ClinicStore
from services.followup.store.kept import KEPT
from services.followup.store.known import KnownStore
from services.followup.store.patient import PatientStore
from services.followup.store.plan import PlanStore
from services.followup.store.rota import RotaStore
from services.followup.store.text import TextStore
from shared.http.auth import new_secret
from shared.http.key_ring import KeyRing
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Unit
from shared.personal_data.records import UnitDossiers
from shared.private_link import NewLink, new_link


class MongoUnitOfWork:
    """See `operations.ports.UnitOfWork`."""

    def __init__(
        self,
        unit: Unit,
        sealer: Sealer,
        *,
        instruments: Library,
        default_plan: Questions,
        default_rules: Rules,
        public_url: str,
    ) -> None:
        self.now = unit.now
        self.new_id = unit.new_id
        self.clinic_id = unit.clinic_id
        self.instruments = instruments
        self.default_plan = default_plan
        self.default_rules = default_rules
        self.actor = unit.actor
        self.public_url = public_url
        self.new_token = new_secret
        self.adopt_key = sealer.adopt_key
        self.unseal = sealer.unseal
        self.check_ins = CheckInStore(unit, sealer)
        self.alerts = AlertStore(unit, sealer)
        self.rotas = RotaStore(unit, sealer)
        self.clinics = ClinicStore(unit)
        self.known = KnownStore(unit)
        self.plans = PlanStore(unit)
        self.alert_rules = AlertRulesStore(unit)
        self.patients = PatientStore(unit)
        self.texts = TextStore(unit)
        self.key_ring = KeyRing(unit)
        self.dossiers = UnitDossiers(unit, sealer, KEPT)

    def new_link(self) -> NewLink:
        """A new private link to a check-in."""
        return new_link(self.public_url, PATH, new_secret())
