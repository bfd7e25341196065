"""The JSON of notify's API."""

from marshmallow import Schema, fields, validate

from services.notify.domain.message import Channel, Kind, Status
from shared.cursors import PageQuery


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
        metadata={"description": "a series, one of its sessions, or a check-in", "example": "series/0199b1de"},
    )
    status = fields.Enum(Status, by_value=True, load_default=None)
