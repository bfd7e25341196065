"""How a clinic wants its messages, over HTTP."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.notify.api.scopes import ADMIN_OR_OPERATOR, STAFF
from services.notify.domain.policy import MOST_CONTACTS
from services.notify.operations import policy
from shared.http.fields import EmailAddress, Phone, Text
from shared.http.routes import Route


class ContactRequest(Schema):
    """Somebody who can be paged, by phone, by e-mail or both; the `id` of one who is known already is kept."""

    id = Text(64, load_default=None, allow_none=True)
    name = Text(120, required=True)
    phone = Phone(load_default=None, allow_none=True)
    email = EmailAddress(load_default=None, allow_none=True)

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> policy.ContactWanted:
        return policy.ContactWanted(**data)


class MessagingChanges(Schema):
    """The fields to change."""

    class Meta:
        example: Final = {
            "per_day": 2,
            "contacts": [{"name": "On-call clinician", "phone": "+12125550180"}],
        }

    per_day = fields.Integer(
        strict=True,
        validate=validate.Range(1, 20),
        metadata={"description": "automated texts to one patient in a local day, at most"},
    )
    per_week = fields.Integer(
        strict=True, validate=validate.Range(1, 60), metadata={"description": "the same in seven local days"}
    )
    sms_from = Phone(allow_none=True)
    page_after_minutes = fields.Integer(
        strict=True,
        validate=validate.Range(1, 60),
        metadata={"description": "after how long without an answer the next of the contacts is paged"},
    )
    contacts = fields.List(
        fields.Nested(ContactRequest),
        validate=validate.Length(max=MOST_CONTACTS),
        metadata={"description": "who is paged, in this order: the whole list"},
    )

    @post_load
    def gather(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        changes = dict(data)
        if "page_after_minutes" in changes:
            changes["page_after"] = timedelta(minutes=changes.pop("page_after_minutes"))
        if "sms_from" in changes:
            changes["sms_from"] = changes["sms_from"] or ""
        if "contacts" in changes:
            changes["contacts"] = tuple(changes["contacts"])
        return {"changes": changes}


class PauseRequest(Schema):
    """Why messages are to rest."""

    class Meta:
        example: Final = {"reason": "Closed by the storm until Thursday."}

    reason = Text(300, required=True)


class ContactAnswer(Schema):
    """Somebody who can be paged."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)


class MessagingAnswer(Schema):
    """How the clinic wants its messages."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    per_day = fields.Integer(required=True)
    per_week = fields.Integer(required=True)
    sms_from = fields.Function(
        lambda policy: policy.sms_from or None,
        metadata={"type": ["string", "null"], "description": "the clinic's own number; null: the installation's"},
    )
    page_after_minutes = fields.Function(
        lambda policy: policy.page_after // timedelta(minutes=1), metadata={"type": "integer"}
    )
    contacts = fields.List(fields.Nested(ContactAnswer), required=True)
    is_paused = fields.Boolean(required=True)
    paused_at = fields.AwareDateTime(required=True, allow_none=True)
    paused_by = fields.String(required=True, metadata={"description": "the access key's id; may be empty"})
    pause_reason = fields.String(required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/messaging",
        "Show how the clinic wants its messages",
        ADMIN_OR_OPERATOR | STAFF,
        policy.ShowMessaging,
        policy.show_messaging,
        MessagingAnswer,
    ),
    Route(
        "PATCH",
        "/clinics/<clinic_id>/messaging",
        "Change how the clinic wants its messages",
        ADMIN_OR_OPERATOR,
        policy.ChangeMessaging,
        policy.change_messaging,
        MessagingAnswer,
        body=MessagingChanges,
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/messaging/pause",
        "Pause all automated messages of the clinic",
        ADMIN_OR_OPERATOR | STAFF,
        policy.PauseMessaging,
        policy.pause_messaging,
        MessagingAnswer,
        body=PauseRequest,
        description="Answers to texts that need one, messages that a person sends and pages to the staff go on.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/messaging/resume",
        "Let the clinic's messages go on",
        ADMIN_OR_OPERATOR | STAFF,
        policy.ResumeMessaging,
        policy.resume_messaging,
        MessagingAnswer,
        description="What came due meanwhile and is still of use goes out, the most urgent first; the rest expires.",
    ),
)
