"""What can be done with a clinic."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from services.booking.domain.clinic.clinic import Clinic
from services.booking.domain.placement.at_risk import at_risk
from services.booking.domain.placement.reassignment import Decision, hits, require_decision
from services.booking.domain.protocol.templates import default_protocols
from services.booking.domain.series.session import Session
from services.booking.operations.audit import audited
from services.booking.operations.ports import UnitOfWork
from shared.errors import Fault
from shared.localtime import resolve_forward
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
    holidays: tuple[date, ...] = ()


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
    """`changes` holds the fields to change; `decision` says what becomes of sessions that a new holiday hits."""

    version: int
    changes: Mapping[str, Any]
    decision: Decision | None = None


@audited("clinic.open")
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


@audited("clinic.change")
def change_clinic(uow: UnitOfWork, command: ChangeClinic) -> Clinic:
    """Change some fields.

    Raises `NotFound`, `Stale`, `RuleBroken`, and `Conflict` with every session on a new holiday, unless they are kept.
    """
    clinic = uow.clinics.get(uow.clinic_id, command.version)
    changed, events = clinic.change(**command.changes)
    if new := set(changed.holidays) - set(clinic.holidays):
        _require_decision(uow, changed, new, command.decision)
    return uow.clinics.save(changed, events)


def _require_decision(uow: UnitOfWork, clinic: Clinic, new: set[date], decision: Decision | None) -> None:
    def danger(session: Session) -> list[Fault]:
        return at_risk(session, (), new, clinic.zone)

    first, behind = (datetime.combine(day, time()) for day in (min(new), max(new) + timedelta(days=1)))
    on_them = uow.series.between(resolve_forward(first, clinic.zone), resolve_forward(behind, clinic.zone))
    require_decision(hits(on_them, danger, uow.now), lambda _: [], decision)
