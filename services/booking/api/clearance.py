"""What holds a patient's treatment, and what was scored last, over HTTP."""

from typing import Final

from marshmallow import Schema, fields

from services.booking.api.people import PATIENT, ReleaseRequest
from services.booking.api.scopes import CARE, CLINICIAN
from services.booking.operations import clearance
from shared.http.routes import Route


class HoldReleaseAnswer(Schema):
    """A clinician's word that treatment may go on."""

    reason = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "id of the access key"})
    at = fields.AwareDateTime(required=True)


class ClinicalHoldAnswer(Schema):
    """An alert because of which no dose is given."""

    id = fields.String(required=True, metadata={"description": "the alert's"})
    trigger = fields.String(required=True, metadata={"example": "suicide-risk-high"})
    tier = fields.Integer(required=True, metadata={"description": "1 is the gravest"})
    raised_at = fields.AwareDateTime(required=True)
    release = fields.Nested(
        HoldReleaseAnswer, required=True, allow_none=True, metadata={"description": "null: it stands"}
    )


class NewestMeasureAnswer(Schema):
    """The newest score of an instrument."""

    instrument = fields.String(required=True, metadata={"example": "phq-9"})
    total = fields.Integer(required=True, metadata={"description": "points of the total, of a mean too"})
    band = fields.String(required=True, metadata={"description": "empty where there is no word for it"})
    scored_at = fields.AwareDateTime(required=True)


class ClearanceAnswer(Schema):
    """Whether a patient may be treated, as far as follow-up knows."""

    patient_id = fields.String(required=True, attribute="id")
    is_held = fields.Boolean(required=True, metadata={"description": "no dose is given before a clinician's release"})
    holds = fields.List(fields.Nested(ClinicalHoldAnswer), required=True)
    measures = fields.List(fields.Nested(NewestMeasureAnswer), required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        f"{PATIENT}/clearance",
        "Show what holds a patient's treatment, and the newest measures",
        CARE,
        clearance.ShowClearance,
        clearance.show_clearance,
        ClearanceAnswer,
    ),
    Route(
        "POST",
        f"{PATIENT}/clinical-holds/<alert_id>/release",
        "Let doses be given again as far as this alert goes",
        CLINICIAN,
        clearance.ReleaseClinicalHold,
        clearance.release_clinical_hold,
        ClearanceAnswer,
        body=ReleaseRequest,
    ),
)
