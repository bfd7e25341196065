"""What followup tells: each event's type on the wire and the fields that travel sealed."""

from services.followup.domain import events
from shared.messaging.telling import Told, Types

TYPES: Types = {
    events.CheckInOpened: Told("check_in.opened.v1", sealed=frozenset({"link"})),
    events.CheckInAnswered: Told("check_in.answered.v1"),
    events.CheckInMissed: Told("check_in.missed.v1"),
    events.ContactLost: Told("contact.lost.v1"),
    events.CheckInCancelled: Told("check_in.cancelled.v1"),
    events.MeasureScored: Told("measure.scored.v1"),
    events.AlertRaised: Told("alert.raised.v1"),
    events.AlertAcknowledged: Told("alert.acknowledged.v1"),
    events.PageWanted: Told("page.wanted.v1", sealed=frozenset({"contact_name", "contact_phone", "contact_email"})),
    events.RelapseSuspected: Told("relapse.suspected.v1"),
}
