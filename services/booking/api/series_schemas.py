"""The JSON of series and their sessions."""

from collections.abc import Mapping
from datetime import time
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from services.booking.api.request_fields import AN_ID, LocalDate, LocalMoment, Many, Whole, a_slug, an_id
from services.booking.domain.placement.placement import Wish
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.protocol.publishing import MOST_SESSIONS
from services.booking.domain.series.override import OVERRIDABLE, Asked
from services.booking.domain.series.series import SeriesStatus
from services.booking.domain.series.session import CancelReason, MissReason, SessionStatus
from services.booking.operations.series import FirstFit
from shared.http.cursors import PageQuery
from shared.http.fields import Text, WallTime

_SECOND: Final = {"description": "the later one, in the night when the clock shows this time twice"}
_NAMED: Final = {"description": "the chair, the nurse … that it must be; what is not named is chosen from what is free"}


class OverrideSchema(Schema):
    """A rule that a clinician sets aside, and why."""

    code = fields.String(
        required=True,
        validate=[Whole("^[a-z0-9.-]+$"), validate.Length(1, 64)],
        metadata={"example": "spacing.too-late", "description": f"one of {', '.join(OVERRIDABLE)}"},
    )
    reason = Text(500, required=True)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Asked:
        return Asked(**data)


def overrides() -> Many:
    """Rules to set aside; only with the scope clinician, and only those that are broken."""
    about = {"description": "rules that a clinician sets aside; kept on the series with who, when and why"}
    return Many(
        fields.Nested(OverrideSchema), load_default=(), validate=validate.Length(max=len(OVERRIDABLE)), metadata=about
    )


class PlaceRequest(Schema):
    """When a session is wanted: it starts when the patient takes the chair."""

    starts_local = LocalMoment(required=True, attribute="local")
    second = fields.Boolean(load_default=False, metadata=_SECOND)
    resource_ids = Many(
        an_id(),
        load_default=(),
        validate=validate.Length(max=6),
        metadata=_NAMED,
    )


class MoveRequest(PlaceRequest):
    """Where one session is wanted."""

    class Meta:
        example: Final = {"starts_local": "2027-03-11T09:00"}

    overrides = overrides()


class WishSchema(PlaceRequest):
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


class CourseRequest(Schema):
    """For whom, and by which protocol."""

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


class SeriesRequest(CourseRequest):
    """A whole series: at the times of `sessions`, or wherever it fits first. One of the two is needed."""

    class Meta:
        example: Final = {
            "patient_id": AN_ID,
            "protocol": "booster-single",
            "condition": "depression",
            "sessions": [{"starts_local": "2027-03-09T09:00"}],
        }

    sessions = Many(fields.Nested(WishSchema), load_default=(), validate=validate.Length(max=MOST_SESSIONS))
    first_fit = fields.Nested(FirstFitSchema, load_default=None, allow_none=True)
    overrides = overrides()

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
    places = fields.List(
        fields.Integer(), required=True, metadata={"description": "which of as many as its capacity, from 0"}
    )


class HoldOnAnswer(Schema):
    """Why a session must not begin before a clinician has released it."""

    code = fields.String(required=True)
    detail = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class LostPlaceAnswer(Schema):
    """A place that a session had, and what became of it."""

    starts_local = LocalMoment(required=True)
    status = fields.Enum(SessionStatus, by_value=True, required=True)
    reason = fields.String(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


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
    confirmed_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "the patient's word for this time; void when it moves"}
    )
    arrived_at = fields.AwareDateTime(required=True, allow_none=True)
    started_at = fields.AwareDateTime(required=True, allow_none=True)
    discharged_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "why cancelled, missed or paused"})
    ended_at = fields.AwareDateTime(required=True, allow_none=True, metadata={"description": "since when"})
    blocks = fields.List(
        fields.Nested(HoldOnAnswer), required=True, metadata={"description": "why it is on hold; empty: it is not"}
    )
    history = fields.List(
        fields.Nested(LostPlaceAnswer), required=True, metadata={"description": "places that it had and lost"}
    )


class FindingAnswer(Schema):
    """What a spacing rule accepted with a remark."""

    code = fields.String(required=True, metadata={"example": "spacing.late"})
    detail = fields.String(required=True)
    numbers = fields.List(fields.Integer(), required=True, metadata={"description": "of the sessions meant"})
    context = fields.Dict(required=True, metadata={"description": "figures for programs"})


class OverrideAnswer(Schema):
    """A rule that was set aside."""

    code = fields.String(required=True, metadata={"example": "spacing.too-late"})
    reason = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "id of the access key"})
    at = fields.AwareDateTime(required=True)
    numbers = fields.List(fields.Integer(), required=True, metadata={"description": "of the sessions meant"})


class ProgressAnswer(Schema):
    """How far a series is."""

    done = fields.Integer(required=True, metadata={"description": "doses given"})
    of = fields.Integer(required=True, metadata={"description": "doses planned"})
    talks_done = fields.Integer(required=True, metadata={"description": "sessions without medicine that took place"})
    talks_of = fields.Integer(required=True)


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
    overrides = fields.List(fields.Nested(OverrideAnswer), required=True)
    progress = fields.Nested(ProgressAnswer, required=True)
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "why it rests, was called off or lapsed"}
    )


class SeriesQuery(PageQuery):
    """Which series."""

    patient_id = an_id(load_default=None)
    status = fields.Enum(SeriesStatus, by_value=True, load_default=None)


class AgendaQuery(PageQuery):
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
