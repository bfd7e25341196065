"""What booking tells of clinics."""

from dataclasses import dataclass
from datetime import time

from services.notify.domain.clinic import Clinic
from services.notify.operations.consents import register_addresses
from services.notify.operations.ports import UnitOfWork


@dataclass(frozen=True)
class ClinicHeard:
    """How the clinic is now. `data_key` (wrapped) comes with the first event of a clinic only."""

    name: str
    sender_alias: str
    zone: str
    country: str
    locale: str
    phone: str
    quiet_from: time
    quiet_until: time
    data_key: str | None = None


def hear_clinic(uow: UnitOfWork, command: ClinicHeard) -> None:
    """Keep it. Rows of the ledger need no care: they are judged with it at their next look. Addresses of patients who
    were heard of before the clinic can be read as soon as its key is here.
    """
    had_key = uow.has_key
    if command.data_key is not None:
        uow.adopt_key(command.data_key)
    facts = {name: value for name, value in vars(command).items() if name != "data_key"}
    known = uow.clinics.find(uow.clinic_id)
    uow.clinics.save(Clinic(id=uow.clinic_id, version=known.version if known else 0, **facts))
    if not had_key:
        register_addresses(uow, uow.recipients.all())
