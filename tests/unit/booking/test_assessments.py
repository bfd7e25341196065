from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from services.booking.domain.calendar.resource import ResourceKind
from services.booking.domain.chart.answers import (
    Exam,
    ExamKind,
    Finding,
    Medication,
    MedicationCode,
    Question,
    Severity,
    Word,
)
from services.booking.domain.chart.assessment import (
    MOVES,
    Approval,
    Assessment,
    AssessmentMove,
    AssessmentStatus,
    Ruling,
    in_force,
)
from services.booking.domain.chart.consent import Consent, ConsentKind
from services.booking.domain.chart.items import ITEMS, MOST_EXAMS
from services.booking.domain.chart.verdict import Decider, Outcome, Result
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.operations.assessments import (
    ApproveAssessment,
    ChangeAssessment,
    DecideScreening,
    DraftAssessment,
    ListAssessments,
    NoteExam,
    ShowAssessment,
    approve_assessment,
    change_assessment,
    decide_screening,
    draft_assessment,
    list_assessments,
    note_exam,
    show_assessment,
)
from services.booking.operations.holds import ConfirmHold, HoldSeries, confirm_hold, hold_series
from services.booking.operations.plans import FindPlans, find_plans
from shared.actor import Actor
from shared.converters import from_document, to_document
from shared.errors import Conflict, Forbidden, NotFound, RuleBroken, Stale
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    PATIENT,
    a_booking,
    a_resource,
    a_world,
    booked,
    wishes,
)
from tests.support.booking_fakes import A_CLINICIAN, THE_DESK, FakeBooking
from tests.support.cleared import ASSESSED_ON, AT, EXAMS, NOTHING_FOUND, an_assessment

A_PSYCHIATRIST = Actor("key-of-a-psychiatrist", frozenset({"clinician", "psychiatrist"}))
TODAY = ASSESSED_ON


# --- the aggregate ---------------------------------------------------------------------------------------------------


def a_result(
    code: str = "porphyria", outcome: Outcome = Outcome.REVIEW, decider: Decider = Decider.CLINICIAN
) -> Result:
    return Result(code, outcome, decider, "Something.", "clinic default", "history")


def a_ruling(code: str = "porphyria", accepted: bool = True, *scopes: str) -> Ruling:  # noqa: FBT001, FBT002
    return Ruling(code, accepted, "Discussed.", by="key", scopes=scopes or ("clinician",), at=AT)


MAKE = {
    AssessmentMove.WRITE: lambda one: one.write(assessed_on=TODAY),
    AssessmentMove.EXAMINE: lambda one: one.examine(EXAMS[0]),
    AssessmentMove.LEARN: lambda one: one.learn(Finding(Question.PREGNANCY, TODAY, "key", AT)),
    AssessmentMove.DECIDE: lambda one: one.decide([a_result()], a_ruling()),
    AssessmentMove.APPROVE: lambda one: one.approve([], Approval("key", AT)),
    AssessmentMove.SUPERSEDE: lambda one: one.supersede("another"),
}


@pytest.mark.parametrize(("status", "move"), list(product(AssessmentStatus, AssessmentMove)))
def test_an_assessment_moves_as_the_table_says(status, move):
    before = an_assessment(status=status)
    if (status, move) in MOVES:
        assert MAKE[move](before).status is MOVES[status, move]
        return
    with pytest.raises(Conflict) as refusal:
        MAKE[move](before)
    assert refusal.value.code == "assessment.illegal-move"
    assert refusal.value.faults[0].context == {"status": status}


def test_what_is_superseded_moves_no_more():
    assert not [move for status, move in MOVES if status is AssessmentStatus.SUPERSEDED]


def test_whatever_is_not_answered_is_listed_before_anybody_approves():
    draft = an_assessment(status=AssessmentStatus.DRAFT, history={Question.PREGNANCY: False}, severity=None)
    with pytest.raises(RuleBroken) as refusal:
        draft.approve([], Approval("key", AT))
    wanted = {f"/history/{question}" for question in Question if question is not Question.PREGNANCY}
    assert {fault.pointer for fault in refusal.value.faults} == {*wanted, "/severity"}
    assert {fault.code for fault in refusal.value.faults} == {"assessment.unanswered"}


