"""Alerts and the worklist over HTTP."""

from typing import Final

from marshmallow import Schema, fields, validate

from services.followup.api.scopes import CARE, CLINICIAN, STAFF
from services.followup.domain.alert import AlertStatus
from services.followup.domain.triggers import Role
from services.followup.operations import alerts, worklist
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import Text
from shared.http.routes import Route

_BY: Final = "staff/<contact id> or key/<access key id>; may be empty"
_TIER: Final = "1 is the most urgent"


class StepAnswer(Schema):
    """Who is paged, if nobody has taken it on by then."""

    role = fields.Enum(Role, by_value=True, required=True)
    at = fields.AwareDateTime(required=True)


class PagedStepAnswer(Schema):
    """A step that was taken."""

    step = fields.Integer(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    contact_id = fields.String(required=True, metadata={"description": "empty: whoever the clinic has named"})
    at = fields.AwareDateTime(required=True)


class RegradeAnswer(Schema):
    """Somebody found it less urgent than the tier that it had."""

    tier = fields.Integer(required=True, metadata={"description": "the tier that it had"})
    by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class AlertAnswer(Schema):
    """Something of a patient that has to be seen by a person."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    series_id = fields.String(required=True)
    session_number = fields.Integer(required=True)
    check_in_id = fields.String(required=True)
    trigger = fields.String(required=True, metadata={"example": "suicidal-thoughts"})
    tier = fields.Integer(required=True, metadata={"description": _TIER})
    holds_treatment = fields.Boolean(required=True)
    because = fields.List(fields.String(), required=True, metadata={"description": "answers and rules that led to it"})
    sees = fields.String(required=True, metadata={"description": "what the patient saw at once", "example": "crisis"})
    status = fields.Enum(AlertStatus, by_value=True, required=True)
    answered_at = fields.AwareDateTime(required=True)
    raised_at = fields.AwareDateTime(required=True, metadata={"description": "its clock runs from here"})
    ladder = fields.List(fields.Nested(StepAnswer), required=True)
    next_step_at = fields.AwareDateTime(required=True, allow_none=True)
    paged = fields.List(fields.Nested(PagedStepAnswer), required=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_by = fields.String(required=True, metadata={"description": _BY})
    contacted_at = fields.AwareDateTime(required=True, allow_none=True)
    contacted_by = fields.String(required=True, metadata={"description": _BY})
    contact_note = fields.String(required=True)
    regraded = fields.List(fields.Nested(RegradeAnswer), required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_by = fields.String(required=True, metadata={"description": _BY})
    close_reason = fields.String(required=True)


class AlertQuery(PageQuery):
    """Which alerts."""

    status = fields.Enum(AlertStatus, by_value=True, load_default=None)
    tier = fields.Integer(load_default=None, validate=validate.Range(1, 4), metadata={"description": _TIER})
    patient_id = Text(64, load_default=None)


class ContactRequest(Schema):
    """What came of it."""

    class Meta:
        example: Final = {"note": "Spoke by phone; safe at home with her sister."}

    note = Text(500, metadata={"description": "kept sealed"})


class RegradeRequest(Schema):
    """Why it is less urgent."""

    class Meta:
        example: Final = {"tier": 3, "reason": "Meant last year; no thoughts now."}

    tier = fields.Integer(required=True, strict=True, validate=validate.Range(2, 4), metadata={"description": _TIER})
    reason = Text(500, required=True, metadata={"description": "kept sealed"})


class CloseRequest(Schema):
    """Why nothing is left to do."""

    class Meta:
        example: Final = {"reason": "Safety plan reviewed; next call on Friday."}

    reason = Text(500, required=True, metadata={"description": "kept sealed"})


class WorkAnswer(Schema):
    """One line of the worklist."""

    kind = fields.String(required=True, validate=validate.OneOf(["rota", "alert", "check-in"]))
    id = fields.String(required=True)
    patient_id = fields.String(required=True, metadata={"description": "empty: it is about no patient"})
    what = fields.String(required=True, metadata={"example": "suicidal-thoughts"})
    tier = fields.Integer(required=True, allow_none=True, metadata={"description": f"of an alert; {_TIER}"})
    status = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True)


_ALERT: Final = "/clinics/<clinic_id>/alerts/<alert_id>"

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/worklist",
        "List what waits for somebody at the clinic",
        CARE,
        worklist.ListWork,
        worklist.list_work,
        page_schema(WorkAnswer),
        query=PageQuery,
        description="The most urgent first: alerts by tier, then overdue check-ins; above all that there is no rota.",
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/alerts",
        "List alerts",
        CARE,
        alerts.ListAlerts,
        alerts.list_alerts,
        page_schema(AlertAnswer),
        query=AlertQuery,
        description="By the time they were raised.",
    ),
    Route("GET", _ALERT, "Show an alert", CARE, alerts.ShowAlert, alerts.show_alert, AlertAnswer),
    Route(
        "POST",
        f"{_ALERT}/acknowledge",
        "Take an alert on",
        STAFF,
        alerts.AcknowledgeAlert,
        alerts.acknowledge_alert,
        AlertAnswer,
        description="Nobody else is paged from then on. Who was first stays.",
    ),
    Route(
        "POST",
        f"{_ALERT}/contact",
        "Note that the patient was reached",
        STAFF,
        alerts.NoteContact,
        alerts.contact_alert,
        AlertAnswer,
        body=ContactRequest,
        description="Taking it on and reaching the patient are separate facts: pages go on until somebody took it on.",
    ),
    Route(
        "POST",
        f"{_ALERT}/regrade",
        "Find an alert less urgent",
        CLINICIAN,
        alerts.RegradeAlert,
        alerts.regrade_alert,
        AlertAnswer,
        body=RegradeRequest,
        description="Its clock stays as it is.",
    ),
    Route(
        "POST",
        f"{_ALERT}/close",
        "Close an alert that was taken on",
        STAFF,
        alerts.CloseAlert,
        alerts.close_alert,
        AlertAnswer,
        body=CloseRequest,
    ),
)
