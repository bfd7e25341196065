from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.booking.domain.chart.answers import Exam, ExamKind, Medication, MedicationCode, Question, Sex, Trial, Word
from services.booking.domain.chart.assessment import AssessmentStatus
from services.booking.domain.chart.items import ITEMS
from services.booking.domain.chart.rules import RULES
from services.booking.domain.chart.screening import (
    _REQUIRED,
    _VERDICTS,
    assessment_faults,
    booking_faults,
    screen,
)
from services.booking.domain.chart.verdict import Decider, Outcome
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.protocol.templates import TEMPLATES
from tests.support.booking_builders import MOOD, a_patient
from tests.support.cleared import ASSESSED_ON, EXAMS, NOTHING_FOUND, accepted, an_assessment

BOOSTER = TEMPLATES["booster-single"]
TAPER = TEMPLATES["maint-weekly-taper"]
AGE = 45
BLOCKS = {
    "ketamine-hypersensitivity": "nobody",
    "aneurysmal-vascular-disease": "nobody",
    "intracerebral-haemorrhage": "nobody",
    "uncontrolled-cardiovascular-disease": "clinician",
    "psychotic-disorder": "psychiatrist",
    "severe-hepatic-impairment": "nobody",
    "raised-intracranial-or-intraocular-pressure": "clinician",
    "active-substance-use-disorder": "nobody",
    "ketamine-misuse": "nobody",
    "pregnancy": "nobody",
    "breastfeeding": "nobody",
    "dementia-or-delirium": "nobody",
}
HOLDS = {"uncontrolled-hypertension": "clinician", "current-mania": "clinician"}
REVIEWS = dict.fromkeys(
    (
        "bipolar-disorder",
        "moderate-hepatic-impairment",
        "untreated-hyperthyroidism",
        "porphyria",
        "unstable-seizure-disorder",
        "untreated-sleep-apnoea",
        "urinary-symptoms",
    ),
    "clinician",
)
INFOS = dict.fromkeys(("cardiovascular-risk", "liver-disease"), "nobody")
HISTORY = [
    (question, outcome, decider)
    for outcome, rows in (("block", BLOCKS), ("hold", HOLDS), ("review", REVIEWS), ("info", INFOS))
    for question, decider in rows.items()
]


def found(assessment, regimen=MOOD, condition=Condition.DEPRESSION, age=AGE, on=ASSESSED_ON, **fields):
    """What speaks against the medicine: codes, each with its outcome and who may decide."""
    results = screen(assessment, regimen, condition, age, on, **fields)
    return {one.code: (str(one.outcome), str(one.decider)) for one in results}


def having(*exams, **fields):
    """An assessment with other results of some examinations."""
    kinds = {exam.kind for exam in exams}
    return an_assessment(exams=(*(one for one in EXAMS if one.kind not in kinds), *exams), **fields)


def answered(**yes):
    return an_assessment(history={**NOTHING_FOUND, **{Question(name.replace("_", "-")): True for name in yes}})


def test_nothing_speaks_against_an_ordinary_patient():
    assert found(an_assessment()) == {}
    assert assessment_faults(an_assessment(), MOOD, Condition.DEPRESSION, AGE, ASSESSED_ON) == []


@pytest.mark.parametrize(("question", "outcome", "decider"), HISTORY)
def test_each_answer_of_the_history_has_its_outcome(question, outcome, decider):
    assessment = an_assessment(history={**NOTHING_FOUND, Question(question): True})
    assert found(assessment) == {question: (outcome, decider)}


def test_every_question_has_a_rule():
    assert {question for question, _, _ in HISTORY} == set(Question)
    assert set(Question) <= RULES.keys()


def test_active_substance_use_blocks_a_series_and_asks_for_a_review_before_a_single_infusion():
    assessment = an_assessment(history={**NOTHING_FOUND, Question.SUBSTANCE_USE: True})
    assert found(assessment, MOOD) == {"active-substance-use-disorder": ("block", "nobody")}
    assert found(assessment, TAPER) == {"active-substance-use-disorder": ("block", "nobody")}
    endless = replace(BOOSTER, phases=(replace(BOOSTER.phases[0], sessions=None),))
    assert "active-substance-use-disorder" in found(assessment, endless)
    assert found(assessment, BOOSTER) == {"active-substance-use-disorder-single": ("review", "clinician")}


@pytest.mark.parametrize("code", [code for code in MedicationCode if code is not MedicationCode.OTHER])
def test_each_medication_of_concern_asks_for_a_review_and_blocks_nothing(code):
    twice = (Medication(code, "a brand"), Medication(code))
    assert found(an_assessment(medications=twice)) == {code: ("review", "clinician")}


