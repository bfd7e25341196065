"""The JSON of what a clinic works with: resources and protocols."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.schemas import as_changes
from services.booking.domain.calendar import Weekday
from services.booking.domain.protocol import Block, Condition, Phase, Regimen
from services.booking.domain.resource import Hours, ResourceKind
from shared.cursors import PageQuery
from shared.fields import Text, WallTime

_DAYS = validate.Range(1, 400)


def slug(**options: Any) -> fields.String:
    """The name of a protocol in addresses."""
    return fields.String(
        validate=validate.Regexp("^[a-z0-9]+(-[a-z0-9]+){0,9}$"),
        metadata={"example": "mood-iv-6x3w", "maxLength": 80},
        **options,
    )


class HoursSchema(Schema):
    """Open every week on this day."""

    weekday = fields.Enum(Weekday, by_value=True, required=True)
    opens = WallTime(required=True)
    closes = WallTime(required=True)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Hours:
        return Hours(**data)


class ResourceRequest(Schema):
    """A chair, a room, a person, a pump."""

    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = Text(80, required=True)
    hours = fields.List(fields.Nested(HoursSchema), load_default=list, validate=validate.Length(max=50))
    closed_on = fields.List(fields.Date(), load_default=list, validate=validate.Length(max=400))

    @post_load
    def freeze(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return _frozen(data)


class ResourceChanges(Schema):
    """The fields to change; what is booked stays booked."""

    name = Text(80)
    hours = fields.List(fields.Nested(HoursSchema), validate=validate.Length(max=50))
    closed_on = fields.List(fields.Date(), validate=validate.Length(max=400))
    is_active = fields.Boolean()

    @post_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return as_changes(_frozen(data))


class ResourceAnswer(Schema):
    """A resource."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = fields.String(required=True)
    hours = fields.List(fields.Nested(HoursSchema), required=True)
    closed_on = fields.List(fields.Date(), required=True)
    is_active = fields.Boolean(required=True)


class ResourceQuery(PageQuery):
    """Which resources."""

    kind = fields.Enum(ResourceKind, by_value=True, load_default=None)


class BlockSchema(Schema):
    """A part of a session."""

    name = Text(40, required=True)
    minutes = fields.Integer(required=True, strict=True, validate=validate.Range(5, 720))
    needs = fields.List(fields.Enum(ResourceKind, by_value=True), load_default=list, validate=validate.Length(max=6))
    with_patient = fields.Boolean(load_default=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Block:
        return Block(**_frozen(data))


class PhaseSchema(Schema):
    """A run of like sessions; spacing in local calendar days."""

    name = Text(40, required=True)
    sessions = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        validate=validate.Range(1, 100),
        metadata={"description": "null: open-ended"},
    )
    blocks = fields.List(fields.Nested(BlockSchema), required=True, validate=validate.Length(1, 20))
    min_days = fields.Integer(load_default=1, strict=True, validate=_DAYS)
    max_days = fields.Integer(load_default=None, strict=True, allow_none=True, validate=_DAYS)
    per_seven_days = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 7))
    doses = fields.Boolean(load_default=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Phase:
        return Phase(**_frozen(data))


class RegimenSchema(Schema):
    """The content of a protocol. All numbers are the clinic's own decision."""

    name = Text(120, required=True)
    conditions = fields.List(
        fields.Enum(Condition, by_value=True), required=True, validate=validate.Length(1, len(Condition))
    )
    phases = fields.List(fields.Nested(PhaseSchema), required=True, validate=validate.Length(1, 20))
    dose_basis = Text(120, required=True)
    window_days = fields.Integer(load_default=None, strict=True, allow_none=True, validate=_DAYS)
    tolerance_days = fields.Integer(load_default=None, strict=True, allow_none=True, validate=_DAYS)
    rest_days = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 400))
    preferred = fields.List(
        fields.List(fields.Enum(Weekday, by_value=True), validate=validate.Length(1, 7)),
        load_default=list,
        validate=validate.Length(max=10),
    )
    re_evaluate_after = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 200)),
        load_default=list,
        validate=validate.Length(max=200),
    )
    is_investigational = fields.Boolean(load_default=False)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Regimen:
        preferred = tuple(tuple(pattern) for pattern in data.pop("preferred"))
        return Regimen(**_frozen(data), preferred=preferred)


class ProtocolRequest(Schema):
    """A new protocol, or the next edition of one."""

    slug = slug(required=True)
    regimen = fields.Nested(RegimenSchema, required=True)


class ProtocolAnswer(Schema):
    """One published edition; series that run keep theirs."""

    id = fields.String(required=True)
    slug = slug(required=True)
    edition = fields.Integer(required=True)
    regimen = fields.Nested(RegimenSchema, required=True)


class ProtocolsQuery(PageQuery):
    """Which protocols."""

    slug = slug(load_default=None)


class EditionQuery(Schema):
    """Which edition; the latest unless said."""

    edition = fields.Integer(load_default=None, validate=validate.Range(1, 100000))


def _frozen(data: Mapping[str, Any]) -> dict[str, Any]:
    """Domain values hold tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
