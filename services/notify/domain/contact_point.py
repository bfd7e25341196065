"""Whether an address may be written to: what was said about it, in which words, when, how, and who took it down.

A contact point (FHIR's word) is one phone number or one e-mail address at one clinic, whoever has it. What was said
stays with the address: a patient's new number has not stopped anything, and a number that stopped stays stopped,
whoever gives it again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

from services.notify.domain.events import ContactOptedIn, ContactOptedOut
from services.notify.domain.message import Channel

UNSUBSCRIBE: Final = "/notify/u/"
"""Where links to unsubscribe lead."""
_NAMESPACE: Final = UUID("3d9a4c5e-8f21-5b77-9c64-2a7e1f0b8d93")


class ConsentStatus(StrEnum):
    """What an address's owner wants. `unknown` may be written to: the number was given for that."""

    UNKNOWN = "unknown"
    OPTED_IN = "opted-in"
    OPTED_OUT = "opted-out"


class ConsentMove(StrEnum):
    """What may be said about an address."""

    OPT_IN = "opt-in"
    OPT_OUT = "opt-out"


MOVES: Final[Mapping[tuple[ConsentStatus, ConsentMove], ConsentStatus]] = MappingProxyType(
    {
        (ConsentStatus.UNKNOWN, ConsentMove.OPT_IN): ConsentStatus.OPTED_IN,
        (ConsentStatus.UNKNOWN, ConsentMove.OPT_OUT): ConsentStatus.OPTED_OUT,
        (ConsentStatus.OPTED_IN, ConsentMove.OPT_OUT): ConsentStatus.OPTED_OUT,
        (ConsentStatus.OPTED_OUT, ConsentMove.OPT_IN): ConsentStatus.OPTED_IN,
    }
)
"""Saying once more what is known already is no move, and never refused."""


class Source(StrEnum):
    """By which way it came to us. `provider`: a provider would not send to a number that had stopped there."""

    REGISTRATION = "registration"
    FRONT_DESK = "front-desk"
    SMS = "sms"
    EMAIL_LINK = "email-link"
    PROVIDER = "provider"
    API = "api"


class Medium(StrEnum):
    """How a patient told a person at the clinic."""

    PAPER = "paper"
    PHONE = "phone"
    IN_PERSON = "in-person"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What was said about an address.

    `wording`: the words that were said, or shown and agreed to. `said_at`: when; `at`: since when it counts here. `by`:
    the access key of who took it down, or the platform.
    """

    source: Source
    wording: str
    by: str
    said_at: datetime
    at: datetime
    medium: Medium | None = None


@dataclass(frozen=True, kw_only=True)
class ConsentStep(Statement):
    """A statement, and the status that it left."""

    status: ConsentStatus


@dataclass(frozen=True, kw_only=True)
class ContactPoint:
    """`address` is a fingerprint, `contact` the number or e-mail address itself (personal), `patients` all who ever
    gave it, but those who were erased. `link_digest`: of the link to unsubscribe; empty where there is none.
    """

    id: str
    version: int = 0
    channel: Channel
    address: str
    contact: str
    link_digest: str = ""
    patients: tuple[str, ...] = ()
    status: ConsentStatus = ConsentStatus.UNKNOWN
    history: tuple[ConsentStep, ...] = ()

    @property
    def is_stopped(self) -> bool:
        """Whether nothing automated may go there."""
        return self.status is ConsentStatus.OPTED_OUT

    def register(self, patient_id: str, at: datetime, *, by: str) -> "ContactPoint":
        """A patient gave it. Giving a number for appointments is consent to be told of them (as the TCPA is commonly
        read), and never takes back what was said of it before.
        """
        known = self if patient_id in self.patients else replace(self, patients=(*self.patients, patient_id))
        if self.status is not ConsentStatus.UNKNOWN:
            return known
        said = Statement(source=Source.REGISTRATION, wording=GIVEN[self.channel], by=by, said_at=at, at=at)
        return known._led_to(ConsentStatus.OPTED_IN, said)

    def opt_out(
        self, said: Statement, patients: Iterable[str] = ()
    ) -> tuple["ContactPoint", tuple[ContactOptedOut, ...]]:
        """Nothing automated any more; stopping twice is one stop. `patients`: whose address it is at present."""
        if self.is_stopped:
            return self, ()
        stopped = self._led_to(MOVES[self.status, ConsentMove.OPT_OUT], said)
        return stopped, tuple(
            ContactOptedOut(patient, self.channel.value, said.source.value, said.at) for patient in _each(patients)
        )

    def opt_in(
        self, said: Statement, patients: Iterable[str] = ()
    ) -> tuple["ContactPoint", tuple[ContactOptedIn, ...]]:
        """Messages are welcome. Said once more in other words, it is kept as further proof and is no news."""
        if self.status is ConsentStatus.OPTED_IN:
            return (self if self._heard_already(said) else self._led_to(self.status, said)), ()
        welcome = self._led_to(MOVES[self.status, ConsentMove.OPT_IN], said)
        stopped_at = self.history[-1].at if self.is_stopped else None
        return welcome, tuple(
            ContactOptedIn(patient, self.channel.value, said.source.value, said.at, stopped_at)
            for patient in _each(patients)
        )

    def _heard_already(self, said: Statement) -> bool:
        last = self.history[-1]
        return (last.source, last.medium, last.wording) == (said.source, said.medium, said.wording)

    def _led_to(self, status: ConsentStatus, said: Statement) -> "ContactPoint":
        return replace(self, status=status, history=(*self.history, ConsentStep(status=status, **vars(said))))


GIVEN: Final[Mapping[Channel, str]] = MappingProxyType(
    {Channel.SMS: "number given at registration", Channel.EMAIL: "address given at registration"}
)
"""The wording of consent that came with the address."""


def contact_point_id(clinic_id: str, channel: Channel, fingerprint: str) -> str:
    """One address of one channel at one clinic is one contact point."""
    return str(uuid5(_NAMESPACE, f"{clinic_id}\n{channel}\n{fingerprint}"))


def masked(contact: str) -> str:
    """An address by which its owner is recognised and nobody else: a number's last three digits, an e-mail's domain."""
    _, at, domain = contact.rpartition("@")
    return f"•••@{domain}" if at else f"•••{contact[-3:]}"


def _each(patients: Iterable[str]) -> tuple[str | None, ...]:
    """Whom the news is about; nobody that is known, where a stranger said it."""
    return tuple(patients) or (None,)
