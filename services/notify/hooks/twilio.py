"""What Twilio tells, as forms: status callbacks with our id of the message in their address, and incoming messages."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from marshmallow import EXCLUDE, Schema, fields, validate
from werkzeug.exceptions import BadRequest

from services.notify.hooks.gateway import LONGEST_TEXT, loaded
from services.notify.operations.hooks import TakeHook
from services.notify.operations.receipts import Arrival, TakeReceipt, take_receipt
from services.notify.operations.replies import ReceiveReply, receive_reply
from shared.http.fields import Phone, Text

NAME: Final = "twilio"
MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 200
"""Twilio sends about thirty."""
Form = Mapping[str, list[str]]
ARRIVALS: Final[Mapping[str, Arrival]] = MappingProxyType(
    {
        "accepted": Arrival.ACCEPTED,
        "scheduled": Arrival.ACCEPTED,
        "queued": Arrival.ACCEPTED,
        "sending": Arrival.ACCEPTED,
        "sent": Arrival.SENT,
        "delivered": Arrival.DELIVERED,
        "read": Arrival.DELIVERED,
        "undelivered": Arrival.UNDELIVERED,
        "failed": Arrival.FAILED,
        "canceled": Arrival.FAILED,
    }
)
"""Twilio's words for what became of a message."""


class ReceiptForm(Schema):
    """A status callback."""

    sid = Text(100, required=True, data_key="MessageSid")
    status = fields.String(required=True, data_key="MessageStatus", validate=validate.OneOf(sorted(ARRIVALS)))
    code = fields.String(load_default="", data_key="ErrorCode", validate=validate.Length(max=100))
    message_id = Text(100, required=True, data_key="message")


class InboundForm(Schema):
    """An incoming message; `Body` is empty where only a picture came."""

    sid = Text(100, required=True, data_key="MessageSid")
    sender = Phone(required=True, data_key="From")
    text = fields.String(load_default="", data_key="Body", validate=validate.Length(max=LONGEST_TEXT))


def form(text: bytes) -> Form:
    """The fields of a form or a query. Raises `BadRequest`."""
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise BadRequest("This is not a form, or it has too many fields.") from error
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def receipt(fields: Form, query: Form) -> TakeHook:
    """The receipt in a form. Raises `Invalid`."""
    said = loaded(ReceiptForm(unknown=EXCLUDE), {**_first(query), **_first(fields)})
    command = TakeReceipt(said["message_id"], ARRIVALS[said["status"]], said["sid"], said["code"])
    # Twilio names no event; that a message reached a status is one.
    return TakeHook(NAME, f"receipt {said['sid']} {said['status']}", take_receipt, command)


def inbound(fields: Form, now: datetime) -> TakeHook:
    """The text of a patient in a form. Raises `Invalid`."""
    said = loaded(InboundForm(unknown=EXCLUDE), _first(fields))
    command = ReceiveReply(said["sender"], said["text"], f"{NAME}/{said['sid']}", now)
    return TakeHook(NAME, f"inbound {said['sid']}", receive_reply, command)


def _first(fields: Form) -> dict[str, str]:
    return {name: values[0] for name, values in fields.items()}
