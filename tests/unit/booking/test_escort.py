"""Who takes the patient home: kept, told sealed, and never needed."""

from dataclasses import replace
from datetime import date

from services.booking.domain.events import PatientChanged, PatientRegistered
from services.booking.events.published import TYPES
from tests.support.booking_builders import a_patient

TODAY = date(2026, 3, 2)
ESCORT = "+12125550177"


def test_the_escorts_number_is_told_with_the_patient():
    _, [registered] = replace(a_patient(), escort_phone=ESCORT).register(TODAY)
    assert registered.escort_phone == ESCORT


def test_a_patient_needs_no_escort_on_record():
    _, [registered] = a_patient().register(TODAY)
    assert registered.escort_phone is None


def test_the_escorts_number_can_be_changed_and_taken_away():
    patient, [changed] = a_patient().change(TODAY, escort_phone=ESCORT)
    assert (patient.escort_phone, changed.escort_phone) == (ESCORT, ESCORT)
    gone, [changed] = patient.change(TODAY, escort_phone=None)
    assert (gone.escort_phone, changed.escort_phone) == (None, None)


def test_the_escorts_number_travels_sealed():
    assert all("escort_phone" in TYPES[event].sealed for event in (PatientRegistered, PatientChanged))
