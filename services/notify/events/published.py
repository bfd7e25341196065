"""What notify tells: each event's type on the wire. Nothing in them is personal."""

from services.notify.domain import events
from shared.telling import Told, Types

TYPES: Types = {
    events.MessageSent: Told("message.sent.v1"),
    events.MessageFailed: Told("message.failed.v1"),
    events.MessageSuppressed: Told("message.suppressed.v1"),
    events.ReplyReceived: Told("reply.received.v1"),
}
