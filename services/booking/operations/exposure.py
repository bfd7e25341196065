"""What can be done about a person's doses: reporting those from elsewhere, releasing a session that a cap holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.booking.domain.clinic.task import Task, TaskKind, new_task
from services.booking.domain.events import TreatmentHeld, TreatmentReleased
from services.booking.domain.patient.exposure import Exposure, Source
from services.booking.domain.patient.patient import ExternalDose, Patient, Reporter
from services.booking.domain.series.cap_review import reviewed, too_much
from services.booking.domain.series.gate import NO_MEASURE
from services.booking.domain.series.override import OVERRIDABLE, Override
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import HoldOn, Session
from services.booking.operations.audit import audited, note
from services.booking.operations.clearance import what_closes
from services.booking.operations.local_days import today_of
from services.booking.operations.misuse import watch
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import elsewhere_of, regimen_of
from shared.errors import Conflict, Fault, RuleBroken


@dataclass(frozen=True)
class AddExternalDose:
    """A dose was given outside of the platform, on a local date."""

    patient_id: str
    on: date
    source: Reporter
    note: str | None = None


@dataclass(frozen=True)
class ListExternalDoses:
    """Those of one patient."""

    patient_id: str


@dataclass(frozen=True)
class RemoveExternalDose:
    """It was reported by mistake."""

    patient_id: str
    dose_id: str


@dataclass(frozen=True)
class ReleaseSession:
    """A clinician has looked at a session that is on hold: it may begin."""

    series_id: str
    number: int
    reason: str


@dataclass(frozen=True)
class ReviewPerson:
    """Count the caps of whoever has this token anew, for the unit's clinic."""

    person: str


@audited("external-dose.add")
def add_external_dose(uow: UnitOfWork, command: AddExternalDose) -> Patient:
    """Count a dose that was given elsewhere; booked sessions that break a cap now go on hold.

    Raises `NotFound`, and `RuleBroken` with every reason why it cannot be counted.
    """
    patient = uow.patients.get(command.patient_id)
    today = today_of(uow)
    dose = ExternalDose(uow.new_id(), command.on, command.source, command.note)
    changed = identify(uow, patient.with_external_dose(dose, today))
    watch(uow, patient.id)
    return changed


def list_external_doses(uow: UnitOfWork, command: ListExternalDoses) -> Patient:
    """The patient with those doses. Raises `NotFound`."""
    return uow.patients.get(command.patient_id)


@audited("external-dose.remove")
def remove_external_dose(uow: UnitOfWork, command: RemoveExternalDose) -> Patient:
    """A dose does not count any more; what it has put on hold stays so until it is released. Raises `NotFound`."""
    return identify(uow, uow.patients.get(command.patient_id).without_external_dose(command.dose_id))


@audited("session.release")
def release_session(uow: UnitOfWork, command: ReleaseSession) -> Series:
    """Let a session begin that was on hold, or had no measure, for a stated reason.

    What holds the patient's treatment stays. Raises `NotFound`, `Conflict` when there is nothing to release, and
    `RuleBroken` while a rule is broken that never gives way.
    """
    series = uow.series.get(command.series_id)
    held = [block.code for block in series.session(command.number).blocks]
    missing = [fault.code for fault in what_closes(uow, series, command.number) if fault.code == NO_MEASURE]
    codes = dict.fromkeys([*held, *missing])
    if not codes:
        raise Conflict("session.not-on-hold", f"Session {command.number} is not on hold.")
    _require_possible(uow, series, command.number)
    allowed = [Override(code, command.reason, uow.actor.id, uow.now, (command.number,)) for code in codes]
    told = TreatmentReleased(series.patient_id, command.number, tuple(codes), uow.now)
    return uow.series.save(series.release(command.number, allowed), [told])


def _require_possible(uow: UnitOfWork, series: Series, number: int) -> None:
    caps = regimen_of(uow, series).caps_for(series.condition)
    broken = too_much(series, series.session(number), caps, elsewhere_of(uow, series))
    if faults := [Fault(code, detail) for code, detail in broken if code not in OVERRIDABLE]:
        raise RuleBroken("override.not-possible", "No word sets this aside: move the session.", faults)


def review_person(uow: UnitOfWork, command: ReviewPerson) -> None:
    """Put every session of this clinic on hold that breaks a cap, now that more of the person's doses are known."""
    exposure = uow.exposures.of(command.person)
    for series in uow.series.of_person(command.person):
        _review(uow, series, exposure)
    uow.exposures.note_reviewed(command.person)


def identify(uow: UnitOfWork, patient: Patient, events: Sequence[object] = ()) -> Patient:
    """Save a patient who is `patient.person` now, with all their series; sessions that break a cap now go on hold.

    Series of other records of the same person in this clinic are looked at, too; other clinics look at theirs within
    seconds.
    """
    own = uow.series.of_patient(patient.id)
    others = [series for series in uow.series.of_person(patient.person) if series.patient_id != patient.id]
    exposure = uow.exposures.of(patient.person)
    exposure = exposure.with_share(uow.clinic_id, Source.EXTERNAL, patient.id, patient.external_dates)
    for series in own:
        exposure = exposure.with_share(uow.clinic_id, Source.SERIES, series.id, series.dose_dates)
    for series in (*own, *others):
        _review(uow, series, exposure)
    return uow.patients.save(patient, events)


def _review(uow: UnitOfWork, series: Series, exposure: Exposure) -> None:
    """Save the series as one of the exposure's person, with a task for each session that is on hold now."""
    caps = regimen_of(uow, series).caps_for(series.condition)
    changed = reviewed(replace(series, person=exposure.id), caps, exposure.without(series.id), uow.now)
    told: list[TreatmentHeld] = []
    for before, after in zip(series.sessions, changed.sessions, strict=True):
        for block in after.blocks[len(before.blocks) :]:
            uow.tasks.add(_task(uow, series, after, block))
            held = TreatmentHeld(series.patient_id, after.number, block.code, uow.now)
            note(uow, "session.hold", held, series)
            told.append(held)
    if changed != series:
        uow.series.save(changed, told)


def _task(uow: UnitOfWork, series: Series, session: Session, block: HoldOn) -> Task:
    return new_task(
        TaskKind.REVIEW_PERSON,
        series.patient_id,
        f"Session {session.number} is on hold. {block.detail}",
        reason=f"{block.code} {session.revision}",
        at=uow.now,
        series_id=series.id,
        number=session.number,
    )