@pytest.mark.parametrize(
    ("decider", "scopes", "is_allowed"),
    [
        (Decider.CLINICIAN, ("clinician",), True),
        (Decider.CLINICIAN, ("front_desk", "nurse", "admin"), False),
        (Decider.PSYCHIATRIST, ("clinician", "psychiatrist"), True),
        (Decider.PSYCHIATRIST, ("clinician",), False),
    ],
)
def test_only_who_may_decides(decider, scopes, is_allowed):
    results, ruling = [a_result(decider=decider)], a_ruling("porphyria", True, *scopes)
    if is_allowed:
        (decision,) = an_assessment(decisions=()).decide(results, ruling).decisions
        assert (decision.code, decision.basis, decision.accepted, decision.by) == ("porphyria", "history", True, "key")
    else:
        with pytest.raises(Forbidden, match="scope-missing"):
            an_assessment().decide(results, ruling)


def test_nobody_decides_what_nobody_may_or_what_was_not_found():
    never = a_result(decider=Decider.NOBODY)
    for results, code in (
        ([never], "decision.not-possible"),
        ([], "decision.not-needed"),
        ([a_result(outcome=Outcome.INFO)], "decision.not-needed"),
    ):
        with pytest.raises(RuleBroken) as refusal:
            an_assessment().decide(results, a_ruling("porphyria", True, "clinician", "psychiatrist"))
        assert refusal.value.code == code


def test_of_several_assessments_the_approved_one_of_the_condition_counts():
    draft = an_assessment(id="draft", status=AssessmentStatus.DRAFT)
    other, ours = an_assessment(Condition.PTSD, id="other"), an_assessment(id="ours")
    assert in_force([draft, other, ours], Condition.DEPRESSION) == ours
    assert in_force([draft, other], Condition.DEPRESSION) is None


@pytest.mark.parametrize(
    ("kind", "word", "value", "fits"),
    [
        ("c-ssrs", "moderate", None, True),
        ("c-ssrs", "positive", None, False),
        ("c-ssrs", None, "2", False),
        ("c-ssrs", None, None, False),
        ("c-ssrs", "low", "2", False),
        ("audit-c", None, "0", True),
        ("audit-c", None, "12", True),
        ("audit-c", None, "13", False),
        ("audit-c", None, "-1", False),
        ("audit-c", None, "3.5", False),
        ("audit-c", "positive", "4", False),
        ("audit-c", "positive", None, False),
        ("asrm", None, "20", True),
        ("asrm", None, "21", False),
        ("liver", None, "3.1", True),
        ("liver", None, "100.1", False),
        ("liver", None, "NaN", False),
    ],
)
def test_a_result_is_what_its_examination_can_say(kind, word, value, fits):
    exam = Exam(ExamKind(kind), TODAY, word and Word(word), value and Decimal(value))
    assert ITEMS[exam.kind].fits(exam) is fits


def test_an_assessment_is_kept_as_it_is():
    whole = an_assessment(
        medications=(Medication(MedicationCode.LAMOTRIGINE, "Lamictal"), Medication(MedicationCode.OTHER)),
        superseded_by="another",
    )
    assert from_document(Assessment, to_document(whole)) == whole


# --- the operations --------------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> FakeBooking:
    """With one patient whom nobody has assessed."""
    world = a_world()
    for key in [key for key, row in world.rows[Assessment].items() if row.patient_id == PATIENT]:
        del world.rows[Assessment][key]
    return world


def complete(**fields: Any) -> DraftAssessment:
    ready = an_assessment()
    names = ("patient_id", "condition", "assessed_on", "sex", "history", "medications", "trials", "severity", "exams")
    return replace(DraftAssessment(protocol="mood-iv-6x2w", **{name: getattr(ready, name) for name in names}), **fields)


def drafted(world: FakeBooking, **fields: Any) -> Assessment:
    assessment: Assessment = world.run(CLINIC, draft_assessment, complete(**fields)).assessment
    return assessment


def approved(world: FakeBooking, draft: Assessment) -> Assessment:
    world.actor = A_CLINICIAN
    assessment: Assessment = world.run(CLINIC, approve_assessment, ApproveAssessment(PATIENT, draft.id)).assessment
    world.actor = THE_DESK
    return assessment


