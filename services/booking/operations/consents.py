"""What patients sign and withdraw, and what follows from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.booking.domain.chart.consent import (
    Consent,
    ConsentKind,
    ConsentState,
    ConsentTexts,
    Gate,
    Manner,
    Scope,
    Withdrawal,
    consent_faults,
    last_day,
    standing,
    start_of,
    state_of,
)
from services.booking.domain.chart.signing import require_signed
from services.booking.domain.chart.stopping import doses_that_need, stopped
from services.booking.domain.clinic.task import TaskKind, new_task
from services.booking.domain.series.series import OVER, Series
from services.booking.domain.series.session import Session
from services.booking.operations.audit import audited
from services.booking.operations.local_days import today_of
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import regimen_of
from shared.errors import Conflict, Fault, NotFound
from shared.localtime import local_date


@dataclass(frozen=True)
class SignConsent:
    """A patient has signed, `signed_at` (default now), seen by the caller.

    `series_id` is the course that it is for; None: what it is not of a series, or the next one that is booked.
    """

    patient_id: str
    kind: ConsentKind
    text_version: str
    how: Manner
    signed_at: datetime | None = None
    series_id: str | None = None
    recipient: str | None = None


@dataclass(frozen=True)
class WithdrawConsent:
    """The patient does not agree any more."""

    patient_id: str
    consent_id: str
    reason: str


@dataclass(frozen=True)
class ListConsents:
    """All that a patient ever signed."""

    patient_id: str


@dataclass(frozen=True)
class Proof:
    """One signature and what it is worth today."""

    consent: Consent
    state: ConsentState


@dataclass(frozen=True)
class Proofs:
    """All of them, by time of signing."""

    items: tuple[Proof, ...]


@dataclass(frozen=True)
class ShowConsentTexts:
    """Which texts the clinic has signed now."""


@dataclass(frozen=True)
class PublishConsentTexts:
    """Which texts the clinic has signed from now on; kinds that are not named keep theirs."""

    version: int
    texts: Mapping[ConsentKind, str]


@dataclass(frozen=True)
class WarnOfExpiry:
    """A consent is about to run out."""

    consent_id: str


@audited("consent.sign")
def sign_consent(uow: UnitOfWork, command: SignConsent) -> Consent:
    """Keep a signature. Raises `NotFound`, and `RuleBroken` with every reason why it is none."""
    patient = uow.patients.get(command.patient_id)
    zone = uow.clinics.get(uow.clinic_id).zone
    series = uow.series.of_person(patient.person)
    if command.series_id not in {None, *(one.id for one in series if one.patient_id == patient.id)}:
        raise NotFound("series")
    signed_at = command.signed_at or uow.now
    consent = Consent(
        id=uow.new_id(),
        patient_id=patient.id,
        kind=command.kind,
        text_version=command.text_version,
        signed_at=signed_at,
        zone=zone,
        how=command.how,
        witness=uow.actor.id,
        series_id=command.series_id,
        recipient=command.recipient,
        expires_on=last_day(command.kind, local_date(signed_at, zone)),
    )
    require_signed(consent, uow.consent_texts.of_clinic(), series, registered_at=patient.registered_at, now=uow.now)
    return uow.consents.save(consent)


@audited("consent.withdraw")
def withdraw_consent(uow: UnitOfWork, command: WithdrawConsent) -> Consent:
    """Note that the patient does not agree any more, and put every dose to come on hold that needs it, at once.

    Everything of its kind that was signed until now, for the same course or recipient, ends with it. The holds are told
    and one task says which sessions they are; a clinician releases them, and a gate asks for a new signature.
    Raises `NotFound`, and `Conflict` when it was withdrawn already.
    """
    consent = uow.consents.get(command.consent_id)
    if consent.patient_id != uow.patients.get(command.patient_id).id:
        raise NotFound("consent")
    withdrawn = consent.withdrawn(Withdrawal(command.reason, uow.actor.id, uow.now))
    held = list(_doses(uow, consent))
    for series, doses in held:
        uow.series.save(*stopped(series, doses, consent, uow.now))
    if numbers := [session.number for _, doses in held for session in doses]:
        listed = ", ".join(map(str, sorted(numbers)))
        task = new_task(
            TaskKind.CONSENT_WITHDRAWN,
            consent.patient_id,
            f"The patient has withdrawn a consent ({consent.kind}): session {listed} on hold. Talk with the clinician.",
            reason=f"consent {consent.id}",
            at=uow.now,
            series_id=held[0][0].id,
            due_at=uow.now,
        )
        uow.tasks.add(task)
    return uow.consents.save(withdrawn)


def list_consents(uow: UnitOfWork, command: ListConsents) -> Proofs:
    """All that the patient ever signed, with what it is worth on the clinic's date today. Raises `NotFound`."""
    consents = uow.consents.of_patient(uow.patients.get(command.patient_id).id)
    texts, today = uow.consent_texts.of_clinic(), today_of(uow)
    over = {one.id for one in uow.series.of_patient(command.patient_id) if one.status in OVER}
    return Proofs(
        tuple(
            Proof(one, state_of(one, consents, today, texts, is_over=one.series_id in over))
            for one in sorted(consents, key=lambda one: (one.signed_at, one.id))
        )
    )


