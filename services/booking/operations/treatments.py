"""What is asked, measured, decided and done during a treatment. Its start and the discharge are the session's."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.booking.domain.clinic.task import TaskKind
from services.booking.domain.protocol.care import Care
from services.booking.domain.treatment.adverse_event import (
    AdverseEvent,
    AdverseEventKind,
    Severity,
    require_noteworthy,
)
from services.booking.domain.treatment.day_gate import GATE, Day, every_fault, gate_faults
from services.booking.domain.treatment.dissociation import Score, require_plausible_score
from services.booking.domain.treatment.preparation import Answers, RiskAnswer, Statement, SuicideRisk
from services.booking.domain.treatment.treatment import Decision, End, EndKind, Treatment
from services.booking.domain.treatment.vitals import Reading, Sedation
from services.booking.operations.audit import audited
from services.booking.operations.clearance import Risk, hear_risk
from services.booking.operations.day import add_task, day_of, keep_watching, treatment_of
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import regimen_of
from shared.errors import Conflict, Fault


@dataclass(frozen=True)
class ShowTreatment:
    """That of the present place of a session."""

    series_id: str
    number: int


@dataclass(frozen=True)
class ShowGate:
    """Whether a dose may begin now."""

    series_id: str
    number: int


@dataclass(frozen=True)
class PrepareSession:
    """Some of what is asked on the day; what is None is left as it is known.

    `reason` is why what was of concern is said milder now.
    """

    series_id: str
    number: int
    answers: Answers
    reason: str | None = None


@dataclass(frozen=True)
class OverrideGate:
    """A clinician lets a dose begin although fault `code` stands."""

    series_id: str
    number: int
    code: str
    reason: str


@dataclass(frozen=True)
class AddReading:
    """Something was measured, `at` an instant (None: now)."""

    series_id: str
    number: int
    at: datetime | None = None
    systolic: int | None = None
    diastolic: int | None = None
    heart_rate: int | None = None
    respiratory_rate: int | None = None
    spo2: int | None = None
    temperature: Decimal | None = None
    sedation: Sedation | None = None
    pain: int | None = None


@dataclass(frozen=True)
class AddScore:
    """The patient said how far away they feel."""

    series_id: str
    number: int
    points: int


@dataclass(frozen=True)
class NoteSuicideRisk:
    """The patient was asked about suicide once more, since the start."""

    series_id: str
    number: int
    level: SuicideRisk


@dataclass(frozen=True)
class AddAdverseEvent:
    """Something happened to the patient, beginning at `onset_at` (None: now)."""

    series_id: str
    number: int
    kind: AdverseEventKind
    severity: Severity
    onset_at: datetime | None = None
    note: str | None = None


@dataclass(frozen=True)
class ResolveAdverseEvent:
    """It is over since `resolved_at` (None: now)."""

    series_id: str
    number: int
    event_id: str
    resolved_at: datetime | None = None


@dataclass(frozen=True)
class ContinueInfusion:
    """A clinician goes on against the advice to stop."""

    series_id: str
    number: int
    reason: str


@dataclass(frozen=True)
class EndInfusion:
    """The infusion is over: how, and how many milligrams were given. `dissociation` is a score taken at its end."""

    series_id: str
    number: int
    kind: EndKind
    given_mg: Decimal
    reason: str | None = None
    dissociation: int | None = None


@dataclass(frozen=True)
class WatchObservations:
    """Somebody should have looked at the patient of a treatment by now."""

    treatment_id: str


@dataclass(frozen=True)
class GateState:
    """Whether a dose may begin now, and all that speaks against it; `may` says whose word sets which code aside."""

    faults: tuple[Fault, ...]
    may: dict[str, tuple[str, ...]]

    @property
    def is_open(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.faults


def show_treatment(uow: UnitOfWork, command: ShowTreatment) -> Treatment:
    """Everything that was found and done. Raises `NotFound`."""
    return treatment_of(uow, uow.series.get(command.series_id), command.number)


def show_gate(uow: UnitOfWork, command: ShowGate) -> GateState:
    """What `start` would be refused for now, all of it. Raises `NotFound`."""
    faults = tuple(gate_faults(_day(uow, command)))
    return GateState(faults, {one.code: tuple(sorted(GATE[one.code])) for one in faults if one.code in GATE})


@audited("treatment.prepare")
def prepare_session(uow: UnitOfWork, command: PrepareSession) -> Treatment:
    """Keep what was answered; a risk of suicide reaches a person now, a high one holds the patient's treatment.

    Raises `NotFound`, `RuleBroken` with everything that cannot be so, `Forbidden` for whoever may not say it milder
    than before, and `Conflict` once the infusion has begun.
    """
    treatment = show_treatment(uow, ShowTreatment(command.series_id, command.number))
    said = Statement(command.answers, uow.actor.id, uow.now, command.reason)
    known = treatment.prepared(said, uow.actor.scopes)
    return uow.treatments.save(_heard(uow, known, command.answers.suicide_risk))


@audited("treatment.override")
def override_gate(uow: UnitOfWork, command: OverrideGate) -> Treatment:
    """Let a reason against the start give way, as it stands now.

    Raises `NotFound`, `RuleBroken` for what never gives way, `Forbidden` without the scope, `Conflict` without need.
    """
    day = _day(uow, command)
    changed = day.treatment.overridden(
        command.code,
        every_fault(day),
        GATE,
        reason=command.reason,
        by=uow.actor.id,
        scopes=uow.actor.scopes,
        at=uow.now,
    )
    return uow.treatments.save(changed)


@audited("treatment.reading")
def add_reading(uow: UnitOfWork, command: AddReading) -> Treatment:
    """Keep what was measured; what advises to stop becomes a task, too.

    Raises `NotFound`, `RuleBroken` for what nobody can have measured, and `Conflict` when the patient is gone.
    """
    treatment, care = _under(uow, command)
    measured = {name: value for name, value in vars(command).items() if name not in {"series_id", "number", "at"}}
    reading = Reading(uow.new_id(), command.at or uow.now, uow.actor.id, **measured)
    known = treatment.read(reading, care, at=uow.now)
    for advice in known.advice[len(treatment.advice) :]:
        limits = "; ".join(f"{one.limit.vital} {one.value}" for one in advice.passed)
        add_task(uow, known, TaskKind.STOP_ADVICE, f"Consider to stop the infusion: {limits}.", advice.reading_id)
    return keep_watching(uow, known, care)


@audited("treatment.dissociation")
def add_score(uow: UnitOfWork, command: AddScore) -> Treatment:
    """Keep a score of dissociation. Raises `NotFound`, `RuleBroken` and `Conflict`."""
    treatment, care = _under(uow, command)
    return keep_watching(uow, treatment.scored(_score(uow, command.points, care)), care)


@audited("treatment.suicide-risk")
def note_suicide_risk(uow: UnitOfWork, command: NoteSuicideRisk) -> Treatment:
    """Keep what a patient who was given something says about suicide, whether or not they then go home.

    What is of concern reaches a person now, as before the start. Raises `NotFound` and `Conflict`.
    """
    treatment, _ = _under(uow, command)
    known = treatment.with_risk(RiskAnswer(command.level, uow.actor.id, uow.now))
    return uow.treatments.save(_heard(uow, known, command.level))


@audited("treatment.adverse-event")
def add_adverse_event(uow: UnitOfWork, command: AddAdverseEvent) -> Treatment:
    """Keep what happened to the patient. Raises `NotFound`, `RuleBroken` and `Conflict`."""
    treatment, _ = _under(uow, command)
    if treatment.start is None:
        raise Conflict("treatment.not-started", "Nothing has been given yet.")
    onset_at = command.onset_at or uow.now
    event = AdverseEvent(
        uow.new_id(), command.kind, command.severity, onset_at, uow.now, uow.actor.id, command.note or ""
    )
    require_noteworthy(event, treatment.start.at)
    return uow.treatments.save(treatment.with_adverse_event(event))


@audited("treatment.adverse-event-resolved")
def resolve_adverse_event(uow: UnitOfWork, command: ResolveAdverseEvent) -> Treatment:
    """An adverse event is over. Raises `NotFound`, `RuleBroken` and `Conflict`."""
    treatment, _ = _under(uow, command)
    over_at = command.resolved_at or uow.now
    changed = treatment.resolved(command.event_id, resolved_at=over_at, by=uow.actor.id, at=uow.now)
    return uow.treatments.save(changed)


@audited("treatment.continue")
def continue_infusion(uow: UnitOfWork, command: ContinueInfusion) -> Treatment:
    """Keep that a clinician went on against advice. Raises `NotFound`, and `Conflict` when nothing advises to stop."""
    treatment, _ = _under(uow, command)
    return uow.treatments.save(treatment.continued(Decision(command.reason, uow.actor.id, uow.now)))


@audited("treatment.end")
def end_infusion(uow: UnitOfWork, command: EndInfusion) -> Treatment:
    """The recovery begins; more than was ordered is an adverse event and calls a clinician.

    Raises `NotFound`, `RuleBroken` for what cannot have been given, and `Conflict`.
    """
    treatment, care = _under(uow, command)
    end = End(uow.now, uow.actor.id, command.kind, command.given_mg, command.reason)
    over = _with_excess(uow, treatment.ended(end))
    if command.dissociation is not None:
        over = over.scored(_score(uow, command.dissociation, care))
    uow.exposures.note_ended(uow.series.get(command.series_id).person, treatment.id)
    return keep_watching(uow, over, care)


def watch_observations(uow: UnitOfWork, command: WatchObservations) -> Treatment:
    """Call somebody for each look that is overdue. Raises `Conflict` when none is."""
    treatment = uow.treatments.get(command.treatment_id)
    if treatment.next_at is None or uow.now < treatment.next_at:
        raise Conflict("treatment.not-due", "Nothing is overdue at this treatment.")
    return keep_watching(uow, treatment, regimen_of(uow, uow.series.get(treatment.series_id)).care)


def _under(uow: UnitOfWork, command: Any) -> tuple[Treatment, Care]:
    """The treatment that a command names, and the care that it is given with."""
    series = uow.series.get(command.series_id)
    return treatment_of(uow, series, command.number), regimen_of(uow, series).care


def _day(uow: UnitOfWork, command: ShowGate | OverrideGate) -> Day:
    series = uow.series.get(command.series_id)
    return day_of(uow, series, treatment_of(uow, series, command.number))


def _with_excess(uow: UnitOfWork, over: Treatment) -> Treatment:
    """Whoever was given too much does not go home before that is over, or a clinician says so."""
    if not (over.was_given_too_much and over.start and over.end):
        return over
    said = f"More was given than was ordered: {over.end.given_mg} of {over.start.dose_mg} mg."
    add_task(uow, over, TaskKind.DOSE_EXCEEDED, f"{said} A clinician looks at the patient now.", over.start.order_id)
    event = AdverseEvent(uow.new_id(), AdverseEventKind.OTHER, Severity.SEVERE, uow.now, uow.now, uow.actor.id, said)
    return over.with_adverse_event(event)


def _score(uow: UnitOfWork, points: int, care: Care) -> Score:
    score = Score(uow.new_id(), uow.now, uow.actor.id, points)
    require_plausible_score(score, care)
    return score


def _heard(uow: UnitOfWork, treatment: Treatment, level: SuicideRisk | None) -> Treatment:
    risk = Risk(f"{treatment.id}.{len(treatment.said) + len(treatment.risks)}", treatment.patient_id, level)
    hear_risk(uow, risk, series_id=treatment.series_id, number=treatment.number)
    return treatment
