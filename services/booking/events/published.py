"""What booking tells: each event's type on the wire and the fields that travel sealed."""

from services.booking.domain import events
from shared.messaging.telling import Told, Types

_PERSON = frozenset({"name", "birth_date", "phone", "email", "escort_phone"})

TYPES: Types = {
    events.ClinicOpened: Told("clinic.opened.v1"),
    events.ClinicChanged: Told("clinic.changed.v1"),
    events.AccessKeyIssued: Told("access_key.issued.v2"),
    events.AccessKeyChanged: Told("access_key.changed.v1"),
    events.AccessKeyRevoked: Told("access_key.revoked.v1"),
    events.PatientRegistered: Told("patient.registered.v1", sealed=_PERSON),
    events.PatientChanged: Told("patient.changed.v1", sealed=_PERSON),
    events.PatientErased: Told("patient.erased.v1"),
    events.SeriesBooked: Told("series.booked.v1", sealed=frozenset({"link"})),
    events.SessionConfirmed: Told("session.confirmed.v1"),
    events.SeriesCompleted: Told("series.completed.v1"),
    events.SeriesCancelled: Told("series.cancelled.v1"),
    events.SeriesPaused: Told("series.paused.v1"),
    events.SeriesResumed: Told("series.resumed.v1"),
    events.TreatmentHeld: Told("treatment.held.v1"),
    events.TreatmentReleased: Told("treatment.released.v1"),
    events.OfferMade: Told("offer.made.v1"),
    events.OfferAccepted: Told("offer.accepted.v1"),
    events.OfferDeclined: Told("offer.declined.v1"),
    events.OfferExpired: Told("offer.expired.v1"),
    events.OfferWithdrawn: Told("offer.withdrawn.v1"),
    events.SessionMoved: Told("session.moved.v1"),
    events.SessionCancelled: Told("session.cancelled.v1"),
    events.SessionCheckedIn: Told("session.checked_in.v1"),
    events.SessionStarted: Told("session.started.v1"),
    events.SessionDischarged: Told("session.discharged.v1"),
    events.SessionMissed: Told("session.missed.v1"),
}
