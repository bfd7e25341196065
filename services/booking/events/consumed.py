"""What booking hears: what patients answer to messages, or no more, what messages cannot do, how patients are."""

from services.booking.operations.calls import (
    HearCallWanted,
    HearPageUnanswered,
    hear_call_wanted,
    hear_page_unanswered,
)
from services.booking.operations.clearance import (
    HearAlertRaised,
    HearMeasureScored,
    HearRelapseSuspected,
    hear_alert_raised,
    hear_measure_scored,
    hear_relapse_suspected,
)
from services.booking.operations.confirmations import HearReply, hear_reply
from services.booking.operations.contacts import HearOptedIn, HearOptedOut, hear_opted_in, hear_opted_out
from services.booking.operations.flagged_replies import HearReplyFlagged, hear_reply_flagged
from services.booking.operations.tasks import ContactLost, hear_contact_lost
from shared.messaging.hearing import Handlers, Heard

HANDLERS: Handlers = {
    "reply.received.v1": Heard(HearReply, hear_reply),
    "contact.lost.v1": Heard(ContactLost, hear_contact_lost),
    "reply.flagged.v1": Heard(HearReplyFlagged, hear_reply_flagged),
    "call.wanted.v1": Heard(HearCallWanted, hear_call_wanted),
    "page.unanswered.v1": Heard(HearPageUnanswered, hear_page_unanswered),
    "contact.opted_out.v1": Heard(HearOptedOut, hear_opted_out),
    "contact.opted_in.v1": Heard(HearOptedIn, hear_opted_in),
    "alert.raised.v1": Heard(HearAlertRaised, hear_alert_raised),
    "measure.scored.v1": Heard(HearMeasureScored, hear_measure_scored),
    "relapse.suspected.v1": Heard(HearRelapseSuspected, hear_relapse_suspected),
}