def show_consent_texts(uow: UnitOfWork, _: ShowConsentTexts) -> ConsentTexts:
    """Which texts the clinic has signed now. Raises `NotFound` without such a clinic."""
    uow.clinics.get(uow.clinic_id)
    return uow.consent_texts.of_clinic()


@audited("consent-text.publish")
def publish_consent_texts(uow: UnitOfWork, command: PublishConsentTexts) -> ConsentTexts:
    """Have other texts signed from now on; a new major version voids what was signed before.

    Raises `NotFound`, `Stale`, and `RuleBroken` for a text that is older than the present one.
    """
    uow.clinics.get(uow.clinic_id)
    return uow.consent_texts.save(uow.consent_texts.of_clinic(command.version).publish(command.texts))


def warn_of_expiry(uow: UnitOfWork, command: WarnOfExpiry) -> Consent:
    """Leave a task to have it signed again, if a dose to come needs it. Raises `NotFound`, `Conflict` when not due."""
    consent = uow.consents.get(command.consent_id)
    if consent.next_at is None or uow.now < consent.next_at or consent.expires_on is None:
        raise Conflict("consent.not-due", "There is no need to warn of this consent now.")
    warned = consent.warned(local_date(uow.now, consent.zone))
    is_latest = standing(uow.consents.of_patient(consent.patient_id), consent.key) == consent
    if is_latest and (needing := [series for series, _ in _doses(uow, consent)]):
        task = new_task(
            TaskKind.CONSENT_EXPIRES,
            consent.patient_id,
            f"Have the patient sign again: this is valid through {consent.expires_on} ({consent.kind}).",
            reason=f"consent {consent.id} {warned.warnings}",
            at=uow.now,
            series_id=needing[0].id,
            due_at=start_of(consent.expires_on + timedelta(days=1), consent.zone),
        )
        uow.tasks.add(task)
    return uow.consents.save(warned)


# --- what other operations ask ---------------------------------------------------------------------------------------


def missing_consents(uow: UnitOfWork, series: Series, gate: Gate, on: date) -> list[Fault]:
    """Which signatures are not there at this gate of a course, on a local date.

    A course that is being booked asks for those that wait for the next one. Raises `NotFound`.
    """
    return consent_faults(
        uow.consents.of_patient(series.patient_id),
        gate,
        regimen_of(uow, series),
        series.condition,
        series_id=None if gate is Gate.BOOKING else series.id,
        on=on,
        texts=uow.consent_texts.of_clinic(),
    )


def link_consents(uow: UnitOfWork, series: Series) -> None:
    """From now on the signatures that waited for the next course are those of this one."""
    regimen = regimen_of(uow, series)
    for consent in uow.consents.of_patient(series.patient_id):
        is_meant = consent.rule.scope is Scope.SERIES and consent.rule.is_asked(regimen, series.condition)
        if is_meant and consent.series_id is None:
            uow.consents.save(consent.linked(series.id))


def _doses(uow: UnitOfWork, consent: Consent) -> Iterator[tuple[Series, tuple[Session, ...]]]:
    """The patient's series with doses to come that need this consent, and those doses."""
    for series in uow.series.of_patient(consent.patient_id):
        regimen = regimen_of(uow, series)
        if doses := doses_that_need(consent, series, regimen):
            yield series, doses
