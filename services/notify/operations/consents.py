"""Whether addresses may be written to: what is said about them, and who said what of a patient's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import product
from typing import Final

from services.notify.domain.contact_point import ConsentStatus, ConsentStep, ContactPoint, Medium, Source, Statement
from services.notify.domain.events import Event
from services.notify.domain.message import Channel, Message
from services.notify.domain.recipient import Recipient
from services.notify.operations.consent_proof import is_present, shown
from services.notify.operations.ledger import went_to
from services.notify.operations.ports import UnitOfWork
from shared.errors import Fault, NotFound, RuleBroken

BY_ADDRESS: Final = (Channel.SMS, Channel.EMAIL)
"""Channels that a patient can stop: a person who phones is none of them."""
PEOPLE: Final = frozenset({"front_desk", "nurse", "clinician", "admin"})


@dataclass(frozen=True)
class RecordConsent:
    """What a patient said to the clinic about messages to their present number or e-mail address."""

    patient_id: str
    channel: Channel
    status: ConsentStatus
    wording: str
    source: Medium
    given_at: datetime


@dataclass(frozen=True)
class ShowConsents:
    """All addresses that a patient ever gave, and what was said of them."""

    patient_id: str


@dataclass(frozen=True)
class AddressConsent:
    """What is known of one address; `is_present`: whether the patient has it now."""

    channel: Channel
    address: str
    is_present: bool
    status: ConsentStatus
    history: tuple[ConsentStep, ...]


@dataclass(frozen=True)
class PatientConsents:
    """What a patient said of all addresses that they ever gave."""

    patient_id: str
    addresses: tuple[AddressConsent, ...]


def _say(
    move: Callable[..., tuple[ContactPoint, tuple[Event, ...]]],
    uow: UnitOfWork,
    channel: Channel,
    address: str,
    *,
    source: Source,
    wording: str,
    said_at: datetime | None = None,
    medium: Medium | None = None,
) -> ContactPoint:
    point = uow.contact_points.of(channel, address)
    said = _statement(uow, source, wording, said_at, medium)
    changed, told = move(point, said, _present_patients(uow, point))
    return point if changed is point else uow.contact_points.save(changed, told)


opt_out: Final = partial(_say, ContactPoint.opt_out)
"""Stop everything automated to this address from this commit on; stopping twice is one stop."""
opt_in: Final = partial(_say, ContactPoint.opt_in)
"""Messages to this address are welcome, again or for the first time."""


def learn_stop(uow: UnitOfWork, message: Message, code: str) -> None:
    """The provider says with this code that the address which a message went to wants no more of them."""
    if address := went_to(uow, message):
        opt_out(uow, message.channel, address, source=Source.PROVIDER, wording=code)


def register_addresses(uow: UnitOfWork, recipients: Iterable[Recipient]) -> None:
    """Keep that patients gave their addresses. Before the clinic's key is here they cannot be read: `hear_clinic`
    makes up for it.
    """
    if not uow.has_key:
        return
    known: dict[str, ContactPoint] = {}
    given: dict[str, ContactPoint] = {}
    for recipient, channel in product(recipients, BY_ADDRESS):
        if sealed := recipient.contact(channel):
            point = uow.contact_points.of(channel, uow.unseal(sealed))
            known[point.id] = point
            given[point.id] = given.get(point.id, point).register(recipient.id, uow.now, by=uow.actor.id)
    for id, point in given.items():
        if point != known[id]:
            uow.contact_points.save(point)


def record_consent(uow: UnitOfWork, command: RecordConsent) -> AddressConsent:
    """Take down what a patient said. Raises `NotFound`, and `RuleBroken` when there is no such address to speak of."""
    recipient = _recipient(uow, command.patient_id)
    sealed = recipient.contact(command.channel)
    if sealed is None:
        detail = f"This patient has no address for {command.channel}."
        raise RuleBroken("consent.no-address", detail, [Fault("consent.no-address", detail, "/channel")])
    take = opt_out if command.status is ConsentStatus.OPTED_OUT else opt_in
    point = take(
        uow,
        command.channel,
        uow.unseal(sealed),
        source=Source.FRONT_DESK if uow.actor.scopes & PEOPLE else Source.API,
        wording=command.wording,
        said_at=command.given_at,
        medium=command.source,
    )
    return _consent(uow, recipient, point)


def show_consents(uow: UnitOfWork, command: ShowConsents) -> PatientConsents:
    """What is known of a patient's addresses, masked unless an administrator asks. Raises `NotFound`."""
    recipient = _recipient(uow, command.patient_id)
    points = uow.contact_points.of_patient(recipient.id)
    return PatientConsents(recipient.id, tuple(_consent(uow, recipient, point) for point in points))


def _consent(uow: UnitOfWork, recipient: Recipient, point: ContactPoint) -> AddressConsent:
    return AddressConsent(
        point.channel, shown(uow, point.contact), is_present(uow, recipient, point), point.status, point.history
    )


def _recipient(uow: UnitOfWork, patient_id: str) -> Recipient:
    recipient = uow.recipients.find(patient_id)
    if recipient is None:
        raise NotFound("patient")
    return recipient


def _present_patients(uow: UnitOfWork, point: ContactPoint) -> list[str]:
    """Of those who ever gave this address, who has it now."""
    known = [recipient for id in point.patients if (recipient := uow.recipients.find(id))]
    return [recipient.id for recipient in known if is_present(uow, recipient, point)]


def _statement(
    uow: UnitOfWork, source: Source, wording: str, said_at: datetime | None, medium: Medium | None
) -> Statement:
    """Nobody said anything later than now, whatever their clock shows."""
    said = min(said_at or uow.now, uow.now)
    return Statement(source=source, wording=wording, by=uow.actor.id, said_at=said, at=uow.now, medium=medium)
