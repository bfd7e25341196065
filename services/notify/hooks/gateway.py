"""What a generic SMS gateway tells, as JSON; fields that we do not know are left unread."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from werkzeug.exceptions import BadRequest

from services.notify.api.replies import can_be_written, is_of_our_time
from services.notify.operations.hooks import TakeHook
from services.notify.operations.receipts import Arrival, TakeReceipt, take_receipt
from services.notify.operations.replies import ReceiveReply, receive_reply
from shared.errors import Invalid
from shared.http.fields import Phone, Text
from shared.http.problems import faults_of

NAME: Final = "gateway"
MEDIA_TYPE: Final = "application/json"
LONGEST_TEXT: Final = 20_000
"""Signs of a text; longer than any SMS, so that nothing that a patient wrote is refused."""


class ReceiptHook(Schema):
    """What became of a message."""

    event_id = Text(200, required=True)
    message_id = Text(100, required=True)
    status = fields.Enum(Arrival, by_value=True, required=True)
    provider_id = Text(200, load_default="")
    code = Text(100, load_default="")


class InboundHook(Schema):
    """What a patient wrote. Without `received_at` it came just now."""

    event_id = Text(200, required=True)
    sender = Phone(required=True, data_key="from")
    text = fields.String(required=True, validate=[validate.Length(max=LONGEST_TEXT), can_be_written])
    received_at = fields.AwareDateTime(load_default=None, validate=is_of_our_time)


def receipt(body: bytes) -> TakeHook:
    """The receipt in a body. Raises `BadRequest` and `Invalid`."""
    said = loaded(ReceiptHook(unknown=EXCLUDE), _content(body))
    command = TakeReceipt(said["message_id"], said["status"], said["provider_id"], said["code"])
    return TakeHook(NAME, f"receipt {said['event_id']}", take_receipt, command)


def inbound(body: bytes, now: datetime) -> TakeHook:
    """The text of a patient in a body. Raises `BadRequest` and `Invalid`."""
    said = loaded(InboundHook(unknown=EXCLUDE), _content(body))
    provider_id = f"{NAME}/{said['event_id']}"
    command = ReceiveReply(said["sender"], said["text"], provider_id, said["received_at"] or now)
    return TakeHook(NAME, f"inbound {said['event_id']}", receive_reply, command)


def loaded(schema: Schema, content: Any) -> Mapping[str, Any]:
    """The content, as the schema has it. Raises `Invalid`."""
    try:
        found: Mapping[str, Any] = schema.load(content)
    except ValidationError as error:
        raise Invalid("invalid", "Some fields are wrong; see errors.", faults_of(error.messages)) from error
    return found


def _content(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("This is not JSON, or it is nested too deeply.") from error
