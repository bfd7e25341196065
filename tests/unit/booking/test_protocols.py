from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar import PATIENT
from services.booking.domain.protocol import Block, Phase, Regimen
from services.booking.domain.protocol_templates import TALK_BLOCKS, TEMPLATES, default_protocols
from services.booking.domain.publishing import faults_of, publish
from services.booking.domain.resource import ResourceKind
from services.booking.domain.spacing import breaches, earliest_course, notes
from shared.errors import RuleBroken
from tests.support.booking_builders import MOOD

SEEDS = {
    # slug: sessions, shortest gap, longest gap, most in seven days, window, tolerance
    "mood-iv-6x3w": (6, 2, 5, 2, 21, 28),
    "mood-iv-6x2w": (6, 2, 4, 3, 14, 21),
    "mood-iv-3x3w": (3, 6, 9, 1, 15, 28),
    "ptsd-iv-6x2w": (6, 2, 4, 3, 14, 21),
    "anxiety-iv-6x3w": (6, 2, 5, 2, 21, 28),
    "ocd-iv-6x3w": (6, 2, 5, 2, 21, 28),
    "bipolar-iv-6x3w": (6, 3, 5, 2, 21, 28),
    "bpd-iv-6x3w": (6, 3, 5, 2, 21, 28),
    "pain-iv-single": (1, 1, None, 1, None, None),
    "pain-iv-5x5d": (5, 1, 1, 5, 5, 5),
    "pain-crps-10d": (10, 1, 3, 5, 14, 14),
    "maint-weekly-taper": (8, 6, 10, 1, None, None),
    "booster-single": (1, 1, None, 1, None, None),
    "kap-6": (11, 3, 10, 2, 42, 42),
    "esket-label": (12, 2, 5, 2, None, None),
}
every_template = pytest.mark.parametrize("slug", list(TEMPLATES))


def minutes_of(slug: str, kind: str) -> int:
    phase = next(phase for phase in TEMPLATES[slug].phases if phase.doses)
    spans = [span for span in phase.spans if span.kind == kind]
    return sum((span.ends - span.begins for span in spans), timedelta()) // timedelta(minutes=1)


def test_all_templates_are_there():
    assert set(TEMPLATES) == set(SEEDS)
    assert [protocol.id for protocol in default_protocols()] == [f"{slug}@1" for slug in TEMPLATES]


@every_template
def test_template_says_what_was_agreed(slug: str):
    regimen = TEMPLATES[slug]
    phase = next(phase for phase in regimen.phases if phase.doses)
    said = (regimen.sessions, phase.min_days, phase.max_days, phase.per_seven_days)
    assert (*said, regimen.window_days, regimen.tolerance_days) == SEEDS[slug]


@every_template
def test_template_makes_sense(slug: str):
    assert faults_of(TEMPLATES[slug]) == []


@every_template
def test_greedy_course_of_a_template_fits_its_window(slug: str):
    course = earliest_course(TEMPLATES[slug], date(2026, 1, 5))
    assert course is not None
    assert len(course.sessions) == TEMPLATES[slug].sessions >= 1
    assert breaches(course) == []
    assert notes(course) == []


@every_template
def test_cap_of_a_template_can_be_reached(slug: str):
    for phase in TEMPLATES[slug].phases:
        assert phase.max_days is None or phase.min_days <= phase.max_days
        assert not phase.doses or 1 <= phase.per_seven_days <= 1 + 6 // phase.min_days


@pytest.mark.parametrize(
    ("slug", "patient", "taken", "place"),
    [
        ("mood-iv-6x2w", 145, 145, ResourceKind.CHAIR),
        ("pain-iv-5x5d", 360, 360, ResourceKind.CHAIR),
        ("kap-6", 180, 180, ResourceKind.ROOM),
    ],
)
def test_time_line_of_a_session(slug: str, patient: int, taken: int, place: ResourceKind):
    assert minutes_of(slug, PATIENT) == patient
    assert minutes_of(slug, place) == taken


def test_nurse_is_free_during_recovery():
    assert minutes_of("mood-iv-6x2w", "nurse") == 15 + 40 + 15


def test_therapist_stays_for_the_whole_dosing_session():
    assert minutes_of("kap-6", "therapist") == 165


