"""What booking hears: what patients answer to messages."""

from services.booking.operations.confirmations import HearReply, hear_reply
from shared.hearing import Handlers, Heard

HANDLERS: Handlers = {
    "reply.received.v1": Heard(HearReply, hear_reply),
}
