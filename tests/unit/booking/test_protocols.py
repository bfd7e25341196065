from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.resource import ResourceKind
from services.booking.domain.calendar.slots import PATIENT, Weekday
from services.booking.domain.protocol.caps import Caps
from services.booking.domain.protocol.protocol import Block, Condition, Need, Phase, Regimen
from services.booking.domain.protocol.publishing import faults_of, publish
from services.booking.domain.protocol.spacing import breaches, earliest_course, notes
from services.booking.domain.protocol.templates import TALK_BLOCKS, TEMPLATES, default_protocols
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
    "consultation": (1, 1, None, 1, None, None),
    "kap-6": (11, 3, 10, 2, 42, 42),
    "esket-label": (12, 2, 5, 2, None, None),
}
ROOM = Need(ResourceKind.ROOM)
SAID = {
    # slug: weekday patterns for doses, reviewed after, minutes of the medicine (or of the observation)
    "mood-iv-6x3w": ("TU FR, MO TH", (3, 6), 40),
    "mood-iv-6x2w": ("MO WE FR", (3, 6), 40),
    "mood-iv-3x3w": ("MO, TU, WE, TH, FR, SA, SU", (3,), 40),
    "ptsd-iv-6x2w": ("MO WE FR", (3, 6), 40),
    "anxiety-iv-6x3w": ("TU FR, MO TH", (3, 6), 40),
    "ocd-iv-6x3w": ("TU FR, MO TH", (3, 6), 40),
    "bipolar-iv-6x3w": ("TU FR, MO TH", (1, 2, 3, 4, 5, 6), 40),
    "bpd-iv-6x3w": ("TU FR, MO TH", (2, 4, 6), 40),
    "pain-iv-single": ("", (1,), 240),
    "pain-iv-5x5d": ("MO TU WE TH FR", (5,), 240),
    "pain-crps-10d": ("MO TU WE TH FR", (5, 10), 240),
    "maint-weekly-taper": ("MO, TU, WE, TH, FR, SA, SU", (4, 8), 40),
    "booster-single": ("", (1,), 40),
    "consultation": ("", (), None),
    # The second, fourth and sixth dose.
    "kap-6": ("", (4, 7, 10), 60),
    "esket-label": ("TU FR, MO TH", (8,), 120),
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
    phase = next((phase for phase in regimen.phases if phase.doses), regimen.phases[0])
    said = (regimen.sessions, phase.min_days, phase.max_days, phase.per_seven_days)
    assert (*said, regimen.window_days, regimen.tolerance_days) == SEEDS[slug]


@every_template
def test_template_has_its_pattern_its_reviews_and_its_blocks(slug: str):
    regimen = TEMPLATES[slug]
    patterns = ", ".join(" ".join(days) for days in regimen.preferred)
    blocks = {block.name: block.minutes for phase in regimen.phases if phase.doses for block in phase.blocks}
    medicine = blocks.get("observation", blocks.get("infusion"))
    assert (patterns, regimen.re_evaluate_after, medicine) == SAID[slug]


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


@pytest.mark.parametrize("slug", ["mood-iv-6x2w", "esket-label", "pain-iv-5x5d"])
def test_one_nurse_watches_two_who_recover_and_otherwise_one_patient(slug: str):
    spans = [span for span in TEMPLATES[slug].phases[0].spans if span.kind == "nurse"]
    assert [span.per for span in spans] == [1, 2, 1]
    assert [(span.ends - span.begins) >= timedelta(hours=1) for span in spans][1]


def test_nurse_is_with_the_patient_from_preparation_to_discharge():
    spans = [span for span in MOOD.phases[0].spans if span.kind == "nurse"]
    minutes = [(span.begins // timedelta(minutes=1), span.ends // timedelta(minutes=1)) for span in spans]
    assert minutes == [(0, 55), (55, 115), (115, 130)]


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


def with_needs(*needs: Need) -> Regimen:
    return with_phase(blocks=(Block("infusion", 40, needs),))


@pytest.mark.parametrize(
    ("regimen", "codes"),
    [
        (replace(MOOD, phases=()), {"protocol.no-sessions", "protocol.no-such-session"}),
        (replace(MOOD, conditions=()), {"protocol.no-condition"}),
        (replace(MOOD, allowed_weekdays=(Weekday.SU,)), {"protocol.preferred-not-allowed"}),
        (replace(MOOD, allowed_weekdays=(Weekday.SU,), preferred=()), {"protocol.unschedulable"}),
        (with_phase(sessions=0), {"protocol.no-sessions", "protocol.no-such-session"}),
        (with_phase(sessions=61), {"protocol.too-many-sessions"}),
        (with_phase(min_days=0), {"protocol.spacing-backward"}),
        (with_phase(min_days=3, max_days=2), {"protocol.spacing-backward"}),
        (with_phase(max_days=None), {"protocol.max-days-missing"}),
        (with_phase(per_seven_days=5), {"protocol.cap-inconsistent"}),
        (with_phase(per_seven_days=0), {"protocol.cap-inconsistent"}),
        (with_phase(blocks=(Block("talk", 50),)), {"protocol.needs-nothing"}),
        (with_phase(blocks=(Block("talk", 53, (ROOM,)),)), {"protocol.block-off-grid"}),
        (with_phase(blocks=(Block("night", 1445, (ROOM,)),)), {"protocol.length-impossible"}),
        (
            with_phase(blocks=(Block("turnover", 15, (ROOM,), with_patient=False),)),
            {"protocol.length-impossible"},
        ),
        (with_needs(ROOM, Need(ResourceKind.ROOM, skills=("oxygen",))), {"protocol.need-twice"}),
        (with_needs(Need(ResourceKind.NURSE, per=0)), {"protocol.ratio-impossible"}),
        (with_needs(Need(ResourceKind.CHAIR, per=2)), {"protocol.ratio-impossible"}),
        (with_needs(Need(ResourceKind.NURSE, skills=("acls", "acls"))), {"protocol.skills-unclear"}),
        (with_needs(Need(ResourceKind.NURSE, skills=("Advanced life support",))), {"protocol.skills-unclear"}),
        (replace(MOOD, phases=(replace(MOOD.phases[0], sessions=None), *MOOD.phases)), {"protocol.open-end-too-early"}),
        (replace(MOOD, re_evaluate_after=(3, 7)), {"protocol.no-such-session"}),
        (replace(MOOD, tolerance_days=10), {"protocol.tolerance-too-small"}),
        (replace(MOOD, window_days=9, tolerance_days=9), {"protocol.unschedulable"}),
        (replace(MOOD, window_days=10), {"protocol.unschedulable"}),
        (with_phase(min_days=2, max_days=2, per_seven_days=1), {"protocol.unschedulable"}),
        (with_phase(min_days=1, max_days=1, per_seven_days=6), {"protocol.breaks-caps"}),
        (replace(with_phase(sessions=10), window_days=None, tolerance_days=None), {"protocol.breaks-caps"}),
        (replace(MOOD, caps=Caps(per_7=3, per_30=5)), {"protocol.breaks-caps"}),
        (replace(MOOD, conditions=(Condition.DEPRESSION, Condition.BPD)), {"protocol.breaks-caps"}),
        (replace(MOOD, caps=Caps(per_7=3, per_30=8, per_90=7)), {"protocol.caps-backward"}),
        (replace(MOOD, caps=Caps(per_7=0, per_30=8)), {"protocol.caps-backward"}),
    ],
)
def test_regimen_that_cannot_be_followed_is_refused(regimen: Regimen, codes: set[str]):
    with pytest.raises(RuleBroken) as refusal:
        publish("mood", None, regimen)
    assert {fault.code for fault in refusal.value.faults} == codes


def test_a_regimen_may_set_caps_of_its_own_that_its_schedule_keeps():
    ten = replace(with_phase(sessions=10), window_days=None, tolerance_days=None)
    assert faults_of(replace(ten, caps=Caps(per_7=3, per_30=12))) == []
    assert faults_of(replace(MOOD, caps=Caps(per_7=3, per_30=6, per_90=6, per_365=6))) == []


def test_a_regimen_may_need_a_review_of_its_doses():
    long = with_phase(sessions=12, min_days=3, max_days=4, per_seven_days=2)
    twice_a_week = replace(long, window_days=None, tolerance_days=None, caps=Caps(2, 10, weekly_after_month=1))
    assert faults_of(twice_a_week) == []


def test_every_reason_against_a_regimen_comes_at_once_and_points_into_the_request():
    wrong = replace(with_phase(min_days=5, max_days=2, blocks=()), conditions=(), re_evaluate_after=(9,))
    with pytest.raises(RuleBroken) as refusal:
        publish("mood", None, wrong)
    pointers = {"/regimen/phases/0", "/regimen/conditions", "/regimen/re_evaluate_after/0"}
    assert {fault.pointer for fault in refusal.value.faults} == pointers


def test_wrong_needs_are_told_block_by_block():
    wrong = (Block("infusion", 40, (ROOM, ROOM)), Block("recovery", 60, (Need(ResourceKind.ROOM, per=2),)))
    assert [(fault.code, fault.pointer) for fault in faults_of(with_phase(blocks=wrong))] == [
        ("protocol.need-twice", "/phases/0/blocks/0/needs"),
        ("protocol.ratio-impossible", "/phases/0/blocks/1/needs"),
    ]


def test_blocks_that_touch_are_one_span_where_they_need_the_same():
    half = Need(ResourceKind.NURSE, per=2, skills=("acls",))
    blocks = (Block("a", 10, (ROOM, half)), Block("b", 10, (ROOM, half)), Block("c", 10, (Need(ResourceKind.NURSE),)))
    (phase,) = with_phase(blocks=blocks).phases
    spans = [(str(span.kind), span.ends // timedelta(minutes=1), span.per) for span in phase.spans]
    assert spans == [(PATIENT, 30, 1), ("room", 20, 1), ("nurse", 20, 2), ("nurse", 30, 1)]
    assert phase.skills_of("nurse") == ("acls",)


def test_a_talk_needs_no_cap():
    talks = Phase("talk", 3, TALK_BLOCKS, min_days=7, max_days=9, per_seven_days=0, doses=False)
    assert faults_of(replace(MOOD, phases=(talks,), re_evaluate_after=())) == []