def test_other_medication_says_nothing():
    assert found(an_assessment(medications=(Medication(MedicationCode.OTHER, "Vitamin D"),))) == {}


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (17, {"age-under-18": ("block", "nobody")}),
        (18, {}),
        (64, {}),
        (65, {"age-65-plus": ("review", "clinician")}),
    ],
)
def test_age_counts_in_years(age, expected):
    assert found(an_assessment(), age=age) == expected


@pytest.mark.parametrize(
    ("on", "age"), [("2026-05-16", 45), ("2026-05-17", 46), ("2027-01-01", 46), ("1981-05-17", 1), ("1980-05-17", 0)]
)
def test_a_patient_is_a_year_older_on_their_birthday(on, age):
    assert a_patient(birth_date=date(1980, 5, 17)).age_on(date.fromisoformat(on)) == age


def test_who_is_born_on_a_leap_day_is_of_age_on_the_first_of_march():
    patient = a_patient(birth_date=date(2008, 2, 29))
    assert [patient.age_on(date(2026, 2, 28)), patient.age_on(date(2026, 3, 1))] == [17, 18]


@pytest.mark.parametrize("condition", Condition)
def test_only_a_psychiatrist_signs_an_investigational_treatment_off(condition):
    assessment = an_assessment(condition, decisions=())
    expected = {"investigational-condition": ("review", "psychiatrist")}
    is_investigational = condition in {Condition.BIPOLAR, Condition.OCD, Condition.BPD}
    assert found(assessment, BOOSTER, condition) == (expected if is_investigational else {})
    assert found(assessment, replace(BOOSTER, is_investigational=True), condition) == expected


