"""Dose orders: what is computed of weight and amount, never rounded up, and whose word a dose needs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.chart.answers import Sex
from services.booking.domain.chart.dose_order import (
    Basis,
    History,
    Route,
    Signature,
    Wanted,
    order_faults,
    rate_of,
    sign,
)
from services.booking.domain.chart.weight import Weight, WeightType
from services.booking.domain.protocol.templates import TEMPLATES
from shared.errors import Conflict, Forbidden, RuleBroken

MOOD, BIPOLAR = TEMPLATES["mood-iv-6x2w"], TEMPLATES["bipolar-iv-6x3w"]
CRPS, SPRAY = TEMPLATES["pain-crps-10d"], TEMPLATES["esket-label"]
TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
FIRST, LATER = History(is_first=True), History(is_first=False)


def a_weight(kg="70", height="175", sex=Sex.MALE, on=TODAY, chosen=None):
    return Weight(Decimal(kg), on, Decimal(height), sex, chosen)


def half_mg_per_kg(**fields):
    return Wanted(**{"basis": Basis.MG_PER_KG, "amount": Decimal("0.5"), "minutes": 40, "weight": a_weight(), **fields})


def signed(wanted=None, regimen=MOOD, *, history=FIRST, before=None, dose_on=TODAY, by="dr-a"):
    return sign(
        wanted or half_mg_per_kg(),
        regimen,
        history,
        patient_id="patient-1",
        series_id="series-1",
        before=before,
        today=TODAY,
        dose_on=dose_on,
        signature=Signature(by, AT),
    )


def refused(wanted, regimen=MOOD, **options):
    with pytest.raises(RuleBroken) as refusal:
        signed(wanted, regimen, **options)
    assert refusal.value.code == "dose-order.refused"
    return [(fault.code.removeprefix("dose-order."), fault.pointer) for fault in refusal.value.faults]


# --- weights and doses, as computed by hand


@pytest.mark.parametrize(
    ("kg", "height", "sex", "bmi", "ideal", "dosing", "half", "by_actual", "rate", "given"),
    [
        ("70", "175", Sex.MALE, "22.9", "70.5", "70.0", "35.0", "35.0", "52.5", "35.0"),
        ("60", "165", Sex.FEMALE, "22.0", "56.9", "60.0", "30.0", "30.0", "45.0", "30.0"),
        ("120", "175", Sex.MALE, "39.2", "70.5", "70.5", "35.2", "60.0", "52.8", "35.0"),
        ("95", "160", Sex.FEMALE, "37.1", "52.4", "52.4", "26.2", "47.5", "39.3", "26.0"),
    ],
)
def test_half_a_milligram_per_kilogram(*, kg, height, sex, bmi, ideal, dosing, half, by_actual, rate, given):
    weight = a_weight(kg, height, sex)
    rounded = [str(value.quantize(Decimal("0.1"))) for value in (weight.bmi, weight.ideal_kg, weight.dosing_kg)]
    assert rounded == [bmi, ideal, dosing]
    order = signed(half_mg_per_kg(weight=weight))
    assert (str(order.computed_mg), str(rate_of(order.computed_mg, 40)), str(order.dose_mg)) == (half, rate, given)
    actual = signed(half_mg_per_kg(weight=replace(weight, chosen=WeightType.ACTUAL)))
    assert str(actual.computed_mg) == by_actual


def test_a_course_by_the_hour():
    order = signed(Wanted(Basis.MG_PER_KG_HOUR, Decimal("0.35"), 240, a_weight()), CRPS)
    assert (str(order.rate), str(order.dose_mg), order.route) == ("24.5", "98.0", Route.INTRAVENOUS)


def test_the_pump_gives_what_is_left_after_rounding():
    order = signed(half_mg_per_kg(weight=a_weight("120")))
    assert (str(order.computed_mg), str(order.dose_mg), str(order.rate)) == ("35.2", "35.0", "52.5")


@pytest.mark.parametrize(
    ("kg", "height", "type"), [("91.875", "175", WeightType.IDEAL), ("91.874", "175", WeightType.ACTUAL)]
)
def test_the_ideal_weight_counts_from_a_body_mass_index_of_30_on(kg, height, type):
    assert a_weight(kg, height).type is type


def test_the_adjusted_weight_lies_two_fifths_above_the_ideal_one():
    weight = a_weight("120", chosen=WeightType.ADJUSTED)
    assert weight.dosing_kg == weight.ideal_kg + (120 - weight.ideal_kg) * 2 / 5


@pytest.mark.parametrize("chosen", [WeightType.IDEAL, WeightType.ADJUSTED])
def test_no_choice_counts_more_than_was_measured(chosen):
    assert a_weight("60", chosen=chosen).dosing_kg == 60


decimals = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value="0.01", max_value="2")


@given(
    amount=decimals,
    kg=st.decimals(places=1, min_value=25, max_value=350),
    height=st.decimals(places=1, min_value=120, max_value=230),
    sex=st.sampled_from(Sex),
    chosen=st.sampled_from([None, *WeightType]),
    minutes=st.integers(10, 480),
    step=st.sampled_from(["0.5", "0.1", "1", "2.5"]),
)
def test_rounding_never_raises_a_dose(*, amount, kg, height, sex, chosen, minutes, step):
    care = replace(MOOD.care, dose_step=Decimal(step))
    weight = Weight(kg, TODAY, height, sex, chosen)
    wanted = Wanted(Basis.MG_PER_KG, amount, minutes, weight)
    dose = wanted.dose_mg(care)
    assert wanted.exact_mg - care.dose_step < dose <= wanted.exact_mg
    assert dose % care.dose_step == 0
    assert rate_of(dose, minutes) * minutes / 60 <= dose
    assert weight.cautious_kg <= weight.dosing_kg <= kg


# --- what cannot be ordered


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"amount": Decimal(0)}, [("implausible", "/amount")]),
        ({"amount": Decimal(0), "minutes": 9}, [("implausible", "/amount"), ("implausible", "/minutes")]),
        ({"amount": Decimal("-0.5")}, [("implausible", "/amount")]),
        ({"amount": Decimal("2.001")}, [("implausible", "/amount")]),
        ({"amount": Decimal("0.001")}, [("implausible", "/amount")]),
        ({"minutes": 9}, [("implausible", "/minutes")]),
        ({"minutes": 481}, [("implausible", "/minutes")]),
        ({"weight": None}, [("weight-missing", "/weight")]),
        ({"weight": a_weight("24.9")}, [("implausible", "/weight/kg")]),
        ({"weight": a_weight("350.1", "230")}, [("implausible", "/weight/kg")]),
        ({"weight": a_weight("7000")}, [("implausible", "/weight/kg")]),
        ({"weight": a_weight(height="119.9")}, [("implausible", "/weight/height_cm")]),
        ({"weight": a_weight(height="230.1")}, [("implausible", "/weight/height_cm")]),
        ({"weight": a_weight(height="0")}, [("implausible", "/weight/height_cm")]),
        ({"weight": a_weight(on=date(2026, 3, 3))}, [("weight-in-future", "/weight/measured_on")]),
        ({"weight": Weight(Decimal(70), TODAY)}, [("height-missing", "/weight/height_cm")]),
        ({"weight": Weight(Decimal(70), TODAY, Decimal(175))}, [("height-missing", "/weight/height_cm")]),
        ({"basis": Basis.DEVICE, "amount": Decimal(56)}, [("basis-unsuitable", "/basis")]),
        ({"basis": Basis.MG, "amount": Decimal("500.1")}, [("implausible", "/amount")]),
        ({"basis": Basis.MG, "amount": Decimal(35), "weight": None}, [("weight-missing", "/weight")]),
        ({"basis": Basis.MG_PER_KG_HOUR, "amount": Decimal("1.01")}, [("implausible", "/amount")]),
    ],
)
def test_what_cannot_be_meant_is_refused(changes, faults):
    assert refused(half_mg_per_kg(**changes)) == faults


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Decimal(2)},
        {"minutes": 10},
        {"minutes": 480},
        {"weight": a_weight("25")},
        {"weight": a_weight("350", "230")},
        {"weight": a_weight("60", "120")},
        {"weight": Weight(Decimal(70), TODAY, chosen=WeightType.ACTUAL)},
        {"basis": Basis.MG, "amount": Decimal(500)},
        {"basis": Basis.MG_PER_KG_HOUR, "amount": Decimal(1)},
    ],
)
def test_what_lies_on_the_limit_is_not(changes):
    assert signed(half_mg_per_kg(**changes)).dose_mg > 0


def test_every_reason_is_told_at_once():
    wanted = Wanted(Basis.DEVICE, Decimal(35), 1000, a_weight("7", on=date(2026, 4, 1)))
    assert [code for code, _ in refused(wanted, before=signed())] == [
        "basis-unsuitable", "implausible", "implausible", "implausible", "weight-in-future", "reason-missing"
    ]  # fmt: skip


def test_a_spray_is_ordered_in_its_own_doses_and_without_a_weight():
    order = signed(Wanted(Basis.DEVICE, Decimal(56), 10), SPRAY)
    assert (order.dose_mg, order.rate, order.route, order.needs_second) == (56, None, Route.NASAL, ())
    assert refused(Wanted(Basis.DEVICE, Decimal(50), 10), SPRAY) == [("implausible", "/amount")]
    assert refused(half_mg_per_kg(), SPRAY) == [("basis-unsuitable", "/basis")]


# --- how old a weight may be


@pytest.mark.parametrize(("history", "most"), [(FIRST, 7), (LATER, 30)])
def test_a_weight_counts_for_days_at_the_date_of_the_dose(history, most):
    last = TODAY + timedelta(days=most)
    order = signed(history=history, dose_on=last)
    assert order_faults(order, MOOD.care, last, history) == []
    late = last + timedelta(days=1)
    assert refused(half_mg_per_kg(), history=history, dose_on=late) == [("weight-too-old", "/weight/measured_on")]
    (fault,) = order_faults(order, MOOD.care, late, history)
    assert (fault.code, fault.context["most_days"]) == ("dose-order.weight-too-old", most)


def test_without_an_order_no_dose_is_given():
    assert [fault.code for fault in order_faults(None, MOOD.care, TODAY, FIRST)] == ["dose-order.missing"]


# --- the second signature


@pytest.mark.parametrize(
    ("last", "amount", "reasons"),
    [
        ("40", "30", []),
        ("40", "29.5", ["change-from-last-dose"]),
        ("40", "50", []),
        ("40", "50.5", ["change-from-last-dose"]),
        ("35", "43.5", []),
        ("35", "44", ["change-from-last-dose"]),
        (None, "70", []),
        (None, "70.5", ["above-most-mg-per-kg"]),
        ("40", "71", ["above-most-mg-per-kg", "change-from-last-dose"]),
    ],
)
def test_a_second_signature_is_for_far_changes_and_high_doses(last, amount, reasons):
    history = History(is_first=False, last_mg=last and Decimal(last))
    order = signed(half_mg_per_kg(basis=Basis.MG, amount=Decimal(amount)), history=history)
    assert [*order.needs_second] == reasons
    faults = order_faults(order, MOOD.care, TODAY, history)
    assert [(fault.code, fault.context["reasons"]) for fault in faults] == (
        [("dose-order.second-signature", reasons)] if reasons else []
    )
    assert order_faults(order.countersigned(Signature("dr-b", AT)), MOOD.care, TODAY, history) == []


def test_the_most_per_kilogram_is_the_protocols():
    wanted = half_mg_per_kg(amount=Decimal("0.76"))
    assert (signed(wanted).needs_second, signed(wanted, BIPOLAR).needs_second) == ((), ("above-most-mg-per-kg",))
    assert signed(half_mg_per_kg(amount=Decimal("0.75")), BIPOLAR).needs_second == ()
    assert signed(half_mg_per_kg(amount=Decimal(2)), CRPS).needs_second == ()


def test_choosing_the_measured_weight_does_not_lift_the_cap_of_the_ideal_one():
    weight = a_weight("120", chosen=WeightType.ACTUAL)
    assert signed(half_mg_per_kg(weight=weight)).needs_second == ()
    assert signed(half_mg_per_kg(weight=weight, amount=Decimal("0.6"))).needs_second == ("above-most-mg-per-kg",)


def test_an_order_that_was_fine_when_signed_needs_a_second_word_once_another_dose_was_given():
    order = signed(history=History(is_first=False, last_mg=Decimal(35)))
    assert order.needs_second == ()
    now = History(is_first=False, last_mg=Decimal(25))
    assert [fault.code for fault in order_faults(order, MOOD.care, TODAY, now)] == ["dose-order.second-signature"]


def test_the_second_signature_is_another_clinicians_and_given_once():
    order = signed(by="dr-a")
    with pytest.raises(Forbidden, match="same-signer"):
        order.countersigned(Signature("dr-a", AT))
    second = order.countersigned(Signature("dr-b", AT))
    with pytest.raises(Conflict, match="countersigned"):
        second.countersigned(Signature("dr-c", AT))
    with pytest.raises(Conflict, match="superseded"):
        replace(order, superseded_by="series-1.2").countersigned(Signature("dr-b", AT))


# --- one after another


def test_the_next_order_says_why_and_which_one_it_replaces():
    first = signed()
    assert refused(half_mg_per_kg(), before=first) == [("reason-missing", "/reason")]
    second = signed(half_mg_per_kg(reason="little effect"), before=first)
    assert (first.id, second.id, second.number, second.supersedes) == ("series-1.1", "series-1.2", 2, "series-1.1")
