from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from services.booking.api.care_schemas import CareSchema
from services.booking.api.protocols import RegimenSchema
from services.booking.api.request_fields import DecimalText
from services.booking.domain.protocol.care import (
    FIGURES,
    LIMITS,
    LOINC,
    LONGEST_WAIT,
    ORDINARY,
    PLAUSIBLE,
    REQUIRED,
    Care,
    DissociationScale,
    Limit,
    Side,
    Stage,
    Vital,
)
from services.booking.domain.protocol.care_rules import faults_of_care
from services.booking.domain.protocol.protocol import Modality, Protocol, an_edition
from services.booking.domain.protocol.publishing import faults_of
from services.booking.domain.protocol.templates import TEMPLATES
from shared.converters import from_document, to_document
from tests.support.booking_builders import MOOD

every_template = pytest.mark.parametrize("slug", TEMPLATES)
UNLIKE_ALL = Care(
    asks_pain=True,
    most_mg_per_kg=None,
    severe_from=15,
    dissociation_scale=DissociationScale.NUMERIC,
    limits=(*LIMITS, Limit(Vital.SPO2, Stage.STOP, Side.UNDER, Decimal("85.5"))),
)


def codes(care: Care) -> list[tuple[str, str]]:
    return [(fault.code, fault.pointer) for fault in faults_of_care(care)]


def with_limit(place: int, **changes: Any) -> Care:
    limits = list(LIMITS)
    limits[place] = replace(limits[place], **changes)
    return Care(limits=tuple(limits))


def place_of(vital: str, stage: str, side: str) -> int:
    return next(place for place, one in enumerate(LIMITS) if (one.vital, one.stage, one.side) == (vital, stage, side))


# --- the figures ----------------------------------------------------------------------------------------------------


def test_the_limits_are_those_of_the_table():
    table = {
        # vital: asks a clinician, refuses the start, advises to stop
        "systolic": ("at-least 140", "at-least 160", "at-least 180"),
        "diastolic": ("at-least 90", "at-least 100", "at-least 110"),
        "low systolic": (None, "under 90", "under 90"),
        "heart-rate": ("over 100", "over 120", "over 130"),
        "low heart-rate": (None, "under 50", "under 50"),
        "respiratory-rate": (None, "over 30", "over 30"),
        "low respiratory-rate": (None, "under 10", "under 10"),
        "low spo2": ("under 95", "under 92", "under 92 for 60"),
        "temperature": ("at-least 37.8", "at-least 38.5", None),
    }
    found = {
        (f"low {one.vital}" if one.is_low else str(one.vital), str(one.stage)): (
            f"{one.side} {one.value}" + (f" for {one.for_seconds}" if one.for_seconds else "")
        )
        for one in LIMITS
    }
    said = {
        (name, stage): words for name, row in table.items() for stage, words in zip(Stage, row, strict=True) if words
    }
    assert found == said


def test_the_figures_that_hold_where_a_protocol_sets_none():
    assert {field.name: getattr(ORDINARY, field.name) for field in fields(Care) if field.name != "limits"} == {
        "infusion_minutes": 40,
        "infusion_every": 10,
        "infusion_grace": 3,
        "recovery_every": 15,
        "recovery_grace": 5,
        "repeat_after": 15,
        "most_repeats": 3,
        "reading_minutes": 60,
        "observe": 60,
        "observe_floor": 30,
        "asks_pain": False,
        "dissociation_scale": "cadss-6",
        "most_dissociation": 4,
        "near_percent": 20,
        "late_minutes": 15,
        "solids_hours": 6,
        "fluids_minutes": 120,
        "substance_hours": 24,
        "no_driving_hours": 24,
        "weight_days": 30,
        "first_weight_days": 7,
        "dose_step": Decimal("0.5"),
        "most_mg_per_kg": Decimal(1),
        "change_percent": 25,
        "least_trials": 0,
        "severe_from": None,
        "assessment_days": 180,
        "supervisor_skills": ("acls",),
    }


