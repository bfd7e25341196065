"""The JSON of plans."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.request_fields import AN_ID, LocalDate, LocalMoment, Many, an_id
from services.booking.api.series_schemas import CourseRequest, FindingAnswer, PlaceRequest
from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.placement.placement import Wish
from services.booking.domain.planning.cost import RATES
from services.booking.domain.planning.wishes import TimeOfDay, Wishes, WishKind
from services.booking.domain.protocol.publishing import MOST_SESSIONS
from services.booking.operations.plans import FixedSession
from shared.http.fields import WallTime

MOST_NAMED: Final = 12
"""Two of each kind; who names more does not mind which."""


class TimeOfDayRequest(Schema):
    """A session starts from one wall time until just before another; `until_time` null means midnight."""

    from_time = WallTime(required=True)
    until_time = WallTime(load_default=None, allow_none=True)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> TimeOfDay:
        return TimeOfDay(**data)


class PlanWishes(Schema):
    """What the patient wishes; an empty list means any. Every wish is kept, but for those named in `bendable`."""

    weekdays = Many(fields.Enum(Weekday, by_value=True), load_default=(), validate=validate.Length(max=len(Weekday)))
    times = Many(fields.Nested(TimeOfDayRequest), load_default=(), validate=validate.Length(max=4))
    resource_ids = Many(
        an_id(),
        load_default=(),
        validate=validate.Length(max=MOST_NAMED),
        metadata={"description": "the nurse, the chair …: of each kind that is named, one of those"},
    )
    as_soon_as_possible = fields.Boolean(load_default=False)
    bendable = Many(
        fields.Enum(WishKind, by_value=True),
        load_default=(),
        validate=validate.Length(max=len(WishKind)),
        metadata={"description": "wishes that may be broken at a cost"},
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Wishes:
        return Wishes(**{**data, "bendable": frozenset(data["bendable"])})


class FixedSessionRequest(PlaceRequest):
    """A session that is where it is, whatever becomes of the others."""

    number = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_SESSIONS))

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> FixedSession:
        wish = {name: value for name, value in data.items() if name != "number"}
        return FixedSession(data["number"], Wish(**wish))


class PlansRequest(CourseRequest):
    """Which series is to be placed, and when its first session may be."""

    class Meta:
        example: Final = {
            "patient_id": AN_ID,
            "protocol": "mood-iv-6x2w",
            "wishes": {"weekdays": ["MO", "WE", "FR"], "times": [{"from_time": "09:00", "until_time": "14:00"}]},
        }

    from_date = LocalDate(load_default=None, allow_none=True, metadata={"description": "null: today"})
    until_date = LocalDate(
        load_default=None, allow_none=True, metadata={"description": "null: four weeks later; 120 days at most"}
    )
    wishes = fields.Nested(PlanWishes, load_default=Wishes)
    fixed = Many(fields.Nested(FixedSessionRequest), load_default=(), validate=validate.Length(max=MOST_SESSIONS))


class CostAnswer(Schema):
    """Points by what they are for; fewer are better."""

    total = fields.Integer(required=True)
    cadence = fields.Integer(
        required=True, metadata={"description": f"off the weekday pattern ({RATES.off_pattern} each), or uneven gaps"}
    )
    wishes = fields.Integer(required=True, metadata={"description": "bendable wishes that are not kept"})
    wait = fields.Integer(required=True, metadata={"description": "days until the first session"})
    span = fields.Integer(required=True, metadata={"description": "days from the first session to the last"})
    fragmentation = fields.Integer(
        required=True, metadata={"description": "quarters of an hour beside a session that no other one fits in"}
    )


class PlanPlace(Schema):
    """One session, as booking a series or holding it takes it."""

    starts_local = LocalMoment(required=True, attribute="local")
    second = fields.Boolean(required=True)
    resource_ids = fields.List(fields.String(), required=True)


class PlannedSessionAnswer(Schema):
    """The same session with what follows from its place."""

    number = fields.Integer(required=True)
    phase = fields.String(required=True, metadata={"example": "induction"})
    starts_at = fields.AwareDateTime(required=True, metadata={"description": "the patient takes the chair"})
    ends_at = fields.AwareDateTime(required=True, metadata={"description": "the patient goes home"})
    ends_local = LocalMoment(required=True)


class PlanAnswer(Schema):
    """A complete plan; sending its `sessions` books it."""

    cost = fields.Nested(CostAnswer, required=True)
    sessions = fields.List(
        fields.Nested(PlanPlace), required=True, attribute="wishes", metadata={"description": "in order"}
    )
    timeline = fields.List(
        fields.Nested(PlannedSessionAnswer),
        required=True,
        attribute="sessions",
        metadata={"description": "one row for each of `sessions`"},
    )
    notes = fields.List(fields.Nested(FindingAnswer), required=True)


class RelaxationAnswer(Schema):
    """The nearest change that makes a plan possible, found by looking."""

    change = fields.String(required=True, metadata={"example": "later-until-date"})
    days = fields.Integer(required=True, allow_none=True, metadata={"description": "how many, where it is days"})
    detail = fields.String(required=True)
    starts_on = fields.Date(required=True, attribute="plan.starts_on")
    plan = fields.Nested(PlanAnswer, required=True, metadata={"description": "the first that it leads to"})


class ReasonAnswer(Schema):
    """A rule that is in the way."""

    code = fields.String(required=True, metadata={"example": "plan.window-too-early"})
    detail = fields.String(required=True)
    relaxation = fields.Nested(
        RelaxationAnswer, required=True, allow_none=True, metadata={"description": "null: none was found"}
    )


class PlansAnswer(Schema):
    """Plans, the best first, or the reasons why there are none, those of the smallest change first."""

    protocol = fields.String(required=True, metadata={"description": "its slug"})
    edition = fields.Integer(required=True)
    zone = fields.String(required=True, metadata={"example": "America/New_York"})
    plans = fields.List(fields.Nested(PlanAnswer), required=True)
    reasons = fields.List(fields.Nested(ReasonAnswer), required=True)
