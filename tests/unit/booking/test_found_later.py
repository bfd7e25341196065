"""What turns out after an assessment was approved, such as an aneurysm, counts at once."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.booking.domain.chart.answers import Exam, ExamKind, Finding, Question, Sex, Word
from services.booking.domain.chart.assessment import Assessment, AssessmentStatus
from services.booking.domain.chart.items import MOST_EXAMS
from services.booking.domain.chart.screening import assessment_faults
from services.booking.domain.clinic.task import Task, TaskKind
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.series import Series
from services.booking.operations.assessments import (
    ApproveAssessment,
    ChangeAssessment,
    DecideScreening,
    DraftAssessment,
    NoteExam,
    NoteFinding,
    Screened,
    approve_assessment,
    change_assessment,
    decide_screening,
    draft_assessment,
    note_exam,
    note_finding,
)
from services.booking.operations.treatments import ShowGate, show_gate
from services.booking.operations.visits import StartSession, start_session
from shared.converters import from_document, to_document
from shared.errors import Conflict, NotFound, RuleBroken
from tests.support.booking_builders import CLINIC, MOOD, PATIENT, a_chair, a_nurse, a_world, booked
from tests.support.booking_fakes import A_CLINICIAN, A_NURSE, FakeBooking
from tests.support.booking_treated import as_actor, check_in, make_ready
from tests.support.cleared import ASSESSED_ON, AT, NOTHING_FOUND, accepted, an_assessment

OURS = f"{PATIENT}-{Condition.DEPRESSION}"
ANEURYSM, PORPHYRIA = Question.ANEURYSM, Question.PORPHYRIA


def a_finding(question: Question = ANEURYSM) -> Finding:
    return Finding(question, ASSESSED_ON, "key-of-a-nurse", AT)


@pytest.fixture
def world() -> FakeBooking:
    return a_world(a_chair("chair-1"), a_nurse(capacity=4))


def found(world: FakeBooking, question: Question = ANEURYSM, **fields: Any) -> Screened:
    with as_actor(world, A_NURSE):
        command = replace(NoteFinding(PATIENT, OURS, question, world.now.date()), **fields)
        screened: Screened = world.run(CLINIC, note_finding, command)
    return screened


def accept(world: FakeBooking, code: str) -> None:
    with as_actor(world, A_CLINICIAN):
        world.run(CLINIC, decide_screening, DecideScreening(PATIENT, OURS, code, accepted=True, reason="Discussed."))


def standing(screened: Screened) -> list[str]:
    return [one.code for one in screened.results if one.stands]


def about_to_start(world: FakeBooking, **said: Any) -> Series:
    """The patient is there, and all that was found before lets the dose begin."""
    series = booked(world)
    world.now = series.session(1).starts_at
    check_in(world, series.id)
    make_ready(world, series.id, **said)
    return series


def gate(world: FakeBooking, series_id: str) -> list[str]:
    return [fault.code for fault in world.run(CLINIC, show_gate, ShowGate(series_id, 1)).faults]


@pytest.mark.parametrize("question", Question)
def test_whatever_is_asked_before_can_be_found_later_and_counts_as_if_it_had_been_answered(question):
    assessment = an_assessment()
    answered = replace(assessment, history={**NOTHING_FOUND, question: True})
    faults = [
        [fault.code for fault in assessment_faults(one, MOOD, Condition.DEPRESSION, 45, ASSESSED_ON)]
        for one in (assessment.learn(a_finding(question)), answered)
    ]
    assert faults[0] == faults[1]


def test_what_is_found_is_kept_as_it_is():
    whole = an_assessment().learn(a_finding())
    assert from_document(Assessment, to_document(whole)) == whole


def test_an_aneurysm_found_after_the_approval_closes_the_gate_of_a_dose_that_was_ready(world):
    series = about_to_start(world)
    assert gate(world, series.id) == []
    screened = found(world)
    assert screened.assessment.status is AssessmentStatus.APPROVED
    assert screened.assessment.findings == (Finding(ANEURYSM, world.now.date(), A_NURSE.id, world.now),)
    assert gate(world, series.id) == ["screening.aneurysmal-vascular-disease"]
    with pytest.raises(Conflict, match=r"treatment\.gate-closed"):
        world.run(CLINIC, start_session, StartSession(series.id, 1))


def examined(world: FakeBooking, kind: ExamKind, word: Word | None = None, value: int | None = None) -> Screened:
    exam = Exam(kind, world.now.date(), word, None if value is None else Decimal(value))
    with as_actor(world, A_NURSE):
        screened: Screened = world.run(CLINIC, note_exam, NoteExam(PATIENT, OURS, exam))
    return screened


def kinds(world: FakeBooking) -> list[TaskKind]:
    return sorted(task.kind for task in world.all(Task))


def test_an_interview_that_finds_a_high_risk_of_suicide_holds_treatment_and_calls_a_clinician(world):
    series = about_to_start(world)
    examined(world, ExamKind.C_SSRS, Word.HIGH)
    assert set(gate(world, series.id)) == {"screening.c-ssrs-high", "clinical-hold.stands"}
    assert kinds(world) == [TaskKind.CLINICAL_HOLD, TaskKind.CRISIS]
    examined(world, ExamKind.C_SSRS, Word.NONE)
    assert gate(world, series.id) == ["clinical-hold.stands"], "a lower answer later releases nothing"
    assert kinds(world) == [TaskKind.CLINICAL_HOLD, TaskKind.CRISIS]


def test_an_interview_that_finds_a_moderate_risk_closes_the_gate_until_a_clinician_decides(world):
    series = about_to_start(world)
    examined(world, ExamKind.C_SSRS, Word.MODERATE)
    assert (gate(world, series.id), kinds(world)) == (["screening.c-ssrs-moderate"], [TaskKind.CRISIS])
    accept(world, "c-ssrs-moderate")
    assert gate(world, series.id) == []


def test_an_interview_in_a_draft_calls_a_clinician_once(world):
    draft = new_draft(world, exams=(Exam(ExamKind.C_SSRS, world.now.date(), Word.MODERATE),))
    assert kinds(world) == [TaskKind.CRISIS]
    another = Exam(ExamKind.ASRM, world.now.date(), value=Decimal(0))
    changes = {"sex": Sex.FEMALE, "exams": (another, *draft.exams)}
    world.run(CLINIC, change_assessment, ChangeAssessment(PATIENT, draft.id, draft.version, changes))
    assert kinds(world) == [TaskKind.CRISIS]


def test_a_mania_that_an_examination_finds_closes_the_gate_and_a_missing_one_does_not(world):
    series = about_to_start(world)
    examined(world, ExamKind.ASRM, value=6)
    assert gate(world, series.id) == ["screening.asrm-positive"]
    examined(world, ExamKind.ASRM, value=5)
    assert gate(world, series.id) == []


def test_who_turns_out_to_be_bipolar_is_asked_about_mania_on_the_day(world):
    series = about_to_start(world, mania_total=None)
    assert gate(world, series.id) == []
    found(world, Question.BIPOLAR)
    accept(world, Question.BIPOLAR)
    assert gate(world, series.id) == ["mania.not-asked"]


def test_nobody_sets_aside_what_nobody_could_at_the_assessment(world):
    found(world)
    with pytest.raises(RuleBroken, match=r"decision\.not-possible"):
        accept(world, ANEURYSM)


def test_what_a_clinician_accepted_before_is_decided_anew_when_it_is_found_again(world):
    known = replace(
        world.rows[Assessment][CLINIC, OURS],
        history={**NOTHING_FOUND, PORPHYRIA: True},
        decisions=(accepted(PORPHYRIA, "history"),),
    )
    world.rows[Assessment][CLINIC, OURS] = known
    for _ in range(2):
        world.pass_time(minutes=1)
        assert standing(found(world, PORPHYRIA)) == [PORPHYRIA]
        accept(world, PORPHYRIA)
        assert standing(found(world, Question.LIVER_DISEASE)) == []


def test_it_counts_for_every_condition_that_the_patient_is_assessed_for(world):
    found(world)
    mine = [one for one in world.all(Assessment) if one.patient_id == PATIENT]
    assert len(mine) == len(Condition)
    assert all([finding.question for finding in one.findings] == [ANEURYSM] for one in mine)


def new_draft(world: FakeBooking, days_ago: int = 0, **fields: Any) -> Assessment:
    """Nothing found, answered so many days ago."""
    ready = an_assessment(assessed_on=world.now.date() - timedelta(days=days_ago), **fields)
    names = ("patient_id", "condition", "assessed_on", "sex", "history", "medications", "trials", "severity", "exams")
    command = DraftAssessment(protocol="booster-single", **{name: getattr(ready, name) for name in names})
    draft: Assessment = world.run(CLINIC, draft_assessment, command).assessment
    return draft


def approve(world: FakeBooking, draft: Assessment) -> AssessmentStatus:
    with as_actor(world, A_CLINICIAN):
        approved = world.run(CLINIC, approve_assessment, ApproveAssessment(PATIENT, draft.id))
    status: AssessmentStatus = approved.assessment.status
    return status


def test_a_draft_that_lay_there_does_not_undo_it(world):
    draft = new_draft(world)
    found(world)
    with pytest.raises(RuleBroken, match=r"assessment\.not-ready"):
        approve(world, draft)


def test_an_assessment_of_the_day_or_earlier_learns_of_it_and_one_of_a_later_day_asks_anew(world):
    found(world)
    world.pass_time(days=3)
    assert [[one.question for one in new_draft(world, days).findings] for days in (2, 3, 4)] == [
        [],
        [ANEURYSM],
        [ANEURYSM],
    ]
    with pytest.raises(RuleBroken, match=r"assessment\.not-ready"):
        approve(world, new_draft(world, days_ago=3))
    assert approve(world, new_draft(world, days_ago=2)) is AssessmentStatus.APPROVED


def test_what_cannot_be_is_refused(world):
    for fields, error in (
        ({"on": world.now.date() + timedelta(days=1)}, RuleBroken),
        ({"patient_id": "patient-2"}, NotFound),
        ({"assessment_id": "nowhere"}, NotFound),
    ):
        with pytest.raises(error):
            found(world, **fields)
    key = CLINIC, OURS
    world.rows[Assessment][key] = replace(world.rows[Assessment][key], findings=(a_finding(),) * MOST_EXAMS)
    with pytest.raises(RuleBroken) as refusal:
        found(world)
    assert [fault.code for fault in refusal.value.faults] == ["finding.too-many"]
    world.rows[Assessment][key] = replace(world.rows[Assessment][key], status=AssessmentStatus.SUPERSEDED)
    with pytest.raises(Conflict, match=r"assessment\.illegal-move"):
        found(world)


def test_it_is_in_the_audit_chain(world):
    found(world)
    act = world.audit[CLINIC][-1].act
    assert (act.action, act.record, act.patient_id) == ("finding.note", f"assessment/{OURS}", PATIENT)
