"""Screens an assessment for a course: which findings there are, and which of them keep the patient from treatment."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeAlias

from services.booking.domain.chart.answers import Exam, ExamKind, Question, Sex, Word
from services.booking.domain.chart.assessment import Assessment, AssessmentStatus
from services.booking.domain.chart.items import ITEMS
from services.booking.domain.chart.rules import RULES, SINGLE
from services.booking.domain.chart.verdict import Outcome, Result
from services.booking.domain.protocol.protocol import Condition, Regimen
from shared.errors import Fault

ADULT: Final = 18
ELDERLY: Final = 65
"""Years of age. The esketamine label: not approved below 18, a lower first dose from 65."""
AUDIT_C: Final[Mapping[Sex | None, int]] = MappingProxyType({Sex.MALE: 4, Sex.FEMALE: 3, None: 3})
"""Positive from, by sex; unknown counts as the lower one (AUDIT-C, World Health Organization)."""
DAST_10: Final = 3
ASRM: Final = 6
"""Positive from (DAST-10; ASRM, Altman 1997)."""
LIVER: Final = Decimal(3)
"""More than so many times the upper limit holds the treatment. Clinic default."""
ASKED_ON_THE_DAY: Final = frozenset(
    f"screening.{kind}-{lack}" for kind in (ExamKind.C_SSRS, ExamKind.ASRM) for lack in ("missing", "expired")
)
"""Of what is asked anew on the day of every dose an older answer need not be there; one that is of concern counts."""

_Found: TypeAlias = Iterator[tuple[str, str]]
"""Codes of rules, each with what the finding rests on."""


@dataclass(frozen=True)
class Case:
    """An assessment before a course of `regimen` against `condition`, of which a dose is to be given on date `on`.

    `age` is in years on that date, `doses` are the dates of all doses that the patient is given.
    """

    assessment: Assessment
    regimen: Regimen
    condition: Condition
    age: int
    on: date
    doses: tuple[date, ...] = ()

    def says(self, question: Question) -> bool:
        """Whether the answer to the question is yes, or turned out to be."""
        return self.assessment.basis_of(question) is not None

    def newest(self, kind: ExamKind) -> Exam | None:
        """The examination that counts: the newest one, of one day the one known last."""
        return max(reversed([one for one in self.assessment.exams if one.kind is kind]), key=_date_of, default=None)


def screen(
    assessment: Assessment,
    regimen: Regimen,
    condition: Condition,
    age: int,
    on: date,
    *,
    doses: Collection[date] = (),
) -> tuple[Result, ...]:
    """Every finding about a dose on date `on`, at the age (years) of that date, in the order of `RULES`.

    `doses` are the dates of all doses that the person is given: some examinations count for a number of them.
    """
    case = Case(assessment, regimen, condition, age, on, tuple(doses))
    found = {code: basis for look in _LOOKS for code, basis in look(case)}
    return tuple(_result(assessment, code, found[code]) for code in RULES if code in found)


def assessment_faults(
    assessment: Assessment | None,
    regimen: Regimen,
    condition: Condition,
    age: int,
    on: date,
    *,
    doses: Collection[date] = (),
) -> list[Fault]:
    """Why no dose of this course is given on date `on`; parameters as of `screen`."""
    if assessment is None or assessment.status is not AssessmentStatus.APPROVED:
        return [Fault("assessment.required", "There is no approved assessment for this condition.")]
    results = screen(assessment, regimen, condition, age, on, doses=doses)
    return [*expired(assessment, regimen, on), *standing(results)]


def booking_faults(
    assessment: Assessment | None,
    regimen: Regimen,
    condition: Condition,
    age: int,
    on: date,
    *,
    doses: Collection[date] = (),
) -> list[Fault]:
    """Why a course whose first dose is on date `on` is not booked: a hold lets it be booked, and not be started."""
    faults = assessment_faults(assessment, regimen, condition, age, on, doses=doses)
    return [fault for fault in faults if fault.context.get("outcome") != Outcome.HOLD]


def standing(results: Collection[Result]) -> list[Fault]:
    """The findings that keep the patient from treatment: not decided about, or not accepted."""
    return [_fault(result) for result in results if result.stands]


def expired(assessment: Assessment, regimen: Regimen, on: date) -> list[Fault]:
    """Whether the assessment is too old for this course on date `on`, as a list of faults."""
    days = regimen.care.assessment_days
    if (on - assessment.assessed_on).days <= days:
        return []
    detail = f"The assessment of {assessment.assessed_on} counts for {days} days, and not on {on}."
    return [Fault("assessment.expired", detail, context={"assessed_on": assessment.assessed_on.isoformat()})]


def _history(case: Case) -> _Found:
    for question in Question:
        if basis := case.assessment.basis_of(question):
            is_single = question is Question.SUBSTANCE_USE and not _is_serial(case.regimen)
            yield f"{question}{SINGLE if is_single else ''}", basis


def _medications(case: Case) -> _Found:
    for medication in case.assessment.medications:
        if medication.code in RULES:
            yield medication.code, "medication"


def _age(case: Case) -> _Found:
    if case.age < ADULT:
        yield "age-under-18", "birth date"
    if case.age >= ELDERLY:
        yield "age-65-plus", "birth date"


def _condition(case: Case) -> _Found:
    if case.regimen.investigates(case.condition):
        yield "investigational-condition", case.condition


def _entry(case: Case) -> _Found:
    care, severity = case.regimen.care, case.assessment.severity
    trials = sum(one.is_adequate for one in case.assessment.trials)
    if trials < care.least_trials:
        yield "too-few-trials", f"{trials} of {care.least_trials}"
    if severity and care.severe_from is not None and severity.total < care.severe_from:
        yield "not-severe", f"{severity.instrument} {severity.total} below {care.severe_from}"


def _exams(case: Case) -> _Found:
    for kind, item in ITEMS.items():
        exam = case.newest(kind)
        if exam and (code := _VERDICTS[kind](exam, case)):
            yield code, f"{exam.on} {exam.word or exam.value}"
        if exam is None and _REQUIRED[kind](case):
            yield f"{kind}-missing", "none"
        if exam and item.is_out_of_date(exam, case.on, case.doses) and _REQUIRED[kind](case):
            yield f"{kind}-expired", exam.on.isoformat()


_LOOKS: Final[tuple[Callable[[Case], _Found], ...]] = (_history, _medications, _age, _condition, _entry, _exams)

_Verdict: TypeAlias = Callable[[Exam, Case], str | None]


def _word(code: str, *words: Word) -> _Verdict:
    return lambda exam, _: code if exam.word in words else None


def _from(code: str, least: int) -> _Verdict:
    return lambda exam, _: code if (exam.value or 0) >= least else None


def _c_ssrs(exam: Exam, _: Case) -> str | None:
    return f"c-ssrs-{exam.word}" if exam.word in {Word.HIGH, Word.MODERATE} else None


def _audit_c(exam: Exam, case: Case) -> str | None:
    return "audit-c-positive" if (exam.value or 0) >= AUDIT_C[case.assessment.sex] else None


def _liver(exam: Exam, _: Case) -> str | None:
    return "liver-raised" if (exam.value or 0) > LIVER else None


def _mdq(exam: Exam, case: Case) -> str | None:
    is_known = case.condition is Condition.BIPOLAR or case.says(Question.BIPOLAR)
    return "mdq-positive" if exam.word is Word.POSITIVE and not is_known else None


_VERDICTS: Final[Mapping[ExamKind, _Verdict]] = MappingProxyType(
    {
        ExamKind.HISTORY_AND_PHYSICAL: _word("history-and-physical-abnormal", Word.ABNORMAL),
        ExamKind.C_SSRS: _c_ssrs,
        ExamKind.AUDIT_C: _audit_c,
        ExamKind.DAST_10: _from("dast-10-positive", DAST_10),
        ExamKind.DRUG_SCREEN: _word("drug-screen-positive", Word.POSITIVE),
        ExamKind.PDMP: _word("pdmp-positive", Word.POSITIVE),
        ExamKind.ECG: _word("ecg-abnormal", Word.ABNORMAL),
        ExamKind.LIVER: _liver,
        ExamKind.URINALYSIS: _word("urinalysis-abnormal", Word.ABNORMAL),
        ExamKind.COGNITION: _word("cognition-abnormal", Word.ABNORMAL),
        ExamKind.MDQ: _mdq,
        ExamKind.ASRM: _from("asrm-positive", ASRM),
    }
)
"""What an examination says."""


def _always(_: Case) -> bool:
    return True


def _never(_: Case) -> bool:
    return False


_REQUIRED: Final[Mapping[ExamKind, Callable[[Case], bool]]] = MappingProxyType(
    {
        ExamKind.HISTORY_AND_PHYSICAL: _always,
        ExamKind.C_SSRS: _always,
        ExamKind.AUDIT_C: _always,
        ExamKind.DAST_10: _always,
        ExamKind.DRUG_SCREEN: _always,
        # Where a law asks for it, the clinic knows.
        ExamKind.PDMP: _never,
        ExamKind.ECG: lambda case: case.says(Question.CARDIOVASCULAR_RISK) or case.says(Question.CARDIOVASCULAR),
        # In maintenance, which has no end, the liver is looked at whatever the history says.
        ExamKind.LIVER: lambda case: case.says(Question.LIVER_DISEASE) or case.regimen.is_open_ended,
        ExamKind.URINALYSIS: _always,
        ExamKind.COGNITION: _never,
        ExamKind.MDQ: lambda case: case.condition is Condition.BIPOLAR,
        ExamKind.ASRM: _never,
    }
)
"""When an examination is asked for."""


def _is_serial(regimen: Regimen) -> bool:
    return regimen.is_open_ended or sum(phase.sessions or 0 for phase in regimen.phases if phase.doses) > 1


def _result(assessment: Assessment, code: str, basis: str) -> Result:
    rule = RULES[code]
    decided = assessment.decided(code, basis)
    return Result(code, rule.outcome, rule.decider, rule.detail, rule.source, basis, decided)


def _fault(result: Result) -> Fault:
    context = {"outcome": str(result.outcome), "decider": str(result.decider)}
    detail = f"{result.detail} Not accepted." if result.decided else result.detail
    return Fault(f"screening.{result.code}", detail, context=context)


def _date_of(exam: Exam) -> date:
    return exam.on
