"""What can be done with a clinic."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from services.booking.domain.clinic import Clinic
from services.booking.domain.protocol_templates import default_protocols
from services.booking.operations.ports import UnitOfWork
from shared.paging import Page, page_of


@dataclass(frozen=True)
class OpenClinic:
    """A new clinic, in the unit of work's own scope."""

    name: str
    sender_alias: str
    zone: str
    country: str
    locale: str
    phone: str
    quiet_from: time
    quiet_until: time


@dataclass(frozen=True)
class ShowClinic:
    """The clinic of this unit of work."""


@dataclass(frozen=True)
class ListClinics:
    """All clinics, for the operator; `after` is the last id already seen."""

    limit: int
    after: str | None


@dataclass(frozen=True)
class ChangeClinic:
    """`changes` holds the fields to change."""

    version: int
    changes: Mapping[str, Any]


def open_clinic(uow: UnitOfWork, command: OpenClinic) -> Clinic:
    """Let a clinic join: its data key, itself and its own copy of every default protocol, all or nothing."""
    clinic, events = Clinic(id=uow.clinic_id, **vars(command)).open(uow.data_keys.create_key(uow.clinic_id))
    for protocol in default_protocols():
        uow.protocols.save(protocol)
    return uow.clinics.save(clinic, events)


def show_clinic(uow: UnitOfWork, _: ShowClinic) -> Clinic:
    """The clinic. Raises `NotFound`."""
    return uow.clinics.get(uow.clinic_id)


def list_clinics(uow: UnitOfWork, command: ListClinics) -> Page[Clinic]:
    """A page of all clinics, in order of joining; only for a unit of work of every clinic."""
    return page_of(uow.clinics.list(after=command.after, limit=command.limit + 1), command.limit)


def change_clinic(uow: UnitOfWork, command: ChangeClinic) -> Clinic:
    """Change some fields. Raises `NotFound`, `Stale` and `RuleBroken`."""
    clinic, events = uow.clinics.get(uow.clinic_id, command.version).change(**command.changes)
    return uow.clinics.save(clinic, events)
