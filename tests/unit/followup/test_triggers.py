"""What leads to an alert, and its clock: who is paged at which instant, by the default rules."""

from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest

from services.followup.domain.hours import Hours, Opening
from services.followup.domain.triggers import PRESSING, Role
from shared.localtime import resolve, to_local
from tests.support.followup_builders import NEW_YORK
from tests.support.followup_fakes import RULES

HOURS = Hours(NEW_YORK, RULES.hours)
MONDAY_NIGHT, MONDAY_NOON = "2026-03-09 02:00", "2026-03-09 12:00"
FRIDAY_LATE, SATURDAY = "2026-03-13 16:00", "2026-03-14 10:00"


def at(wall):
    return resolve(datetime.fromisoformat(wall), NEW_YORK)


def ladder(trigger, wall):
    """Who is paged at which wall time, for an alert that is raised at `wall`."""
    steps = RULES.triggers[trigger].ladder(at(wall), HOURS)
    return ", ".join(f"{role} {to_local(due_at, NEW_YORK):%m-%d %H:%M}" for role, due_at in steps)


@pytest.mark.parametrize(
    ("trigger", "raised", "expected"),
    [
        (
            "suicide-risk-high",
            MONDAY_NIGHT,
            "clinician 03-09 02:00, backup 03-09 02:05, director 03-09 02:15, clinic 03-09 02:30",
        ),
        (
            "suicidal-thoughts-high",
            MONDAY_NOON,
            "clinician 03-09 12:00, backup 03-09 12:05, director 03-09 12:15, clinic 03-09 12:30",
        ),
        ("suicidal-thoughts", MONDAY_NIGHT, "clinician 03-09 02:00, backup 03-09 02:30, director 03-09 03:00"),
        # Four hours or until the clinic closes, whichever is first; at other times those on call have twelve hours.
        ("suicidal-thoughts-low", MONDAY_NOON, "nurse 03-09 12:00, coordinator 03-09 16:00"),
        ("suicidal-thoughts-low", FRIDAY_LATE, "nurse 03-13 16:00, coordinator 03-13 17:00"),
        ("suicidal-thoughts-low", SATURDAY, "clinician 03-14 10:00, coordinator 03-14 22:00"),
        ("severe-adverse-event", MONDAY_NIGHT, "nurse 03-09 02:00, clinician 03-09 02:10"),
        ("adverse-event", MONDAY_NIGHT, "nurse 03-09 09:00, coordinator 03-09 17:00"),
        ("adverse-event", MONDAY_NOON, "nurse 03-09 12:00, coordinator 03-09 17:00"),
        ("home-safe-unanswered", FRIDAY_LATE, "nurse 03-13 16:00, clinic 03-13 20:00"),
        ("not-home", MONDAY_NIGHT, "nurse 03-09 02:00, clinic 03-09 06:00"),
        # Nobody is woken up for a score.
        ("mania", SATURDAY, "clinician 03-16 09:00, coordinator 03-16 17:00"),
        ("mania", MONDAY_NOON, "clinician 03-09 12:00, coordinator 03-10 17:00"),
        ("mania-marked", MONDAY_NOON, "clinician 03-09 12:00, coordinator 03-09 17:00"),
        ("early-warning", MONDAY_NOON, "coordinator 03-09 12:00, clinician 03-12 17:00"),
        ("relapse", FRIDAY_LATE, "clinician 03-13 16:00, coordinator 03-17 17:00"),
        ("severe-score", MONDAY_NIGHT, "clinician 03-09 09:00, coordinator 03-10 17:00"),
        ("contact-lost", MONDAY_NOON, ""),
    ],
)
def test_who_is_paged_when(trigger, raised, expected):
    assert ladder(trigger, raised) == expected


def test_minutes_are_elapsed_ones_also_when_clocks_change():
    expected = "clinician 03-08 01:50, backup 03-08 01:55, director 03-08 03:05, clinic 03-08 03:20"
    assert ladder("suicide-risk-high", "2026-03-08 01:50") == expected


@pytest.mark.parametrize("name", sorted(RULES.triggers))
@pytest.mark.parametrize("raised", [MONDAY_NIGHT, MONDAY_NOON, FRIDAY_LATE, SATURDAY])
def test_every_ladder_goes_on_in_time_and_begins_at_once_when_it_presses(name, raised):
    trigger = RULES.triggers[name]
    times = [due_at for _, due_at in trigger.ladder(at(raised), HOURS)]
    assert all(before < after for before, after in pairwise(times))
    if trigger.tier <= PRESSING:
        assert times[0] == at(raised)


@pytest.mark.parametrize(
    ("instrument", "answers", "expected"),
    [
        ("phq-9", ("crisis", 1), "suicidal-thoughts-high"),
        ("phq-9", ("crisis", 2), "suicidal-thoughts"),
        ("phq-9", ("crisis", 3), "suicidal-thoughts-low"),
        ("c-ssrs", ("crisis", 1), "suicide-risk-high"),
        ("c-ssrs", ("crisis", 2), "suicidal-thoughts"),
        ("c-ssrs", ("crisis", 3), "suicidal-thoughts-low"),
        ("day-after", ("crisis", 2), "suicidal-thoughts"),
        ("day-after", ("emergency", 1), "severe-adverse-event"),
        ("home-safe", ("none", 2), "not-home"),
        ("day-after", ("none", 3), "adverse-event"),
        ("asrm", ("crisis", 4), "review"),
    ],
)
def test_which_trigger_an_answer_is(instrument, answers, expected):
    assert RULES.trigger_of(instrument, *answers) == expected


def test_only_a_high_risk_and_mania_hold_treatment():
    holding = {name for name, trigger in RULES.triggers.items() if trigger.holds}
    assert holding == {"suicide-risk-high", "mania", "mania-marked"}


def test_those_who_must_be_on_call_at_any_time_follow_from_the_two_upper_tiers():
    assert RULES.on_call == {Role.CLINICIAN, Role.BACKUP, Role.DIRECTOR, Role.NURSE}


# --- opening hours --------------------------------------------------------------------------------------------------


def test_a_clinic_with_a_break_at_noon_closes_twice():
    hours = Hours(NEW_YORK, (Opening((1,), time(13), time(17)), Opening((1,), time(9), time(12))))
    assert not hours.is_open(at("2026-03-09 12:00"))
    assert hours.opens_after(at("2026-03-09 12:30")) == at("2026-03-09 13:00")
    assert hours.closes_after(at("2026-03-09 09:00")) == at("2026-03-09 12:00")
    assert hours.closes_after(at("2026-03-09 12:00")) == at("2026-03-09 17:00")
    assert hours.closes_after(at("2026-03-09 17:00")) == at("2026-03-16 12:00")
    assert hours.closes_after(at("2026-03-09 09:00"), 1) == at("2026-03-16 17:00")


def test_a_clinic_is_open_from_its_first_minute_until_before_its_last():
    assert [HOURS.is_open(at(f"2026-03-09 {wall}")) for wall in ("08:59", "09:00", "16:59", "17:00")] == [
        False,
        True,
        True,
        False,
    ]
    assert HOURS.opens_after(at(MONDAY_NOON) + timedelta(hours=5)) == at("2026-03-10 09:00")
