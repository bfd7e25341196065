"""The HTTP route that shows what a service keeps of a patient."""

from collections.abc import Callable
from typing import Any, Final

from marshmallow import Schema, fields

from shared.http.routes import Route
from shared.personal_data.operations import ExportPatient, export_patient

ADMIN: Final = frozenset({"platform", "admin"})


class DossierAnswer(Schema):
    """Everything that this service keeps of a patient, personal fields readable."""

    kept = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Dict()),
        required=True,
        metadata={"description": "documents by collection, as they are kept"},
    )


def export_route(operation: Callable[[Any, ExportPatient], Any] = export_patient) -> Route:
    """Its row in a service's table."""
    path = "/clinics/<clinic_id>/patients/<patient_id>/export"
    return Route("GET", path, "Show everything kept of a patient", ADMIN, ExportPatient, operation, DossierAnswer)
