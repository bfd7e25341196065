"""The JSON of treatments as they are shown."""

from typing import Any, Final

from marshmallow import Schema, fields

from services.booking.api.treatment_schemas import MEASURED, SEDATION, SEVERITY
from services.booking.domain.protocol.care import Vital
from services.booking.domain.treatment.adverse_event import AdverseEventKind
from services.booking.domain.treatment.preparation import Pregnancy, SuicideRisk
from services.booking.domain.treatment.treatment import EndKind, TreatmentStatus

_KEY: Final = {"description": "id of the access key"}


def _perhaps(kind: type[fields.Field[Any]], **options: Any) -> Any:
    """A field that may be null."""
    return kind(required=True, allow_none=True, **options)


class FaultAnswer(Schema):
    """One thing that keeps the gate closed."""

    code = fields.String(required=True, metadata={"example": "fasting.solids"})
    detail = fields.String(required=True)
    context = fields.Dict(required=True, metadata={"description": "figures for programs"})


class GateAnswer(Schema):
    """Whether a dose may begin now."""

    is_open = fields.Boolean(required=True)
    faults = fields.List(fields.Nested(FaultAnswer), required=True)
    may = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"description": "for each code the scopes that may set it aside; nobody sets others aside"},
    )


class EscortAnswer(Schema):
    """Who takes the patient home."""

    name = fields.String(required=True)
    phone = fields.String(required=True)
    is_adult = fields.Boolean(required=True)
    is_reachable = fields.Boolean(required=True)


class AnswersAnswer(Schema):
    """What was asked on the day; null: it was not."""

    identity_confirmed = _perhaps(fields.Boolean)
    last_solids_at = _perhaps(fields.AwareDateTime)
    last_fluids_at = _perhaps(fields.AwareDateTime)
    escort = fields.Nested(EscortAnswer, required=True, allow_none=True)
    was_abstinent = _perhaps(fields.Boolean)
    pregnancy = fields.Enum(Pregnancy, by_value=True, required=True, allow_none=True)
    suicide_risk = fields.Enum(SuicideRisk, by_value=True, required=True, allow_none=True)
    mania_total = _perhaps(fields.Integer)
    supervisor_id = _perhaps(fields.String)


class StatementAnswer(Schema):
    """Some answers, and who gave them."""

    answers = fields.Nested(AnswersAnswer, required=True)
    by = fields.String(required=True, metadata=_KEY)
    at = fields.AwareDateTime(required=True)
    reason = _perhaps(fields.String, metadata={"description": "why they are milder than what was said before"})


class ReadingAnswer(Schema):
    """What was measured; null: it was not."""

    id = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True, metadata=_KEY)
    systolic = _perhaps(fields.Integer, metadata=MEASURED[Vital.SYSTOLIC])
    diastolic = _perhaps(fields.Integer, metadata=MEASURED[Vital.DIASTOLIC])
    heart_rate = _perhaps(fields.Integer, metadata=MEASURED[Vital.HEART_RATE])
    respiratory_rate = _perhaps(fields.Integer, metadata=MEASURED[Vital.RESPIRATORY_RATE])
    spo2 = _perhaps(fields.Integer, metadata=MEASURED[Vital.SPO2])
    temperature = _perhaps(fields.String, metadata={"example": "36.8", **MEASURED[Vital.TEMPERATURE]})
    sedation = _perhaps(fields.Integer, metadata=SEDATION)
    pain = _perhaps(fields.Integer)


class ScoreAnswer(Schema):
    """A score of dissociation."""

    id = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True, metadata=_KEY)
    points = fields.Integer(required=True)


class RiskAnswerAnswer(Schema):
    """What the patient said about suicide since the start."""

    level = fields.Enum(SuicideRisk, by_value=True, required=True)
    by = fields.String(required=True, metadata=_KEY)
    at = fields.AwareDateTime(required=True)


class AdverseEventAnswer(Schema):
    """What happened to the patient."""

    id = fields.String(required=True)
    kind = fields.Enum(AdverseEventKind, by_value=True, required=True)
    severity = fields.Integer(required=True, metadata=SEVERITY)
    onset_at = fields.AwareDateTime(required=True)
    noted_at = fields.AwareDateTime(required=True)
    by = fields.String(required=True, metadata=_KEY)
    note = fields.String(required=True)
    resolved_at = _perhaps(fields.AwareDateTime)
    resolved_by = _perhaps(fields.String)


