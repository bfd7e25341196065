"""The proof of consent: who said what of an address, how soon a stop was effective, which messages told how to stop."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from holidays import country_holidays

from services.notify.domain.business_days import business_day_after
from services.notify.domain.clinic import Clinic
from services.notify.domain.contact_point import ConsentStatus, ConsentStep, ContactPoint, Medium, Source, masked
from services.notify.domain.message import Channel, Kind, Message
from services.notify.domain.recipient import Recipient
from services.notify.operations.ports import UnitOfWork
from shared.errors import NotFound
from shared.localtime import local_date

LIMIT_DAYS: Final = 10
"""Business days within which a stop must be honoured (47 CFR 64.1200(a)(10), in force since 2025-04-11)."""
LAW_OF: Final = "US"
"""The country whose limit it is: it counts for patients who are there."""


@dataclass(frozen=True)
class ExportConsents:
    """The proof for one patient."""

    patient_id: str


@dataclass(frozen=True)
class ProvenStep:
    """One statement, with what an auditor asks of a stop: since when it was effective and by when it had to be.

    `delay`: between saying it and its being effective. Without a limit the law does not name one.
    """

    status: ConsentStatus
    source: Source
    medium: Medium | None
    wording: str
    by: str
    said_at: datetime
    effective_at: datetime
    delay: timedelta
    limit_on: date | None
    is_in_time: bool


@dataclass(frozen=True)
class ToldHow:
    """A message that told its reader how to stop."""

    message_id: str
    kind: Kind
    sent_at: datetime


@dataclass(frozen=True)
class ProvenAddress:
    """One number or e-mail address; `is_present`: whether the patient has it now."""

    channel: Channel
    address: str
    is_present: bool
    status: ConsentStatus
    steps: tuple[ProvenStep, ...]
    told_how_to_stop: tuple[ToldHow, ...]


@dataclass(frozen=True)
class Proof:
    """All that is known of one patient's consent, as it stood at `made_at`."""

    patient_id: str
    sender: str
    zone: str
    made_at: datetime
    addresses: tuple[ProvenAddress, ...]


def export_consents(uow: UnitOfWork, command: ExportConsents) -> Proof:
    """The proof; addresses are masked unless an administrator asks. Raises `NotFound`."""
    recipient, clinic = uow.recipients.find(command.patient_id), uow.clinics.find(uow.clinic_id)
    if recipient is None or clinic is None:
        raise NotFound("patient")
    said = uow.messages.said_to(recipient.id)
    addresses = tuple(
        _address(uow, point, recipient, clinic, said) for point in uow.contact_points.of_patient(recipient.id)
    )
    return Proof(recipient.id, clinic.sender_alias, recipient.zone or clinic.zone, uow.now, addresses)


def export_consents_table(uow: UnitOfWork, command: ExportConsents) -> Proof:
    """The same, to be written as a table."""
    return export_consents(uow, command)


def shown(uow: UnitOfWork, contact: str) -> str:
    """An address as the one who asks may see it."""
    return contact if "admin" in uow.actor.scopes else masked(contact)


def is_present(uow: UnitOfWork, recipient: Recipient, point: ContactPoint) -> bool:
    """Whether the patient has this address now."""
    sealed = recipient.contact(point.channel)
    return sealed is not None and uow.unseal(sealed).casefold() == point.contact.casefold()


def _address(
    uow: UnitOfWork, point: ContactPoint, recipient: Recipient, clinic: Clinic, said: list[Message]
) -> ProvenAddress:
    zone = recipient.zone or clinic.zone
    has_limit = (recipient.country or clinic.country) == LAW_OF
    return ProvenAddress(
        channel=point.channel,
        address=shown(uow, point.contact),
        is_present=is_present(uow, recipient, point),
        status=point.status,
        steps=tuple(_step(step, zone, has_limit=has_limit) for step in point.history),
        told_how_to_stop=tuple(_told(message) for message in said if _tells(uow, message, point)),
    )


def _step(step: ConsentStep, zone: str, *, has_limit: bool) -> ProvenStep:
    is_stop = step.status is ConsentStatus.OPTED_OUT
    limit_on = limit_of(local_date(step.said_at, zone)) if is_stop and has_limit else None
    return ProvenStep(
        status=step.status,
        source=step.source,
        medium=step.medium,
        wording=step.wording,
        by=step.by,
        said_at=step.said_at,
        effective_at=step.at,
        delay=step.at - step.said_at,
        limit_on=limit_on,
        is_in_time=limit_on is None or local_date(step.at, zone) <= limit_on,
    )


def limit_of(said_on: date) -> date:
    """The last day on which a stop that was said on this date may become effective."""
    return business_day_after(said_on, LIMIT_DAYS, federal_holidays(said_on))


def federal_holidays(day: date) -> Container[date]:
    """Holidays of the federal government around a date, with the days on which they are observed."""
    return country_holidays(LAW_OF, years=(day.year, day.year + 1))


def _tells(uow: UnitOfWork, message: Message, point: ContactPoint) -> bool:
    """Texts say how to stop now and then, e-mails always."""
    tells = message.tells_opt_out or message.channel is Channel.EMAIL
    return tells and message.channel is point.channel and message.address == uow.fingerprint(point.contact)


def _told(message: Message) -> ToldHow:
    return ToldHow(message.id, message.kind, message.begun_at or message.due_at)
