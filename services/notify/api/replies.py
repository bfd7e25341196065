"""Replies over HTTP."""

from datetime import UTC, datetime
from typing import Final

from marshmallow import Schema, ValidationError, fields, validate

from services.notify.api.scopes import CARE, INTEGRATION, STAFF
from services.notify.domain.reply import Answer
from services.notify.operations import replies
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import Phone, Text
from shared.http.routes import Route


def can_be_written(text: str) -> None:
    """Refuse halves of a character."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValidationError("No halves of a character, please.") from error


def is_of_our_time(at: datetime) -> None:
    """Refuse what nobody can mean, and what lies beyond the last instant of UTC."""
    if at < _EARLIEST:
        raise ValidationError(f"Not before {_EARLIEST:%Y}, please.")
    try:
        at.astimezone(UTC)
    except OverflowError as error:
        raise ValidationError("There is no such instant.") from error


_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


class ReplyBody(Schema):
    """A text from a patient's phone, as an SMS gateway or the practice software hands it in."""

    sender = Phone(required=True, data_key="from")
    text = fields.String(required=True, validate=[validate.Length(1, 1600), can_be_written])
    provider_id = Text(200, required=True, metadata={"description": "its name at whoever hands it in"})
    received_at = fields.AwareDateTime(required=True, validate=is_of_our_time)


class ReplyAnswer(Schema):
    """A reply and what it was understood to say."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    phone = fields.String(required=True, data_key="from")
    text = fields.String(required=True)
    provider_id = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    answer = fields.Enum(
        Answer, by_value=True, required=True, metadata={"description": "`other`: a person has to find out"}
    )
    is_open = fields.Boolean(required=True, metadata={"description": "whether a person still has to read it"})
    answered_by = fields.List(
        fields.String(), required=True, metadata={"description": "kinds of messages that answered it"}
    )
    done_at = fields.AwareDateTime(required=True, allow_none=True)
    done_by = fields.String(
        required=True, metadata={"description": "the key of who dealt with it; empty: nobody had to, or has"}
    )
    patient_id = fields.String(required=True, allow_none=True, metadata={"description": "null: a stranger's phone"})
    about = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "what it speaks of", "example": "series/0199b1de/sessions/3"},
    )


class ReplyQuery(PageQuery):
    """Which replies."""

    patient_id = fields.String(load_default=None, validate=validate.Length(1, 100))
    answer = fields.Enum(Answer, by_value=True, load_default=None)
    is_open = fields.Boolean(load_default=None, metadata={"description": "true: a person still has to read it"})


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/clinics/<clinic_id>/replies",
        "Hand in what a patient wrote back",
        INTEGRATION,
        replies.ReceiveReply,
        replies.receive_reply,
        ReplyAnswer,
        body=ReplyBody,
        status=201,
        description="1 confirms, 2 asks for a change, 3 says that the patient is late; STOP and START, in several "
        "languages and in a patient's own words, stop and restart all texts to that phone; HELP is answered; words "
        "that speak of danger call a person at once; all else is kept for a person. "
        "The digits speak of the session of the last message about one to that phone. "
        "The same `provider_id` again is the same reply.",
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/replies",
        "List what patients wrote back",
        CARE,
        replies.ListReplies,
        replies.list_replies,
        page_schema(ReplyAnswer),
        query=ReplyQuery,
        description="By the time they came. With `is_open=true` it is the front desk's inbox.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/replies/<reply_id>/done",
        "Note that a reply was dealt with",
        STAFF,
        replies.FinishReply,
        replies.finish_reply,
        ReplyAnswer,
        description="Once more changes nothing: who was first stays.",
    ),
)
