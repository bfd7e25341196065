"""The way by which programs make a patient ready for a course leads through every gate of booking."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from deploy.local.clear_patient import TO_BOOK, clear_patient
from services.booking.api.routes import ROUTES
from services.booking.domain.chart.assessment import Assessment
from services.booking.domain.chart.consent import Consent, Gate
from services.booking.domain.patient.patient import Patient
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.operations.assessments import assessment_faults_of
from services.booking.operations.clearing import require_cleared
from services.booking.operations.consents import missing_consents
from shared.actor import Actor
from tests.support.booking_builders import CASE_A, CLINIC, NOW, PATIENT, a_series, a_world
from tests.support.booking_fakes import FakeBooking

COURSES = [(slug, condition) for slug, regimen in TEMPLATES.items() for condition in regimen.conditions]


@pytest.fixture
def world() -> FakeBooking:
    """With a patient of whom nothing is known."""
    world = a_world()
    for kind in (Assessment, Consent):
        world.rows[kind].clear()
    world.actor = Actor("key-of-everybody", frozenset({"front_desk", "clinician", "psychiatrist"}))
    return world


def through_the_api(world: FakeBooking) -> Any:
    """A body goes in and an answer comes out as JSON says it, by the table of routes."""

    def post(path: str, body: Any) -> Any:
        for route in ROUTES:
            pattern = re.sub(r"<(?:\w+:)?(\w+)>", r"(?P<\1>[^/]+)", route.path)
            if route.method == "POST" and (found := re.fullmatch(pattern, f"/clinics/{CLINIC}{path}")):
                named = {name: value for name, value in found.groupdict().items() if name != "clinic_id"}
                said = route.body().load(body) if route.body else {}
                result = world.run(CLINIC, route.operation, route.command(**named, **said))
                return route.answer().dump(result)  # type: ignore[operator]
        raise AssertionError(path)

    return post


@pytest.mark.parametrize(("slug", "condition"), COURSES)
def test_whoever_was_cleared_is_booked_and_may_be_treated(world, slug, condition):
    clear_patient(through_the_api(world), PATIENT, NOW.date(), protocol=slug, condition=condition)
    unit = world.unit(CLINIC)
    series = a_series(protocol=slug, condition=condition)
    require_cleared(unit, series)
    unit.commit()
    again = world.unit(CLINIC)
    assert assessment_faults_of(again, series, CASE_A[0]) == []
    assert missing_consents(again, series, Gate.DOSING, CASE_A[0]) == []


def test_somebody_old_is_cleared_by_a_clinicians_word(world):
    patient = world.rows[Patient][CLINIC, PATIENT]
    world.rows[Patient][CLINIC, PATIENT] = replace(patient, birth_date=date(1947, 8, 29))
    clear_patient(through_the_api(world), PATIENT, NOW.date())
    require_cleared(world.unit(CLINIC), a_series())
    (assessment,) = world.all(Assessment)
    assert [decision.code for decision in assessment.decisions] == ["age-65-plus"]


def test_what_is_signed_to_book_is_enough_to_book(world):
    clear_patient(through_the_api(world), PATIENT, NOW.date(), documents=TO_BOOK)
    series = replace(a_series(), protocol="booster-single")
    require_cleared(world.unit(CLINIC), series)
    missing = missing_consents(world.unit(CLINIC), series, Gate.DOSING, CASE_A[0])
    assert {fault.context["kind"] for fault in missing} == {"treatment", "escort-and-no-driving", "privacy-notice"}


def test_an_assessment_is_answered_with_what_screening_says_of_it(world):
    post = through_the_api(world)
    clear_patient(post, PATIENT, NOW.date(), protocol="bpd-iv-6x3w", condition=Condition.BPD)
    (assessment,) = world.all(Assessment)
    answer = post(
        f"/patients/{PATIENT}/assessments/{assessment.id}/exams",
        {"exam": {"kind": "liver", "on": "2026-03-01", "value": "3.25"}},
    )
    assert (answer["status"], answer["version"], answer["unanswered"]) == ("approved", 4, [])
    assert answer["exams"][-1] == {"kind": "liver", "on": "2026-03-01", "word": None, "value": "3.25"}
    assert answer["history"]["pregnancy"] is False
    (signed_off, liver) = answer["results"]
    assert (signed_off["code"], signed_off["stands"]) == ("investigational-condition", False)
    assert signed_off["decided"]["by"] == "key-of-everybody"
    assert (liver["code"], liver["outcome"], liver["decider"], liver["stands"]) == (
        "liver-raised",
        "hold",
        "clinician",
        True,
    )
