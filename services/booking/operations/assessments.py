"""What can be done with assessments, and what they say of a course."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.booking.domain.chart.answers import Exam, ExamKind, Finding, Medication, Question, Severity, Sex, Trial
from services.booking.domain.chart.assessment import Approval, Assessment, Ruling, in_force
from services.booking.domain.chart.items import faults_of
from services.booking.domain.chart.screening import assessment_faults, booking_faults, expired, screen, standing
from services.booking.domain.chart.verdict import Result
from services.booking.domain.protocol.protocol import Condition, Regimen, condition_of
from services.booking.domain.series.series import Series
from services.booking.operations.audit import audited
from services.booking.operations.clearance import Risk, hear_risk
from services.booking.operations.local_days import today_of
from services.booking.operations.misuse import watch
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import regimen_of
from shared.errors import Fault, NotFound, RuleBroken
from shared.localtime import local_date
from shared.paging import Page, page_of


@dataclass(frozen=True)
class DraftAssessment:
    """What is known so far before a course of `protocol`; `condition` may be left out when that treats only one."""

    patient_id: str
    protocol: str
    condition: Condition | None
    assessed_on: date
    sex: Sex | None
    history: Mapping[Question, bool]
    medications: tuple[Medication, ...]
    trials: tuple[Trial, ...]
    severity: Severity | None
    exams: tuple[Exam, ...]


@dataclass(frozen=True)
class ListAssessments:
    """All of a patient, in the order of their making."""

    patient_id: str
    limit: int
    after: str | None


@dataclass(frozen=True)
class ShowAssessment:
    """One assessment, and what screening says of it today."""

    patient_id: str
    assessment_id: str


@dataclass(frozen=True)
class ChangeAssessment:
    """`changes` holds the fields of a draft to change, each as a whole."""

    patient_id: str
    assessment_id: str
    version: int
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class NoteExam:
    """One more examination is known."""

    patient_id: str
    assessment_id: str
    exam: Exam


@dataclass(frozen=True)
class NoteFinding:
    """It turned out on a local date that the answer to a question of the history is yes."""

    patient_id: str
    assessment_id: str
    question: Question
    on: date


@dataclass(frozen=True)
class DecideScreening:
    """A finding of screening is accepted, or not, for a stated reason."""

    patient_id: str
    assessment_id: str
    code: str
    accepted: bool
    reason: str


@dataclass(frozen=True)
class ApproveAssessment:
    """A clinician stands by it."""

    patient_id: str
    assessment_id: str


@dataclass(frozen=True)
class Screened:
    """An assessment with what screening finds about a dose given today."""

    assessment: Assessment
    results: tuple[Result, ...]

    @property
    def version(self) -> int:
        """The assessment's."""
        return self.assessment.version

    @property
    def unanswered(self) -> list[str]:
        """What is still to be asked before anybody can approve it."""
        return [fault.pointer.rpartition("/")[2] for fault in self.assessment.unanswered]


def _record(screened: Screened) -> Assessment:
    return screened.assessment


@audited("assessment.draft", of=_record)
def draft_assessment(uow: UnitOfWork, command: DraftAssessment) -> Screened:
    """Begin an assessment; what was found from its date on counts for it, too.

    Raises `NotFound`, and `RuleBroken` with everything that cannot be as it is said.
    """
    uow.patients.get(command.patient_id)
    regimen = uow.protocols.get(command.protocol).regimen
    said = {**vars(command), "condition": condition_of(regimen, command.condition)}
    draft = Assessment(id=uow.new_id(), **said)
    _hear_risks(uow, draft)
    return _saved(uow, _checked(uow, draft.learn(*_found_since(uow, draft))))


def list_assessments(uow: UnitOfWork, command: ListAssessments) -> Page[Assessment]:
    """A page of a patient's assessments. Raises `NotFound`."""
    patient_id = uow.patients.get(command.patient_id).id
    found = uow.assessments.list(after=command.after, limit=command.limit + 1, patient_id=patient_id)
    return page_of(found, command.limit)


def show_assessment(uow: UnitOfWork, command: ShowAssessment) -> Screened:
    """The assessment as screened today. Raises `NotFound`."""
    return _screened(uow, _of_patient(uow, command.patient_id, command.assessment_id))


@audited("assessment.change", of=_record)
def change_assessment(uow: UnitOfWork, command: ChangeAssessment) -> Screened:
    """Change a draft. Raises `NotFound`, `Stale`, `RuleBroken` with every reason, and `Conflict` for what is none."""
    assessment = _of_patient(uow, command.patient_id, command.assessment_id, command.version)
    written = assessment.write(**command.changes)
    _hear_risks(uow, written, known=assessment.exams)
    return _saved(uow, _checked(uow, written))


@audited("exam.note", of=_record)
def note_exam(uow: UnitOfWork, command: NoteExam) -> Screened:
    """Keep one more examination, of an approved assessment, too. Raises `NotFound`, `RuleBroken` and `Conflict`."""
    assessment = _of_patient(uow, command.patient_id, command.assessment_id)
    written = assessment.examine(command.exam)
    _hear_risks(uow, written, known=assessment.exams)
    examined = _saved(uow, _checked(uow, written))
    watch(uow, assessment.patient_id, examined.assessment)
    return examined


