"""The ledger over HTTP."""

from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.notify.api.scopes import CARE, STAFF
from services.notify.domain.message import Channel, Kind, Status
from services.notify.operations import by_hand, queries
from services.notify.operations.consents import BY_ADDRESS
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import Text
from shared.http.routes import Route


class StepAnswer(Schema):
    """A status that the message reached."""

    status = fields.Enum(Status, by_value=True, required=True)
    at = fields.AwareDateTime(required=True)
    cause = fields.String(required=True, metadata={"description": "why, as a short code; may be empty"})


class MessageAnswer(Schema):
    """One row of the ledger."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    about = fields.String(
        required=True, metadata={"description": "what it speaks of", "example": "series/0199b1de/sessions/3"}
    )
    kind = fields.Enum(Kind, by_value=True, required=True)
    offset = fields.String(
        required=True, metadata={"description": "P3D, P1D or PT2H for reminders; `again-1` when it was sent again"}
    )
    revision = fields.Integer(required=True, metadata={"description": "how often the session had moved"})
    channel = fields.Enum(Channel, by_value=True, required=True)
    status = fields.Enum(Status, by_value=True, required=True)
    due_at = fields.AwareDateTime(required=True, metadata={"description": "when the plan wants it said"})
    expires_at = fields.AwareDateTime(required=True, metadata={"description": "from then on it is of no use"})
    next_at = fields.AwareDateTime(required=True, metadata={"description": "when it is looked at next, while it waits"})
    attempts = fields.Integer(required=True, metadata={"description": "calls to the provider"})
    provider_id = fields.String(required=True, metadata={"description": "the provider's name for it; may be empty"})
    subject = fields.String(required=True, metadata={"description": "of an e-mail"})
    reader = fields.String(
        required=True, metadata={"description": "patient, escort or staff/<contact id>", "example": "patient"}
    )
    text = fields.String(
        required=True,
        metadata={"description": "what the reader gets; empty before the first call, and for pages to the staff"},
    )
    history = fields.List(fields.Nested(StepAnswer), required=True)


class MessageQuery(PageQuery):
    """Which messages."""

    patient_id = fields.String(load_default=None, validate=validate.Length(1, 100))
    about = fields.String(
        load_default=None,
        validate=validate.Length(1, 200),
        metadata={"description": "a series, a session or an offer of it, a check-in", "example": "series/0199b1de"},
    )
    status = fields.Enum(Status, by_value=True, load_default=None)


class ResendRequest(Schema):
    """Whether it may be said twice, and why."""

    class Meta:
        example: Final = {"despite_unknown": True, "reason": "The patient phoned: nothing came."}

    despite_unknown = fields.Boolean(
        load_default=False, metadata={"description": "also when nobody knows whether it arrived"}
    )
    reason = Text(300, load_default=None, allow_none=True)


class ManualRequest(Schema):
    """A text that a person wrote."""

    class Meta:
        example: Final = {"text": "Please bring your new insurance card tomorrow."}

    text = Text(400, required=True)
    channel = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(BY_ADDRESS),
        metadata={"description": "without it: as the patient prefers"},
    )

    @post_load
    def _as_meant(self, body: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**body, "channel": body["channel"] and Channel(body["channel"])}


class DealtRequest(Schema):
    """What became of it."""

    class Meta:
        example: Final = {"note": "Phoned, she will come."}

    note = Text(500, load_default=None, allow_none=True)


class DealtAnswer(Schema):
    """Who has dealt with a message, and what they noted."""

    id = fields.String(required=True, metadata={"description": "the message's"})
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    note = fields.String(required=True)
    by = fields.String(required=True, metadata={"example": "key/0199b1de"})
    at = fields.AwareDateTime(required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/messages",
        "List the clinic's messages to patients",
        CARE,
        queries.ListMessages,
        queries.list_messages,
        page_schema(MessageAnswer),
        query=MessageQuery,
        description="By the time they are due, with what the patients read.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/messages/<message_id>/resend",
        "Send a message again",
        STAFF,
        by_hand.ResendMessage,
        by_hand.resend_message,
        MessageAnswer,
        body=ResendRequest,
        status=201,
        description="A row of its own that says the same. Refused, with every reason, when the patient wants no "
        "messages, when it is of no use or not true any more, and when it may have arrived.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/messages/<message_id>/done",
        "Note that a message was dealt with",
        STAFF,
        by_hand.DealWithMessage,
        by_hand.deal_with_message,
        DealtAnswer,
        body=DealtRequest,
        description="It leaves the list of those to phone. Who was first stays.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/patients/<patient_id>/messages",
        "Write to a patient",
        STAFF,
        by_hand.WriteToPatient,
        by_hand.write_to_patient,
        MessageAnswer,
        body=ManualRequest,
        status=201,
        description="It goes out at once, at any hour, also while messages are paused; not to somebody who said STOP. "
        "Words that tell what somebody is treated for are refused, and so are links and the patient's full name.",
    ),
)
