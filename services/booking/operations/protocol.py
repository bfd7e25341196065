"""What can be done with protocols."""

from dataclasses import dataclass
from typing import Final

from services.booking.domain.protocol.care import ORDINARY
from services.booking.domain.protocol.protocol import Protocol, Regimen
from services.booking.domain.protocol.publishing import publish
from services.booking.operations.audit import audited
from services.booking.operations.ports import UnitOfWork
from shared.errors import Forbidden
from shared.paging import Page, page_of

CLINICIAN: Final = "clinician"
"""The scope under which the figures of a dose's day change."""


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
    """Publish; series that run keep their edition.

    Raises `RuleBroken` with every reason why it makes no sense, and `Forbidden` without the scope for other clinical
    figures than those of the edition before, or of a new protocol the ordinary ones.
    """
    latest = uow.protocols.find_latest(command.slug)
    known = latest.regimen.care if latest else ORDINARY
    if command.regimen.care != known and CLINICIAN not in uow.actor.scopes:
        raise Forbidden("scope-missing", "Only a clinician decides what the day of a dose asks for.")
    return uow.protocols.save(publish(command.slug, latest, command.regimen))


def show_protocol(uow: UnitOfWork, command: ShowProtocol) -> Protocol:
    """The edition. Raises `NotFound`."""
    return uow.protocols.get(command.slug, command.edition)


def list_protocols(uow: UnitOfWork, command: ListProtocols) -> Page[Protocol]:
    """A page of the clinic's protocols."""
    found = uow.protocols.list(after=command.after, limit=command.limit + 1, slug=command.slug)
    return page_of(found, command.limit)
