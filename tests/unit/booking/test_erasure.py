"""Erasing who a patient was: not while anything runs or counts, and then for good."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.booking.domain.events import PatientErased
from services.booking.domain.patient.exposure import Source
from services.booking.domain.patient.patient import ExternalDose, Patient, Reporter
from services.booking.domain.patient.person import apart
from services.booking.domain.series.erasure import faults_of_erasing
from services.booking.domain.series.series import SeriesStatus
from services.booking.domain.series.session import CancelReason
from services.booking.operations.erasure import ErasePatient, erase_patient, export_patient
from services.booking.operations.patient import ListPatients, ShowPatient, list_patients, show_patient
from services.booking.operations.series import CancelSeries, cancel_series
from shared.errors import Conflict, NotFound
from shared.personal_data.operations import ExportPatient
from tests.support.booking_builders import CASE_A, CLINIC, NOW, PATIENT, a_booking, a_patient, a_series, a_world, booked
from tests.support.booking_fakes import FakeBooking

TODAY = date(2027, 3, 1)
ERASE = ErasePatient(PATIENT, "asked for on paper")


@pytest.fixture
def world() -> FakeBooking:
    return a_world()


def refused(world: FakeBooking) -> list[str]:
    with pytest.raises(Conflict) as caught:
        world.run(CLINIC, erase_patient, ERASE)
    assert caught.value.code == "patient.not-erasable"
    return [fault.code for fault in caught.value.faults]


def patient(world: FakeBooking) -> Patient:
    return next(row for row in world.all(Patient) if row.id == PATIENT)


@pytest.mark.parametrize(
    "status", [status for status in SeriesStatus if status not in {"completed", "cancelled", "lapsed"}]
)
def test_nobody_is_erased_while_a_series_is_open(status):
    (fault,) = faults_of_erasing([replace(a_series(), sessions=(), status=status)], [], TODAY)
    assert (fault.code, fault.context) == ("patient.series-open", {"series_id": "series-1"})


@pytest.mark.parametrize(("day", "codes"), [(date(2026, 3, 1), ["patient.doses-count"]), (date(2026, 2, 28), [])])
def test_a_dose_counts_for_a_year_and_says_how_long_still(day, codes):
    faults = faults_of_erasing([], [day, date(2020, 1, 1)], TODAY)
    assert [fault.code for fault in faults] == codes
    assert [fault.context for fault in faults] == [{"earliest": "2027-03-02"} for _ in codes]


def test_every_reason_is_told_at_once(world):
    booked(world, a_booking(CASE_A))
    assert refused(world) == ["patient.series-open", "patient.doses-count"]
    assert world.erased == set()


def test_an_erased_patient_is_as_absent_as_one_that_never_was(world):
    series = booked(world, a_booking(CASE_A))
    world.run(CLINIC, cancel_series, CancelSeries(series.id, CancelReason.PATIENT))
    erased = world.run(CLINIC, erase_patient, ERASE)
    assert (erased.name, erased.phone, erased.email, erased.external_id) == ("erased", None, None, None)
    assert world.events(PatientErased) == [PatientErased(world.now)]
    assert world.erased == {PATIENT}
    for operation, command in ((show_patient, ShowPatient(PATIENT)), (erase_patient, ERASE)):
        with pytest.raises(NotFound):
            world.run(CLINIC, operation, command)
    assert PATIENT not in {row.id for row in world.run(CLINIC, list_patients, ListPatients(9, None)).items}
    with pytest.raises(NotFound):
        booked(world, a_booking(CASE_A))


def test_old_doses_stay_with_the_record_and_leave_the_person(world):
    dose = ExternalDose("dose-1", world.now.date() - timedelta(days=400), Reporter.PATIENT, "in Brno")
    before = patient(world)
    unit = world.unit(CLINIC)
    unit.patients.save(replace(before, external_doses=(dose,)))
    unit.commit()
    assert world.exposures[before.person].dates == (dose.on,)
    world.run(CLINIC, erase_patient, ERASE)
    assert world.exposures[before.person].dates == ()
    own = world.exposures[apart(PATIENT)]
    assert [(share.source, share.of, share.dates) for share in own.shares] == [(Source.EXTERNAL, PATIENT, (dose.on,))]
    assert patient(world).external_doses == (replace(dose, note=None),)


def test_showing_and_erasing_are_on_record(world):
    world.run(CLINIC, export_patient, ExportPatient(PATIENT))
    world.run(CLINIC, erase_patient, ERASE)
    noted = [(one.act.action, one.act.record, one.act.patient_id) for one in world.audit[CLINIC]]
    assert noted[-2:] == [
        ("patient.export", f"patient/{PATIENT}", PATIENT),
        ("patient.erase", f"patient/{PATIENT}", PATIENT),
    ]
    assert world.audit[CLINIC][-1].act.reason == ERASE.reason
    with pytest.raises(NotFound):
        world.run(CLINIC, export_patient, ExportPatient("nobody"))


def test_what_is_left_of_a_patient_says_nothing_of_them():
    known = a_patient(
        external_id="Kart-17", email="ada@example.com", escort_phone="+1", zone="Europe/Paris", country="FR"
    )
    erased, _ = known.erase(NOW)
    left = {name: value for name, value in vars(erased).items() if value == getattr(known, name)}
    assert set(left) == {
        *("id", "locale", "privacy", "preferred_channel", "person_confirmed", "rulings"),
        *("external_doses", "registered_at", "version"),
    }
