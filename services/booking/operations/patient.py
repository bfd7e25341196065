"""What can be done with a patient's record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.booking.domain.patient.patient import Channel, Patient, Privacy
from services.booking.domain.patient.search import wanted
from services.booking.operations.audit import audited
from services.booking.operations.exposure import identify
from services.booking.operations.local_days import today_of
from services.booking.operations.person import person_after
from services.booking.operations.ports import UnitOfWork
from shared.paging import Page, page_of


@dataclass(frozen=True)
class RegisterPatient:
    """A new patient of the unit's clinic."""

    name: str
    birth_date: date
    phone: str | None = None
    email: str | None = None
    locale: str = "en"
    zone: str | None = None
    country: str | None = None
    privacy: Privacy = Privacy.STANDARD
    preferred_channel: Channel = Channel.SMS
    escort_phone: str | None = None
    external_id: str | None = None


@dataclass(frozen=True)
class ShowPatient:
    """One patient."""

    patient_id: str


@dataclass(frozen=True)
class ListPatients:
    """The clinic's patients in order of registration; `phone` and `email` look for exactly that.

    `search` finds by the begins of name words, a phone number however written, an e-mail address or an external id.
    """

    limit: int
    after: str | None
    phone: str | None = None
    email: str | None = None
    search: str | None = None


@dataclass(frozen=True)
class ChangePatient:
    """`changes` holds the fields to change."""

    patient_id: str
    version: int
    changes: Mapping[str, Any]


def register_patient(uow: UnitOfWork, command: RegisterPatient) -> Patient:
    """Take a patient in. Raises `RuleBroken` with every reason why not, `Conflict` when another has the external id."""
    person = uow.person_token(command.name, command.birth_date)
    patient = Patient(id=uow.new_id(), person=person, registered_at=uow.now, **vars(command))
    return uow.patients.save(*patient.register(today_of(uow)))


def show_patient(uow: UnitOfWork, command: ShowPatient) -> Patient:
    """The patient. Raises `NotFound`."""
    return uow.patients.get(command.patient_id)


def list_patients(uow: UnitOfWork, command: ListPatients) -> Page[Patient]:
    """A page of the clinic's patients. Raises `Invalid` for a search that is too short to find anybody by."""
    found = uow.patients.list(
        after=command.after,
        limit=command.limit + 1,
        phone=command.phone,
        email=command.email,
        search=None if command.search is None else wanted(command.search),
    )
    return page_of(found, command.limit)


@audited("patient.change")
def change_patient(uow: UnitOfWork, command: ChangePatient) -> Patient:
    """Change some details. Another name or birth date may make the patient another person: caps are counted anew.

    Raises `NotFound`, `Stale`, `RuleBroken`, and `Conflict` when another patient has the external id.
    """
    patient = uow.patients.get(command.patient_id, command.version)
    changed, events = patient.change(today_of(uow), **command.changes)
    known = person_after(uow, patient, changed)
    if known.person != patient.person:
        return identify(uow, known, events)
    return uow.patients.save(known, events)
