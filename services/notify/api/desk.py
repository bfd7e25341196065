"""What the front desk looks at, over HTTP."""

from typing import Final

from marshmallow import Schema, fields, validate

from services.notify.api.consents import ConsentStepAnswer
from services.notify.api.messages import DealtAnswer, MessageAnswer
from services.notify.api.replies import ReplyAnswer
from services.notify.api.scopes import CARE
from services.notify.domain.message import Channel
from services.notify.operations import desk
from shared.http.cursors import PageQuery, page_schema
from shared.http.routes import Route


class SaidAnswer(Schema):
    """One of `message` (with who has dealt with it), `reply` and `consent`; the others are null."""

    id = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    message = fields.Nested(MessageAnswer, required=True, allow_none=True)
    dealt = fields.Nested(DealtAnswer, required=True, allow_none=True)
    reply = fields.Nested(ReplyAnswer, required=True, allow_none=True)
    consent = fields.Nested(ConsentStepAnswer, required=True, allow_none=True)
    channel = fields.Enum(
        Channel, by_value=True, required=True, allow_none=True, metadata={"description": "that the consent is about"}
    )


class CallAnswer(Schema):
    """Somebody has to phone: what could not be said, and why."""

    message = fields.Nested(MessageAnswer, required=True)
    why = fields.String(required=True, metadata={"description": "a short code", "example": "opted-out"})
    needed_at = fields.AwareDateTime(
        required=True,
        attribute="message.needed_at",
        metadata={"description": "when the visit is, or until when it is of use"},
    )


class UnconfirmedAnswer(Schema):
    """A visit to come that nobody has confirmed."""

    about = fields.String(required=True, attribute="id", metadata={"example": "series/0199b1de/sessions/3"})
    patient_id = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "of the session within its series"})
    starts_at = fields.AwareDateTime(required=True)
    starts_local = fields.NaiveDateTime(
        required=True, metadata={"description": "wall time in `zone`", "format": "date-time-local"}
    )
    zone = fields.String(required=True)


class UnconfirmedQuery(PageQuery):
    """How far ahead to look."""

    hours = fields.Integer(load_default=30, validate=validate.Range(1, 168), metadata={"description": "elapsed hours"})


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/patients/<patient_id>/messages",
        "Show everything said to and by a patient",
        CARE,
        desk.ShowConversation,
        desk.show_conversation,
        page_schema(SaidAnswer),
        query=PageQuery,
        description="By time: messages (when they were due), replies, and what was said about being written to.",
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/calls",
        "List whom to phone",
        CARE,
        desk.ListCalls,
        desk.list_calls,
        page_schema(CallAnswer),
        query=PageQuery,
        description="What failed, came back, was held back or may not have arrived, as long as nobody has dealt with "
        "it; the soonest visit first. What another message says instead, and what is not true any more, is left out.",
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/visits/unconfirmed",
        "List visits that nobody has confirmed",
        CARE,
        desk.ListUnconfirmed,
        desk.list_unconfirmed,
        page_schema(UnconfirmedAnswer),
        query=UnconfirmedQuery,
    ),
)
