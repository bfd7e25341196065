"""What follow-up tells of a patient, and what becomes of it: holds on treatment, measures, proposals of a booster."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.booking.domain.clinic.task import ProposedPlan, Task, TaskKind, TaskStatus, new_task
from services.booking.domain.patient.clearance import Clearance, ClinicalHold, Measure, Release
from services.booking.domain.protocol.templates import BOOSTER
from services.booking.domain.series.gate import closed_by
from services.booking.domain.series.series import Series
from services.booking.domain.treatment.preparation import SuicideRisk
from services.booking.operations.audit import audited
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import regimen_of
from shared.errors import Fault

CONCERNS: Final[Mapping[str | None, str]] = MappingProxyType(
    {SuicideRisk.MODERATE: "suicide-risk-moderate", SuicideRisk.HIGH: "suicide-risk-high"}
)
"""What an answer to the screener is called as an alert."""


def _holds(command: "HearAlertRaised") -> bool:
    return command.holds_treatment


@dataclass(frozen=True)
class HearAlertRaised:
    """Something that a patient answered has to reach a person; some of it forbids the next dose."""

    alert_id: str
    patient_id: str
    trigger: str
    tier: int
    holds_treatment: bool
    raised_at: datetime


@dataclass(frozen=True)
class Risk:
    """What the C-SSRS screener says, asked by the staff. `of` names this answer and no other."""

    of: str
    patient_id: str
    level: str | None


@dataclass(frozen=True)
class HearMeasureScored:
    """An instrument was answered in full."""

    patient_id: str
    instrument: str
    total: int
    band: str
    scored_at: datetime


@dataclass(frozen=True)
class HearRelapseSuspected:
    """By `rule` the effect of a series is being lost."""

    patient_id: str
    series_id: str
    rule: str
    instrument: str
    score: int
    at: datetime


@dataclass(frozen=True)
class ShowClearance:
    """Whether a patient may be treated."""

    patient_id: str


@dataclass(frozen=True)
class ReleaseClinicalHold:
    """A clinician has looked at it: because of this alert no dose is withheld any more."""

    patient_id: str
    alert_id: str
    reason: str


@audited("clinical-hold.place", when=_holds)
def hear_alert_raised(uow: UnitOfWork, command: HearAlertRaised) -> None:
    """Hold every dose that the patient has not begun, booked by now or later, and leave a task that says so.

    That an alert spoke of suicide is kept, whether or not it holds anything.
    """
    clearance = uow.clearances.of(command.patient_id)
    changed = clearance.alerted(command.trigger, command.raised_at)
    if command.holds_treatment:
        hold = ClinicalHold(command.alert_id, command.trigger, command.tier, command.raised_at)
        changed = changed.hold(hold)
        uow.tasks.add(task_of_hold(command.patient_id, hold))
    if changed != clearance:
        uow.clearances.save(changed)


def hear_risk(uow: UnitOfWork, risk: Risk, *, series_id: str | None = None, number: int | None = None) -> None:
    """What a patient says to the staff weighs as much as what they answer at home: a clinician is called, now."""
    trigger = CONCERNS.get(risk.level)
    if trigger is None:
        return
    id, is_high = f"c-ssrs.{risk.of}", risk.level == SuicideRisk.HIGH
    hear_alert_raised(uow, HearAlertRaised(id, risk.patient_id, trigger, 1 if is_high else 2, is_high, uow.now))
    task = new_task(
        TaskKind.CRISIS,
        risk.patient_id,
        f"The C-SSRS screener says {risk.level}: a clinician speaks with the patient now.",
        reason=id,
        at=uow.now,
        series_id=series_id,
        number=number,
        due_at=uow.now,
    )
    uow.tasks.add(task)


def hear_measure_scored(uow: UnitOfWork, command: HearMeasureScored) -> None:
    """Keep the newest measure of each instrument."""
    clearance = uow.clearances.of(command.patient_id)
    measure = Measure(command.instrument, command.total, command.band, command.scored_at)
    changed = clearance.with_measure(measure)
    if changed != clearance:
        uow.clearances.save(changed)


def hear_relapse_suspected(uow: UnitOfWork, command: HearRelapseSuspected) -> None:
    """Leave a task to talk about a booster, with what to ask for its places; not while there is an open one."""
    if _is_proposed(uow, command.patient_id):
        return
    condition = str(uow.series.get(command.series_id).condition)
    task = new_task(
        TaskKind.BOOSTER_PROPOSAL,
        command.patient_id,
        f"Talk with the clinician about a booster ({command.rule}: {command.instrument} at {command.score}).",
        reason=f"{command.rule} {command.at.isoformat()}",
        at=command.at,
        series_id=command.series_id,
        plan=ProposedPlan(command.patient_id, BOOSTER, condition),
    )
    uow.tasks.add(task)


def show_clearance(uow: UnitOfWork, command: ShowClearance) -> Clearance:
    """The patient's holds and measures. Raises `NotFound`."""
    return uow.clearances.of(uow.patients.get(command.patient_id).id)


@audited("clinical-hold.release")
def release_clinical_hold(uow: UnitOfWork, command: ReleaseClinicalHold) -> Clearance:
    """Let doses be given again as far as this hold goes, and close its task.

    Raises `NotFound`, and `Conflict` when it was released already.
    """
    patient = uow.patients.get(command.patient_id)
    clearance = uow.clearances.of(patient.id)
    changed = clearance.released(command.alert_id, Release(command.reason, uow.actor.id, uow.now))
    hold = next(one for one in clearance.holds if one.id == command.alert_id)
    task = uow.tasks.get(task_of_hold(patient.id, hold).id)
    if task.is_open:
        uow.tasks.save(task.complete(command.reason, by=uow.actor.id, at=uow.now))
    return uow.clearances.save(changed)


def what_closes(uow: UnitOfWork, series: Series, number: int) -> list[Fault]:
    """Why session `number` must not begin, beside what holds the session itself. Raises `NotFound`."""
    regimen = regimen_of(uow, series)
    return closed_by(series, number, regimen, uow.clearances.of(series.patient_id))


def task_of_hold(patient_id: str, hold: ClinicalHold) -> Task:
    """The task that goes with a hold, and is closed by its release."""
    return new_task(
        TaskKind.CLINICAL_HOLD,
        patient_id,
        f"Treatment is on hold ({hold.trigger}): no dose before a clinician has released it.",
        reason=f"alert {hold.id}",
        at=hold.raised_at,
        due_at=hold.raised_at,
    )


def _is_proposed(uow: UnitOfWork, patient_id: str) -> bool:
    kind, status = TaskKind.BOOSTER_PROPOSAL, TaskStatus.REQUESTED
    return bool(uow.tasks.page(after=None, limit=1, status=status, kind=kind, patient_id=patient_id).items)