def test_patient_comes_before_the_chair_is_taken_and_leaves_before_it_is_turned_over():
    phase = MOOD.phases[0]
    spans = {span.kind: span for span in phase.spans if span.kind in {PATIENT, "chair"}}
    assert (spans[PATIENT].begins, spans["chair"].begins) == (timedelta(minutes=-15), timedelta())
    assert phase.length == spans[PATIENT].ends == timedelta(minutes=130)
    assert spans["chair"].ends == timedelta(minutes=145)


def test_investigational_protocols_are_marked():
    assert {slug for slug, regimen in TEMPLATES.items() if regimen.is_investigational} == {"ocd-iv-6x3w", "bpd-iv-6x3w"}


def test_sessions_beyond_the_plan_belong_to_the_open_phase():
    taper = TEMPLATES["maint-weekly-taper"]
    names = [taper.phase_of(number).name for number in (1, 4, 5, 8, 9, 20)]
    assert names == ["weekly", "weekly", "fortnightly", "fortnightly", "monthly", "monthly"]
    assert taper.is_open_ended


def test_assisted_psychotherapy_has_two_talks_six_doses_and_three_talks_in_between():
    names = [TEMPLATES["kap-6"].phase_of(number).name for number in range(1, 12)]
    course = ["dosing", "dosing", "integration"]
    assert names == ["preparation", "preparation", *course, *course, *course]


def test_next_edition_leaves_the_one_before_as_it_was():
    first = publish("mood", None, MOOD)
    second = publish("mood", first, replace(MOOD, name="Mood, slower"))
    assert (first.edition, second.edition) == (1, 2)
    assert first.regimen == MOOD
    assert first.id != second.id


def with_phase(**changes: Any) -> Regimen:
    return replace(MOOD, phases=(replace(MOOD.phases[0], **changes),))


@pytest.mark.parametrize(
    ("regimen", "codes"),
    [
        (replace(MOOD, phases=()), {"protocol.no-sessions", "protocol.no-such-session"}),
        (replace(MOOD, conditions=()), {"protocol.no-condition"}),
        (with_phase(sessions=0), {"protocol.no-sessions", "protocol.no-such-session"}),
        (with_phase(sessions=61), {"protocol.too-many-sessions"}),
        (with_phase(min_days=0), {"protocol.spacing-backward"}),
        (with_phase(min_days=3, max_days=2), {"protocol.spacing-backward"}),
        (with_phase(max_days=None), {"protocol.max-days-missing"}),
        (with_phase(per_seven_days=5), {"protocol.cap-inconsistent"}),
        (with_phase(per_seven_days=0), {"protocol.cap-inconsistent"}),
        (with_phase(blocks=(Block("talk", 50),)), {"protocol.needs-nothing"}),
        (with_phase(blocks=(Block("talk", 53, (ResourceKind.ROOM,)),)), {"protocol.block-off-grid"}),
        (with_phase(blocks=(Block("night", 1445, (ResourceKind.ROOM,)),)), {"protocol.length-impossible"}),
        (
            with_phase(blocks=(Block("turnover", 15, (ResourceKind.ROOM,), with_patient=False),)),
            {"protocol.length-impossible"},
        ),
        (replace(MOOD, phases=(replace(MOOD.phases[0], sessions=None), *MOOD.phases)), {"protocol.open-end-too-early"}),
        (replace(MOOD, re_evaluate_after=(3, 7)), {"protocol.no-such-session"}),
        (replace(MOOD, tolerance_days=10), {"protocol.tolerance-too-small"}),
        (replace(MOOD, window_days=9, tolerance_days=9), {"protocol.unschedulable"}),
        (replace(MOOD, window_days=10), {"protocol.unschedulable"}),
        (with_phase(min_days=2, max_days=2, per_seven_days=1), {"protocol.unschedulable"}),
    ],
)
def test_regimen_that_cannot_be_followed_is_refused(regimen: Regimen, codes: set[str]):
    with pytest.raises(RuleBroken) as refusal:
        publish("mood", None, regimen)
    assert {fault.code for fault in refusal.value.faults} == codes


def test_every_reason_against_a_regimen_comes_at_once():
    wrong = replace(with_phase(min_days=5, max_days=2, blocks=()), conditions=(), re_evaluate_after=(9,))
    assert {fault.pointer for fault in faults_of(wrong)} == {"/phases/0", "/conditions", "/re_evaluate_after/0"}


def test_a_talk_needs_no_cap():
    talks = Phase("talk", 3, TALK_BLOCKS, min_days=7, max_days=9, per_seven_days=0, doses=False)
    assert faults_of(replace(MOOD, phases=(talks,), re_evaluate_after=())) == []
