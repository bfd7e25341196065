"""A session on its day: the patient arrives, is treated, and goes home. A dose has a treatment beside its session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.booking.domain.chart.consent import Gate
from services.booking.domain.clinic.task import TaskKind, new_task
from services.booking.domain.protocol.protocol import Modality, Regimen
from services.booking.domain.series.arrival import lengthened, require_in_time, require_room
from services.booking.domain.series.override import Asked
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session, SessionMove
from services.booking.domain.treatment.day_gate import places_of, require_open
from services.booking.domain.treatment.discharge import (
    DISCHARGE,
    Checklist,
    every_fault,
    no_driving_until,
    require_scale,
)
from services.booking.domain.treatment.treatment import Departure, Start, Treatment, treatment_id
from services.booking.operations.audit import audited
from services.booking.operations.clearance import what_closes
from services.booking.operations.consents import missing_consents
from services.booking.operations.day import add_task, day_of, keep_watching, treatment_of
from services.booking.operations.misuse import watch
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import regimen_of
from shared.errors import Fault, Forbidden, NotFound
from shared.localtime import local_date, same_wall_clock, to_local

NURSING: Final = frozenset({"nurse", "clinician"})
"""Who may keep a patient who comes late."""
INTEGRATION_DAYS: Final = (1, 3)
"""A talk follows a dose of KAP within 24 to 72 hours, by the wall clock. Clinic default."""


@dataclass(frozen=True)
class CheckInSession:
    """The patient is there. `late_kept`: somebody of the nursing staff keeps who comes late."""

    series_id: str
    number: int
    late_kept: bool = False


@dataclass(frozen=True)
class StartSession:
    """The talk, or the infusion of a dose, begins."""

    series_id: str
    number: int


@dataclass(frozen=True)
class DischargeSession:
    """The patient goes home. After a dose: what was looked at, and what gives way to a clinician's word."""

    series_id: str
    number: int
    checklist: Checklist = Checklist()
    overrides: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class NoteLeft:
    """The patient left after a dose although they were not let go, or nobody noted when they were."""

    series_id: str
    number: int
    reason: str


@audited("session.check-in")
def check_in_session(uow: UnitOfWork, command: CheckInSession) -> Series:
    """Note the arrival; of a dose the treatment begins.

    Raises `NotFound`, `RuleBroken` on another day than the session's, or too late, `Forbidden` for who may not keep a
    late patient, and `Conflict`: a clinician has to look at it first, or it does not fit any more.
    """
    series = uow.series.get(command.series_id)
    gate = [*what_closes(uow, series, command.number), *_unsigned(uow, series, command.number)]
    changed, told = series.check_in(command.number, closed_by=gate, at=uow.now)
    session = _in_time(uow, changed, command)
    if session.doses:
        id = treatment_id(series.id, session.number, session.revision)
        uow.treatments.save(Treatment(id, series.patient_id, series.id, session.number, uow.now))
    return uow.series.save(changed.with_sessions(session), told)


@audited("session.start")
def start_session(uow: UnitOfWork, command: StartSession) -> Series:
    """Note the begin of the treatment.

    Raises `NotFound`, and `Conflict`: before the patient has arrived, or while the gate of a dose is closed, then with
    everything that keeps it closed.
    """
    series = uow.series.get(command.series_id)
    session = series.session(command.number)
    session.after(SessionMove.START)
    if session.doses:
        _begin(uow, series, session)
    return uow.series.save(*series.start(command.number, at=uow.now))


@audited("session.discharge")
def discharge_session(uow: UnitOfWork, command: DischargeSession) -> Series:
    """Note that the patient went home; the last session completes the series.

    Raises `NotFound`, `Forbidden` and `RuleBroken` for words that do not count, and `Conflict`: after a dose with
    everything that speaks against it.
    """
    series = uow.series.get(command.series_id)
    session = series.session(command.number)
    session.after(SessionMove.DISCHARGE)
    regimen, may_drive_at = regimen_of(uow, series), None
    if session.doses:
        may_drive_at = no_driving_until(uow.now, regimen.care)
        _let_go(uow, treatment_of(uow, series, command.number), command, regimen, may_drive_at)
        if regimen.modality is Modality.KAP:
            _propose_talk(uow, series, session)
    saved = uow.series.save(*series.discharge(command.number, at=uow.now, no_driving_until=may_drive_at))
    watch(uow, series.patient_id)
    return saved


def _unsigned(uow: UnitOfWork, series: Series, number: int) -> list[Fault]:
    """What is to be signed before a visit for a dose begins; before a talk nothing."""
    if not series.session(number).doses:
        return []
    return missing_consents(uow, series, Gate.FIRST_VISIT, local_date(uow.now, series.zone))


