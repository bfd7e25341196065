"""Everything kept of a patient, and erasing who they were, over HTTP."""

from typing import Final

from marshmallow import Schema, fields

from services.booking.api.scopes import ADMIN_OR_OPERATOR
from services.booking.domain.series.erasure import COUNTED_FOR
from services.booking.operations import erasure
from shared.http.fields import Text
from shared.http.routes import Route
from shared.personal_data.route import export_route


class ErasureRequest(Schema):
    """Why the patient is erased."""

    class Meta:
        example: Final = {"reason": "asked for by the patient on paper; the record's ten years are over"}

    reason = Text(500, required=True)


class ErasureAnswer(Schema):
    """Since when nobody knows who it was."""

    id = fields.String(required=True)
    erased_at = fields.AwareDateTime(required=True)


ROUTES: Final[tuple[Route, ...]] = (
    export_route(erasure.export_patient),
    Route(
        "POST",
        "/clinics/<clinic_id>/patients/<patient_id>/erase",
        "Erase who a patient was",
        ADMIN_OR_OPERATOR,
        erasure.ErasePatient,
        erasure.erase_patient,
        ErasureAnswer,
        body=ErasureRequest,
        description=f"Refused while a series runs and for {COUNTED_FOR.days} days after the last dose. Every service "
        "erases its copies within seconds. How long records must be kept is the clinic's to know: export them before.",
    ),
)
