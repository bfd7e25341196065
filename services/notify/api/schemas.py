"""The JSON of notify's API."""

from datetime import UTC, datetime
from typing import Final

from marshmallow import Schema, ValidationError, fields, validate

from services.notify.domain.message import Channel, Kind, Status
from services.notify.domain.reply import Answer
from shared.cursors import PageQuery
from shared.fields import Phone, Text


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
    offset = fields.String(required=True, metadata={"description": "P3D, P1D or PT2H for reminders, else empty"})
    revision = fields.Integer(required=True, metadata={"description": "how often the session had moved"})
    channel = fields.Enum(Channel, by_value=True, required=True)
    status = fields.Enum(Status, by_value=True, required=True)
    due_at = fields.AwareDateTime(required=True, metadata={"description": "when the plan wants it said"})
    expires_at = fields.AwareDateTime(required=True, metadata={"description": "from then on it is of no use"})
    next_at = fields.AwareDateTime(required=True, metadata={"description": "when it is looked at next, while it waits"})
    attempts = fields.Integer(required=True, metadata={"description": "calls to the provider"})
    provider_id = fields.String(required=True, metadata={"description": "the provider's name for it; may be empty"})
    subject = fields.String(required=True, metadata={"description": "of an e-mail"})
    text = fields.String(required=True, metadata={"description": "what the patient reads; empty before it goes out"})
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


def _can_be_written(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValidationError("No halves of a character, please.") from error


def _is_of_our_time(at: datetime) -> None:
    if at < _EARLIEST:
        raise ValidationError(f"Not before {_EARLIEST:%Y}, please.")


_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


class ReplyBody(Schema):
    """A text from a patient's phone, as an SMS gateway or the practice software hands it in."""

    sender = Phone(required=True, data_key="from")
    text = fields.String(required=True, validate=[validate.Length(1, 1600), _can_be_written])
    provider_id = Text(200, required=True, metadata={"description": "its name at whoever hands it in"})
    received_at = fields.AwareDateTime(required=True, validate=_is_of_our_time)


class ReplyAnswer(Schema):
    """A reply and what it was understood to say."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    phone = fields.String(required=True, data_key="from")
    text = fields.String(required=True)
    provider_id = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    answer = fields.Enum(
        Answer, by_value=True, required=True, metadata={"description": "`other`: a person has to read it"}
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
