"""Assessments at rest: they come back as saved, and people's words cannot be read."""

from dataclasses import replace
from typing import cast

import pytest

from services.booking.domain.chart.answers import Medication, MedicationCode
from services.booking.domain.chart.assessment import AssessmentStatus
from services.booking.store.assessment import AssessmentStore
from shared.errors import Contended, NotFound
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Cause, Unit
from tests.support.booking_builders import CLINIC, NOW, OTHER_CLINIC, PATIENT
from tests.support.cleared import accepted, an_assessment
from tests.support.letters import Letters
from tests.support.memory_database import MemoryDatabase

SEALER = cast("Sealer", Letters())
WHOLE = an_assessment(
    id="assessment-1",
    medications=(Medication(MedicationCode.LAMOTRIGINE, "Lamictal 200"), Medication(MedicationCode.OTHER)),
    decisions=(accepted("lamotrigine", "medication"),),
)
BARE = an_assessment(id="assessment-2", trials=(), exams=(), decisions=(), history={}, severity=None, approval=None)
WORDS = ("Lamictal", "Sertraline", "Venlafaxine", "discussed")


@pytest.fixture
def database():
    return MemoryDatabase()


def a_store(database, clinic_id=CLINIC):
    unit = Unit(
        database.as_database(),
        source="booking",
        clinic_id=clinic_id,
        now=NOW,
        new_id=str,
        cause=Cause("", "", ""),
        tell=lambda _, envelope: envelope,
    )
    return AssessmentStore(unit, SEALER), unit


def keep(database, *assessments):
    store, unit = a_store(database)
    kept = [store.save(one) for one in assessments]
    unit.commit()
    return kept


def test_assessments_come_back_as_saved(database):
    whole, bare = keep(database, WHOLE, BARE)
    store, _ = a_store(database)
    assert [store.get(WHOLE.id), store.get(BARE.id)] == [whole, bare]
    assert [whole.version, replace(whole, version=0)] == [1, WHOLE]


def test_a_list_that_was_emptied_comes_back_empty(database):
    (whole,) = keep(database, replace(WHOLE, status=AssessmentStatus.DRAFT))
    (emptied,) = keep(database, whole.write(medications=(), trials=(), exams=()))
    store, _ = a_store(database)
    assert store.get(WHOLE.id) == emptied
    assert emptied.medications == ()


def test_what_people_wrote_cannot_be_read_and_codes_can(database):
    keep(database, WHOLE)
    (row,) = database["assessments"].documents.values()
    text = repr(row)
    assert [word for word in WORDS if word in text] == []
    assert "lamotrigine" in text
    assert row["history"]["pregnancy"] is False


def test_a_patients_assessments_are_listed_in_order_and_nobody_elses(database):
    keep(database, WHOLE, BARE, an_assessment(id="assessment-3", patient_id="patient-2"))
    store, _ = a_store(database)
    ids = [WHOLE.id, BARE.id]
    assert [one.id for one in store.of_patient(PATIENT)] == ids
    assert [one.id for one in store.list(after=None, limit=9, patient_id=PATIENT)] == ids
    assert [one.id for one in store.list(after=WHOLE.id, limit=9, patient_id=PATIENT)] == [BARE.id]
    assert [one.id for one in store.list(after=None, limit=1, patient_id=PATIENT)] == [WHOLE.id]


def test_another_clinics_assessments_are_not_there(database):
    keep(database, WHOLE)
    store, _ = a_store(database, OTHER_CLINIC)
    assert store.of_patient(PATIENT) == []
    with pytest.raises(NotFound):
        store.get(WHOLE.id)


def test_of_two_who_change_one_at_once_the_second_decides_again(database):
    (draft,) = keep(database, replace(WHOLE, status=AssessmentStatus.DRAFT))
    keep(database, draft.write(sex=None))
    with pytest.raises(Contended):
        keep(database, draft.write(sex=None))