@audited("session.left")
def note_left(uow: UnitOfWork, command: NoteLeft) -> Series:
    """Note that the patient is gone, and that somebody calls them now; their place is free again.

    Raises `NotFound`, and `Conflict` while the infusion has not ended.
    """
    series = uow.series.get(command.series_id)
    treatment = treatment_of(uow, series, command.number)
    may_drive_at = no_driving_until(uow.now, regimen_of(uow, series).care)
    departure = Departure(uow.now, uow.actor.id, {}, may_drive_at, command.reason)
    uow.treatments.save(treatment.left(departure))
    add_task(uow, treatment, TaskKind.CALL_NOW, "The patient left before they were let go: call them now.", "left")
    saved = uow.series.save(*series.discharge(command.number, at=uow.now, no_driving_until=may_drive_at))
    watch(uow, series.patient_id)
    return saved


def _in_time(uow: UnitOfWork, series: Series, command: CheckInSession) -> Session:
    """The session that has just been checked in, longer by as much as a kept patient is late."""
    session = series.session(command.number)
    kept_for = timedelta(minutes=regimen_of(uow, series).care.late_minutes)
    is_kept = command.late_kept and uow.now - session.starts_at > kept_for
    if is_kept and NURSING.isdisjoint(uow.actor.scopes):
        raise Forbidden("scope-missing", "Only a nurse or a clinician keeps a patient who comes late.")
    require_in_time(session, uow.now, kept_for=series.grace if is_kept else kept_for, missed_after=series.grace)
    if not is_kept:
        return session
    longer = lengthened(session, uow.now)
    require_room(longer, _taken_by_others(uow, series, longer))
    return longer


def _taken_by_others(uow: UnitOfWork, series: Series, session: Session) -> frozenset[str]:
    ids = {claim.resource_id for claim in session.claims}
    until_at = max(claim.until_at for claim in session.claims)
    busy = uow.series.busy(ids, session.starts_at, until_at, but=series.id)
    return busy.union(*(one.slots for one in series.live if one.number != session.number))


def _begin(uow: UnitOfWork, series: Series, session: Session) -> None:
    """Whatever closes the gate meanwhile is audited, or written with what is written here: then this decides again.

    What is heard of alerts has no entry of its own, so the clearance, read before the gate, is written as it was.
    """
    clearance = uow.clearances.of(series.patient_id)
    treatment = treatment_of(uow, series, session.number)
    day = day_of(uow, series, treatment)
    require_open(day)
    order = day.order
    if order is None:
        raise NotFound("dose order")
    uow.clearances.save(clearance)
    places = places_of(session)
    begun = treatment.begun(Start(uow.now, uow.actor.id, order.id, order.dose_mg, order.wanted.minutes, places))
    uow.exposures.note_begun(series.person, treatment.id)
    keep_watching(uow, begun, regimen_of(uow, series).care)


def _let_go(
    uow: UnitOfWork, treatment: Treatment, command: DischargeSession, regimen: Regimen, may_drive_at: datetime
) -> None:
    require_scale(command.checklist)
    faults = every_fault(treatment, command.checklist, regimen.care, uow.now)
    for asked in command.overrides:
        treatment = treatment.overridden(
            asked.code,
            faults,
            DISCHARGE,
            reason=asked.reason,
            by=uow.actor.id,
            scopes=uow.actor.scopes,
            at=uow.now,
        )
    departure = Departure(uow.now, uow.actor.id, command.checklist.ticked, may_drive_at)
    uow.treatments.save(treatment.discharged(departure, treatment.without_set_aside(faults)))


def _propose_talk(uow: UnitOfWork, series: Series, session: Session) -> None:
    """A dose of psychotherapy is talked about within three days: a task, unless a talk is booked until then."""
    from_at, until_at = (same_wall_clock(uow.now, series.zone, days=days) for days in INTEGRATION_DAYS)
    if any(not one.doses and one.is_open and one.starts_at <= until_at for one in series.sessions):
        return
    begin, end = (to_local(at, series.zone).strftime("%Y-%m-%d %H:%M") for at in (from_at, until_at))
    task = new_task(
        TaskKind.INTEGRATION_PROPOSAL,
        series.patient_id,
        f"Book the talk about this dose: from {begin} to {end}.",
        reason=f"revision {session.revision}",
        at=uow.now,
        series_id=series.id,
        number=session.number,
        due_at=until_at,
    )
    uow.tasks.add(task)
