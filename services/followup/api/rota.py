"""Who is on call, over HTTP."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.followup.api.plan_schemas import Many
from services.followup.api.scopes import ADMIN, CARE
from services.followup.domain.hours import Opening
from services.followup.domain.rota import Contact, Shift, StandIn
from services.followup.domain.triggers import Role
from services.followup.operations import rota
from shared.http.fields import EmailAddress, Phone, Text, WallTime
from shared.http.routes import Route

_DAY: Final = fields.Integer(strict=True, validate=validate.Range(1, 7), metadata={"description": "1 is Monday"})
_ROLES: Final = frozenset(Role) - {Role.CLINIC}
_EVERY_DAY: Final = [1, 2, 3, 4, 5, 6, 7]


def _days() -> Many:
    return Many(_DAY, required=True, validate=validate.Length(1, 7), metadata={"example": _EVERY_DAY})


def _role() -> fields.Enum[Role]:
    return fields.Enum(Role, by_value=True, required=True, validate=validate.OneOf(sorted(_ROLES)))


class RotaContact(Schema):
    """Somebody who can be paged, by phone, by e-mail or both; the id is the clinic's own."""

    id = Text(40, required=True, metadata={"example": "dr-lee"})
    name = Text(120, required=True)
    phone = Phone(load_default=None, allow_none=True)
    email = EmailAddress(load_default=None, allow_none=True)

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> Contact:
        return Contact(**data)


class RotaShift(Schema):
    """Every week, by the clinic's wall clock; it ends on the next day unless it ends later than it begins."""

    role = _role()
    contact_id = Text(40, required=True)
    days = _days()
    begins = WallTime(required=True)
    ends = WallTime(required=True)

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> Shift:
        return Shift(**data)


class RotaStandIn(Schema):
    """Once, in place of whoever has the shift."""

    role = _role()
    contact_id = Text(40, required=True)
    begins_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> StandIn:
        return StandIn(**data)


class RotaOpening(Schema):
    """When the clinic is open; decides on business days and closing times."""

    days = _days()
    opens = WallTime(required=True)
    closes = WallTime(required=True)

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> Opening:
        return Opening(**data)


class RotaRequest(Schema):
    """The whole rota."""

    class Meta:
        example: Final = {
            "contacts": [{"id": "dr-lee", "name": "Dr. Lee", "phone": "+12125550180"}],
            "shifts": [
                {"role": role, "contact_id": "dr-lee", "days": _EVERY_DAY, "begins": "08:00", "ends": "08:00"}
                for role in ("clinician", "backup", "director", "nurse")
            ],
        }

    contacts = Many(fields.Nested(RotaContact), required=True, validate=validate.Length(1, 100))
    shifts = Many(fields.Nested(RotaShift), required=True, validate=validate.Length(1, 200))
    stand_ins = Many(fields.Nested(RotaStandIn), load_default=(), validate=validate.Length(max=200))
    openings = Many(
        fields.Nested(RotaOpening),
        load_default=(),
        validate=validate.Length(max=14),
        metadata={"description": "none: Monday to Friday from 09:00 until 17:00"},
    )


class RotaAnswer(Schema):
    """Who is on call; version 0: no rota was ever published, and the clinic's own contacts are paged."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    contacts = fields.List(fields.Nested(RotaContact), required=True)
    shifts = fields.List(fields.Nested(RotaShift), required=True)
    stand_ins = fields.List(fields.Nested(RotaStandIn), required=True)
    openings = fields.List(fields.Nested(RotaOpening), required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/clinics/<clinic_id>/rota", "Show who is on call", CARE, rota.ShowRota, rota.show_rota, RotaAnswer),
    Route(
        "PUT",
        "/clinics/<clinic_id>/rota",
        "Publish who is on call",
        ADMIN,
        rota.PublishRota,
        rota.publish_rota,
        RotaAnswer,
        body=RotaRequest,
        description=(
            "The whole rota. Refused with every gap of a role that must be filled at any time by the rules for alerts "
            "(by default clinician, backup, director, nurse). The first one is published for the version 0."
        ),
    ),
)
