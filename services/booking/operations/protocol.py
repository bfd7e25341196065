"""What can be done with protocols."""

from dataclasses import dataclass

from services.booking.domain.protocol.protocol import Protocol, Regimen
from services.booking.domain.protocol.publishing import publish
from services.booking.operations.audit import audited
from services.booking.operations.ports import UnitOfWork
from shared.paging import Page, page_of


@dataclass(frozen=True)
class PublishProtocol:
    """A new protocol, or the next edition of one."""

    slug: str
    regimen: Regimen


@dataclass(frozen=True)
class ShowProtocol:
    """One edition; without `edition` the latest."""

    slug: str
    edition: int | None = None


@dataclass(frozen=True)
class ListProtocols:
    """All editions of all protocols, or of the one called `slug`."""

    limit: int
    after: str | None
    slug: str | None = None


@audited("protocol.publish")
def publish_protocol(uow: UnitOfWork, command: PublishProtocol) -> Protocol:
    """Publish; series that run keep their edition. Raises `RuleBroken` with every reason why it makes no sense."""
    latest = uow.protocols.find_latest(command.slug)
    return uow.protocols.save(publish(command.slug, latest, command.regimen))


def show_protocol(uow: UnitOfWork, command: ShowProtocol) -> Protocol:
    """The edition. Raises `NotFound`."""
    return uow.protocols.get(command.slug, command.edition)


def list_protocols(uow: UnitOfWork, command: ListProtocols) -> Page[Protocol]:
    """A page of the clinic's protocols."""
    found = uow.protocols.list(after=command.after, limit=command.limit + 1, slug=command.slug)
    return page_of(found, command.limit)