def refused_codes(world: FakeBooking, draft: Assessment) -> list[str]:
    with pytest.raises(RuleBroken) as refusal:
        approved(world, draft)
    world.actor = THE_DESK
    assert refusal.value.code == "assessment.not-ready"
    return [fault.code for fault in refusal.value.faults]


def decided(world: FakeBooking, draft: Assessment, code: str, *, accepted: bool = True) -> None:
    world.actor = A_PSYCHIATRIST
    world.run(CLINIC, decide_screening, DecideScreening(PATIENT, draft.id, code, accepted, "Discussed."))
    world.actor = THE_DESK


def test_a_complete_assessment_without_findings_is_approved(world):
    draft = drafted(world)
    assert draft.status is AssessmentStatus.DRAFT
    done = approved(world, draft)
    assert (done.status, done.approval) == (AssessmentStatus.APPROVED, Approval(A_CLINICIAN.id, world.now))


def test_nothing_is_approved_while_anything_is_undecided_and_all_of_it_is_told(world):
    history = {**NOTHING_FOUND, Question.PORPHYRIA: True, Question.HYPERTENSION: True}
    draft = drafted(world, history=history, trials=(), severity=None)
    first = "assessment.unanswered"
    hold, review, trials = "uncontrolled-hypertension", "porphyria", "too-few-trials"
    assert refused_codes(world, draft) == [first, f"screening.{hold}", f"screening.{review}", f"screening.{trials}"]
    for code in (hold, review, trials):
        decided(world, draft, code)
    assert refused_codes(world, draft) == [first]
    decided(world, draft, review, accepted=False)
    assert refused_codes(world, draft) == [first, f"screening.{review}"]
    decided(world, draft, review)
    severity = Severity("phq-9", 15, TODAY)
    version = world.rows[Assessment][CLINIC, draft.id].version
    world.run(CLINIC, change_assessment, ChangeAssessment(PATIENT, draft.id, version, {"severity": severity}))
    assert approved(world, draft).status is AssessmentStatus.APPROVED


def test_what_was_asked_half_a_year_ago_is_not_approved_today(world):
    draft = drafted(world)
    world.pass_time(days=181)
    assert refused_codes(world, draft)[0] == "assessment.expired"


def test_an_approved_assessment_takes_the_place_of_every_other_one_of_its_condition(world):
    old = approved(world, drafted(world))
    forgotten, ptsd = drafted(world), drafted(world, protocol="ptsd-iv-6x2w", condition=None)
    new = approved(world, drafted(world))
    status = {row.id: (row.status, row.superseded_by) for row in world.all(Assessment)}
    assert status[old.id] == status[forgotten.id] == (AssessmentStatus.SUPERSEDED, new.id)
    assert status[new.id] == (AssessmentStatus.APPROVED, None)
    assert status[ptsd.id] == (AssessmentStatus.DRAFT, None)
    assert ptsd.condition is Condition.PTSD
    newest = approved(world, drafted(world))
    replaced_by = {row.id: row.superseded_by for row in world.all(Assessment)}
    assert (replaced_by[old.id], replaced_by[new.id]) == (new.id, newest.id)


def test_two_drafts_that_are_approved_at_once_do_not_both_count(world):
    drafts = [drafted(world), drafted(world)]
    world.actor = A_CLINICIAN
    units = [world.unit(CLINIC), world.unit(CLINIC)]
    for unit, draft in zip(units, drafts, strict=True):
        approve_assessment(unit, ApproveAssessment(PATIENT, draft.id))
    units[0].commit()
    with pytest.raises(Exception, match="changed meanwhile"):
        units[1].commit()


def test_an_approved_assessment_learns_of_examinations_and_is_not_changed(world):
    done = approved(world, drafted(world))
    positive = Exam(ExamKind.DRUG_SCREEN, TODAY, Word.POSITIVE)
    with pytest.raises(Conflict, match=r"assessment\.illegal-move"):
        world.run(CLINIC, change_assessment, ChangeAssessment(PATIENT, done.id, done.version, {"sex": None}))
    examined = world.run(CLINIC, note_exam, NoteExam(PATIENT, done.id, positive))
    assert examined.assessment.exams[-1] == positive
    assert [(one.code, one.stands) for one in examined.results] == [("drug-screen-positive", True)]
    decided(world, done, "drug-screen-positive")
    shown = world.run(CLINIC, show_assessment, ShowAssessment(PATIENT, done.id))
    assert [(one.code, one.stands, one.decided.by) for one in shown.results] == [
        ("drug-screen-positive", False, A_PSYCHIATRIST.id)
    ]


