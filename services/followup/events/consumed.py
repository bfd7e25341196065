"""What followup hears. That a series is paused, cancelled or completed says nothing new: its sessions have said it."""

from services.followup.operations.alerts import (
    PageAcknowledged,
    PageContacted,
    hear_page_acknowledged,
    hear_page_contacted,
)
from services.followup.operations.courses import (
    SeriesBooked,
    SessionDischarged,
    SessionLost,
    SessionMoved,
    hear_series_booked,
    hear_session_discharged,
    hear_session_lost,
    hear_session_moved,
)
from services.followup.operations.projections import KeepClinic, KeepPatient, keep_clinic, keep_patient
from shared.http.key_ring import KEY_HANDLERS
from shared.messaging.hearing import Handlers, Heard
from shared.personal_data.operations import PatientErased, hear_patient_erased

HANDLERS: Handlers = {
    "clinic.opened.v1": Heard(KeepClinic, keep_clinic),
    "clinic.changed.v1": Heard(KeepClinic, keep_clinic),
    "patient.registered.v1": Heard(KeepPatient, keep_patient),
    "patient.changed.v1": Heard(KeepPatient, keep_patient),
    "series.booked.v1": Heard(SeriesBooked, hear_series_booked),
    "session.moved.v1": Heard(SessionMoved, hear_session_moved),
    "session.cancelled.v1": Heard(SessionLost, hear_session_lost),
    "session.missed.v1": Heard(SessionLost, hear_session_lost),
    "session.discharged.v1": Heard(SessionDischarged, hear_session_discharged),
    "page.acknowledged.v1": Heard(PageAcknowledged, hear_page_acknowledged),
    "page.contacted.v1": Heard(PageContacted, hear_page_contacted),
    "patient.erased.v1": Heard(PatientErased, hear_patient_erased),
    **KEY_HANDLERS,
}
