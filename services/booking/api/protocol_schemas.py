"""The JSON of protocols."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.booking.domain.calendar import Weekday
from services.booking.domain.protocol import Block, Condition, Phase, Regimen
from services.booking.domain.resource import ResourceKind
from shared.cursors import PageQuery
from shared.fields import Text

_SLUG = validate.Regexp("^[a-z0-9][a-z0-9-]{0,39}$")
_DAYS = validate.Range(0, 400)


def _days(**options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=_DAYS, **options)


class BlockSchema(Schema):
    """A part of a session."""

    name = Text(40, required=True, metadata={"example": "infusion"})
    minutes = fields.Integer(
        required=True, strict=True, validate=validate.Range(5, 1440), metadata={"multipleOf": 5, "example": 40}
    )
    needs = fields.List(
        fields.Enum(ResourceKind, by_value=True),
        load_default=list,
        validate=validate.Length(max=6),
        metadata={"description": "kinds of resources; leading blocks that need none lie before the session's start"},
    )
    with_patient = fields.Boolean(load_default=True, metadata={"description": "false: turnover, after the end"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Block:
        return Block(**{**data, "needs": tuple(data["needs"])})


class PhaseSchema(Schema):
    """A run of like sessions; days are local dates between a session and the one it is counted from."""

    name = Text(40, required=True, metadata={"example": "induction"})
    sessions = fields.Integer(
        required=True,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, 60),
        metadata={"description": "null: open-ended, only in the last phase"},
    )
    blocks = fields.List(fields.Nested(BlockSchema), required=True, validate=validate.Length(1, 20))
    min_days = _days(load_default=1)
    max_days = _days(
        load_default=None, allow_none=True, metadata={"description": "needed when a session follows another one"}
    )
    per_seven_days = fields.Integer(
        load_default=1,
        strict=True,
        validate=validate.Range(0, 7),
        metadata={"description": "most doses on any seven dates in a row"},
    )
    doses = fields.Boolean(load_default=True, metadata={"description": "whether the medicine is given"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Phase:
        return Phase(**{**data, "blocks": tuple(data["blocks"])})


class RegimenSchema(Schema):
    """The content of a protocol; every number is for a licensed clinician to approve."""

    name = Text(120, required=True)
    conditions = fields.List(
        fields.Enum(Condition, by_value=True), required=True, validate=validate.Length(1, len(Condition))
    )
    phases = fields.List(fields.Nested(PhaseSchema), required=True, validate=validate.Length(1, 20))
    dose_basis = Text(
        80, required=True, metadata={"description": "label for people, never computed with", "example": "0.5 mg/kg"}
    )
    window_days = _days(
        load_default=None, allow_none=True, metadata={"description": "planned, from the first dose to the last"}
    )
    tolerance_days = _days(
        load_default=None, allow_none=True, metadata={"description": "longest time that still is this course"}
    )
    rest_days = _days(load_default=0, metadata={"description": "since the last dose of an earlier series"})
    preferred = fields.List(
        fields.List(fields.Enum(Weekday, by_value=True), validate=validate.Length(1, 7)),
        load_default=list,
        validate=validate.Length(max=10),
        metadata={"description": "weekday patterns for doses, best first", "example": [["MO", "WE", "FR"]]},
    )
    re_evaluate_after = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 60)),
        load_default=list,
        validate=validate.Length(max=60),
        metadata={"description": "numbers of sessions", "example": [3, 6]},
    )
    is_investigational = fields.Boolean(load_default=False)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Regimen:
        listed = {name: tuple(data[name]) for name in ("conditions", "phases", "re_evaluate_after")}
        return Regimen(**{**data, **listed, "preferred": tuple(map(tuple, data["preferred"]))})


class ProtocolRequest(Schema):
    """A new protocol, or the next edition of the one with this slug."""

    slug = fields.String(required=True, validate=_SLUG, metadata={"example": "mood-iv-6x2w"})
    regimen = fields.Nested(RegimenSchema, required=True)


class ProtocolAnswer(Schema):
    """One edition of a protocol; a series keeps the edition that it was booked with."""

    id = fields.String(required=True, metadata={"example": "mood-iv-6x2w@1"})
    slug = fields.String(required=True)
    edition = fields.Integer(required=True)
    regimen = fields.Nested(RegimenSchema, required=True)


class ProtocolQuery(PageQuery):
    """Which protocols; all editions."""

    slug = fields.String(load_default=None, validate=_SLUG)


class EditionQuery(Schema):
    """Which edition; without it the latest."""

    edition = fields.Integer(load_default=None, validate=validate.Range(1, 1_000_000))


def as_tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as the tuples that frozen dataclasses hold."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
