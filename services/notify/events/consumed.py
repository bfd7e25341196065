"""What notify hears, and what each event leads to."""

from services.notify.operations.alerts import (
    AlertAcknowledged,
    PageWanted,
    hear_alert_acknowledged,
    hear_page_wanted,
)
from services.notify.operations.check_ins import (
    CheckInClosed,
    CheckInOpened,
    hear_check_in_closed,
    hear_check_in_opened,
)
from services.notify.operations.clinics import ClinicHeard, hear_clinic
from services.notify.operations.offers import OfferClosed, OfferMade, hear_offer_closed, hear_offer_made
from services.notify.operations.patients import PatientHeard, hear_patient
from services.notify.operations.series import (
    SeriesBooked,
    SeriesCancelled,
    SeriesPaused,
    hear_series_booked,
    hear_series_cancelled,
    hear_series_paused,
)
from services.notify.operations.sessions import (
    SessionArrived,
    SessionCancelled,
    SessionConfirmed,
    SessionDischarged,
    SessionMissed,
    SessionMoved,
    hear_session_arrived,
    hear_session_cancelled,
    hear_session_confirmed,
    hear_session_discharged,
    hear_session_missed,
    hear_session_moved,
)
from shared.http.key_ring import KEY_HANDLERS
from shared.messaging.hearing import Handlers, Heard
from shared.personal_data.operations import PatientErased, hear_patient_erased

HANDLERS: Handlers = {
    "clinic.opened.v1": Heard(ClinicHeard, hear_clinic),
    "clinic.changed.v1": Heard(ClinicHeard, hear_clinic),
    "patient.registered.v1": Heard(PatientHeard, hear_patient),
    "patient.changed.v1": Heard(PatientHeard, hear_patient),
    "series.booked.v1": Heard(SeriesBooked, hear_series_booked),
    "session.moved.v1": Heard(SessionMoved, hear_session_moved),
    "session.cancelled.v1": Heard(SessionCancelled, hear_session_cancelled),
    "session.confirmed.v1": Heard(SessionConfirmed, hear_session_confirmed),
    "session.checked_in.v1": Heard(SessionArrived, hear_session_arrived),
    "session.started.v1": Heard(SessionArrived, hear_session_arrived),
    "session.discharged.v1": Heard(SessionDischarged, hear_session_discharged),
    "session.missed.v1": Heard(SessionMissed, hear_session_missed),
    "series.paused.v1": Heard(SeriesPaused, hear_series_paused),
    "series.cancelled.v1": Heard(SeriesCancelled, hear_series_cancelled),
    "check_in.opened.v1": Heard(CheckInOpened, hear_check_in_opened),
    "check_in.answered.v1": Heard(CheckInClosed, hear_check_in_closed),
    "check_in.missed.v1": Heard(CheckInClosed, hear_check_in_closed),
    "check_in.cancelled.v1": Heard(CheckInClosed, hear_check_in_closed),
    "page.wanted.v1": Heard(PageWanted, hear_page_wanted),
    "alert.acknowledged.v1": Heard(AlertAcknowledged, hear_alert_acknowledged),
    "offer.made.v1": Heard(OfferMade, hear_offer_made),
    "offer.accepted.v1": Heard(OfferClosed, hear_offer_closed),
    "offer.declined.v1": Heard(OfferClosed, hear_offer_closed),
    "offer.expired.v1": Heard(OfferClosed, hear_offer_closed),
    "offer.withdrawn.v1": Heard(OfferClosed, hear_offer_closed),
    "patient.erased.v1": Heard(PatientErased, hear_patient_erased),
    **KEY_HANDLERS,
}