class SetAsideAnswer(Schema):
    """A reason that gave way to a word, exactly as it stood."""

    code = fields.String(required=True, metadata={"example": "fasting.solids"})
    detail = fields.String(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True, metadata=_KEY)
    at = fields.AwareDateTime(required=True)


class StartAnswer(Schema):
    """The infusion began."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True, metadata=_KEY)
    order_id = fields.String(required=True)
    dose_mg = fields.String(required=True, metadata={"example": "35.0"})
    minutes = fields.Integer(required=True)


class EndAnswer(Schema):
    """The infusion is over."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True, metadata=_KEY)
    kind = fields.Enum(EndKind, by_value=True, required=True)
    given_mg = fields.String(required=True, metadata={"example": "35.0"})
    reason = _perhaps(fields.String)


class DepartureAnswer(Schema):
    """The patient went home."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True, metadata=_KEY)
    checked = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata={"description": "what was looked at"}
    )
    no_driving_until = fields.AwareDateTime(required=True)
    reason = _perhaps(fields.String, metadata={"description": "why nothing was looked at: the patient left"})


class PassedAnswer(Schema):
    """A limit that was passed."""

    vital = fields.String(required=True, attribute="limit.vital", metadata={"example": "systolic"})
    limit = fields.String(required=True, attribute="limit.value", metadata={"example": "180"})
    value = fields.String(required=True, metadata={"example": "181"})
    since = fields.AwareDateTime(required=True)


class DecisionAnswer(Schema):
    """Who went on against advice."""

    reason = fields.String(required=True)
    by = fields.String(required=True, metadata=_KEY)
    at = fields.AwareDateTime(required=True)


class AdviceAnswer(Schema):
    """A reading advised to stop."""

    reading_id = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    passed = fields.List(fields.Nested(PassedAnswer), required=True)
    decision = fields.Nested(
        DecisionAnswer, required=True, allow_none=True, metadata={"description": "null: nobody said to go on"}
    )


class AlarmAnswer(Schema):
    """A look that nobody took in time."""

    due_at = fields.AwareDateTime(required=True, attribute="point.at")
    asks = fields.List(fields.String(), required=True, attribute="point.asks", metadata={"description": "what for"})
    raised_at = fields.AwareDateTime(required=True)
    answered_at = _perhaps(fields.AwareDateTime)


class TreatmentAnswer(Schema):
    """One arrival for one dose, with all that was found and done."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    series_id = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "of the session"})
    status = fields.Enum(TreatmentStatus, by_value=True, required=True)
    arrived_at = fields.AwareDateTime(required=True)
    answers = fields.Nested(AnswersAnswer, required=True, metadata={"description": "the last answer to each question"})
    said = fields.List(fields.Nested(StatementAnswer), required=True, metadata={"description": "all answers"})
    readings = fields.List(fields.Nested(ReadingAnswer), required=True)
    scores = fields.List(fields.Nested(ScoreAnswer), required=True, metadata={"description": "of dissociation"})
    risks = fields.List(
        fields.Nested(RiskAnswerAnswer), required=True, metadata={"description": "the C-SSRS screener since the start"}
    )
    adverse_events = fields.List(fields.Nested(AdverseEventAnswer), required=True)
    set_aside = fields.List(fields.Nested(SetAsideAnswer), required=True)
    start = fields.Nested(StartAnswer, required=True, allow_none=True)
    end = fields.Nested(EndAnswer, required=True, allow_none=True)
    departure = fields.Nested(DepartureAnswer, required=True, allow_none=True)
    advice = fields.List(fields.Nested(AdviceAnswer), required=True, metadata={"description": "to stop"})
    alarms = fields.List(fields.Nested(AlarmAnswer), required=True)
    next_look_at = fields.AwareDateTime(
        required=True, allow_none=True, attribute="next_at", metadata={"description": "by when somebody must look"}
    )
