"""What the link in an e-mail does: whoever reads the mail stops further ones, or lets them come again."""

from dataclasses import dataclass

from services.notify.domain.contact_point import ContactPoint, Source
from services.notify.domain.message import Channel
from services.notify.operations.consents import opt_in, opt_out
from services.notify.operations.ports import UnitOfWork
from shared.errors import NotFound
from shared.private_link import digest


@dataclass(frozen=True)
class ByLink:
    """Somebody followed a link; `wording`: what they agreed to, as it was shown."""

    token: str
    wording: str = ""


@dataclass(frozen=True)
class Subscription:
    """What the page tells: who writes, in which language, and whether that has stopped. Never to whom."""

    alias: str
    locale: str
    is_stopped: bool


def clinic_of_link(uow: UnitOfWork, token: str) -> str:
    """Whose link it is: the one question that is asked across clinics. Raises `NotFound`."""
    return uow.contact_points.clinic_of_link(digest(token))


def read_subscription(uow: UnitOfWork, command: ByLink) -> Subscription:
    """How it stands. Raises `NotFound`."""
    return _subscription(uow, uow.contact_points.by_link(digest(command.token)))


def unsubscribe(uow: UnitOfWork, command: ByLink) -> Subscription:
    """No more e-mail to this address; once more changes nothing. Raises `NotFound`."""
    point = uow.contact_points.by_link(digest(command.token))
    stopped = opt_out(uow, Channel.EMAIL, point.contact, source=Source.EMAIL_LINK, wording=command.wording)
    return _subscription(uow, stopped)


def subscribe_again(uow: UnitOfWork, command: ByLink) -> Subscription:
    """E-mail is welcome again; where it never stopped nothing changes. Raises `NotFound`."""
    point = uow.contact_points.by_link(digest(command.token))
    if point.is_stopped:
        point = opt_in(uow, Channel.EMAIL, point.contact, source=Source.EMAIL_LINK, wording=command.wording)
    return _subscription(uow, point)


def _subscription(uow: UnitOfWork, point: ContactPoint) -> Subscription:
    clinic = uow.clinics.find(uow.clinic_id)
    if clinic is None:
        raise NotFound("page")
    reader = uow.recipients.find(point.patients[-1]) if point.patients else None
    return Subscription(clinic.sender_alias, reader.locale if reader else clinic.locale, point.is_stopped)