@pytest.mark.parametrize(("adequate", "is_found"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_course_for_resistant_depression_asks_for_two_adequate_trials(adequate, is_found):
    trials = (Trial("too short", is_adequate=False), *(Trial("long enough", is_adequate=True),) * adequate)
    assessment = an_assessment(trials=trials)
    assert found(assessment) == ({"too-few-trials": ("review", "clinician")} if is_found else {})
    assert found(assessment, BOOSTER) == {}


@pytest.mark.parametrize(("total", "is_found"), [(14, True), (15, False)])
def test_a_course_for_resistant_depression_asks_for_fifteen_points(total, is_found):
    severity = an_assessment().severity
    assert severity is not None
    assessment = an_assessment(severity=replace(severity, total=total))
    assert found(assessment) == ({"not-severe": ("review", "clinician")} if is_found else {})
    assert found(assessment, BOOSTER) == {}


@pytest.mark.parametrize(
    ("kind", "result", "expected"),
    [
        ("history-and-physical", "abnormal", ("history-and-physical-abnormal", "review", "clinician")),
        ("c-ssrs", "none", None),
        ("c-ssrs", "low", None),
        ("c-ssrs", "moderate", ("c-ssrs-moderate", "review", "clinician")),
        ("c-ssrs", "high", ("c-ssrs-high", "hold", "nobody")),
        ("dast-10", "2", None),
        ("dast-10", "3", ("dast-10-positive", "review", "clinician")),
        ("drug-screen", "positive", ("drug-screen-positive", "hold", "clinician")),
        ("pdmp", "negative", None),
        ("pdmp", "positive", ("pdmp-positive", "review", "clinician")),
        ("ecg", "abnormal", ("ecg-abnormal", "review", "clinician")),
        ("liver", "3", None),
        ("liver", "3.1", ("liver-raised", "hold", "clinician")),
        ("urinalysis", "abnormal", ("urinalysis-abnormal", "hold", "clinician")),
        ("cognition", "normal", None),
        ("cognition", "abnormal", ("cognition-abnormal", "review", "clinician")),
        ("mdq", "positive", ("mdq-positive", "review", "psychiatrist")),
        ("asrm", "5", None),
        ("asrm", "6", ("asrm-positive", "hold", "clinician")),
    ],
)
def test_each_examination_has_its_outcome_on_both_sides_of_its_limit(kind, result, expected):
    counted = ITEMS[ExamKind(kind)].most is not None
    exam = Exam(ExamKind(kind), ASSESSED_ON, None if counted else Word(result), Decimal(result) if counted else None)
    assert ITEMS[exam.kind].fits(exam)
    assert found(having(exam)) == ({expected[0]: expected[1:]} if expected else {})


@pytest.mark.parametrize(
    ("sex", "total", "is_positive"),
    [(Sex.MALE, 3, False), (Sex.MALE, 4, True), (Sex.FEMALE, 2, False), (Sex.FEMALE, 3, True), (None, 2, False),
     (None, 3, True)],
)  # fmt: skip
def test_audit_c_is_positive_from_four_for_men_and_three_for_anybody_else(sex, total, is_positive):
    assessment = having(Exam(ExamKind.AUDIT_C, ASSESSED_ON, value=Decimal(total)), sex=sex)
    assert found(assessment) == ({"audit-c-positive": ("review", "clinician")} if is_positive else {})


def test_a_positive_mdq_says_nothing_new_of_who_has_a_bipolar_disorder():
    positive = Exam(ExamKind.MDQ, ASSESSED_ON, Word.POSITIVE)
    known = having(positive, history={**NOTHING_FOUND, Question.BIPOLAR: True})
    assert "mdq-positive" not in found(known)
    assert "mdq-positive" not in found(having(positive), BOOSTER, Condition.BIPOLAR)


ALWAYS = ("history-and-physical", "c-ssrs", "audit-c", "dast-10", "drug-screen", "urinalysis")
WAIVED_BY_NOBODY = {"c-ssrs"}


def without(*kinds, **fields):
    return an_assessment(exams=tuple(one for one in EXAMS if one.kind not in kinds), **fields)


@pytest.mark.parametrize("kind", ExamKind)
def test_what_everybody_needs_is_missed_and_only_that(kind):
    decider = "nobody" if kind in WAIVED_BY_NOBODY else "clinician"
    assert found(without(kind)) == ({f"{kind}-missing": ("hold", decider)} if kind in ALWAYS else {})


@pytest.mark.parametrize(
    ("kind", "regimen", "condition", "history"),
    [
        (ExamKind.ECG, MOOD, Condition.DEPRESSION, Question.CARDIOVASCULAR_RISK),
        (ExamKind.ECG, MOOD, Condition.DEPRESSION, Question.CARDIOVASCULAR),
        (ExamKind.LIVER, MOOD, Condition.DEPRESSION, Question.LIVER_DISEASE),
        (ExamKind.LIVER, TAPER, Condition.DEPRESSION, None),
        (ExamKind.MDQ, BOOSTER, Condition.BIPOLAR, None),
    ],
)
def test_some_examinations_are_needed_where_there_is_a_reason(kind, regimen, condition, history):
    yes = {} if history is None else {history: True}
    assert f"{kind}-missing" in found(without(kind, history={**NOTHING_FOUND, **yes}), regimen, condition)
    assert f"{kind}-missing" not in found(an_assessment(history={**NOTHING_FOUND, **yes}), regimen, condition)


@pytest.mark.parametrize(
    ("kind", "days"),
    [("history-and-physical", 180), ("c-ssrs", 30), ("audit-c", 90), ("dast-10", 90), ("drug-screen", 90),
     ("urinalysis", 92), ("ecg", 365), ("liver", 183)],
)  # fmt: skip
def test_an_examination_counts_through_its_last_day(kind, days):
    yes = {Question.CARDIOVASCULAR_RISK: True, Question.LIVER_DISEASE: True}
    assessment = an_assessment(history={**NOTHING_FOUND, **yes})
    last = ASSESSED_ON + timedelta(days=days)
    assert f"{kind}-expired" not in found(assessment, on=last)
    assert found(assessment, on=last + timedelta(days=1))[f"{kind}-expired"][0] == "hold"


def test_the_mdq_is_asked_once():
    assert "mdq-expired" not in found(an_assessment(), BOOSTER, Condition.BIPOLAR, on=date(2036, 3, 1))


def test_urine_is_looked_at_again_after_six_doses():
    on = ASSESSED_ON + timedelta(days=20)
    earlier = ASSESSED_ON - timedelta(days=1)
    five = [earlier, *(ASSESSED_ON + timedelta(days=day) for day in (0, 3, 6, 9, 12)), on]
    assert found(an_assessment(), on=on, doses=five) == {}
    six = [*five, on - timedelta(days=1)]
    assert found(an_assessment(), on=on, doses=six) == {"urinalysis-expired": ("hold", "clinician")}


def test_the_newest_examination_counts_and_of_one_day_the_one_known_last():
    old, new = Exam(ExamKind.C_SSRS, ASSESSED_ON, Word.HIGH), Exam(ExamKind.C_SSRS, ASSESSED_ON, Word.LOW)
    assert found(having(old, new)) == {}
    assert "c-ssrs-high" in found(having(new, old))
    older = replace(old, on=ASSESSED_ON - timedelta(days=1))
    assert found(having(new, older)) == {}


def test_a_decision_counts_for_as_long_as_what_it_rests_on_is_the_same():
    positive = Exam(ExamKind.DRUG_SCREEN, ASSESSED_ON, Word.POSITIVE)
    word = accepted("drug-screen-positive", "2026-03-01 positive")
    assessment = having(positive, decisions=(word,))
    faults = assessment_faults(assessment, MOOD, Condition.DEPRESSION, AGE, ASSESSED_ON)
    assert faults == []
    again = replace(assessment, exams=(*assessment.exams, replace(positive, on=date(2026, 3, 9))))
    faults = assessment_faults(again, MOOD, Condition.DEPRESSION, AGE, date(2026, 3, 10))
    assert [fault.code for fault in faults] == ["screening.drug-screen-positive"]


def test_the_last_decision_counts():
    basis = "history"
    said_no = replace(accepted("porphyria", basis), accepted=False)
    porphyria = an_assessment(history={**NOTHING_FOUND, Question.PORPHYRIA: True})
    for decisions, codes in (
        ((), ["screening.porphyria"]),
        ((said_no,), ["screening.porphyria"]),
        ((said_no, accepted("porphyria", basis)), []),
        ((accepted("porphyria", basis), said_no), ["screening.porphyria"]),
    ):
        assessment = replace(porphyria, decisions=decisions)
        faults = assessment_faults(assessment, MOOD, Condition.DEPRESSION, AGE, ASSESSED_ON)
        assert [fault.code for fault in faults] == codes


@pytest.mark.parametrize("status", [None, AssessmentStatus.DRAFT, AssessmentStatus.SUPERSEDED])
def test_without_an_approved_assessment_there_is_one_reason(status):
    assessment = None if status is None else an_assessment(status=status)
    faults = assessment_faults(assessment, MOOD, Condition.DEPRESSION, AGE, ASSESSED_ON)
    assert [fault.code for fault in faults] == ["assessment.required"]


@pytest.mark.parametrize("days", [180, 90])
def test_an_assessment_counts_for_as_many_days_as_the_protocol_says(days):
    assert MOOD.care.assessment_days == 180
    regimen = replace(MOOD, care=replace(MOOD.care, assessment_days=days))
    last = ASSESSED_ON + timedelta(days=days)
    newer = tuple(replace(exam, on=last) for exam in EXAMS)
    for on, codes in ((last, []), (last + timedelta(days=1), ["assessment.expired"])):
        faults = assessment_faults(an_assessment(exams=newer), regimen, Condition.DEPRESSION, AGE, on)
        assert [fault.code for fault in faults] == codes


def test_every_reason_is_told_at_once_and_a_hold_lets_a_course_be_booked():
    history = {**NOTHING_FOUND, Question.PREGNANCY: True, Question.HYPERTENSION: True, Question.PORPHYRIA: True}
    assessment = an_assessment(history=history, trials=())
    on = ASSESSED_ON + timedelta(days=181)
    faults = assessment_faults(assessment, MOOD, Condition.DEPRESSION, 70, on)
    block, hold, review = "screening.pregnancy", "screening.uncontrolled-hypertension", "screening.porphyria"
    others = ["screening.age-65-plus", "screening.too-few-trials"]
    assert [fault.code for fault in faults][:6] == ["assessment.expired", hold, block, review, *others]
    booking = booking_faults(assessment, MOOD, Condition.DEPRESSION, 70, on)
    assert [fault.code for fault in booking] == ["assessment.expired", block, review, *others]


def test_what_is_only_told_keeps_nobody_from_treatment():
    assessment = an_assessment(history={**NOTHING_FOUND, Question.CARDIOVASCULAR_RISK: True})
    assert found(assessment) == {"cardiovascular-risk": ("info", "nobody")}
    assert assessment_faults(assessment, MOOD, Condition.DEPRESSION, AGE, ASSESSED_ON) == []


def test_the_tables_name_every_examination_and_every_rule_says_where_it_comes_from():
    assert set(ITEMS) == set(_VERDICTS) == set(_REQUIRED) == set(ExamKind)
    assert all(rule.source and rule.detail.endswith(".") for rule in RULES.values())
    blocked_for_good = [one for one in RULES.values() if one.outcome is Outcome.BLOCK and one.decider is Decider.NOBODY]
    assert Counter(rule.outcome for rule in RULES.values())[Outcome.BLOCK] == len(BLOCKS) + 1
    assert len(blocked_for_good) == list(BLOCKS.values()).count("nobody") + 1
