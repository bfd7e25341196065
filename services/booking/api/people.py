"""Who patients are across clinics, and the caps on their doses, over HTTP."""

from typing import Final

from marshmallow import Schema, fields

from services.booking.api.patients import PatientAnswer
from services.booking.api.request_fields import LocalDate
from services.booking.api.scopes import CARE, CLINICIAN
from services.booking.api.series import SESSION
from services.booking.api.series_schemas import SeriesAnswer
from services.booking.domain.patient.patient import Reporter
from services.booking.operations import exposure, person
from shared.http.fields import Text
from shared.http.routes import Route

PATIENT: Final = "/clinics/<clinic_id>/patients/<patient_id>"


class PersonRequest(Schema):
    """What staff say of the match by name and birth date."""

    decision = fields.Enum(
        person.Decision,
        by_value=True,
        required=True,
        metadata={"description": "different: another person of that name and birth date; needs the scope clinician"},
    )
    reason = Text(500, required=True)


class ExternalDoseRequest(Schema):
    """A dose that was given outside of the platform."""

    on = LocalDate(required=True)
    source = fields.Enum(Reporter, by_value=True, required=True, metadata={"description": "who says so"})
    note = Text(500, load_default=None, allow_none=True)


class ExternalDoseAnswer(Schema):
    """A dose that was given outside of the platform, and counts."""

    id = fields.String(required=True)
    on = LocalDate(required=True)
    source = fields.Enum(Reporter, by_value=True, required=True)
    note = fields.String(required=True, allow_none=True)


class ExternalDosesAnswer(Schema):
    """All of them, by date."""

    items = fields.List(fields.Nested(ExternalDoseAnswer), required=True, attribute="external_doses")


class ReleaseRequest(Schema):
    """Why a session may begin all the same."""

    reason = Text(500, required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        f"{PATIENT}/person",
        "Confirm who a patient is, or tell two people apart",
        CARE,
        person.DecidePerson,
        person.decide_person,
        PatientAnswer,
        body=PersonRequest,
    ),
    Route(
        "POST",
        f"{PATIENT}/external-doses",
        "Count a dose that was given elsewhere",
        CARE,
        exposure.AddExternalDose,
        exposure.add_external_dose,
        ExternalDosesAnswer,
        body=ExternalDoseRequest,
        status=201,
    ),
    Route(
        "GET",
        f"{PATIENT}/external-doses",
        "List the doses that were given elsewhere",
        CARE,
        exposure.ListExternalDoses,
        exposure.list_external_doses,
        ExternalDosesAnswer,
    ),
    Route(
        "POST",
        f"{PATIENT}/external-doses/<dose_id>/remove",
        "Take back a dose that was reported by mistake",
        CARE,
        exposure.RemoveExternalDose,
        exposure.remove_external_dose,
        ExternalDosesAnswer,
    ),
    Route(
        "POST",
        f"{SESSION}/release",
        "Let a session begin that is on hold",
        CLINICIAN,
        exposure.ReleaseSession,
        exposure.release_session,
        SeriesAnswer,
        body=ReleaseRequest,
    ),
)