def test_every_figure_and_every_vital_has_its_range():
    numbers = {field.name for field in fields(Care)} - {
        "asks_pain",
        "dissociation_scale",
        "limits",
        "supervisor_skills",
    }
    assert set(FIGURES) == numbers
    assert set(PLAUSIBLE) == set(LOINC) == set(Vital)
    assert set(REQUIRED) < set(Vital)


@every_template
def test_the_care_of_each_template_can_be_followed_and_is_kept_as_it_is(slug: str):
    care = TEMPLATES[slug].care
    assert codes(care) == []
    assert from_document(Care, to_document(care)) == care


@pytest.mark.parametrize(
    ("slug", "figures"),
    [
        ("mood-iv-6x2w", {"infusion_minutes": 40, "asks_pain": False, "least_trials": 2, "severe_from": 15}),
        ("pain-iv-single", {"infusion_minutes": 240, "asks_pain": True, "most_mg_per_kg": None}),
        ("kap-6", {"infusion_minutes": 60, "observe": 60}),
        ("esket-label", {"observe": 120, "observe_floor": 120, "solids_hours": 2, "fluids_minutes": 30}),
    ],
)
def test_templates_differ_where_their_medicine_does(slug: str, figures: Mapping[str, Any]):
    care = TEMPLATES[slug].care
    assert {name: getattr(care, name) for name in figures} == figures


@pytest.mark.parametrize(
    ("slug", "modality"), [("kap-6", "kap"), ("esket-label", "esketamine"), ("mood-iv-6x3w", "infusion")]
)
def test_the_modality_is_not_the_condition(slug: str, modality: str):
    assert TEMPLATES[slug].modality == modality


def test_a_protocol_comes_back_from_its_document_as_it_was():
    protocol = an_edition("mood", 3, replace(MOOD, care=UNLIKE_ALL, modality=Modality.KAP))
    document = to_document(protocol)
    assert from_document(Protocol, document) == protocol
    assert document["regimen"]["care"]["dose_step"] == "0.5"


def test_an_edition_from_before_the_day_of_a_dose_had_figures_takes_the_ordinary_ones():
    document = to_document(an_edition("mood", 1, MOOD))
    del document["regimen"]["care"], document["regimen"]["modality"]
    regimen = from_document(Protocol, document).regimen
    assert (regimen.care, regimen.modality) == (ORDINARY, Modality.INFUSION)


# --- what cannot be published ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_goes_to_the_ends_of_its_range_and_no_further(name: str):
    step = Decimal("0.01") if name in {"dose_step", "most_mg_per_kg"} else 1
    least, most = FIGURES[name]
    impossible = ("protocol.figure-impossible", f"/{name}")
    for value, is_possible in ((least, True), (most, True), (least - step, False), (most + step, False)):
        changes: dict[str, Any] = {name: value}
        assert (impossible not in codes(replace(ORDINARY, **changes))) == is_possible


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"observe_floor": 61}, [("protocol.observation-backward", "/observe_floor")]),
        ({"observe_floor": 60}, []),
        ({"first_weight_days": 31}, [("protocol.weights-backward", "/first_weight_days")]),
        ({"first_weight_days": 30}, []),
        ({"fluids_minutes": 361}, [("protocol.fasting-backward", "/fluids_minutes")]),
        ({"fluids_minutes": 360}, []),
        ({"infusion_grace": 10}, [("protocol.grace-too-long", "/infusion_grace")]),
        ({"infusion_grace": 9}, []),
        ({"recovery_grace": 15}, [("protocol.grace-too-long", "/recovery_grace")]),
        ({"recovery_grace": 14}, []),
        (
            {"dissociation_scale": DissociationScale.NUMERIC, "most_dissociation": 11},
            [("protocol.dissociation-off-scale", "/most_dissociation")],
        ),
        ({"dissociation_scale": DissociationScale.NUMERIC, "most_dissociation": 10}, []),
        ({"most_dissociation": 24}, []),
        ({"supervisor_skills": ()}, []),
        ({"supervisor_skills": ("acls", "pals")}, []),
        ({"supervisor_skills": ("acls", "acls")}, [("protocol.skills-unclear", "/supervisor_skills")]),
        ({"supervisor_skills": ("ACLS!",)}, [("protocol.skills-unclear", "/supervisor_skills")]),
    ],
)
def test_figures_that_contradict_each_other_are_refused(changes: Mapping[str, Any], found: list[tuple[str, str]]):
    assert codes(replace(ORDINARY, **changes)) == found


