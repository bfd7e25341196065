"""Resources over HTTP."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.request_fields import LocalDate, LocalMoment, Many, a_skill, as_changes
from services.booking.api.scopes import ADMIN_DESK, CARE
from services.booking.domain.calendar.resource import (
    MOST_PLACES,
    Absence,
    AbsenceReason,
    Hours,
    ResourceKind,
    Skill,
    SpecialHours,
)
from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.placement.reassignment import Decision
from services.booking.operations import resource
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import Text, WallTime
from shared.http.routes import Route

_CLOSED: Final = {"description": "local dates without any hours", "example": ["2027-12-25"]}


class HoursSchema(Schema):
    """Open every week on this day, from `opens` until `closes` on the clinic's wall clock."""

    weekday = fields.Enum(Weekday, by_value=True, required=True)
    opens = WallTime(required=True)
    closes = WallTime(required=True)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Hours:
        return Hours(**data)


class SpecialHoursSchema(Schema):
    """Open on this one local date, instead of the weekly hours; a date may have several of them."""

    on = LocalDate(required=True)
    opens = WallTime(required=True)
    closes = WallTime(required=True)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> SpecialHours:
        return SpecialHours(**data)


class AbsenceSchema(Schema):
    """Not there from one wall time until another, whatever the hours say."""

    from_local = LocalMoment(required=True)
    until_local = LocalMoment(required=True)
    reason = fields.Enum(AbsenceReason, by_value=True, required=True)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Absence:
        return Absence(**data)


class SkillSchema(Schema):
    """A skill or a credential, up to and including a local date."""

    code = a_skill(required=True)
    until = LocalDate(load_default=None, allow_none=True, metadata={"description": "null: it does not run out"})

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Skill:
        return Skill(**data)


def _hours(**options: Any) -> Many:
    return Many(fields.Nested(HoursSchema), validate=validate.Length(max=50), **options)


def _closed_on(**options: Any) -> Many:
    return Many(LocalDate(), validate=validate.Length(max=400), metadata=_CLOSED, **options)


def _special_days(**options: Any) -> Many:
    return Many(fields.Nested(SpecialHoursSchema), validate=validate.Length(max=400), **options)


def _absences(**options: Any) -> Many:
    return Many(fields.Nested(AbsenceSchema), validate=validate.Length(max=100), **options)


def _skills(**options: Any) -> Many:
    return Many(fields.Nested(SkillSchema), validate=validate.Length(max=50), **options)


class ResourceRequest(Schema):
    """A chair, a room, a person, a pump, or a pool of like things. Without hours it is never there."""

    class Meta:
        example: Final = {
            "kind": "nurse",
            "name": "Nurse Ames",
            "hours": [{"weekday": "MO", "opens": "08:00", "closes": "17:00"}],
            "skills": [{"code": "acls", "until": "2027-12-31"}],
            "capacity": 2,
        }

    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = Text(80, required=True)
    hours = _hours(load_default=())
    closed_on = _closed_on(load_default=())
    special_days = _special_days(load_default=())
    absences = _absences(load_default=())
    skills = _skills(load_default=())
    capacity = fields.Integer(
        load_default=1,
        strict=True,
        validate=validate.Range(1, MOST_PLACES),
        metadata={
            "description": "how many it serves at once; a person attends to as many where one for several will do"
        },
    )


class ResourceChanges(Schema):
    """The fields to change. What hits sessions that are booked is refused, unless it is said what becomes of them."""

    class Meta:
        example: Final = {"closed_on": ["2027-12-24"], "decision": "reassign"}

    name = Text(80)
    hours = _hours()
    closed_on = _closed_on()
    special_days = _special_days()
    absences = _absences()
    skills = _skills()
    is_active = fields.Boolean(metadata={"description": "false: not booked any more"})
    decision = fields.Enum(
        Decision,
        by_value=True,
        metadata={
            "description": "keep: the sessions stay where they are, at risk until somebody moves them; reassign: each "
            "gets another free resource of the kind at the same time, or nothing changes"
        },
    )

    @post_load
    def gather(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return as_changes(data, "decision")


class ResourceAnswer(Schema):
    """A resource."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = fields.String(required=True)
    hours = fields.List(fields.Nested(HoursSchema), required=True)
    closed_on = fields.List(fields.Date(), required=True)
    special_days = fields.List(fields.Nested(SpecialHoursSchema), required=True)
    absences = fields.List(fields.Nested(AbsenceSchema), required=True)
    skills = fields.List(fields.Nested(SkillSchema), required=True)
    capacity = fields.Integer(required=True)
    is_active = fields.Boolean(required=True)


class ResourceQuery(PageQuery):
    """Which resources."""

    kind = fields.Enum(ResourceKind, by_value=True, load_default=None)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/clinics/<clinic_id>/resources",
        "Add a resource",
        ADMIN_DESK,
        resource.AddResource,
        resource.add_resource,
        ResourceAnswer,
        body=ResourceRequest,
        status=201,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/resources",
        "List resources",
        CARE,
        resource.ListResources,
        resource.list_resources,
        page_schema(ResourceAnswer),
        query=ResourceQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/resources/<resource_id>",
        "Show a resource",
        CARE,
        resource.ShowResource,
        resource.show_resource,
        ResourceAnswer,
    ),
    Route(
        "PATCH",
        "/clinics/<clinic_id>/resources/<resource_id>",
        "Change a resource",
        ADMIN_DESK,
        resource.ChangeResource,
        resource.change_resource,
        ResourceAnswer,
        body=ResourceChanges,
    ),
)
