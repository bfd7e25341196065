"""What followup hears. A series that is cancelled changes nothing here: what was discharged is still followed up."""

from services.followup.operations.check_in import ScheduleCheckIns, schedule_check_ins
from services.followup.operations.projections import KeepClinic, KeepPatient, keep_clinic, keep_patient
from shared.hearing import Handlers, Heard
from shared.key_ring import KEY_HANDLERS

HANDLERS: Handlers = {
    "clinic.opened.v1": Heard(KeepClinic, keep_clinic),
    "clinic.changed.v1": Heard(KeepClinic, keep_clinic),
    "patient.registered.v1": Heard(KeepPatient, keep_patient),
    "patient.changed.v1": Heard(KeepPatient, keep_patient),
    "session.discharged.v1": Heard(ScheduleCheckIns, schedule_check_ins),
    **KEY_HANDLERS,
}