HIGH = place_of("systolic", "stop", "at-least")
LOW = place_of("systolic", "refuse", "under")
WAITS = place_of("spo2", "stop", "under")


@pytest.mark.parametrize(
    ("care", "found"),
    [
        # On the high side the values rise from review to stop, on the low side they fall; equal ones are allowed.
        (with_limit(HIGH, value=Decimal(160)), set()),
        (with_limit(HIGH, value=Decimal(159)), {"protocol.limits-backward"}),
        (with_limit(WAITS, value=Decimal(92)), set()),
        (with_limit(WAITS, value=Decimal(93)), {"protocol.limits-backward"}),
        (with_limit(place_of("spo2", "review", "under"), value=Decimal(91)), {"protocol.limits-backward"}),
        # Between the low and the high ones values are left.
        (with_limit(LOW, value=Decimal(139)), set()),
        (with_limit(LOW, value=Decimal(140)), {"protocol.limits-crossed"}),
        (with_limit(HIGH, value=Decimal(300)), set()),
        (with_limit(HIGH, value=Decimal(301)), {"protocol.limit-implausible"}),
        (with_limit(WAITS, for_seconds=LONGEST_WAIT), set()),
        (with_limit(WAITS, for_seconds=LONGEST_WAIT + 1), {"protocol.limit-cannot-wait"}),
        (with_limit(WAITS, for_seconds=-1), {"protocol.limit-cannot-wait"}),
        (with_limit(LOW, for_seconds=60), {"protocol.limit-cannot-wait"}),
        (Care(limits=(*LIMITS, LIMITS[0])), {"protocol.limit-twice"}),
        (Care(limits=(*LIMITS, replace(LIMITS[0], side=Side.OVER))), {"protocol.limit-twice"}),
        (UNLIKE_ALL, set()),
    ],
)
def test_limits_that_make_no_sense_are_refused(care: Care, found: set[str]):
    assert {code for code, _ in codes(care)} == found


NEEDED = (("systolic", "high"), ("systolic", "low"), ("diastolic", "high"), ("heart-rate", "high"),
          ("heart-rate", "low"), ("spo2", "low"))  # fmt: skip


@pytest.mark.parametrize("side", ["low", "high"])
@pytest.mark.parametrize("vital", Vital)
def test_what_is_always_measured_has_limits_to_refuse_and_to_stop_on_each_side(vital: Vital, side: str):
    is_low = side == "low"
    without = Care(limits=tuple(one for one in LIMITS if (one.vital, one.is_low) != (vital, is_low)))
    missing = [
        (one.code, one.context["vital"], one.context["stage"], one.context["side"]) for one in faults_of_care(without)
    ]
    is_needed = (vital, side) in NEEDED
    assert missing == [("protocol.limit-missing", vital, stage, side) for stage in ("refuse", "stop") if is_needed]


@pytest.mark.parametrize(
    ("name", "least"),
    [("observe", 30), ("observe_floor", 30), ("no_driving_hours", 24), ("substance_hours", 12), ("solids_hours", 2),
     ("fluids_minutes", 30)],
)  # fmt: skip
def test_below_these_no_clinic_goes(name: str, least: int):
    assert FIGURES[name][0] == least


def test_a_look_is_taken_at_least_every_half_hour_and_every_hour_behind_the_infusion():
    assert [FIGURES[name][1] for name in ("infusion_every", "recovery_every")] == [30, 60]


