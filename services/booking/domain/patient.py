"""A patient of one clinic, and how they want to be reached."""

from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from services.booking.domain.events import PatientChanged, PatientRegistered
from shared.errors import Fault, RuleBroken
from shared.localtime import is_zone


class Privacy(StrEnum):
    """How much a message may say: alias and time; also preparation; everything but in SMS."""

    MINIMAL = "minimal"
    STANDARD = "standard"
    DETAILED = "detailed"


class Channel(StrEnum):
    """How a person is reached."""

    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True)
class Patient:
    """`phone` is E.164. Without `zone` or `country` the clinic's count."""

    id: str
    name: str
    birth_date: date
    phone: str | None
    email: str | None
    locale: str
    zone: str | None = None
    country: str | None = None
    privacy: Privacy = Privacy.STANDARD
    preferred_channel: Channel = Channel.SMS
    version: int = 0

    def register(self, today: date) -> tuple["Patient", list[PatientRegistered]]:
        """Take the patient in. Raises `RuleBroken` with every reason why not."""
        self._check(today)
        return self, [PatientRegistered(**self._told())]

    def change(self, today: date, **changes: Any) -> tuple["Patient", list[PatientChanged]]:
        """The patient with some details changed. Raises `RuleBroken` with every reason."""
        changed = replace(self, **changes)
        changed._check(today)
        return changed, [PatientChanged(**changed._told())]

    def _told(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(PatientRegistered)}

    def _check(self, today: date) -> None:
        faults = []
        if self.phone is None and self.email is None:
            faults.append(Fault("patient.unreachable", "Give a phone number or an e-mail address.", "/phone"))
        if self.birth_date >= today:
            faults.append(Fault("patient.not-born", "The birth date must be in the past.", "/birth_date"))
        if self.zone is not None and not is_zone(self.zone):
            faults.append(Fault("patient.zone-unknown", f"{self.zone!r} is no IANA time zone.", "/zone"))
        if faults:
            raise RuleBroken("patient.refused", "The patient cannot be registered like this.", faults)
