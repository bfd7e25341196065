"""The examinations of an assessment: for how long each counts, how it is answered, and whether it can be so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from services.booking.domain.chart.answers import Exam, ExamKind, Word
from services.booking.domain.chart.assessment import Assessment
from services.booking.domain.chart.verdict import Decider
from services.booking.domain.series.gate import MEASURES
from shared.errors import Fault

MOST_EXAMS: Final = 200
_HEALTH: Final = (Word.NORMAL, Word.ABNORMAL)
_SCREEN: Final = (Word.NEGATIVE, Word.POSITIVE)
_RISK: Final = (Word.NONE, Word.LOW, Word.MODERATE, Word.HIGH)


@dataclass(frozen=True)
class Item:
    """An examination counts through `days` behind its date (None: for good) and for `doses` given since.

    It is answered with one of `words`, or with a whole number up to `most`; a `ratio` has digits behind the point.
    `waived_by` may accept that it is missing.
    """

    days: int | None
    words: tuple[Word, ...] = ()
    most: int | None = None
    is_ratio: bool = False
    doses: int | None = None
    waived_by: Decider = Decider.CLINICIAN

    def is_out_of_date(self, exam: Exam, on: date, doses: Sequence[date]) -> bool:
        """Whether a dose on this date needs a newer one."""
        too_old = self.days is not None and on > exam.on + timedelta(days=self.days)
        given = sum(exam.on <= day < on for day in doses)
        return too_old or (self.doses is not None and given >= self.doses)

    def fits(self, exam: Exam) -> bool:
        """Whether the result can be one of this examination."""
        if self.most is None:
            return exam.word in self.words and exam.value is None
        value = exam.value
        if value is None or not value.is_finite() or exam.word is not None or not 0 <= value <= self.most:
            return False
        return self.is_ratio or value == value.to_integral_value()


ITEMS: Final[Mapping[ExamKind, Item]] = MappingProxyType(
    {
        ExamKind.HISTORY_AND_PHYSICAL: Item(180, _HEALTH),
        ExamKind.C_SSRS: Item(30, _RISK, waived_by=Decider.NOBODY),
        ExamKind.AUDIT_C: Item(90, most=12),
        ExamKind.DAST_10: Item(90, most=10),
        ExamKind.DRUG_SCREEN: Item(90, _SCREEN),
        ExamKind.PDMP: Item(90, _SCREEN),
        ExamKind.ECG: Item(365, _HEALTH),
        ExamKind.LIVER: Item(183, most=100, is_ratio=True),
        ExamKind.URINALYSIS: Item(92, _HEALTH, doses=6),
        ExamKind.COGNITION: Item(183, _HEALTH),
        ExamKind.MDQ: Item(None, _SCREEN),
        ExamKind.ASRM: Item(7, most=20),
    }
)
"""For how long an examination counts is a clinic default throughout; months are kept as days, six of them as 183."""


def faults_of(assessment: Assessment, today: date) -> Iterator[Fault]:
    """What cannot be as it is said; pointers go into the assessment."""
    if assessment.assessed_on > today:
        yield Fault("assessment.in-future", f"{assessment.assessed_on} has not come yet.", "/assessed_on")
    for place, exam in enumerate(assessment.exams):
        yield from _faults_of_exam(exam, today, f"/exams/{place}")
    if len(assessment.exams) > MOST_EXAMS:
        yield Fault("exam.too-many", f"At most {MOST_EXAMS} examinations are kept.", "/exams")
    if any(one.on > today for one in assessment.findings):
        yield Fault("finding.in-future", "That date has not come yet.", "/on")
    if len(assessment.findings) > MOST_EXAMS:
        yield Fault("finding.too-many", f"At most {MOST_EXAMS} findings are kept.")
    if severity := assessment.severity:
        if severity.on > today:
            yield Fault("severity.in-future", f"{severity.on} has not come yet.", "/severity/on")
        if severity.instrument not in MEASURES[assessment.condition]:
            wanted = ", ".join(sorted(MEASURES[assessment.condition]))
            yield Fault("severity.instrument", f"For this condition: {wanted}.", "/severity/instrument")


def _faults_of_exam(exam: Exam, today: date, pointer: str) -> Iterator[Fault]:
    item = ITEMS[exam.kind]
    if exam.on > today:
        yield Fault("exam.in-future", f"{exam.on} has not come yet.", f"{pointer}/on")
    if not item.fits(exam):
        kind = "ratio" if item.is_ratio else "whole number"
        wanted = f"a {kind} from 0 to {item.most} as value" if item.most else f"one word of {', '.join(item.words)}"
        yield Fault("exam.unreadable", f"The result of {exam.kind} is {wanted}.", pointer)
