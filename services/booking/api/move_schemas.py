"""The JSON of sessions that get another place."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from services.booking.api.request_fields import LocalMoment, Many
from services.booking.api.series_schemas import FindingAnswer, PlaceRequest, overrides
from services.booking.domain.protocol.publishing import MOST_SESSIONS
from services.booking.operations.moves import Moved

_FARTHEST: Final = 365
_NUMBER: Final = validate.Range(1, MOST_SESSIONS)


class MovedSchema(PlaceRequest):
    """Where one session of the series is wanted."""

    number = fields.Integer(required=True, strict=True, validate=_NUMBER)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Moved:
        return Moved(**data)


class MovesRequest(Schema):
    """Several sessions, all or none: what a refused move proposes has this shape."""

    class Meta:
        example: Final = {
            "sessions": [
                {"number": 3, "starts_local": "2027-03-15T09:00"},
                {"number": 4, "starts_local": "2027-03-17T09:00"},
            ]
        }

    sessions = Many(fields.Nested(MovedSchema), required=True, validate=validate.Length(1, MOST_SESSIONS))
    overrides = overrides()


class ShiftRequest(Schema):
    """A session and all that follow, by the same step: one of `days`, `starts_local`, `by_one_place`."""

    class Meta:
        example: Final = {"from_number": 3, "days": 7}

    from_number = fields.Integer(required=True, strict=True, validate=_NUMBER)
    days = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(-_FARTHEST, _FARTHEST)
    )
    starts_local = LocalMoment(load_default=None, allow_none=True, attribute="local")
    by_one_place = fields.Boolean(
        load_default=False, metadata={"description": "each takes the date and time of the next, the last a new one"}
    )
    overrides = overrides()

    @validates_schema
    def one_way(self, data: Mapping[str, Any], **_: Any) -> None:
        given = [data.get("days") is not None, data.get("local") is not None, bool(data.get("by_one_place"))]
        if sum(given) != 1:
            raise ValidationError("Give one of days, starts_local and by_one_place.", "days")


class ResumeRequest(Schema):
    """Where the sessions that rest are wanted; without any, as near to their former places as can be."""

    class Meta:
        example: Final = {"sessions": [{"number": 3, "starts_local": "2027-03-15T09:00"}]}

    sessions = Many(fields.Nested(MovedSchema), load_default=(), validate=validate.Length(max=MOST_SESSIONS))
    overrides = overrides()


class ReplanRequest(Schema):
    """Which lost session is to be fitted in."""

    number = fields.Integer(required=True, strict=True, validate=_NUMBER)


class ProposedSession(Schema):
    """A session in its new place, in the shape that the moves of a series take."""

    number = fields.Integer(required=True)
    starts_local = LocalMoment(required=True)
    second = fields.Boolean(required=True)
    resource_ids = fields.List(fields.String(), required=True)


class ReplanAnswer(Schema):
    """The smallest re-plan; send `sessions` to the moves of the series to carry it out."""

    sessions = fields.List(fields.Nested(ProposedSession), required=True)
    days = fields.Integer(required=True, metadata={"description": "by how many days the sessions move in all"})
    notes = fields.List(fields.Nested(FindingAnswer), required=True)
    overrides = fields.List(
        fields.String(), required=True, metadata={"description": "codes that a clinician has to set aside for it"}
    )
