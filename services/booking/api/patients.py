"""Patients over HTTP."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, fields, post_load

from services.booking.api.request_fields import as_changes
from services.booking.api.scopes import CARE
from services.booking.domain.patient.patient import Channel, Privacy
from services.booking.domain.patient.person import Match
from services.booking.operations import patient
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import EmailAddress, Phone, Text, Zone, country, locale
from shared.http.routes import Route

_ESCORT: Final = {"description": "of who takes the patient home and has agreed to be told when to collect them"}
_EXTERNAL_ID: Final = {"description": "the practice's own number", "example": "A-1047"}


class PatientRequest(Schema):
    """A patient to be registered."""

    class Meta:
        example: Final = {
            "name": "Ada Example",
            "birth_date": "1985-12-10",
            "phone": "+12125550100",
            "email": "ada@example.com",
        }

    name = Text(120, required=True)
    birth_date = fields.Date(required=True)
    phone = Phone(load_default=None, allow_none=True)
    email = EmailAddress(load_default=None, allow_none=True)
    locale = locale(load_default="en")
    zone = Zone(load_default=None, allow_none=True)
    country = country(load_default=None, allow_none=True)
    privacy = fields.Enum(Privacy, by_value=True, load_default=Privacy.STANDARD)
    preferred_channel = fields.Enum(Channel, by_value=True, load_default=Channel.SMS)
    escort_phone = Phone(load_default=None, allow_none=True)
    external_id = Text(64, load_default=None, allow_none=True, metadata=_EXTERNAL_ID)


class PatientChanges(Schema):
    """The details to change."""

    class Meta:
        example: Final = {"phone": "+12125550101"}

    name = Text(120)
    birth_date = fields.Date()
    phone = Phone(allow_none=True)
    email = EmailAddress(allow_none=True)
    locale = locale()
    zone = Zone(allow_none=True)
    country = country(allow_none=True)
    privacy = fields.Enum(Privacy, by_value=True)
    preferred_channel = fields.Enum(Channel, by_value=True)
    escort_phone = Phone(allow_none=True)
    external_id = Text(64, allow_none=True, metadata=_EXTERNAL_ID)

    @post_load
    def gather(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return as_changes(data)


class PatientAnswer(Schema):
    """A patient."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    birth_date = fields.Date(required=True)
    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    locale = fields.String(required=True)
    zone = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    privacy = fields.Enum(Privacy, by_value=True, required=True)
    preferred_channel = fields.Enum(Channel, by_value=True, required=True)
    escort_phone = fields.String(required=True, allow_none=True, metadata=_ESCORT)
    external_id = fields.String(required=True, allow_none=True, metadata=_EXTERNAL_ID)
    person_confirmed = fields.Enum(
        Match,
        by_value=True,
        required=True,
        metadata={"description": "whether staff agree that name and birth date say who this is, in every clinic"},
    )


class PatientQuery(PageQuery):
    """Which patients; `phone` and `email` look for exactly that."""

    phone = Phone(load_default=None)
    email = EmailAddress(load_default=None)
    search = Text(
        120,
        load_default=None,
        metadata={
            "description": "begins of name words (two letters each at least), a phone number in any writing or its"
            " last six digits or more, an e-mail address, or an external id",
            "example": "lov ada",
        },
    )


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/clinics/<clinic_id>/patients",
        "Register a patient",
        CARE,
        patient.RegisterPatient,
        patient.register_patient,
        PatientAnswer,
        body=PatientRequest,
        status=201,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/patients",
        "List or look up patients",
        CARE,
        patient.ListPatients,
        patient.list_patients,
        page_schema(PatientAnswer),
        query=PatientQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/patients/<patient_id>",
        "Show a patient",
        CARE,
        patient.ShowPatient,
        patient.show_patient,
        PatientAnswer,
    ),
    Route(
        "PATCH",
        "/clinics/<clinic_id>/patients/<patient_id>",
        "Change a patient's details",
        CARE,
        patient.ChangePatient,
        patient.change_patient,
        PatientAnswer,
        body=PatientChanges,
    ),
)