def test_a_draft_shows_what_is_still_to_be_asked(world):
    draft = drafted(world, history={}, severity=None)
    shown = world.run(CLINIC, show_assessment, ShowAssessment(PATIENT, draft.id))
    assert shown.unanswered == [*Question, "severity"]
    assert (shown.version, shown.results) == (draft.version, ())


def test_whatever_cannot_be_is_refused_whole(world):
    tomorrow = TODAY + timedelta(days=1)
    wrong = complete(
        assessed_on=tomorrow,
        severity=Severity("peg", 20, tomorrow),
        exams=(replace(EXAMS[0], on=tomorrow), replace(EXAMS[1], word=Word.POSITIVE)),
    )
    with pytest.raises(RuleBroken) as refusal:
        world.run(CLINIC, draft_assessment, wrong)
    assert {(fault.code, fault.pointer) for fault in refusal.value.faults} == {
        ("assessment.in-future", "/assessed_on"),
        ("exam.in-future", "/exams/0/on"),
        ("exam.unreadable", "/exams/1"),
        ("severity.in-future", "/severity/on"),
        ("severity.instrument", "/severity/instrument"),
    }
    assert not [row for row in world.all(Assessment) if row.patient_id == PATIENT]
    with pytest.raises(RuleBroken, match=r"series\.condition-not-treated"):
        drafted(world, condition=Condition.BPD)


def test_examinations_are_kept_up_to_a_number(world):
    draft = drafted(world, exams=EXAMS[:1] * MOST_EXAMS)
    with pytest.raises(RuleBroken) as refusal:
        world.run(CLINIC, note_exam, NoteExam(PATIENT, draft.id, EXAMS[0]))
    assert [fault.code for fault in refusal.value.faults] == ["exam.too-many"]


def test_an_assessment_is_found_under_its_patient_only(world):
    draft = drafted(world)
    listed = world.run(CLINIC, list_assessments, ListAssessments(PATIENT, limit=1, after=None))
    assert ([row.id for row in listed.items], listed.after) == ([draft.id], None)
    with pytest.raises(Stale):
        world.run(CLINIC, change_assessment, ChangeAssessment(PATIENT, draft.id, 7, {}))
    for operation, command in (
        (show_assessment, ShowAssessment("patient-2", draft.id)),
        (change_assessment, ChangeAssessment("patient-2", draft.id, 1, {})),
        (note_exam, NoteExam("patient-2", draft.id, EXAMS[0])),
        (decide_screening, DecideScreening("patient-2", draft.id, "porphyria", accepted=True, reason="No.")),
        (approve_assessment, ApproveAssessment("patient-2", draft.id)),
        (draft_assessment, complete(patient_id="nobody")),
        (list_assessments, ListAssessments("nobody", limit=1, after=None)),
    ):
        with pytest.raises(NotFound):
            world.run(CLINIC, operation, command)


def test_every_change_is_in_the_audit_chain(world):
    draft = drafted(world, history={**NOTHING_FOUND, Question.PORPHYRIA: True})
    world.run(CLINIC, note_exam, NoteExam(PATIENT, draft.id, EXAMS[0]))
    decided(world, draft, "porphyria")
    approved(world, draft)
    acts = [entry.act for entry in world.audit[CLINIC]]
    assert [act.action for act in acts] == [
        "assessment.draft",
        "exam.note",
        "screening.decide",
        "assessment.approve",
    ]
    assert {(act.record, act.patient_id) for act in acts} == {(f"assessment/{draft.id}", PATIENT)}
    assert [act.reason for act in acts] == [None, None, "Discussed.", None]


# --- the gate at booking ---------------------------------------------------------------------------------------------


def why_not(world: FakeBooking, **fields: Any) -> list[str]:
    with pytest.raises(Conflict) as refusal:
        booked(world, a_booking(**fields))
    assert refusal.value.code == "series.not-cleared"
    assert not world.all(Series)
    return [fault.code for fault in refusal.value.faults]


