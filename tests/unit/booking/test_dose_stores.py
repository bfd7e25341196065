"""Dose orders and signals at rest: they come back as saved, and people's words cannot be read."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import cast

import pytest

from services.booking.domain.chart.answers import Sex
from services.booking.domain.chart.dose_order import Basis, DoseOrder, Signature, Wanted
from services.booking.domain.chart.misuse import Signal, SignalKind
from services.booking.domain.chart.weight import Weight
from services.booking.store.dose_order import DoseOrderStore
from services.booking.store.signal import SignalStore
from shared.errors import Contended, NotFound
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Cause, Unit
from tests.support.booking_builders import CLINIC, NOW, OTHER_CLINIC, PATIENT
from tests.support.letters import Letters
from tests.support.memory_database import MemoryDatabase

FIRST = DoseOrder(
    id="series-1.1",
    patient_id=PATIENT,
    series_id="series-1",
    number=1,
    wanted=Wanted(
        Basis.MG_PER_KG,
        Decimal("0.50"),
        40,
        Weight(Decimal("70.5"), date(2026, 3, 1), Decimal(175), Sex.FEMALE),
        "little effect",
    ),
    computed_mg=Decimal("35.2"),
    dose_mg=Decimal("35.0"),
    step=Decimal("0.5"),
    most_mg_per_kg=None,
    signed=Signature("key-1", NOW),
    needs_second=("change-from-last-dose",),
)
SECOND = replace(FIRST, id="series-1.2", number=2, supersedes=FIRST.id, wanted=Wanted(Basis.DEVICE, Decimal(56), 10))
CRAVING = Signal("signal-1", PATIENT, SignalKind.CRAVING, date(2026, 3, 1), "dreams of it", "key-1", NOW)
HIT = Signal("signal-2", PATIENT, SignalKind.PDMP_HIT, date(2026, 2, 1), None, "key-1", NOW)


SEALER = cast("Sealer", Letters())


@pytest.fixture
def database():
    return MemoryDatabase()


def a_unit(database, clinic_id=CLINIC):
    return Unit(
        database.as_database(),
        source="booking",
        clinic_id=clinic_id,
        now=NOW,
        new_id=str,
        cause=Cause("", "", ""),
        tell=lambda _, envelope: envelope,
    )


def keep(database, *orders, signals=()):
    unit = a_unit(database)
    kept = [DoseOrderStore(unit, SEALER).save(order) for order in orders]
    noted = [SignalStore(unit, SEALER).save(signal) for signal in signals]
    unit.commit()
    return [*kept, *noted]


def orders_of(database, clinic_id=CLINIC):
    return DoseOrderStore(a_unit(database, clinic_id), SEALER)


def test_orders_come_back_as_saved_and_the_last_is_in_force(database):
    (first,) = keep(database, FIRST)
    assert orders_of(database).get(FIRST.id) == orders_of(database).in_force("series-1") == first
    retired, second = keep(database, replace(first, superseded_by=SECOND.id), SECOND)
    store = orders_of(database)
    assert (store.in_force("series-1"), store.in_force("series-2")) == (second, None)
    assert store.of_series("series-1") == store.of_patient(PATIENT) == [retired, second]
    assert store.get(SECOND.id).second is None


def test_another_clinic_sees_none_of_them(database):
    keep(database, FIRST, signals=[CRAVING])
    store = orders_of(database, OTHER_CLINIC)
    assert (store.in_force("series-1"), store.of_patient(PATIENT), store.of_series("series-1")) == (None, [], [])
    with pytest.raises(NotFound, match="dose order"):
        store.get(FIRST.id)
    assert SignalStore(a_unit(database, OTHER_CLINIC), SEALER).of_patient(PATIENT) == []


def test_two_first_orders_of_a_series_cannot_both_be_kept(database):
    keep(database, FIRST)
    with pytest.raises(Contended):
        keep(database, replace(FIRST, dose_mg=Decimal(70)))
    assert orders_of(database).in_force("series-1").dose_mg == FIRST.dose_mg


def test_signals_come_back_by_date(database):
    craving, hit = keep(database, signals=[CRAVING, HIT])
    assert SignalStore(a_unit(database), SEALER).of_patient(PATIENT) == [hit, craving]


def test_figures_are_kept_as_text_and_words_are_sealed(database):
    keep(database, FIRST, signals=[CRAVING])
    (order,), (signal,) = database.documents("dose_orders"), database.documents("signals")
    assert (order["dose_mg"], order["wanted"]["weight"]["kg"]) == ("35.0", "70.5")
    assert order["wanted"]["reason"] == f"{CLINIC}:{'little effect'[::-1]}"
    assert signal["note"] == f"{CLINIC}:{'dreams of it'[::-1]}"
