"""A patient of one clinic, and how they want to be reached."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from services.booking.domain.events import PatientChanged, PatientErased, PatientRegistered
from services.booking.domain.patient.person import Match, Ruling, apart
from shared.errors import Conflict, Fault, NotFound, RuleBroken
from shared.localtime import is_zone

MOST_EXTERNAL_DOSES: Final = 400
RULINGS_KEPT: Final = 20
ERASED: Final = "erased"
NO_DATE: Final = date(1900, 1, 1)
"""What stands for the name and the birth date of a patient whom the clinic has erased."""


class Privacy(StrEnum):
    """How much a message may say: alias and time; also preparation; everything but in SMS."""

    MINIMAL = "minimal"
    STANDARD = "standard"
    DETAILED = "detailed"


class Channel(StrEnum):
    """How a person is reached."""

    SMS = "sms"
    EMAIL = "email"


class Reporter(StrEnum):
    """Who says that a dose was given outside of the platform."""

    PATIENT = "patient"
    OTHER_CLINIC = "other-clinic"


@dataclass(frozen=True)
class ExternalDose:
    """A dose that was given outside of the platform, on a local date."""

    id: str
    on: date
    source: Reporter
    note: str | None = None


@dataclass(frozen=True)
class Patient:
    """`phone` is E.164. Without `zone` or `country` the clinic's count. `external_id` is the practice's own number.

    `escort_phone` (E.164) is of who takes the patient home and has agreed to be told when; they are told nothing else.

    `person` is the token of whoever this is, in every clinic; `person_confirmed` is what staff say of that, `rulings`
    are the last times that they said so. Since when the patient is `registered_at` is not known of the first ones.
    Who was `erased_at` some instant is nobody any more: an id of facts without a person.
    """

    id: str
    name: str
    birth_date: date
    phone: str | None
    email: str | None
    locale: str
    person: str
    zone: str | None = None
    country: str | None = None
    privacy: Privacy = Privacy.STANDARD
    preferred_channel: Channel = Channel.SMS
    escort_phone: str | None = None
    external_id: str | None = None
    person_confirmed: Match = Match.UNCONFIRMED
    rulings: tuple[Ruling, ...] = ()
    external_doses: tuple[ExternalDose, ...] = ()
    registered_at: datetime | None = None
    erased_at: datetime | None = None
    version: int = 0

    @property
    def external_dates(self) -> tuple[date, ...]:
        """When doses were given outside of the platform."""
        return tuple(sorted(dose.on for dose in self.external_doses))

    def age_on(self, day: date) -> int:
        """Years of age on a local date; who is born on 29 February is a year older on 1 March of other years."""
        return day.year - self.birth_date.year - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))

    def register(self, today: date) -> tuple["Patient", list[PatientRegistered]]:
        """Take the patient in. Raises `RuleBroken` with every reason why not."""
        self._check(today)
        return self, [PatientRegistered(**self._told())]

    def change(self, today: date, **changes: Any) -> tuple["Patient", list[PatientChanged]]:
        """The patient with some details changed. Raises `RuleBroken` with every reason."""
        changed = replace(self, **changes)
        changed._check(today)
        return changed, [PatientChanged(**changed._told())]

    def identified(self, person: str, match: Match) -> "Patient":
        """The patient, taken for this person."""
        return replace(self, person=person, person_confirmed=match)

    def ruled(self, person: str, ruling: Ruling) -> "Patient":
        """The patient, taken for this person because staff say so."""
        rulings = (*self.rulings, ruling)[-RULINGS_KEPT:]
        return replace(self.identified(person, ruling.match), rulings=rulings)

    def erase(self, at: datetime) -> tuple["Patient", list[PatientErased]]:
        """Nothing that says who this was; doses stay, counted for this record alone."""
        doses = tuple(replace(dose, note=None) for dose in self.external_doses)
        nobody = Patient(
            id=self.id,
            name=ERASED,
            birth_date=NO_DATE,
            phone=None,
            email=None,
            locale=self.locale,
            person=apart(self.id),
            external_doses=doses,
            registered_at=self.registered_at,
            erased_at=at,
            version=self.version,
        )
        return nobody, [PatientErased(at)]

    def with_external_dose(self, dose: ExternalDose, today: date) -> "Patient":
        """Count a dose that was given elsewhere. Raises `RuleBroken` with every reason why it cannot be."""
        faults = []
        if dose.on > today:
            faults.append(Fault("external-dose.in-future", f"{dose.on} has not come yet.", "/on"))
        if dose.on <= self.birth_date:
            faults.append(Fault("external-dose.before-birth", "That is before the patient's birth.", "/on"))
        if dose.on in self.external_dates:
            faults.append(Fault("external-dose.known", f"The dose of {dose.on} is known already.", "/on"))
        if len(self.external_doses) >= MOST_EXTERNAL_DOSES:
            faults.append(Fault("external-dose.too-many", f"At most {MOST_EXTERNAL_DOSES} are kept."))
        if faults:
            raise RuleBroken("external-dose.refused", "This dose cannot be counted.", faults)
        doses = sorted((*self.external_doses, dose), key=lambda one: one.on)
        return replace(self, external_doses=tuple(doses))

    def without_external_dose(self, dose_id: str) -> "Patient":
        """A dose was reported by mistake. Raises `NotFound`."""
        rest = tuple(dose for dose in self.external_doses if dose.id != dose_id)
        if len(rest) == len(self.external_doses):
            raise NotFound("external dose")
        return replace(self, external_doses=rest)

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


def external_id_taken() -> Conflict:
    """The refusal of a number that another patient of the clinic has."""
    detail = "Another patient of this clinic has this external id."
    return Conflict("patient.external-id-taken", detail, [Fault("patient.external-id-taken", detail, "/external_id")])
