"""The JSON of assessments."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from marshmallow import Schema, fields, post_load, pre_dump, validate

from services.booking.api.request_fields import DecimalText, LocalDate, Many, Whole, a_slug, as_changes
from services.booking.domain.chart.answers import (
    Exam,
    ExamKind,
    Medication,
    MedicationCode,
    Question,
    Severity,
    Sex,
    Trial,
    Word,
)
from services.booking.domain.chart.assessment import AssessmentStatus
from services.booking.domain.chart.verdict import Decider, Outcome
from services.booking.domain.protocol.protocol import Condition
from services.booking.operations.assessments import Screened
from shared.http.fields import Text

_MANY: Final = validate.Length(max=100)
_OF_SCREENING: Final = {"example": "drug-screen-positive"}


class MedicationSchema(Schema):
    """What the patient takes now."""

    code = fields.Enum(MedicationCode, by_value=True, required=True)
    note = Text(
        200, load_default=None, allow_none=True, metadata={"description": "name and dose", "example": "Lamictal"}
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Medication:
        return Medication(**data)


class TrialSchema(Schema):
    """An earlier treatment that has failed."""

    treatment = Text(200, required=True, metadata={"example": "Sertraline 150 mg, eight weeks"})
    is_adequate = fields.Boolean(required=True, metadata={"description": "in dose and length"})

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Trial:
        return Trial(**data)


class BaselineSchema(Schema):
    """How ill the patient was before the first dose: the total of an instrument of the condition."""

    instrument = a_slug(required=True)
    total = fields.Integer(required=True, strict=True, validate=validate.Range(0, 200))
    on = LocalDate(required=True)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Severity:
        return Severity(**data)


class ExamSchema(Schema):
    """An examination, with a word or a value as its result."""

    class Meta:
        example: Final = {"kind": "c-ssrs", "on": "2026-03-02", "word": "none"}

    kind = fields.Enum(ExamKind, by_value=True, required=True)
    on = LocalDate(required=True)
    word = fields.Enum(Word, by_value=True, load_default=None, allow_none=True)
    value = DecimalText(
        Decimal(0),
        Decimal(100),
        places=2,
        load_default=None,
        allow_none=True,
        metadata={"description": "points, or multiples of the upper limit for the liver"},
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Exam:
        return Exam(**data)


class ExamRequest(Schema):
    """One more examination."""

    class Meta:
        example: Final = {"exam": ExamSchema.Meta.example}

    exam = fields.Nested(ExamSchema, required=True)


class FindingRequest(Schema):
    """It turned out that the answer to a question of the history is yes."""

    question = fields.Enum(Question, by_value=True, required=True, metadata={"example": Question.ANEURYSM.value})
    on = LocalDate(required=True)


class FoundLaterAnswer(FindingRequest):
    """What turned out since the history was asked; it counts whatever that says."""

    by = fields.String(required=True, metadata={"description": "id of the access key"})
    noted_at = fields.AwareDateTime(required=True)


def _history(**options: Any) -> fields.Dict:
    return fields.Dict(
        keys=fields.Enum(Question, by_value=True),
        values=fields.Boolean(),
        metadata={
            "description": "each question with its answer; all of them before it is approved",
            "example": {"pregnancy": False, "porphyria": False},
        },
        **options,
    )


class AssessmentRequest(Schema):
    """What is known of a patient before a course, as far as it has been asked."""

    class Meta:
        example: Final = {
            "protocol": "booster-single",
            "condition": "depression",
            "assessed_on": "2026-03-02",
            "history": {"pregnancy": False, "porphyria": False},
            "exams": [ExamSchema.Meta.example],
        }

    protocol = a_slug(required=True)
    condition = fields.Enum(
        Condition,
        by_value=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "may be left out when the protocol treats only one"},
    )
    assessed_on = LocalDate(required=True)
    sex = fields.Enum(Sex, by_value=True, load_default=None, allow_none=True)
    history = _history(load_default=dict)
    medications = Many(fields.Nested(MedicationSchema), load_default=(), validate=_MANY)
    trials = Many(fields.Nested(TrialSchema), load_default=(), validate=_MANY)
    severity = fields.Nested(BaselineSchema, load_default=None, allow_none=True)
    exams = Many(fields.Nested(ExamSchema), load_default=(), validate=_MANY)


class AssessmentChanges(Schema):
    """What to change of a draft, each as a whole."""

    class Meta:
        example: Final = {"sex": "female"}

    assessed_on = LocalDate()
    sex = fields.Enum(Sex, by_value=True, allow_none=True)
    history = _history()
    medications = Many(fields.Nested(MedicationSchema), validate=_MANY)
    trials = Many(fields.Nested(TrialSchema), validate=_MANY)
    severity = fields.Nested(BaselineSchema, allow_none=True)
    exams = Many(fields.Nested(ExamSchema), validate=_MANY)

    @post_load
    def gather(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return as_changes(data)


class ScreeningDecisionRequest(Schema):
    """What somebody decides about a finding of screening."""

    code = fields.String(
        required=True, validate=[Whole("^[a-z0-9-]+$"), validate.Length(1, 64)], metadata=_OF_SCREENING
    )
    accepted = fields.Boolean(required=True, metadata={"description": "whether treatment may go on all the same"})
    reason = Text(500, required=True)


class ScreeningDecisionAnswer(Schema):
    """What was decided about a finding; it counts for as long as the finding rests on the same basis."""

    code = fields.String(required=True, metadata=_OF_SCREENING)
    basis = fields.String(required=True, metadata={"example": "2026-03-02 positive"})
    accepted = fields.Boolean(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "id of the access key"})
    at = fields.AwareDateTime(required=True)


class AssessmentApprovalAnswer(Schema):
    """Who stands by it."""

    by = fields.String(required=True, metadata={"description": "id of the access key"})
    at = fields.AwareDateTime(required=True)


class AssessmentAnswer(Schema):
    """An assessment."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    protocol = fields.String(required=True)
    condition = fields.Enum(Condition, by_value=True, required=True)
    status = fields.Enum(AssessmentStatus, by_value=True, required=True)
    assessed_on = LocalDate(required=True)
    sex = fields.Enum(Sex, by_value=True, required=True, allow_none=True)
    history = _history(required=True)
    medications = fields.List(fields.Nested(MedicationSchema), required=True)
    trials = fields.List(fields.Nested(TrialSchema), required=True)
    severity = fields.Nested(BaselineSchema, required=True, allow_none=True)
    exams = fields.List(fields.Nested(ExamSchema), required=True)
    findings = fields.List(fields.Nested(FoundLaterAnswer), required=True)
    decisions = fields.List(fields.Nested(ScreeningDecisionAnswer), required=True)
    approval = fields.Nested(AssessmentApprovalAnswer, required=True, allow_none=True)
    superseded_by = fields.String(
        required=True, allow_none=True, metadata={"description": "the assessment that was approved instead"}
    )


class ScreeningResultAnswer(Schema):
    """A finding of screening."""

    code = fields.String(required=True, metadata=_OF_SCREENING)
    outcome = fields.Enum(
        Outcome,
        by_value=True,
        required=True,
        metadata={"description": "block: not booked; hold: not started; review: a decision is on record first"},
    )
    decider = fields.Enum(Decider, by_value=True, required=True, metadata={"description": "who may set it aside"})
    detail = fields.String(required=True)
    source = fields.String(required=True, metadata={"description": "where the rule comes from"})
    stands = fields.Boolean(required=True, metadata={"description": "whether it keeps the patient from treatment"})
    decided = fields.Nested(ScreeningDecisionAnswer, required=True, allow_none=True)


class ScreenedAnswer(AssessmentAnswer):
    """An assessment, and what screening says of a dose given today."""

    results = fields.List(fields.Nested(ScreeningResultAnswer), required=True)
    unanswered = fields.List(
        fields.String(), required=True, metadata={"description": "what is still to be asked before it is approved"}
    )

    @pre_dump
    def flat(self, screened: Screened, **_: Any) -> dict[str, Any]:
        return {**vars(screened.assessment), "results": screened.results, "unanswered": screened.unanswered}