@pytest.mark.parametrize(
    ("slug", "changes", "pointers"),
    [
        ("esket-label", {"observe_floor": 119}, ["/care/observe_floor"]),
        ("esket-label", {"observe_floor": 120, "fluids_minutes": 30, "solids_hours": 2}, []),
        ("mood-iv-6x2w", {"observe_floor": 30, "fluids_minutes": 120, "solids_hours": 4}, []),
        ("mood-iv-6x2w", {"fluids_minutes": 119, "solids_hours": 3}, ["/care/solids_hours", "/care/fluids_minutes"]),
        ("kap-6", {"fluids_minutes": 119}, ["/care/fluids_minutes"]),
    ],
)
def test_how_the_medicine_is_given_has_floors_of_its_own(slug: str, changes: Mapping[str, Any], pointers: list[str]):
    regimen = TEMPLATES[slug]
    found = faults_of(replace(regimen, care=replace(regimen.care, **changes)))
    assert [(fault.code, fault.pointer) for fault in found] == [("protocol.below-floor", one) for one in pointers]


def test_the_faults_of_a_protocol_point_to_its_care():
    wrong = replace(ORDINARY, observe_floor=61, limits=(*LIMITS, LIMITS[0]))
    found = [(fault.code, fault.pointer) for fault in faults_of(replace(MOOD, care=wrong))]
    assert found == [
        ("protocol.observation-backward", "/care/observe_floor"),
        ("protocol.limit-twice", f"/care/limits/{len(LIMITS)}"),
    ]


# --- over HTTP ------------------------------------------------------------------------------------------------------


@every_template
def test_a_protocol_goes_out_and_comes_in_the_same(slug: str):
    schema = RegimenSchema()
    shown = schema.dump(TEMPLATES[slug])
    assert schema.load(shown) == TEMPLATES[slug]
    assert shown["modality"] == TEMPLATES[slug].modality
    assert set(shown["care"]) == {field.name for field in fields(Care)}


def test_what_a_request_leaves_out_is_ordinary():
    schema = RegimenSchema()
    shown = schema.dump(MOOD)
    del shown["care"], shown["modality"]
    regimen = schema.load(shown)
    assert (regimen.care, regimen.modality) == (ORDINARY, Modality.INFUSION)
    assert CareSchema().load({}) == ORDINARY
    assert CareSchema().load({"observe": 90, "most_mg_per_kg": None}) == replace(
        ORDINARY, observe=90, most_mg_per_kg=None
    )


@pytest.mark.parametrize(
    "sent",
    [
        {"observe": 1441},
        {"observe": "60"},
        {"observe": 60.5},
        {"observe": None},
        {"dose_step": "0"},
        {"dose_step": "0.001"},
        {"dose_step": None},
        {"limits": []},
        {"limits": [{"vital": "mood", "stage": "stop", "side": "over", "value": "3"}]},
        {"limits": [{"vital": "spo2", "stage": "stop", "side": "under", "value": "NaN"}]},
        {"dissociation_scale": "feelings"},
        {"weight": 70},
    ],
)
def test_what_no_protocol_says_is_refused(sent: dict[str, Any]):
    with pytest.raises(ValidationError):
        CareSchema().load(sent)


class Bread(Schema):
    weight = DecimalText(Decimal("0.5"), Decimal(20), places=2)


@pytest.mark.parametrize(
    ("sent", "read"),
    [("0.5", "0.5"), ("20", "20"), (20, "20"), (1.25, "1.25"), ("20.00", "20.00"), ("007", "7")],
)
def test_a_decimal_is_read_from_text_or_number_and_shown_as_text(sent: Any, read: str):
    loaded = Bread().load({"weight": sent})
    assert loaded == {"weight": Decimal(read)}
    assert Bread().dump(loaded) == {"weight": read}


def test_a_decimal_is_shown_without_an_exponent():
    assert Bread().dump({"weight": Decimal("1E+1")}) == {"weight": "10"}


@pytest.mark.parametrize(
    "sent",
    [
        "0.49",
        "20.01",
        "1.255",
        1.255,
        "-1",
        "+1",
        "1e1",
        "NaN",
        "Infinity",
        "1_0",
        "٣",
        " 1",
        "1\n",
        "",
        True,
        None,
        [],
        {},
    ],
)
def test_anything_else_is_no_decimal(sent: Any):
    with pytest.raises(ValidationError):
        Bread().load({"weight": sent})
