"""The JSON of views."""

from datetime import timedelta
from typing import Final

from marshmallow import Schema, fields, validate

from services.booking.api.request_fields import LocalDate, LocalMoment
from services.booking.api.series_schemas import SessionAnswer
from services.booking.domain.calendar.resource import ResourceKind
from services.booking.domain.series.session import SessionStatus
from services.booking.domain.views.day_sheet import Mark
from shared.http.cursors import MAX_LIMIT, PageQuery

_A_MINUTE: Final = timedelta(minutes=1)
_AN_INSTANT: Final = {"type": "string", "format": "date-time"}


class DaySheetQuery(PageQuery):
    """Which day; all resources on one page unless there are more than 200."""

    on = LocalDate(required=True)
    kind = fields.Enum(ResourceKind, by_value=True, load_default=None)
    limit = fields.Integer(load_default=MAX_LIMIT, validate=validate.Range(1, MAX_LIMIT))


class TimelineQuery(PageQuery):
    """How to walk the time line."""


class DatesQuery(Schema):
    """Which dates, both included, 31 days at most."""

    from_date = LocalDate(required=True)
    until_date = LocalDate(required=True)


class UtilisationQuery(PageQuery, DatesQuery):
    """Which dates, both included, 31 days at most, and of which resources."""

    kind = fields.Enum(ResourceKind, by_value=True, load_default=None)


class IntervalAnswer(Schema):
    """From an instant until just before another."""

    from_at = fields.Function(lambda interval: interval[0].isoformat(), metadata=_AN_INSTANT)
    until_at = fields.Function(lambda interval: interval[1].isoformat(), metadata=_AN_INSTANT)


class BlockAnswer(Schema):
    """A part of a session that takes this resource."""

    from_at = fields.AwareDateTime(required=True)
    until_at = fields.AwareDateTime(required=True, metadata={"description": "turnover included"})
    places = fields.List(fields.Integer(), required=True, metadata={"description": "which of its places, from 0"})


class EntryAnswer(Schema):
    """A session, as far as it takes this resource."""

    series_id = fields.String(required=True, attribute="placed.series_id")
    number = fields.Integer(required=True, attribute="placed.session.number")
    patient_id = fields.String(required=True, attribute="placed.patient_id")
    phase = fields.String(required=True, attribute="placed.session.phase")
    status = fields.Enum(SessionStatus, by_value=True, required=True, attribute="placed.session.status")
    starts_at = fields.AwareDateTime(required=True, attribute="placed.session.starts_at")
    starts_local = LocalMoment(required=True, attribute="placed.session.starts_local")
    ends_at = fields.AwareDateTime(required=True, attribute="placed.session.ends_at")
    blocks = fields.List(fields.Nested(BlockAnswer), required=True)
    marks = fields.List(
        fields.Enum(Mark, by_value=True),
        required=True,
        metadata={
            "description": "unconfirmed: starts within 30 hours and the patient has not confirmed; at-risk: a resource "
            "of it is not there any more; on-hold: must not begin before a clinician releases it; reserved: for a hold "
            "or an offer, not booked yet"
        },
    )


class FreeAnswer(Schema):
    """A place that nobody has."""

    place = fields.Integer(required=True)
    from_at = fields.AwareDateTime(required=True)
    until_at = fields.AwareDateTime(required=True)


class ColumnAnswer(Schema):
    """One resource's day."""

    resource_id = fields.String(required=True, attribute="resource.id")
    kind = fields.Enum(ResourceKind, by_value=True, required=True, attribute="resource.kind")
    name = fields.String(required=True, attribute="resource.name")
    capacity = fields.Integer(required=True, attribute="resource.capacity")
    is_active = fields.Boolean(required=True, attribute="resource.is_active")
    open = fields.List(fields.Nested(IntervalAnswer), required=True, attribute="openings")
    sessions = fields.List(fields.Nested(EntryAnswer), required=True, attribute="entries")
    free = fields.List(fields.Nested(FreeAnswer), required=True)


class FormerAnswer(Schema):
    """A place that the session had, and what became of it."""

    starts_at = fields.AwareDateTime(required=True)
    starts_local = LocalMoment(required=True)
    status = fields.Enum(SessionStatus, by_value=True, required=True)
    reason = fields.String(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class MilestoneAnswer(Schema):
    """A session of a patient."""

    series_id = fields.String(required=True, attribute="placed.series_id")
    protocol = fields.String(required=True, metadata={"description": "its slug"})
    zone = fields.String(required=True, attribute="placed.zone")
    session = fields.Nested(SessionAnswer, required=True, attribute="placed.session")
    history = fields.List(fields.Nested(FormerAnswer), required=True, attribute="placed.session.history")


class UseAnswer(Schema):
    """Minutes of all places together."""

    open_minutes = fields.Function(lambda use: use.open // _A_MINUTE, metadata={"type": "integer"})
    taken_minutes = fields.Function(
        lambda use: use.taken // _A_MINUTE, metadata={"type": "integer", "description": "turnover included"}
    )
    turnover_minutes = fields.Function(lambda use: use.turnover // _A_MINUTE, metadata={"type": "integer"})
    share = fields.Float(
        required=True, allow_none=True, metadata={"description": "taken of open; null when it was never open"}
    )


class DayOfUseAnswer(Schema):
    """One date."""

    on = fields.Date(required=True)
    use = fields.Nested(UseAnswer, required=True)


class ResourceUseAnswer(Schema):
    """A resource's days in their order, and all of them together."""

    resource_id = fields.String(required=True, attribute="resource.id")
    kind = fields.Enum(ResourceKind, by_value=True, required=True, attribute="resource.kind")
    name = fields.String(required=True, attribute="resource.name")
    days = fields.List(fields.Nested(DayOfUseAnswer), required=True)
    total = fields.Nested(UseAnswer, required=True)


class KindUseAnswer(Schema):
    """All resources of one kind together."""

    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    resources = fields.Integer(required=True, metadata={"description": "how many there are"})
    use = fields.Nested(UseAnswer, required=True)


class KindsAnswer(Schema):
    """Every kind of which the clinic has a resource."""

    items = fields.List(fields.Nested(KindUseAnswer), required=True)
