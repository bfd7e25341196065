"""What can be done with resources."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.booking.domain.resource import Hours, Resource, ResourceKind, checked
from services.booking.operations.ports import UnitOfWork
from shared.paging import Page, page_of


@dataclass(frozen=True)
class AddResource:
    """A chair, a room, a person, a pump."""

    kind: ResourceKind
    name: str
    hours: tuple[Hours, ...] = ()
    closed_on: tuple[date, ...] = ()


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
    """`changes` holds the fields to change."""

    resource_id: str
    version: int
    changes: Mapping[str, Any]


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


def change_resource(uow: UnitOfWork, command: ChangeResource) -> Resource:
    """Change some fields; what is booked stays booked. Raises `NotFound`, `Stale` and `RuleBroken`."""
    resource = uow.resources.get(command.resource_id, command.version)
    return uow.resources.save(checked(replace(resource, **command.changes)))
