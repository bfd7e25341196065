"""Why there is no plan: each reason with the nearest change that helps, and no nearer one would."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.booking.domain.calendar.resource import Absence, AbsenceReason, Resource, ResourceKind
from services.booking.domain.calendar.slots import Weekday, runs_of, slots_between
from services.booking.domain.placement.free_time import FreeTime, Grid, busy_of
from services.booking.domain.placement.placement import Wish
from services.booking.domain.planning.plan import Planner, Wanted
from services.booking.domain.planning.reasons import EARLIER_BY, Reason, outlook, reasons
from services.booking.domain.planning.wishes import TimeOfDay, Wishes
from services.booking.domain.protocol.protocol import Block, Need
from services.booking.domain.protocol.templates import TEMPLATES
from shared.localtime import resolve
from tests.support.booking_builders import MOOD, NEW_YORK, NOW, a_chair, a_nurse, hours

TODAY = date(2026, 3, 2)
MONDAY = date(2026, 3, 16)
SINGLE = TEMPLATES["booster-single"]


def wanted(days: int = 4, **fields: Any) -> Wanted:
    return Wanted(**{"regimen": MOOD, "from_date": MONDAY, "until_date": MONDAY + timedelta(days=days), **fields})


def planner(asked: Wanted, *resources: Resource, busy: Iterable[str] = ()) -> Planner:
    first, last = outlook(asked, TODAY)
    grid = Grid(NEW_YORK, first, (last - first).days + 1)
    return Planner(FreeTime(grid, NOW, "patient-1", resources or (a_chair(), a_nurse()), busy_of(runs_of(busy), grid)))


def why(asked: Wanted, *resources: Resource, busy: Iterable[str] = ()) -> dict[str, Reason]:
    looking = planner(asked, *resources, busy=busy)
    assert looking.best(asked) == []
    return {reason.code: reason for reason in reasons(looking, asked, TODAY)}


def changes(found: dict[str, Reason]) -> dict[str, tuple[str, int | None] | None]:
    return {
        code: (one.relaxation.change, one.relaxation.days) if one.relaxation else None for code, one in found.items()
    }


def day_taken(resource_id: str, on: date) -> list[str]:
    at = resolve(datetime.combine(on, time()), NEW_YORK)
    return list(slots_between(resource_id, at, at + timedelta(days=1)))


def closed(*days: date) -> tuple[Resource, Resource]:
    return a_chair(closed_on=days), a_nurse()


def test_a_wish_that_is_in_the_way_is_named_with_what_comes_without_it():
    found = why(wanted(wishes=Wishes(weekdays=(Weekday.SA,))))
    assert changes(found) == {"plan.wish-weekdays": ("drop-weekdays", None)}
    relaxation = found["plan.wish-weekdays"].relaxation
    assert relaxation is not None
    assert relaxation.detail == "With the wish for weekdays dropped the first plan starts on 2026-03-16."
    assert len(relaxation.plan.wishes) == 6


def test_times_and_named_nurses_are_wishes_like_others():
    away = Absence(datetime(2026, 3, 1), datetime(2026, 7, 1), AbsenceReason.VACATION)  # noqa: DTZ001
    staff = (a_chair(), a_nurse("ames", absences=(away,)), a_nurse("bell"))
    night = Wishes(times=(TimeOfDay(time(20)),))
    assert changes(why(wanted(wishes=night))) == {"plan.wish-times": ("drop-times", None)}
    named = why(wanted(wishes=Wishes(resource_ids=("ames",))), *staff)
    assert changes(named) == {"plan.wish-resource-ids": ("drop-resource-ids", None)}


def test_the_window_is_widened_by_as_few_days_as_possible():
    shut = closed(*(MONDAY + timedelta(days=day) for day in range(-14, 8)))
    assert changes(why(wanted(days=4), *shut)) == {"plan.window-too-early": ("later-until-date", 4)}


def test_before_the_window_counts_too_but_never_before_today():
    shut = closed(*(MONDAY + timedelta(days=day) for day in range(100)))
    single = wanted(regimen=SINGLE)
    assert changes(why(single, *shut)) == {"plan.window-too-late": ("earlier-from-date", 3)}
    early = replace(single, from_date=TODAY, until_date=TODAY + timedelta(days=20))
    all_shut = closed(*(TODAY + timedelta(days=day) for day in range(100)))
    assert changes(why(early, *all_shut)) == {"series.hours-too-short": None}


def test_a_longer_gap_is_found_with_as_few_days_as_possible():
    """Open on Mondays and Wednesdays only: from Wednesday to Monday it is five days, one more than foreseen."""
    open_on = {*range(0, 100, 7), *range(2, 100, 7)}
    shut = closed(*(TODAY + timedelta(days=day) for day in range(200) if day not in open_on))
    six = replace(MOOD, tolerance_days=40, window_days=None)
    assert changes(why(wanted(regimen=six), *shut)) == {"spacing.too-late": ("longer-gap", 5)}


def test_caps_are_a_reason_with_the_override_that_a_clinician_may_give():
    elsewhere = tuple(MONDAY + timedelta(days=day) for day in (-14, -12, -10, 20, 22, 24))
    found = why(wanted(elsewhere=elsewhere))
    assert found["cap.per-30-days"].relaxation is not None
    assert changes(found)["cap.per-30-days"] == ("override", None)
    assert "other clinic" not in found["cap.per-30-days"].detail


def test_a_fixed_session_that_does_not_let_the_others_in_is_named():
    far = Wish(datetime(2026, 4, 17, 10))  # noqa: DTZ001
    found = why(wanted(fixed=((2, far),)))
    assert changes(found)["plan.fixed-session"] == ("free-fixed-session", None)


def test_a_fixed_session_that_does_not_fit_is_said_so():
    shut = Wish(datetime(2026, 3, 18, 22))  # noqa: DTZ001
    found = why(wanted(fixed=((2, shut),)))
    assert found["plan.fixed-does-not-fit"].detail.startswith("Session 2 does not fit at 2026-03-18 22:00")
    assert changes(found)["plan.fixed-session"] == ("free-fixed-session", None)


def test_several_changes_are_tried_together_when_none_helps_alone():
    wishes = Wishes(weekdays=(Weekday.SA,), times=(TimeOfDay(time(20)),))
    assert changes(why(wanted(wishes=wishes))) == {
        "plan.several-rules": ("drop-all-wishes", None),
        "series.hours-too-short": None,
    }


def test_what_is_missing_is_all_that_is_said():
    assert changes(why(wanted(), a_chair())) == {"resource.missing": None}
    skilled = replace(SINGLE.phases[0], blocks=(Block("dose", 30, (Need(ResourceKind.NURSE, skills=("acls",)),)),))
    found = why(wanted(regimen=replace(SINGLE, phases=(skilled,))))
    assert [(one.code, one.detail) for one in found.values()] == [
        ("resource.unskilled", "No nurse holds all of this: acls.")
    ]


def test_a_calendar_that_is_full_for_good_is_told_from_hours_that_are_too_short():
    busy = [slot for day in range(-20, 100) for slot in day_taken("chair-1", MONDAY + timedelta(days=day))]
    assert changes(why(wanted(regimen=SINGLE), busy=busy)) == {"series.calendar-full": None}
    short = (a_chair(hours=hours("08:00", "10:00")), a_nurse())
    assert changes(why(wanted(), *short)) == {"series.hours-too-short": None}


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(-20, 60), max_size=70), st.integers(0, 6))
def test_no_smaller_widening_would_have_done(shut: set[int], days: int):
    asked = wanted(days, regimen=SINGLE)
    staff = closed(*(MONDAY + timedelta(days=day) for day in shut))
    looking = planner(asked, *staff)
    if looking.best(asked):
        return
    found = {one.code: one.relaxation for one in reasons(looking, asked, TODAY)}
    for days_more in range(1, 29):
        later = replace(asked, until_date=asked.until_date + timedelta(days=days_more))
        if looking.best(later):
            relaxation = found["plan.window-too-early"]
            assert relaxation is not None
            assert relaxation.days == days_more
            break
    else:
        assert "plan.window-too-early" not in found
    for days_before in range(1, EARLIER_BY + 1):
        if looking.best(replace(asked, from_date=asked.from_date - timedelta(days=days_before))):
            relaxation = found["plan.window-too-late"]
            assert relaxation is not None
            assert relaxation.days == days_before
            break
    else:
        assert "plan.window-too-late" not in found


@pytest.mark.parametrize("slug", TEMPLATES)
def test_every_protocol_gets_an_answer_among_doses_elsewhere(slug: str):
    """One every five days, all over the horizon: hardly anything fits between them, and much has to be tried."""
    elsewhere = tuple(TODAY + timedelta(days=day) for day in range(-30, 150, 5))
    asked = wanted(regimen=TEMPLATES[slug], elsewhere=elsewhere, wishes=Wishes(weekdays=(Weekday.TU,)))
    looking = planner(asked)
    assert looking.best(asked) or reasons(looking, asked, TODAY)
