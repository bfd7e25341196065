"""The JSON of followup's API."""

from marshmallow import Schema, fields, validate

from services.followup.domain.change import Change
from services.followup.domain.check_in import CancelReason, Status, Taken
from services.followup.domain.plan import Anchor
from services.followup.operations.check_in import StaffReason
from shared.http.fields import Text

_ITEM = "id of the instrument's item, such as 9, or `score` where the score itself is meant"


def _percent(change: Change) -> float | None:
    return None if change.drop_per_mille is None else change.drop_per_mille / 10


def _rule(what: str) -> fields.Boolean:
    description = f"{what}; null where the instrument has no such rule or the baseline was 0"
    return fields.Boolean(required=True, allow_none=True, metadata={"description": description})


class EscalationAnswer(Schema):
    """An answer that a person must see whatever the total."""

    item = fields.String(required=True, metadata={"description": _ITEM})
    value = fields.Integer(required=True, allow_none=True, metadata={"description": "null: left blank"})
    tier = fields.Integer(required=True, metadata={"description": "1 is the most urgent"})


class ChangeAnswer(Schema):
    """What became of the score since the baseline."""

    drop = fields.Integer(required=True, metadata={"description": "points; positive is better"})
    drop_percent = fields.Function(
        _percent,
        metadata={"type": ["number", "null"], "description": "of the baseline; null when that was 0"},
    )
    response = _rule("enough of the baseline is gone")
    partial_response = _rule("less than a response, but not nothing")
    remission = _rule("the score is as low as with the disorder gone")
    end_state = _rule("the score is in the range of people without the disorder")
    reliable = _rule("more than chance, for better or worse")
    noticed = _rule("as much as patients notice, for better or worse")


class PointsAnswer(Schema):
    """What a subscale came to."""

    scale = fields.String(required=True, metadata={"example": "interference"})
    points = fields.Integer(required=True, metadata={"description": "a sum, of a mean too"})
    answered = fields.Integer(required=True, metadata={"description": "items with an answer"})
    shown = fields.String(required=True, metadata={"example": "2.5"})
    band = fields.String(required=True, allow_none=True)


class ScreenAnswer(Schema):
    """Whether the total reaches a cut-off, as it holds for the patient's language."""

    name = fields.String(required=True, metadata={"example": "caseness"})
    at_least = fields.Integer(required=True, metadata={"description": "points"})
    is_positive = fields.Boolean(required=True)


class MeasureAnswer(Schema):
    """One score; `change` compares it with the first score of its series."""

    check_in_id = fields.String(required=True)
    series_id = fields.String(required=True)
    session_number = fields.Integer(required=True)
    instrument = fields.String(required=True, metadata={"example": "phq-9"})
    instrument_version = fields.Integer(required=True)
    code_system = fields.String(required=True, metadata={"example": "http://loinc.org"})
    code = fields.String(required=True, metadata={"example": "44261-6"})
    text = fields.String(required=True, metadata={"description": "the wording that was shown; empty: none was"})
    total = fields.Integer(required=True, metadata={"description": "points: a sum, of a mean too; the rank of a level"})
    shown = fields.String(required=True, metadata={"example": "5.7", "description": "the score as it is written"})
    band = fields.String(required=True, allow_none=True, metadata={"example": "moderately severe"})
    subscales = fields.List(fields.Nested(PointsAnswer), required=True)
    findings = fields.List(
        fields.String(), required=True, metadata={"description": "rules of the instrument that hold"}
    )
    screens = fields.List(fields.Nested(ScreenAnswer), required=True)
    due_at = fields.AwareDateTime(required=True)
    scored_at = fields.AwareDateTime(required=True)
    entered_by = fields.String(required=True, metadata={"description": "`patient`, or who entered it"})
    escalation = fields.List(fields.Nested(EscalationAnswer), required=True)
    change = fields.Nested(ChangeAnswer, required=True, allow_none=True, metadata={"description": "null: the baseline"})


class MeasuresAnswer(Schema):
    """All scores of a patient in the order in which they were due."""

    items = fields.List(fields.Nested(MeasureAnswer), required=True)


class ScoreAnswer(Schema):
    """The score of a check-in's answers."""

    total = fields.Integer(required=True, allow_none=True)
    band = fields.String(required=True, allow_none=True)
    complete = fields.Boolean(required=True)
    shown = fields.String(required=True)
    subscales = fields.List(fields.Nested(PointsAnswer), required=True)
    findings = fields.List(fields.String(), required=True)
    escalation = fields.List(fields.Nested(EscalationAnswer), required=True)


class PartAnswer(Schema):
    """One instrument of a check-in; `answers` are a draft until it is answered."""

    instrument = fields.String(required=True, metadata={"example": "phq-9"})
    instrument_version = fields.Integer(required=True)
    text = fields.String(required=True, metadata={"description": "the wording shown, fixed on opening; may be empty"})
    answers = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    score = fields.Nested(ScoreAnswer, required=True, allow_none=True)


class CheckInAnswer(Schema):
    """A check-in: one or more instruments, asked together."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    series_id = fields.String(required=True)
    session_number = fields.Integer(required=True)
    kind = fields.String(required=True, metadata={"example": "24h"})
    anchor = fields.Enum(Anchor, by_value=True, required=True, metadata={"description": "what it is counted from"})
    parts = fields.List(fields.Nested(PartAnswer), required=True)
    status = fields.Enum(Status, by_value=True, required=True)
    due_at = fields.AwareDateTime(required=True)
    opened_at = fields.AwareDateTime(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    entered_by = fields.String(required=True, metadata={"description": "`patient`, or who entered it"})
    taken = fields.Enum(Taken, by_value=True, required=True, allow_none=True, metadata={"description": "by staff"})
    notes = fields.String(required=True)
    reason = fields.Enum(CancelReason, by_value=True, required=True, allow_none=True)


class AnswersRequest(Schema):
    """Answers that staff took down, all of them."""

    answers = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 40)),
        values=fields.Dict(keys=fields.String(validate=validate.Length(1, 20)), values=fields.Integer(strict=True)),
        required=True,
        metadata={
            "description": "instrument id, item id, value; also of instruments that only staff ask",
            "example": {"phq-9": {str(item): 0 for item in range(1, 10)}},
        },
    )
    entered_by = Text(80, required=True, metadata={"description": "who took them down", "example": "Nurse Ames"})
    taken = fields.Enum(
        Taken, by_value=True, load_default=None, allow_none=True, metadata={"description": "how the answers were taken"}
    )
    notes = Text(500, metadata={"description": "kept sealed", "example": "sounded tired"})
    answered_at = fields.AwareDateTime(
        load_default=None, allow_none=True, metadata={"description": "when the patient gave them, if that was earlier"}
    )


class CancellationRequest(Schema):
    """Why the patient is not asked."""

    reason = fields.Enum(StaffReason, by_value=True, required=True)
