"""Resources over HTTP."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.request_fields import LocalDate, Many, as_changes
from services.booking.api.scopes import ADMIN_DESK, DESK
from services.booking.domain.calendar import Weekday
from services.booking.domain.resource import Hours, ResourceKind
from services.booking.operations import resource
from shared.cursors import PageQuery, page_schema
from shared.fields import Text, WallTime
from shared.routes import Route

_CLOSED: Final = {"description": "local dates without any hours", "example": ["2027-12-25"]}


class HoursSchema(Schema):
    """Open every week on this day, from `opens` until `closes` on the clinic's wall clock."""

    weekday = fields.Enum(Weekday, by_value=True, required=True)
    opens = WallTime(required=True)
    closes = WallTime(required=True)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Hours:
        return Hours(**data)


def _hours(**options: Any) -> Many:
    return Many(fields.Nested(HoursSchema), validate=validate.Length(max=50), **options)


def _closed_on(**options: Any) -> Many:
    return Many(LocalDate(), validate=validate.Length(max=400), metadata=_CLOSED, **options)


class ResourceRequest(Schema):
    """A chair, a room, a person, a pump: whatever can be in one place only. Without hours it is never there."""

    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = Text(80, required=True)
    hours = _hours(load_default=())
    closed_on = _closed_on(load_default=())


class ResourceChanges(Schema):
    """The fields to change; what is booked stays booked."""

    name = Text(80)
    hours = _hours()
    closed_on = _closed_on()
    is_active = fields.Boolean(metadata={"description": "false: not booked any more"})

    @post_load
    def gather(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return as_changes(data)


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
        DESK,
        resource.ListResources,
        resource.list_resources,
        page_schema(ResourceAnswer),
        query=ResourceQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/resources/<resource_id>",
        "Show a resource",
        DESK,
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
