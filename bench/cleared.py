"""A patient whom nothing keeps from a course against depression: what a front desk would have done before."""

from datetime import date
from decimal import Decimal
from typing import Final

from services.booking.domain.chart.answers import Exam, ExamKind, Question, Severity, Trial, Word
from services.booking.domain.chart.assessment import Approval, Assessment, AssessmentStatus
from services.booking.domain.chart.consent import KINDS, Consent, Gate, Manner, Scope, last_day
from services.booking.domain.protocol.protocol import Condition
from services.booking.operations.ports import UnitOfWork

_WORDS: Final = {
    ExamKind.HISTORY_AND_PHYSICAL: Word.NORMAL,
    ExamKind.C_SSRS: Word.NONE,
    ExamKind.DRUG_SCREEN: Word.NEGATIVE,
    ExamKind.URINALYSIS: Word.NORMAL,
}
_COUNTED: Final = (ExamKind.AUDIT_C, ExamKind.DAST_10)


def clear(uow: UnitOfWork, patient_id: str, on: date) -> None:
    """An approved assessment as of a local date, and what is signed before a course is booked."""
    zone = uow.clinics.get(uow.clinic_id).zone
    assessment = Assessment(
        id=uow.new_id(),
        patient_id=patient_id,
        protocol="booster-single",
        condition=Condition.DEPRESSION,
        assessed_on=on,
        history=dict.fromkeys(Question, False),
        trials=(Trial("Sertraline", is_adequate=True), Trial("Venlafaxine", is_adequate=True)),
        severity=Severity("phq-9", 20, on),
        exams=(
            *(Exam(kind, on, word) for kind, word in _WORDS.items()),
            *(Exam(kind, on, value=Decimal(0)) for kind in _COUNTED),
        ),
        status=AssessmentStatus.APPROVED,
        approval=Approval("bench", uow.now),
    )
    uow.assessments.save(assessment)
    for kind, rule in KINDS.items():
        if Gate.BOOKING in rule.gates and rule.scope is Scope.PATIENT:
            signed = (uow.new_id(), patient_id, kind, "1", uow.now, zone, Manner.IN_PERSON, "bench")
            uow.consents.save(Consent(*signed, expires_on=last_day(kind, on)))
