"""The figures of a dose's day as JSON: what protocols set, each with a default."""

from decimal import Decimal
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.request_fields import DecimalText, Many, a_skill
from services.booking.domain.protocol.care import (
    FIGURES,
    LONGEST_WAIT,
    ORDINARY,
    PLAUSIBLE,
    Care,
    DissociationScale,
    Limit,
    Side,
    Stage,
    Vital,
)

_PLAUSIBLE: Final = (min(least for least, _ in PLAUSIBLE.values()), max(most for _, most in PLAUSIBLE.values()))


class LimitSchema(Schema):
    """What a vital may not pass: before the start it asks a clinician or refuses, then it advises to stop."""

    vital = fields.Enum(Vital, by_value=True, required=True)
    stage = fields.Enum(Stage, by_value=True, required=True)
    side = fields.Enum(Side, by_value=True, required=True)
    value = DecimalText(
        *_PLAUSIBLE,
        places=1,
        required=True,
        metadata={"description": "mmHg, per minute, per cent, degrees Celsius", "example": "140"},
    )
    for_seconds = fields.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(0, LONGEST_WAIT),
        metadata={"description": "only when it stays there for so long; limits to stop only"},
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Limit:
        return Limit(**data)


def _whole(name: str, description: str) -> fields.Integer:
    default = getattr(ORDINARY, name)
    least, most = (int(bound) for bound in FIGURES[name])
    return fields.Integer(
        load_default=default,
        strict=True,
        allow_none=default is None,
        validate=validate.Range(least, most),
        metadata={"description": description},
    )


def _decimal(name: str, description: str, **options: Any) -> DecimalText:
    default: Decimal = getattr(ORDINARY, name)
    described = {"description": description, "example": str(default)}
    return DecimalText(*FIGURES[name], places=2, load_default=default, metadata=described, **options)


class CareSchema(Schema):
    """The clinical figures of a dose's day; minutes and hours are elapsed time. Each may be left out."""

    infusion_minutes = _whole("infusion_minutes", "how long the medicine is given")
    infusion_every = _whole("infusion_every", "minutes between the looks at the patient during the infusion")
    infusion_grace = _whole("infusion_grace", "minutes until such a look is overdue")
    recovery_every = _whole("recovery_every", "minutes between the looks after the infusion")
    recovery_grace = _whole("recovery_grace", "minutes until such a look is overdue")
    repeat_after = _whole("repeat_after", "minutes until a vital is measured again before the start")
    most_repeats = _whole("most_repeats", "how often a vital that passes a limit is measured again before the start")
    reading_minutes = _whole("reading_minutes", "for which a measurement before the start counts")
    observe = _whole("observe", "minutes that the patient stays after the infusion")
    observe_floor = _whole("observe_floor", "minutes below which no clinician lets them go earlier")
    asks_pain = fields.Boolean(
        load_default=ORDINARY.asks_pain, metadata={"description": "pain is scored before, hourly and at the end"}
    )
    dissociation_scale = fields.Enum(DissociationScale, by_value=True, load_default=ORDINARY.dissociation_scale)
    most_dissociation = _whole("most_dissociation", "points with which a patient may go home")
    near_percent = _whole("near_percent", "how near blood pressure and heart rate are to those before the start")
    late_minutes = _whole("late_minutes", "so late after the start a patient is treated as planned")
    solids_hours = _whole("solids_hours", "without food before the start")
    fluids_minutes = _whole("fluids_minutes", "without clear fluids before the start")
    substance_hours = _whole("substance_hours", "without alcohol and other substances before the start")
    no_driving_hours = _whole("no_driving_hours", "without driving after the discharge")
    weight_days = _whole("weight_days", "for which a weight counts")
    first_weight_days = _whole("first_weight_days", "for which a weight counts for a first dose")
    dose_step = _decimal("dose_step", "mg; doses are rounded down to a multiple")
    most_mg_per_kg = _decimal(
        "most_mg_per_kg", "above it two people sign; null: the order alone decides", allow_none=True
    )
    change_percent = _whole("change_percent", "away from the last dose given, above which two people sign")
    least_trials = _whole("least_trials", "adequate trials that failed before")
    severe_from = _whole("severe_from", "points of severity that a course asks for; null: none")
    assessment_days = _whole("assessment_days", "for which an assessment counts")
    supervisor_skills = Many(
        a_skill(),
        load_default=ORDINARY.supervisor_skills,
        validate=validate.Length(max=10),
        metadata={"description": "credentials of who supervises a dose, valid on its date", "example": ["acls"]},
    )
    limits = Many(fields.Nested(LimitSchema), load_default=ORDINARY.limits, validate=validate.Length(1, 60))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Care:
        return Care(**data)
