"""The JSON of series and their sessions."""

from collections.abc import Mapping
from datetime import time
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from services.booking.api.request_fields import MAX_ID, LocalDate, LocalMoment, Many, a_slug, an_id
from services.booking.domain.placement import Wish
from services.booking.domain.protocol import Condition
from services.booking.domain.publishing import MOST_SESSIONS
from services.booking.domain.series import SeriesStatus
from services.booking.domain.session import CancelReason, MissReason, SessionStatus
from services.booking.operations.series import FirstFit
from shared.cursors import PageQuery
from shared.fields import WallTime

_SECOND: Final = {"description": "the later one, in the night when the clock shows this time twice"}
_NAMED: Final = {"description": "the chair, the nurse … that it must be; what is not named is chosen from what is free"}


class MoveRequest(Schema):
    """When a session is wanted: it starts when the patient takes the chair."""

    starts_local = LocalMoment(required=True, attribute="local")
    second = fields.Boolean(load_default=False, metadata=_SECOND)
    resource_ids = Many(
        fields.String(validate=validate.Length(1, MAX_ID)),
        load_default=(),
        validate=validate.Length(max=6),
        metadata=_NAMED,
    )


class WishSchema(MoveRequest):
    """One session of a series that is wanted; they come in the order of their numbers."""

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Wish:
        return Wish(**data)


class FirstFitSchema(Schema):
    """The earliest series from a local date on, each session at or after a wall time."""

    from_date = LocalDate(load_default=None, allow_none=True, metadata={"description": "null: today"})
    time_of_day = WallTime(load_default=time())

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> FirstFit:
        return FirstFit(**data)


class SeriesRequest(Schema):
    """A whole series: at the times of `sessions`, or wherever it fits first. One of the two is needed."""

    patient_id = an_id(required=True)
    protocol = a_slug(required=True)
    edition = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, 100_000),
        metadata={"description": "null: the latest"},
    )
    condition = fields.Enum(
        Condition,
        by_value=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "may be left out when the protocol treats only one"},
    )
    sessions = Many(fields.Nested(WishSchema), load_default=(), validate=validate.Length(max=MOST_SESSIONS))
    first_fit = fields.Nested(FirstFitSchema, load_default=None, allow_none=True)

    @validates_schema
    def one_way(self, data: Mapping[str, Any], **_: Any) -> None:
        if bool(data.get("sessions")) is (data.get("first_fit") is not None):
            raise ValidationError("Give either sessions or first_fit.", "first_fit")


class CancelRequest(Schema):
    """Why it is called off."""

    reason = fields.Enum(CancelReason, by_value=True, required=True)


class MissRequest(Schema):
    """Why it counts as missed."""

    reason = fields.Enum(MissReason, by_value=True, load_default=MissReason.NO_SHOW)


class ClaimAnswer(Schema):
    """A resource, and from when until when this session has it."""

    kind = fields.String(required=True, metadata={"example": "chair"})
    resource_id = fields.String(required=True)
    from_at = fields.AwareDateTime(required=True)
    until_at = fields.AwareDateTime(required=True, metadata={"description": "turnover included"})


class SessionAnswer(Schema):
    """One session; `starts_local` on the clinic's wall clock is the promise, the instants follow from it."""

    number = fields.Integer(required=True, metadata={"description": "kept when the session moves"})
    phase = fields.String(required=True, metadata={"example": "induction"})
    status = fields.Enum(SessionStatus, by_value=True, required=True)
    starts_local = LocalMoment(required=True)
    second = fields.Boolean(required=True, metadata=_SECOND)
    arrives_at = fields.AwareDateTime(required=True, metadata={"description": "when the patient is to come"})
    starts_at = fields.AwareDateTime(required=True, metadata={"description": "the patient takes the chair"})
    ends_at = fields.AwareDateTime(required=True, metadata={"description": "the patient goes home"})
    claims = fields.List(
        fields.Nested(ClaimAnswer),
        required=True,
        attribute="resource_claims",
        metadata={"description": "what the session takes"},
    )
    revision = fields.Integer(required=True, metadata={"description": "how often it was moved"})
    arrived_at = fields.AwareDateTime(required=True, allow_none=True)
    started_at = fields.AwareDateTime(required=True, allow_none=True)
    discharged_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "why cancelled or missed"})


class FindingAnswer(Schema):
    """What a spacing rule accepted with a remark."""

    code = fields.String(required=True, metadata={"example": "spacing.late"})
    detail = fields.String(required=True)
    numbers = fields.List(fields.Integer(), required=True, metadata={"description": "of the sessions meant"})
    context = fields.Dict(required=True, metadata={"description": "figures for programs"})


class SeriesAnswer(Schema):
    """A series with all its sessions."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    protocol = fields.String(required=True, metadata={"description": "its slug"})
    edition = fields.Integer(required=True, metadata={"description": "kept as long as the series runs"})
    condition = fields.Enum(Condition, by_value=True, required=True)
    zone = fields.String(required=True, metadata={"example": "America/New_York"})
    status = fields.Enum(SeriesStatus, by_value=True, required=True)
    sessions = fields.List(fields.Nested(SessionAnswer), required=True)
    notes = fields.List(fields.Nested(FindingAnswer), required=True)


class SeriesQuery(PageQuery):
    """Which series."""

    patient_id = an_id(load_default=None)
    status = fields.Enum(SeriesStatus, by_value=True, load_default=None)


class AgendaQuery(Schema):
    """Which dates, both included, 31 days at most."""

    from_date = LocalDate(required=True)
    until_date = LocalDate(required=True)
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
