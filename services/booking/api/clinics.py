"""Clinics over HTTP."""

from collections.abc import Mapping
from datetime import time
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.request_fields import LocalDate, Many, as_changes
from services.booking.api.scopes import ADMIN_OR_OPERATOR, CARE, OPERATOR
from services.booking.domain.placement.reassignment import Decision
from services.booking.operations import clinic
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import Text, WallTime, Zone, country, locale
from shared.http.routes import Route


def _minutes(least: int, most: int, what: str) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(least, most), metadata={"description": what})


def _holidays(**options: Any) -> Many:
    described = {"description": "local dates on which everything is closed", "example": ["2026-07-03"]}
    return Many(LocalDate(), validate=validate.Length(max=400), metadata=described, **options)


class ClinicRequest(Schema):
    """A clinic as the operator describes it."""

    class Meta:
        example: Final = {
            "name": "Riverside Infusion Centre",
            "sender_alias": "Riverside Clinic",
            "zone": "America/New_York",
            "country": "US",
            "phone": "555-0100",
        }

    name = Text(120, required=True)
    sender_alias = Text(30, required=True, metadata={"description": "signs messages; must not disclose the treatment"})
    zone = Zone(required=True)
    country = country(required=True)
    locale = locale(load_default="en")
    phone = Text(30, required=True, metadata={"description": "as patients dial it", "example": "555-0100"})
    quiet_from = WallTime(load_default=time(21))
    quiet_until = WallTime(load_default=time(8))
    holidays = _holidays(load_default=())


class ClinicChanges(Schema):
    """The fields to change."""

    class Meta:
        example: Final = {"holidays": ["2027-12-24", "2027-12-25"], "decision": "keep"}

    name = Text(120)
    sender_alias = Text(30)
    locale = locale()
    phone = Text(30)
    quiet_from = WallTime()
    quiet_until = WallTime()
    hold_minutes = _minutes(1, 1440, "how long a hold stands unless asked otherwise")
    offer_minutes = _minutes(5, 1440, "how long a place that came free is offered to one patient")
    notice_minutes = _minutes(0, 10_080, "no place is offered later than this before it begins")

    holidays = _holidays()
    decision = fields.String(
        validate=validate.OneOf([Decision.KEEP]),
        metadata={"description": "sessions that a new holiday hits stay where they are, at risk until they are moved"},
    )

    @post_load
    def gather(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return as_changes(data, "decision")


class ClinicAnswer(Schema):
    """A clinic."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    sender_alias = fields.String(required=True)
    zone = fields.String(required=True)
    country = fields.String(required=True)
    locale = fields.String(required=True)
    phone = fields.String(required=True)
    quiet_from = WallTime(required=True)
    quiet_until = WallTime(required=True)
    hold_minutes = fields.Integer(required=True)
    offer_minutes = fields.Integer(required=True)
    notice_minutes = fields.Integer(required=True)
    holidays = fields.List(fields.Date(), required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/clinics",
        "Open a clinic",
        OPERATOR,
        clinic.OpenClinic,
        clinic.open_clinic,
        ClinicAnswer,
        body=ClinicRequest,
        status=201,
        opens_clinic=True,
    ),
    Route(
        "GET",
        "/clinics",
        "List all clinics",
        OPERATOR,
        clinic.ListClinics,
        clinic.list_clinics,
        page_schema(ClinicAnswer),
        query=PageQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>",
        "Show the clinic",
        ADMIN_OR_OPERATOR | CARE,
        clinic.ShowClinic,
        clinic.show_clinic,
        ClinicAnswer,
    ),
    Route(
        "PATCH",
        "/clinics/<clinic_id>",
        "Change the clinic",
        ADMIN_OR_OPERATOR,
        clinic.ChangeClinic,
        clinic.change_clinic,
        ClinicAnswer,
        body=ClinicChanges,
    ),
)
