"""What notify tells: each event's type on the wire. Nothing in them is personal."""

from services.notify.domain import events
from shared.messaging.telling import Told, Types

TYPES: Types = {
    events.MessageSent: Told("message.sent.v1"),
    events.MessageFailed: Told("message.failed.v1"),
    events.MessageSuppressed: Told("message.suppressed.v1"),
    events.ReplyReceived: Told("reply.received.v1"),
    events.ReplyFlagged: Told("reply.flagged.v1"),
    events.ContactOptedOut: Told("contact.opted_out.v1"),
    events.ContactOptedIn: Told("contact.opted_in.v1"),
    events.CallWanted: Told("call.wanted.v1"),
    events.PageAcknowledged: Told("page.acknowledged.v1"),
    events.PageContacted: Told("page.contacted.v1"),
    events.PageUnanswered: Told("page.unanswered.v1"),
}
