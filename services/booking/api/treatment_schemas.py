"""The JSON of what is said about treatments."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.request_fields import AN_ID, DecimalText, Instant, Many, Whole, an_id
from services.booking.domain.protocol.care import LOINC, Vital
from services.booking.domain.series.override import Asked
from services.booking.domain.treatment.adverse_event import AdverseEventKind, Severity
from services.booking.domain.treatment.day_gate import GATE
from services.booking.domain.treatment.discharge import DISCHARGE, Checklist, Nausea
from services.booking.domain.treatment.preparation import Answers, Escort, Pregnancy, SuicideRisk
from services.booking.domain.treatment.treatment import EndKind
from services.booking.domain.treatment.vitals import Sedation
from shared.http.fields import Phone, Text

_MOST: Final = 1000
"""No number that is measured on a person is larger; what can be, the operation says."""
_NOW: Final = {"description": "default: now"}
_UNITS: Final = {
    Vital.SYSTOLIC: "mmHg",
    Vital.DIASTOLIC: "mmHg",
    Vital.HEART_RATE: "per minute",
    Vital.RESPIRATORY_RATE: "per minute",
    Vital.SPO2: "per cent, on room air",
    Vital.TEMPERATURE: "degrees Celsius",
}
MEASURED: Final = {vital: {"description": f"{unit}; LOINC {LOINC[vital]}"} for vital, unit in _UNITS.items()}
SEDATION: Final = {"description": "0 awake, 1 drowsy, 2 roused by voice, 3 roused by touch, 4 not roused"}
SEVERITY: Final = {"description": "0 none, 1 mild, 2 moderate, 3 severe"}


def _number(**options: Any) -> fields.Integer:
    return fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(0, _MOST), **options)


def _yes_or_no(**options: Any) -> fields.Boolean:
    return fields.Boolean(load_default=None, allow_none=True, **options)


def _override(table: Mapping[str, frozenset[str]]) -> fields.String:
    codes = [code for code, scopes in table.items() if scopes]
    return fields.String(
        required=True,
        validate=[Whole("^[a-z0-9.-]+$"), validate.Length(1, 64)],
        metadata={"example": codes[0], "description": f"one of {', '.join(codes)}"},
    )


class CheckInRequest(Schema):
    """The patient is there."""

    late_kept = fields.Boolean(
        load_default=False,
        metadata={"description": "keep who comes 15 to 30 minutes late; a nurse or a clinician says so"},
    )


class EscortSchema(Schema):
    """Who takes the patient home."""

    name = Text(200, required=True)
    phone = Phone(required=True)
    is_adult = fields.Boolean(required=True)
    is_reachable = fields.Boolean(required=True, metadata={"description": "somebody has spoken with them today"})

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Escort:
        return Escort(**data)


class PreparationRequest(Schema):
    """Some of what is asked on the day of a dose."""

    class Meta:
        example: Final = {"identity_confirmed": True, "was_abstinent": True, "pregnancy": "not-applicable"}

    identity_confirmed = _yes_or_no()
    last_solids_at = Instant(load_default=None, allow_none=True)
    last_fluids_at = Instant(load_default=None, allow_none=True)
    escort = fields.Nested(EscortSchema, load_default=None, allow_none=True)
    was_abstinent = _yes_or_no(metadata={"description": "no alcohol or other substances in the last 24 hours"})
    pregnancy = fields.Enum(Pregnancy, by_value=True, load_default=None, allow_none=True)
    suicide_risk = fields.Enum(
        SuicideRisk,
        by_value=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "level of the C-SSRS screener since the last contact"},
    )
    mania_total = _number(metadata={"description": "of the ASRM, 0 to 20; with bipolar disorder"})
    supervisor_id = an_id(
        load_default=None,
        allow_none=True,
        metadata={"example": AN_ID, "description": "resource of the clinician who supervises this dose"},
    )
    reason = Text(
        500,
        load_default=None,
        allow_none=True,
        metadata={"description": "why an answer of concern is milder now; only a clinician takes one back"},
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Mapping[str, Any]:
        answers = {name: value for name, value in data.items() if name != "reason"}
        return {"answers": Answers(**answers), "reason": data["reason"]}


class GateOverrideRequest(Schema):
    """A reason against the start gives way."""

    code = _override(GATE)
    reason = Text(500, required=True)


class ReadingRequest(Schema):
    """What was measured."""

    class Meta:
        example: Final = {"systolic": 128, "diastolic": 80, "heart_rate": 72, "spo2": 98, "sedation": 0}

    at = Instant(load_default=None, allow_none=True, metadata=_NOW)
    systolic = _number(metadata=MEASURED[Vital.SYSTOLIC])
    diastolic = _number(metadata=MEASURED[Vital.DIASTOLIC])
    heart_rate = _number(metadata=MEASURED[Vital.HEART_RATE])
    respiratory_rate = _number(metadata=MEASURED[Vital.RESPIRATORY_RATE])
    spo2 = _number(metadata=MEASURED[Vital.SPO2])
    temperature = DecimalText(
        Decimal(0), Decimal(_MOST), places=1, load_default=None, allow_none=True, metadata=MEASURED[Vital.TEMPERATURE]
    )
    sedation = fields.Enum(
        Sedation, by_value=fields.Integer(strict=True), load_default=None, allow_none=True, metadata=SEDATION
    )
    pain = _number(metadata={"description": "0 to 10"})


class ScoreRequest(Schema):
    """How far away the patient feels."""

    points = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, _MOST),
        metadata={"description": "of the protocol's scale of dissociation", "example": 2},
    )


class SuicideRiskRequest(Schema):
    """What the patient says about suicide, since the start of the dose."""

    level = fields.Enum(
        SuicideRisk,
        by_value=True,
        required=True,
        metadata={"description": "level of the C-SSRS screener since the last contact"},
    )


class AdverseEventRequest(Schema):
    """What happened to the patient."""

    kind = fields.Enum(AdverseEventKind, by_value=True, required=True)
    severity = fields.Enum(Severity, by_value=fields.Integer(strict=True), required=True, metadata=SEVERITY)
    onset_at = Instant(load_default=None, allow_none=True, metadata=_NOW)
    note = Text(500, load_default=None, allow_none=True, metadata={"description": "needed for other"})


class ResolutionRequest(Schema):
    """An adverse event is over."""

    resolved_at = Instant(load_default=None, allow_none=True, metadata=_NOW)


class ContinueRequest(Schema):
    """Why the infusion goes on against advice."""

    reason = Text(500, required=True)


class LeftRequest(Schema):
    """How it came that the patient is gone."""

    reason = Text(500, required=True)


class EndRequest(Schema):
    """How the infusion ended."""

    kind = fields.Enum(EndKind, by_value=True, required=True)
    given_mg = DecimalText(Decimal(0), Decimal(_MOST), places=2, required=True)
    reason = Text(500, load_default=None, allow_none=True, metadata={"description": "needed after an abort"})
    dissociation = _number(metadata={"description": "points of the protocol's scale, at the end of the infusion"})


class DischargeOverrideSchema(Schema):
    """A reason against going home gives way to a clinician's word."""

    code = _override(DISCHARGE)
    reason = Text(500, required=True)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Asked:
        return Asked(**data)


class DischargeRequest(Schema):
    """What was looked at before the patient went home; a talk needs nothing of it."""

    class Meta:
        example: Final = {
            "is_oriented": True,
            "walks_steadily": True,
            "nausea": "none",
            "is_escort_present": True,
            "is_instructed": True,
        }

    is_oriented = _yes_or_no(metadata={"description": "awake, knows who, where and when"})
    walks_steadily = _yes_or_no(metadata={"description": "without help, or as before"})
    nausea = fields.Enum(Nausea, by_value=True, load_default=None, allow_none=True)
    is_escort_present = _yes_or_no()
    is_instructed = _yes_or_no(metadata={"description": "written instructions and the emergency number were given"})
    padss = _number(metadata={"description": "0 to 10; 9 answer for orientation, walking and nausea"})
    aldrete = _number(metadata={"description": "the modified score, 0 to 10; 9 answer for the same"})
    overrides = Many(
        fields.Nested(DischargeOverrideSchema), load_default=(), validate=validate.Length(max=len(DISCHARGE))
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Mapping[str, Any]:
        checked = {name: value for name, value in data.items() if name != "overrides"}
        return {"checklist": Checklist(**checked), "overrides": data["overrides"]}
