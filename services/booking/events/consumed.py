"""What booking hears: what patients answer to messages, and that they answer no more."""

from services.booking.operations.confirmations import HearReply, hear_reply
from services.booking.operations.tasks import ContactLost, hear_contact_lost
from shared.hearing import Handlers, Heard

HANDLERS: Handlers = {
    "reply.received.v1": Heard(HearReply, hear_reply),
    "contact.lost.v1": Heard(ContactLost, hear_contact_lost),
}
