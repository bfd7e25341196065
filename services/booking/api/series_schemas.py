"""The JSON of series and their sessions."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from services.booking.api.catalogue_schemas import slug
from services.booking.domain.placement import Wish
from services.booking.domain.protocol import Condition
from services.booking.domain.series import SeriesStatus
from services.booking.domain.session import CancelReason, MissReason, SessionStatus
from services.booking.operations.series import FirstFit
from shared.cursors import PageQuery
from shared.fields import WallTime

_ID = validate.Length(1, 64)
_LOCAL = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]$"


class LocalTime(fields.String):
    """A wall time of the clinic, `YYYY-MM-DDTHH:MM`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            validate=_is_local_time, metadata={"example": "2027-03-09T09:00", "pattern": _LOCAL}, **options
        )

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:  # noqa: ARG002
        return None if value is None else value.isoformat(timespec="minutes")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        try:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 -- a wall time has no zone
        except ValueError:
            return text


def _is_local_time(value: Any) -> None:
    if not isinstance(value, datetime):
        raise ValidationError("Not a wall time, such as 2027-03-09T09:00.")


class WishSchema(Schema):
    """A session at a wall time of the clinic."""

    local = LocalTime(required=True)
    second = fields.Boolean(
        load_default=False, metadata={"description": "the later one, when the clock shows this time twice"}
    )
    resource_ids = fields.List(
        fields.String(validate=_ID),
        load_default=list,
        validate=validate.Length(max=6),
        metadata={"description": "the chair, the nurse …, as far as it matters which"},
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Any:
        return Wish(data["local"], data["second"], tuple(data["resource_ids"]))


class MoveRequest(WishSchema):
    """Where the session goes."""

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Any:
        return {**data, "resource_ids": tuple(data["resource_ids"])}


class FirstFitSchema(Schema):
    """The earliest series from a local date on, each session at or after a wall time."""

    from_date = fields.Date(load_default=None, allow_none=True)
    time_of_day = WallTime(load_default=time())

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> FirstFit:
        return FirstFit(**data)


class SeriesRequest(Schema):
    """A whole series: at the times of `sessions`, or wherever it fits first."""

    patient_id = fields.String(required=True, validate=_ID)
    protocol = slug(required=True)
    edition = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 100000))
    condition = fields.Enum(Condition, by_value=True, load_default=None, allow_none=True)
    sessions = fields.List(fields.Nested(WishSchema), load_default=list, validate=validate.Length(max=100))
    first_fit = fields.Nested(FirstFitSchema, load_default=None, allow_none=True)

    @validates_schema
    def one_way(self, data: Mapping[str, Any], **_: Any) -> None:
        if data.get("sessions") and data.get("first_fit"):
            raise ValidationError("Give sessions or first_fit, not both.", "first_fit")

    @post_load
    def freeze(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "sessions": tuple(data["sessions"])}


class CancelRequest(Schema):
    """Why it is called off."""

    reason = fields.Enum(CancelReason, by_value=True, required=True)


class MissRequest(Schema):
    """Why it counts as missed."""

    reason = fields.Enum(MissReason, by_value=True, load_default=MissReason.NO_SHOW)


class ClaimAnswer(Schema):
    """A resource, and from when until when this session has it."""

    kind = fields.String(required=True)
    resource_id = fields.String(required=True)
    from_at = fields.AwareDateTime(required=True)
    until_at = fields.AwareDateTime(required=True)


class SessionAnswer(Schema):
    """One session; `starts_local` on the clinic's wall clock is the promise."""

    number = fields.Integer(required=True)
    phase = fields.String(required=True)
    status = fields.Enum(SessionStatus, by_value=True, required=True)
    starts_at = fields.AwareDateTime(required=True)
    starts_local = LocalTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    claims = fields.List(fields.Nested(ClaimAnswer), required=True)
    revision = fields.Integer(required=True, metadata={"description": "how often it was moved"})
    arrived_at = fields.AwareDateTime(allow_none=True)
    started_at = fields.AwareDateTime(allow_none=True)
    discharged_at = fields.AwareDateTime(allow_none=True)
    reason = fields.String(allow_none=True)


class FindingAnswer(Schema):
    """What a spacing rule accepted with a remark."""

    code = fields.String(required=True)
    detail = fields.String(required=True)
    numbers = fields.List(fields.Integer(), required=True)


class SeriesAnswer(Schema):
    """A series with all its sessions."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    protocol = fields.String(required=True)
    edition = fields.Integer(required=True)
    condition = fields.Enum(Condition, by_value=True, required=True)
    zone = fields.String(required=True)
    status = fields.Enum(SeriesStatus, by_value=True, required=True)
    sessions = fields.List(fields.Nested(SessionAnswer), required=True)
    notes = fields.List(fields.Nested(FindingAnswer), required=True)


class SeriesQuery(PageQuery):
    """Which series."""

    patient_id = fields.String(load_default=None, validate=_ID)
    status = fields.Enum(SeriesStatus, by_value=True, load_default=None)


class AgendaQuery(Schema):
    """Which dates, both included, 31 days at most."""

    from_date = fields.Date(required=True)
    until_date = fields.Date(required=True)
    status = fields.Enum(SessionStatus, by_value=True, load_default=None)


class AgendaRow(Schema):
    """A session, with whose it is."""

    series_id = fields.String(required=True)
    patient_id = fields.String(required=True)
    zone = fields.String(required=True)
    session = fields.Nested(SessionAnswer, required=True)


class AgendaAnswer(Schema):
    """Sessions in the order of their start."""

    items = fields.List(fields.Nested(AgendaRow), required=True)
