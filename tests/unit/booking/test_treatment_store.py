"""Treatments at rest: they come back as saved, people's words cannot be read, and each query finds its own."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from services.booking.domain.treatment.adverse_event import AdverseEvent, AdverseEventKind, Severity
from services.booking.domain.treatment.preparation import Answers, Escort, Statement
from services.booking.domain.treatment.treatment import (
    Advice,
    Decision,
    End,
    EndKind,
    SetAside,
    Start,
    Treatment,
    TreatmentStatus,
)
from services.booking.domain.treatment.vitals import Reading
from services.booking.store.treatment import TreatmentStore
from shared.errors import Contended, NotFound
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Cause, Unit
from tests.support.booking_builders import CLINIC, NOW, OTHER_CLINIC, PATIENT
from tests.support.letters import Letters
from tests.support.memory_database import MemoryDatabase

SEALER = cast("Sealer", Letters())
ESCORT = Escort("Grace Hopper", "+12025550100", is_adult=True, is_reachable=True)
START = Start(NOW, "nurse", "order-1", Decimal("35.0"), 40)
END = End(NOW + timedelta(minutes=5), "nurse", EndKind.ABORTED, Decimal("4.4"), "fear of flying")
FULL = Treatment(
    id="series-1.1.0",
    patient_id=PATIENT,
    series_id="series-1",
    number=1,
    arrived_at=NOW,
    status=TreatmentStatus.RECOVERING,
    said=(Statement(Answers(escort=ESCORT), "nurse", NOW),),
    readings=(Reading("r-1", NOW, "nurse", systolic=128, diastolic=80, temperature=Decimal("36.8")),),
    adverse_events=(AdverseEvent("e-1", AdverseEventKind.OTHER, Severity.MILD, NOW, NOW, "nurse", "sees dragons"),),
    set_aside=(SetAside("escort.missing", "Nobody is named.", "lives upstairs", "doc", NOW),),
    advice=(Advice("r-1", NOW, (), Decision("cuff was loose", "doc", NOW)),),
    start=START,
    end=END,
    next_at=NOW,
)


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


def a_store(database: MemoryDatabase, clinic_id: str = CLINIC) -> tuple[Unit, TreatmentStore]:
    unit = Unit(
        database.as_database(),
        source="booking",
        clinic_id=clinic_id,
        now=NOW,
        new_id=lambda: "id",
        cause=Cause("c", "c", ""),
        tell=lambda _, envelope: envelope,
    )
    return unit, TreatmentStore(unit, SEALER)


def kept(database: MemoryDatabase, *treatments: Treatment) -> TreatmentStore:
    unit, store = a_store(database)
    for treatment in treatments:
        store.save(treatment)
    unit.commit()
    return a_store(database)[1]


def test_a_treatment_comes_back_as_it_was_saved(database: MemoryDatabase):
    store = kept(database, FULL)
    assert store.get(FULL.id) == replace(FULL, version=1)
    assert store.find(FULL.id) == replace(FULL, version=1)
    assert store.find("series-1.1.1") is None


def test_nobody_reads_names_phones_reasons_and_notes(database: MemoryDatabase):
    kept(database, FULL)
    stored = str(dict(cast("Any", database["treatments"].find_one({"_id": FULL.id}))))
    for words in ("Grace", "+1202", "fear of flying", "dragons", "lives upstairs", "cuff was loose"):
        assert words not in stored
    assert "escort.missing" in stored


def test_another_clinic_has_none_of_it(database: MemoryDatabase):
    kept(database, FULL)
    _, other = a_store(database, OTHER_CLINIC)
    with pytest.raises(NotFound):
        other.get(FULL.id)
    assert other.of_patient(PATIENT) == []
    assert other.under_way() == []
    assert other.last_dose(PATIENT) is None


def test_of_two_who_write_at_once_one_decides_again(database: MemoryDatabase):
    kept(database, FULL)
    (one, first), (two, second) = a_store(database), a_store(database)
    first.save(first.get(FULL.id))
    second.save(second.get(FULL.id))
    one.commit()
    with pytest.raises(Contended):
        two.commit()


def test_each_query_finds_its_own(database: MemoryDatabase):
    done = replace(END, kind=EndKind.COMPLETED, given_mg=Decimal("35.0"))
    rows = [
        replace(FULL, id="a", arrived_at=NOW + timedelta(days=2)),
        replace(FULL, id="b", status=TreatmentStatus.DISCHARGED, end=done),
        replace(FULL, id="c", status=TreatmentStatus.DISCHARGED, arrived_at=NOW + timedelta(days=1), end=done),
        replace(FULL, id="d", patient_id="patient-2", status=TreatmentStatus.PREPARING, start=None, end=None),
        replace(FULL, id="e", patient_id="patient-2", status=TreatmentStatus.INFUSING, end=None),
    ]
    store = kept(database, *rows[:2], replace(rows[2], end=replace(done, given_mg=Decimal("40.0"))), *rows[3:])
    assert [one.id for one in store.of_patient(PATIENT)] == ["b", "c", "a"]
    assert store.last_dose(PATIENT) == Decimal("4.4"), "an aborted dose was given, too"
    kept(database, replace(store.get("a"), end=replace(END, given_mg=Decimal("0.00"))))
    assert store.last_dose(PATIENT) == Decimal("40.0"), "nothing was given of the last one"
    assert store.last_dose("patient-2") is None
    assert {one.id for one in store.under_way()} == {"a", "e"}