@audited("finding.note", of=_record)
def note_finding(uow: UnitOfWork, command: NoteFinding) -> Screened:
    """Keep what turned out, such as an aneurysm: every open assessment of the patient is screened with it from now on.

    What it finds blocks, holds or asks for a decision again, whatever was approved or accepted before. Only an
    assessment of a later date asks anew. Raises `NotFound`, `RuleBroken` and `Conflict`.
    """
    assessment = _of_patient(uow, command.patient_id, command.assessment_id)
    finding = Finding(command.question, command.on, uow.actor.id, uow.now)
    for other in uow.assessments.of_patient(assessment.patient_id):
        if other.is_open and other.id != assessment.id:
            uow.assessments.save(other.learn(finding))
    return _saved(uow, _checked(uow, assessment.learn(finding)))


@audited("screening.decide", of=_record)
def decide_screening(uow: UnitOfWork, command: DecideScreening) -> Screened:
    """Decide about a finding. Raises `NotFound`, `RuleBroken`, `Forbidden` without the scope, and `Conflict`."""
    found = _screened(uow, _of_patient(uow, command.patient_id, command.assessment_id))
    actor = uow.actor
    ruling = Ruling(command.code, command.accepted, command.reason, by=actor.id, scopes=actor.scopes, at=uow.now)
    return _saved(uow, found.assessment.decide(found.results, ruling))


@audited("assessment.approve", of=_record)
def approve_assessment(uow: UnitOfWork, command: ApproveAssessment) -> Screened:
    """Approve a draft; every other open assessment of the patient's condition is superseded by it.

    Raises `NotFound`, `Conflict` for what is no draft, and `RuleBroken` with all that is unanswered or undecided.
    """
    found = _screened(uow, _of_patient(uow, command.patient_id, command.assessment_id))
    assessment = found.assessment
    regimen = uow.protocols.get(assessment.protocol).regimen
    faults = [*expired(assessment, regimen, today_of(uow)), *standing(found.results)]
    approved = assessment.approve(faults, Approval(uow.actor.id, uow.now))
    for other in uow.assessments.of_patient(assessment.patient_id):
        if other.is_open and other.condition is assessment.condition and other.id != assessment.id:
            uow.assessments.save(other.supersede(assessment.id))
    saved = _saved(uow, approved)
    watch(uow, assessment.patient_id, saved.assessment)
    return saved


# --- what other operations ask ---------------------------------------------------------------------------------------


def assessment_faults_of(uow: UnitOfWork, series: Series, on: date) -> list[Fault]:
    """Why no dose of this series is given on local date `on`, as far as assessments go."""
    return assessment_faults(*_about(uow, series, on), doses=uow.exposures.of(series.person).dates)


def is_known(uow: UnitOfWork, series: Series, question: Question) -> bool:
    """Whether the patient's assessment for this series says yes to a question."""
    assessment = in_force(uow.assessments.of_patient(series.patient_id), series.condition)
    return assessment is not None and assessment.basis_of(question) is not None


def booking_faults_of(uow: UnitOfWork, series: Series, on: date) -> list[Fault]:
    """Why a series whose first dose is on local date `on` is not booked, as far as assessments go."""
    return booking_faults(*_about(uow, series, on), doses=uow.exposures.of(series.person).dates)


def _about(uow: UnitOfWork, series: Series, on: date) -> tuple[Assessment | None, Regimen, Condition, int, date]:
    patient = uow.patients.get(series.patient_id)
    regimen = regimen_of(uow, series)
    assessment = in_force(uow.assessments.of_patient(patient.id), series.condition)
    return assessment, regimen, series.condition, patient.age_on(on), on


def _found_since(uow: UnitOfWork, draft: Assessment) -> Iterator[Finding]:
    """What was found on the date of a draft or later, and is not part of what its answers say."""
    zone = uow.clinics.get(uow.clinic_id).zone
    findings = (one for other in uow.assessments.of_patient(draft.patient_id) for one in other.findings)
    return (one for one in dict.fromkeys(findings) if local_date(one.noted_at, zone) >= draft.assessed_on)


def _hear_risks(uow: UnitOfWork, assessment: Assessment, known: Collection[Exam] = ()) -> None:
    """What an interview about suicide found reaches a clinician at once, whenever it is noted."""
    for place, exam in enumerate(assessment.exams):
        if exam.kind is ExamKind.C_SSRS and exam.word and exam not in known:
            hear_risk(uow, Risk(f"{assessment.id}.{place}", assessment.patient_id, exam.word))


def _saved(uow: UnitOfWork, assessment: Assessment) -> Screened:
    return _screened(uow, uow.assessments.save(assessment))


def _screened(uow: UnitOfWork, assessment: Assessment) -> Screened:
    """With what there is to say of a dose given today, by the latest edition of what the assessment was made for."""
    patient, today = uow.patients.get(assessment.patient_id), today_of(uow)
    regimen = uow.protocols.get(assessment.protocol).regimen
    doses = uow.exposures.of(patient.person).dates
    results = screen(assessment, regimen, assessment.condition, patient.age_on(today), today, doses=doses)
    return Screened(assessment, results)


def _of_patient(uow: UnitOfWork, patient_id: str, assessment_id: str, version: int | None = None) -> Assessment:
    assessment = uow.assessments.get(assessment_id, version)
    if assessment.patient_id != patient_id:
        raise NotFound("assessment")
    return assessment


def _checked(uow: UnitOfWork, assessment: Assessment) -> Assessment:
    if faults := list(faults_of(assessment, today_of(uow))):
        raise RuleBroken("assessment.refused", "This assessment cannot be kept like this.", faults)
    return assessment
