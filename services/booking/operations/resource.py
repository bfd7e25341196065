"""What can be done with resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.booking.domain.calendar.resource import (
    Absence,
    Hours,
    Resource,
    ResourceKind,
    Skill,
    SpecialHours,
    checked,
)
from services.booking.domain.placement.reassignment import Decision, Hit, danger_of, hits, reassign, require_decision
from services.booking.domain.protocol.protocol import Phase
from services.booking.operations.audit import audited
from services.booking.operations.calendars import calendar_of
from services.booking.operations.ports import UnitOfWork
from shared.paging import Page, page_of


@dataclass(frozen=True)
class AddResource:
    """A chair, a room, a person, a pump, or a pool of like things."""

    kind: ResourceKind
    name: str
    hours: tuple[Hours, ...] = ()
    closed_on: tuple[date, ...] = ()
    special_days: tuple[SpecialHours, ...] = ()
    absences: tuple[Absence, ...] = ()
    skills: tuple[Skill, ...] = ()
    capacity: int = 1


@dataclass(frozen=True)
class ShowResource:
    """One resource."""

    resource_id: str


@dataclass(frozen=True)
class ListResources:
    """The clinic's resources, or those of one kind."""

    limit: int
    after: str | None
    kind: ResourceKind | None = None


@dataclass(frozen=True)
class ChangeResource:
    """`changes` holds the fields to change; `decision` says what becomes of sessions that they hit."""

    resource_id: str
    version: int
    changes: Mapping[str, Any]
    decision: Decision | None = None


@audited("resource.add")
def add_resource(uow: UnitOfWork, command: AddResource) -> Resource:
    """Add it. Raises `RuleBroken` for hours that cannot be."""
    uow.clinics.get(uow.clinic_id)
    return uow.resources.save(checked(Resource(id=uow.new_id(), **vars(command))))


def show_resource(uow: UnitOfWork, command: ShowResource) -> Resource:
    """The resource. Raises `NotFound`."""
    return uow.resources.get(command.resource_id)


def list_resources(uow: UnitOfWork, command: ListResources) -> Page[Resource]:
    """A page of the clinic's resources."""
    return page_of(uow.resources.list(after=command.after, limit=command.limit + 1, kind=command.kind), command.limit)


@audited("resource.change")
def change_resource(uow: UnitOfWork, command: ChangeResource) -> Resource:
    """Change some fields.

    Raises `NotFound`, `Stale`, `RuleBroken` for what cannot be, and `Conflict` with every session that the change hits
    when nobody has decided about them, or when one of them cannot be reassigned.
    """
    resource = uow.resources.get(command.resource_id, command.version)
    changed = checked(replace(resource, **command.changes))
    zone = uow.clinics.get(uow.clinic_id).zone
    found = hits(uow.series.taking(resource.id, uow.now), danger_of(changed, zone), uow.now)
    require_decision(found, danger_of(resource, zone), command.decision)
    if found and command.decision is Decision.REASSIGN:
        _reassign(uow, changed, found)
    return uow.resources.save(changed)


def _reassign(uow: UnitOfWork, resource: Resource, found: Sequence[Hit]) -> None:
    def phase_of(hit: Hit) -> Phase:
        return regimens[hit.series.protocol, hit.series.edition].phase_of(hit.session.number)

    editions = {(hit.series.protocol, hit.series.edition) for hit in found}
    regimens = {edition: uow.protocols.get(*edition).regimen for edition in editions}
    days = [hit.session.on for hit in found]
    for series in reassign(found, resource, calendar_of(uow, "", min(days), max(days)), phase_of):
        uow.series.save(series)