def test_no_series_is_booked_for_a_patient_whom_nobody_has_assessed(world):
    assert why_not(world) == ["assessment.required"]
    draft = drafted(world)
    assert why_not(world) == ["assessment.required"]
    approved(world, draft)
    assert booked(world).status is SeriesStatus.ACTIVE


def test_an_assessment_of_181_days_ago_books_nothing():
    world = a_world()
    first = ASSESSED_ON + timedelta(days=180)
    assert first == date(2026, 8, 28)
    single = {"protocol": "booster-single", "condition": Condition.DEPRESSION}
    monday = date(2026, 8, 31)
    assert why_not(world, dates=[monday], **single) == ["assessment.expired"]
    assert booked(world, a_booking([first], **single)).status is SeriesStatus.ACTIVE


def test_an_assessment_counts_for_its_condition_only(world):
    approved(world, drafted(world))
    assert why_not(world, protocol="ptsd-iv-6x2w") == ["assessment.required"]


def test_every_reason_why_a_patient_is_not_cleared_is_told_at_once(world):
    for kind in (ConsentKind.CONTROLLED_SUBSTANCE, ConsentKind.FINANCIAL):
        del world.rows[Consent][CLINIC, f"{PATIENT}-{kind}"]
    assert why_not(world) == ["assessment.required", "consent.missing", "consent.missing"]


def test_an_investigational_course_needs_its_own_consent_and_a_psychiatrist():
    world = a_world()
    course = {"protocol": "bpd-iv-6x3w", "sessions": wishes(date(2026, 3, day) for day in (3, 6, 10, 13, 17, 20))}
    unsigned = an_assessment(Condition.BPD, id="unsigned", decisions=(), version=0)
    for key, row in list(world.rows[Assessment].items()):
        if row.condition is Condition.BPD:
            del world.rows[Assessment][key]
    del world.rows[Consent][CLINIC, f"{PATIENT}-{ConsentKind.INVESTIGATIONAL}"]
    world.rows[Assessment][CLINIC, unsigned.id] = unsigned
    assert why_not(world, **course) == ["screening.investigational-condition", "consent.missing"]


def test_what_only_holds_a_dose_lets_it_be_booked(world):
    done = approved(world, drafted(world))
    world.run(CLINIC, note_exam, NoteExam(PATIENT, done.id, Exam(ExamKind.URINALYSIS, TODAY, Word.ABNORMAL)))
    assert booked(world).status is SeriesStatus.ACTIVE


def test_places_are_held_and_looked_for_before_anybody_is_assessed_and_booked_after(world):
    plans = world.run(CLINIC, find_plans, FindPlans(PATIENT, "mood-iv-6x2w"))
    assert plans.plans
    hold = world.run(CLINIC, hold_series, HoldSeries(PATIENT, "mood-iv-6x2w", sessions=wishes(CASE_A), minutes=60))
    with pytest.raises(Conflict) as refusal:
        world.run(CLINIC, confirm_hold, ConfirmHold(hold.id))
    assert [fault.code for fault in refusal.value.faults] == ["assessment.required"]
    approved(world, drafted(world))
    assert world.run(CLINIC, confirm_hold, ConfirmHold(hold.id)).status is SeriesStatus.ACTIVE


def test_what_was_signed_for_the_next_course_is_linked_to_the_one_that_is_booked():
    world = a_world()
    series = booked(world)
    linked = {row.kind: row.series_id for row in world.all(Consent) if row.patient_id == PATIENT}
    assert linked[ConsentKind.TREATMENT] == series.id
    assert linked[ConsentKind.CONTROLLED_SUBSTANCE] is None


def test_a_consultation_needs_neither_assessment_nor_consent(world):
    world.rows[Consent].clear()
    room, doctor = a_resource(ResourceKind.ROOM), a_resource(ResourceKind.CLINICIAN)
    unit = world.unit(CLINIC)
    for resource in (room, doctor):
        unit.resources.save(resource)
    unit.commit()
    for condition in Condition:
        on = CASE_A[0] + timedelta(days=7 * list(Condition).index(condition))
        series = booked(world, a_booking([on], protocol="consultation", condition=condition))
        assert [session.doses for session in series.sessions] == [False]
        assert {claim.kind for claim in series.sessions[0].claims} >= {"room", "clinician"}
