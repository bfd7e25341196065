"""Signing dose orders in a clinic: who counts as a first patient, what takes the place of what, who signs second."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from marshmallow import ValidationError

from services.booking.api.dose_orders import DoseOrderAnswer, DoseOrderRequest
from services.booking.domain.chart.answers import Sex
from services.booking.domain.chart.dose_order import Basis, DoseOrder
from services.booking.domain.chart.weight import Weight
from services.booking.domain.patient.patient import Reporter
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.session import CancelReason
from services.booking.domain.treatment.treatment import EndKind
from services.booking.operations import dose_orders
from services.booking.operations.dose_orders import (
    CountersignDoseOrder,
    ListDoseOrders,
    ShowDoseOrder,
    SignDoseOrder,
    countersign_dose_order,
    list_dose_orders,
    missing_order,
    show_dose_order,
    sign_dose_order,
)
from services.booking.operations.exposure import AddExternalDose, add_external_dose
from services.booking.operations.series import CancelSeries, cancel_series
from shared.actor import Actor
from shared.errors import Conflict, Forbidden, NotFound, RuleBroken
from tests.support.booking_builders import CASE_A, CLINIC, OTHER_CLINIC, PATIENT, a_booking, a_world, booked
from tests.support.booking_fakes import A_CLINICIAN
from tests.support.booking_treated import check_in, end, start

MEASURED = date(2026, 3, 1)
ANOTHER = Actor("key-of-another", frozenset({"clinician"}))


@pytest.fixture
def world():
    world = a_world()
    world.actor = A_CLINICIAN
    return world


@pytest.fixture
def series(world):
    return booked(world)


def an_order(series, amount="0.5", on=MEASURED, **fields):
    weight = Weight(Decimal(70), on, Decimal(175), Sex.MALE)
    return SignDoseOrder(series.id, Basis.MG_PER_KG, Decimal(amount), weight=weight, **fields)


def sign(world, command):
    return world.run(CLINIC, sign_dose_order, command)


def missing(world, series, number=1):
    unit = world.unit(CLINIC)
    return [fault.code for fault in missing_order(unit, series, number, unit.dose_orders.in_force(series.id))]


def test_a_series_has_no_order_before_one_is_signed(world, series):
    assert missing(world, series) == ["dose-order.missing"]
    order = sign(world, an_order(series))
    assert (order.patient_id, order.dose_mg, order.wanted.minutes) == (PATIENT, Decimal(35), 40)
    assert (order.signed.by, order.signed.at) == (A_CLINICIAN.id, world.now)
    assert missing(world, series) == []


def test_the_order_before_is_kept_and_superseded(world, series):
    first = sign(world, an_order(series))
    with pytest.raises(RuleBroken, match="refused"):
        sign(world, an_order(series, "0.6"))
    second = sign(world, an_order(series, "0.6", reason="little effect"))
    kept = world.run(CLINIC, list_dose_orders, ListDoseOrders(series.id)).items
    assert [(one.id, one.supersedes, one.superseded_by) for one in kept] == [
        (first.id, None, second.id), (second.id, first.id, None)
    ]  # fmt: skip
    assert world.unit(CLINIC).dose_orders.in_force(series.id).dose_mg == 42


def test_nothing_but_a_signed_order_changes_a_dose(world, series):
    order = sign(world, an_order(series, "0.4"))
    world.run(CLINIC, add_external_dose, AddExternalDose(PATIENT, date(2026, 2, 1), Reporter.PATIENT))
    world.run(CLINIC, cancel_series, CancelSeries(series.id, CancelReason.PATIENT))
    assert world.all(DoseOrder) == [order]


def test_orders_are_written_where_a_clinician_signs_them_and_nowhere_else():
    modules = Path(dose_orders.__file__).parent.glob("*.py")
    assert [one.name for one in modules if "dose_orders.save(" in one.read_text()] == ["dose_orders.py"]


def test_the_weight_is_as_old_as_it_will_be_at_the_next_dose(world, series):
    oldest = CASE_A[0] - timedelta(days=7)
    with pytest.raises(RuleBroken) as refusal:
        sign(world, an_order(series, on=oldest - timedelta(days=1)))
    assert [fault.code for fault in refusal.value.faults] == ["dose-order.weight-too-old"]
    sign(world, an_order(series, on=oldest))
    assert missing(world, series, 1) == []
    # Not the first any more: 30 days count, and the sixth dose is on the 19th day.
    assert missing(world, series, 6) == []


def test_who_was_treated_anywhere_is_no_first_patient(world, series):
    early = an_order(series, on=CASE_A[0] - timedelta(days=30))
    with pytest.raises(RuleBroken):
        sign(world, early)
    world.run(CLINIC, add_external_dose, AddExternalDose(PATIENT, date(2025, 1, 7), Reporter.OTHER_CLINIC))
    assert sign(world, early).number == 1


def test_another_clinician_signs_second(world, series):
    order = sign(world, an_order(series, "1.2"))
    assert order.needs_second == ("above-most-mg-per-kg",)
    assert missing(world, series) == ["dose-order.second-signature"]
    countersign = CountersignDoseOrder(series.id, order.id)
    with pytest.raises(Forbidden):
        world.run(CLINIC, countersign_dose_order, countersign)
    world.actor = ANOTHER
    assert world.run(CLINIC, countersign_dose_order, countersign).second.by == ANOTHER.id
    assert missing(world, series) == []


@pytest.mark.parametrize(
    ("condition", "amount", "reasons"),
    [
        (Condition.BIPOLAR, "0.75", ()),
        (Condition.BIPOLAR, "0.76", ("above-most-mg-per-kg",)),
        (Condition.BPD, "0.76", ("above-most-mg-per-kg",)),
        (Condition.DEPRESSION, "1.0", ()),
        (Condition.DEPRESSION, "1.01", ("above-most-mg-per-kg",)),
        (Condition.CHRONIC_PAIN, "1.0", ()),
    ],
)
@pytest.mark.parametrize("protocol", ["booster-single", "maint-weekly-taper"])
def test_how_much_one_clinician_signs_depends_on_what_is_treated(world, protocol, condition, amount, reasons):
    course = weekly_course() if protocol != "booster-single" else CASE_A[:1]
    series = booked(world, a_booking(course, protocol=protocol, condition=condition))
    order = sign(world, an_order(series, amount))
    assert order.needs_second == reasons
    assert missing(world, series) == ["dose-order.second-signature"] * len(reasons)


def weekly_course() -> list[date]:
    weekly = [CASE_A[0] + timedelta(days=7 * week) for week in range(4)]
    return [*weekly, *(weekly[-1] + timedelta(days=14 * fortnight) for fortnight in range(1, 5))]


@pytest.mark.parametrize(("given", "amount", "is_far"), [("28", "35", False), ("27.9", "35", True), ("0", "35", False)])
def test_a_dose_is_compared_with_what_was_given_last_even_of_one_that_was_aborted(world, given, amount, is_far):
    first = booked(world)
    world.now = first.session(1).starts_at
    check_in(world, first.id)
    start(world, first.id)
    end(world, first.id, kind=EndKind.ABORTED, given_mg=Decimal(given), reason="felt sick")
    command = SignDoseOrder(
        first.id,
        Basis.MG,
        Decimal(amount),
        weight=Weight(Decimal(70), MEASURED, Decimal(175), Sex.MALE),
        reason="as before",
    )
    assert sign(world, command).needs_second == ("change-from-last-dose",) * is_far


def test_where_no_dose_is_to_come_nothing_is_ordered(world, series):
    world.run(CLINIC, cancel_series, CancelSeries(series.id, CancelReason.CLINIC))
    with pytest.raises(Conflict, match="no-dose-to-come"):
        sign(world, an_order(series))


def test_an_order_is_found_under_its_own_series_and_clinic_only(world, series):
    order = sign(world, an_order(series))
    other = booked(world, a_booking(patient_id="patient-2", at="13:00"))
    assert world.run(CLINIC, show_dose_order, ShowDoseOrder(series.id, order.id)) == order
    for clinic, series_id in ((CLINIC, other.id), (OTHER_CLINIC, series.id)):
        with pytest.raises(NotFound):
            world.run(clinic, show_dose_order, ShowDoseOrder(series_id, order.id))
        with pytest.raises(NotFound):
            world.run(clinic, countersign_dose_order, CountersignDoseOrder(series_id, order.id))
    with pytest.raises(NotFound):
        world.run(OTHER_CLINIC, list_dose_orders, ListDoseOrders(series.id))


def test_of_two_who_sign_at_once_one_decides_again(world, series):
    units = [world.unit(CLINIC) for _ in range(2)]
    for unit in units:
        sign_dose_order(unit, an_order(series))
    units[0].commit()
    with pytest.raises(Exception, match="changed meanwhile"):
        units[1].commit()
    with pytest.raises(RuleBroken, match="refused"):
        sign(world, an_order(series))


def test_every_signature_is_on_record(world, series):
    order = sign(world, an_order(series))
    world.actor = ANOTHER
    world.run(CLINIC, countersign_dose_order, CountersignDoseOrder(series.id, order.id))
    acts = [one.act for one in world.audit[CLINIC]]
    entries = [(one.action, one.actor, one.patient_id, one.record) for one in acts]
    assert entries[-2:] == [
        ("dose-order.sign", A_CLINICIAN.id, PATIENT, f"dose_order/{order.id}"),
        ("dose-order.countersign", ANOTHER.id, PATIENT, f"dose_order/{order.id}"),
    ]


# --- as JSON


def test_a_request_becomes_the_command_and_the_answer_shows_how_it_was_counted(world, series):
    body = {"basis": "mg-per-kg", "amount": "0.5",
            "weight": {"kg": 120, "measured_on": "2026-03-01", "height_cm": "175", "sex": "male"}}  # fmt: skip
    order = sign(world, SignDoseOrder(series.id, **DoseOrderRequest().load(body)))
    said = DoseOrderAnswer().dump(order)
    assert said["weight"] == {
        "kg": "120", "measured_on": "2026-03-01", "height_cm": "175", "sex": "male",
        "bmi": "39.2", "ideal_kg": "70.5", "type": "ideal", "dosing_kg": "70.5",
    }  # fmt: skip
    figures = {name: said[name] for name in ("amount", "computed_mg", "dose_mg", "step", "most_mg_per_kg", "rate")}
    assert figures == {"amount": "0.5", "computed_mg": "35.2", "dose_mg": "35.0", "step": "0.5",
                       "most_mg_per_kg": "1.0", "rate": "52.5"}  # fmt: skip
    assert (said["route"], said["minutes"], said["second"], said["needs_second"]) == ("intravenous", 40, None, [])


@pytest.mark.parametrize("amount", ["NaN", "1e3", "-1", "0.0001", "Infinity", True, "0,5", "", 1e30, "501"])
def test_an_amount_that_is_none_is_refused(amount):
    with pytest.raises(ValidationError):
        DoseOrderRequest().load({"basis": "mg", "amount": amount})
