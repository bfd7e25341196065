"""The JSON of plans of follow-up."""

from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.followup.domain.plan import Anchor, Point, Questions
from services.followup.domain.publishing import MOST_POINTS
from shared.http.fields import WallTime

_NAME: Final = validate.Length(1, 40)


class Many(fields.List[Any]):
    """A list that becomes a tuple, as frozen dataclasses hold it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return tuple(super()._deserialize(value, attr, data, **options))


def _names(**options: Any) -> Many:
    return Many(fields.String(validate=_NAME), validate=validate.Length(max=20), **options)


def _amount(about: str) -> fields.Integer:
    return fields.Integer(
        load_default=0, strict=True, validate=validate.Range(0, 10_000), metadata={"description": about}
    )


class PointSchema(Schema):
    """When something is asked, and what. `at` is the patient's wall time; null means the plan's usual time."""

    kind = fields.String(required=True, validate=_NAME, metadata={"example": "day-7"})
    anchor = fields.Enum(Anchor, by_value=True, required=True, metadata={"description": "what it is counted from"})
    ask = _names(required=True, metadata={"description": "names of sets, or ids of instruments", "example": ["bundle"]})
    rank = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, 9),
        metadata={"description": "who gets an instrument that two want too soon after each other: the lowest"},
    )
    hours = _amount("after a discharge, elapsed")
    days = _amount("before a session or after a series, local dates")
    months = _amount("after a series; a day that a month lacks is its last one")
    at = WallTime(load_default=None, allow_none=True)
    open_hours = _amount("how long it can be answered; before a session: until that begins")
    alone = fields.Boolean(load_default=False, metadata={"description": "never joined with others of the same date"})
    nth = Many(
        fields.Integer(strict=True, validate=validate.Range(1, 100)),
        load_default=(),
        validate=validate.Length(max=100),
        metadata={"description": "which of the sessions that count; none: all"},
    )
    phases = _names(load_default=(), metadata={"description": "only sessions of these count; none: all but the talks"})
    conditions = _names(load_default=(), metadata={"description": "none: all"})
    protocols = _names(load_default=(), metadata={"description": "none: all"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Point:
        return Point(**data)


class QuestionsSchema(Schema):
    """The content of a plan. `usual_time` is the patient's wall time."""

    usual_time = WallTime(required=True)
    talks = _names(load_default=(), metadata={"description": "phases in which no dose is given"})
    sets = fields.Dict(
        keys=fields.String(validate=_NAME),
        values=fields.Dict(keys=fields.String(validate=_NAME), values=_names()),
        load_default=dict,
        metadata={
            "description": "instruments by set and condition (or `any`)",
            "example": {"bundle": {"ptsd": ["pcl-5", "phq-9"], "any": ["phq-9"]}},
        },
    )
    points = Many(
        fields.Nested(PointSchema),
        required=True,
        validate=validate.Length(max=MOST_POINTS),
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Questions:
        return Questions(**data)


class PlanRequest(Schema):
    """The next edition of the clinic's plan."""

    class Meta:
        example: Final = {
            "questions": {
                "usual_time": "10:00",
                "talks": ["preparation", "integration"],
                "sets": {"bundle": {"ptsd": ["pcl-5", "phq-9"], "any": ["phq-9"]}},
                "points": [
                    {
                        "kind": "24h",
                        "anchor": "discharge",
                        "hours": 24,
                        "open_hours": 12,
                        "rank": 1,
                        "ask": ["day-after"],
                    },
                    {"kind": "day-7", "anchor": "series", "days": 7, "open_hours": 168, "rank": 1, "ask": ["bundle"]},
                ],
            }
        }

    questions = fields.Nested(QuestionsSchema, required=True)


class PlanAnswer(Schema):
    """One published edition; series that run keep theirs."""

    id = fields.String(required=True, metadata={"example": "plan@000001"})
    edition = fields.Integer(required=True)
    questions = fields.Nested(QuestionsSchema, required=True)
