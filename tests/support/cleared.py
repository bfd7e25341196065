"""Patients whose treatment nothing speaks against: assessed for every condition, and with everything signed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from services.booking.domain.chart.answers import Exam, ExamKind, Question, Severity, Trial, Word
from services.booking.domain.chart.assessment import Approval, Assessment, AssessmentStatus
from services.booking.domain.chart.consent import KINDS, Consent, ConsentKind, Manner, Scope, last_day
from services.booking.domain.chart.verdict import Decision
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.gate import MEASURES
from shared.localtime import local_date

ASSESSED_ON = date(2026, 3, 1)
AT = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
NOTHING_FOUND = dict.fromkeys(Question, False)
EXAMS = (
    Exam(ExamKind.HISTORY_AND_PHYSICAL, ASSESSED_ON, Word.NORMAL),
    Exam(ExamKind.C_SSRS, ASSESSED_ON, Word.NONE),
    Exam(ExamKind.AUDIT_C, ASSESSED_ON, value=Decimal(1)),
    Exam(ExamKind.DAST_10, ASSESSED_ON, value=Decimal(0)),
    Exam(ExamKind.DRUG_SCREEN, ASSESSED_ON, Word.NEGATIVE),
    Exam(ExamKind.ECG, ASSESSED_ON, Word.NORMAL),
    Exam(ExamKind.LIVER, ASSESSED_ON, value=Decimal("0.8")),
    Exam(ExamKind.URINALYSIS, ASSESSED_ON, Word.NORMAL),
    Exam(ExamKind.MDQ, ASSESSED_ON, Word.NEGATIVE),
)
"""Of each kind that any course asks for."""


def an_assessment(condition: Condition = Condition.DEPRESSION, **fields: Any) -> Assessment:
    """Complete and approved; a psychiatrist has signed it off where the treatment is investigational."""
    assessed_on = fields.get("assessed_on", ASSESSED_ON)
    assessment = Assessment(
        id=f"assessment-{condition}",
        patient_id="patient-1",
        protocol="booster-single",
        condition=condition,
        assessed_on=assessed_on,
        history=NOTHING_FOUND,
        trials=(Trial("Sertraline", is_adequate=True), Trial("Venlafaxine", is_adequate=True)),
        severity=Severity(min(MEASURES[condition]), 20, assessed_on),
        exams=tuple(replace(exam, on=assessed_on) for exam in EXAMS),
        decisions=(accepted("investigational-condition", condition),),
        status=AssessmentStatus.APPROVED,
        approval=Approval("key-of-a-clinician", AT),
    )
    return replace(assessment, **fields)


def accepted(code: str, basis: str) -> Decision:
    """A decision that lets treatment go on."""
    return Decision(code, basis, accepted=True, reason="Seen and discussed.", by="key-of-a-psychiatrist", at=AT)


def cleared(unit: Any, patient_id: str, zone: str) -> None:
    """Nothing speaks against any course of this patient that begins within 180 days of the unit's date."""
    on = local_date(unit.now, zone)
    for condition in Condition:
        id = f"{patient_id}-{condition}"
        unit.assessments.save(an_assessment(condition, id=id, patient_id=patient_id, assessed_on=on))
    for kind, rule in KINDS.items():
        if rule.scope is not Scope.RECIPIENT:
            unit.consents.save(a_signature(patient_id, kind, unit.now, zone))


def a_signature(patient_id: str, kind: ConsentKind, at: datetime, zone: str) -> Consent:
    """A consent as it is signed, for the course that is booked next where it is of one."""
    return Consent(
        id=f"{patient_id}-{kind}",
        patient_id=patient_id,
        kind=kind,
        text_version="1",
        signed_at=at,
        zone=zone,
        how=Manner.IN_PERSON,
        witness="key-of-the-desk",
        expires_on=last_day(kind, local_date(at, zone)),
    )
