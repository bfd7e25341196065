"""Plans as a whole: what is wished, what is in the way, and that each of them can really be booked."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.booking.domain.calendar.resource import Resource, ResourceKind, Skill
from services.booking.domain.calendar.slots import Weekday, runs_of, slots_between
from services.booking.domain.placement.availability import Calendar
from services.booking.domain.placement.free_time import FreeTime, Grid, busy_of
from services.booking.domain.placement.placement import Wish, place_series
from services.booking.domain.planning.cost import FIRST_FIT_RATES, RATES
from services.booking.domain.planning.plan import Plan, Planner, Wanted
from services.booking.domain.planning.search import best_dates
from services.booking.domain.planning.wishes import TimeOfDay, Wishes, WishKind
from services.booking.domain.protocol.protocol import Need, Regimen
from services.booking.domain.protocol.spacing import breaches
from services.booking.domain.protocol.templates import TEMPLATES
from shared.localtime import resolve
from tests.support.booking_builders import (
    CASE_A,
    MOOD,
    NEW_YORK,
    NOW,
    a_chair,
    a_course,
    a_nurse,
    a_resource,
    hours,
)

WEDNESDAY = date(2026, 3, 4)
AT_NINE = Wishes(times=(TimeOfDay(time(9), time(9, 15)),))


def wanted(regimen: Regimen = MOOD, from_date: date = WEDNESDAY, days: int = 14, **fields: Any) -> Wanted:
    return Wanted(regimen, from_date, from_date + timedelta(days=days), **fields)


def planner(
    asked: Wanted, *resources: Resource, busy: Iterable[str] = (), zone: str = NEW_YORK, **fields: Any
) -> Planner:
    grid = Grid(zone, asked.from_date, (asked.last_date - asked.from_date).days + 30)
    staff = resources or (a_chair(), a_nurse())
    rates = fields.pop("rates", RATES)
    return Planner(FreeTime(grid, NOW, "patient-1", staff, busy_of(runs_of(busy), grid), **fields), rates)


def best(asked: Wanted, *resources: Resource, **fields: Any) -> list[Plan]:
    return planner(asked, *resources, **fields).best(asked)


def dates(plan: Plan) -> list[date]:
    return [wish.local.date() for wish in plan.wishes]


def day_taken(resource_id: str, on: date, zone: str = NEW_YORK) -> list[str]:
    at = resolve(datetime.combine(on, time()), zone)
    return list(slots_between(resource_id, at, at + timedelta(days=1)))


# --- what is wished --------------------------------------------------------------------------------------------------


def test_case_a_is_the_best_plan_across_the_clock_change():
    plan, *others = best(wanted(wishes=AT_NINE))
    assert dates(plan) == list(CASE_A)
    assert {(wish.local.time(), wish.second) for wish in plan.wishes} == {(time(9), False)}
    assert [session.starts_at.hour for session in plan.sessions] == [14, 14, 13, 13, 13, 13]
    assert {(session.ends_at - session.starts_at) for session in plan.sessions} == {timedelta(minutes=130)}
    assert {session.ends_local.time() for session in plan.sessions} == {time(11, 10)}
    assert len(others) == 4


def test_a_plan_says_what_each_part_of_its_cost_is():
    plan, *_ = best(wanted(wishes=AT_NINE))
    # At nine an hour is lost before each session, and nothing behind it.
    assert (plan.cost.cadence, plan.cost.wishes, plan.cost.wait, plan.cost.span) == (0, 0, 0, 12 * RATES.span_day)
    assert plan.cost.fragmentation == 6 * 4 * RATES.lost_quarter
    assert plan.cost.total == 12 * RATES.span_day + 24


def test_plans_come_in_order_and_differ_in_a_date():
    plans = best(wanted())
    assert [plan.cost.total for plan in plans] == sorted(plan.cost.total for plan in plans)
    assert len({tuple(dates(plan)) for plan in plans}) == 5


def test_a_named_nurse_is_in_every_session():
    staff = (a_chair(), a_nurse("ames"), a_nurse("bell"))
    plans = best(wanted(wishes=Wishes(resource_ids=("bell",))), *staff)
    assert {wish.resource_ids for plan in plans for wish in plan.wishes} == {("chair-1", "bell")}


def test_the_wish_for_weekdays_is_kept_although_the_pattern_is_another():
    plans = best(wanted(TEMPLATES["mood-iv-6x3w"], wishes=Wishes(weekdays=(Weekday.MO, Weekday.WE))))
    assert {on.weekday() for plan in plans for on in dates(plan)} == {0, 2}
    assert plans[0].cost.cadence == 3 * RATES.off_pattern


def test_a_bendable_wish_is_weighed_against_the_rest():
    saturday = Wishes(weekdays=(Weekday.SA,), bendable=frozenset({WishKind.WEEKDAYS}))
    assert best(wanted(wishes=saturday))[0].cost.wishes == 6 * RATES.weekday
    assert best(wanted(wishes=replace(saturday, bendable=frozenset()))) == []


def test_as_soon_as_possible_starts_on_the_first_day_of_the_pattern():
    busy = [slot for day in range(2, 9) for slot in day_taken("chair-1", date(2026, 3, day))]
    asked = wanted(from_date=date(2026, 3, 2), days=28, wishes=Wishes(as_soon_as_possible=True))
    plan, *_ = best(asked, busy=busy)
    assert plan.starts_on == date(2026, 3, 9)
    assert plan.cost.wait == 7 * RATES.urgent_wait_day


def test_a_full_day_is_gone_around_within_the_pattern():
    plan, *_ = best(wanted(wishes=AT_NINE), busy=day_taken("chair-1", date(2026, 3, 9)))
    assert {on.weekday() for on in dates(plan)} == {0, 2, 4}
    assert date(2026, 3, 9) not in dates(plan)


def test_the_second_of_two_equal_wall_times_is_said_so():
    """In the night of 1 November 2026 New York has one o'clock twice; the first of them is taken."""
    night, busy_until = date(2026, 11, 1), resolve(datetime(2026, 11, 1, 1), NEW_YORK, second=True)  # noqa: DTZ001
    staff = (a_chair(hours=hours("00:00", "06:00", days=Weekday)), a_nurse(hours=hours("00:00", "06:00", days=Weekday)))
    busy = list(slots_between("chair-1", resolve(datetime.combine(night, time()), NEW_YORK), busy_until))
    asked = wanted(TEMPLATES["booster-single"], night, 0, wishes=Wishes(times=(TimeOfDay(time(1), time(2)),)))
    (plan,) = best(asked, *staff, busy=busy)
    assert (plan.wishes[0].local, plan.wishes[0].second) == (datetime(2026, 11, 1, 1), True)  # noqa: DTZ001
    calendar = Calendar(NEW_YORK, NOW, "patient-1", staff, frozenset(busy))
    (session,) = place_series(asked.regimen, plan.wishes, calendar, ()).sessions
    assert session.starts_at == plan.sessions[0].starts_at == busy_until


def test_five_consecutive_weekdays_wait_for_a_week_without_a_holiday():
    asked = wanted(TEMPLATES["pain-iv-5x5d"], date(2026, 7, 2))
    plan, *_ = best(asked, holidays=frozenset({date(2026, 7, 3)}))
    assert dates(plan) == [date(2026, 7, day) for day in (6, 7, 8, 9, 10)]


def test_a_fixed_session_stays_where_it_is():
    fixed = ((3, Wish(datetime(2026, 3, 10, 10, 5), resource_ids=("b",))),)  # noqa: DTZ001
    plans = best(wanted(fixed=fixed), a_chair("a"), a_chair("b"), a_nurse())
    assert {(plan.wishes[2].local, plan.wishes[2].resource_ids) for plan in plans} == {
        (datetime(2026, 3, 10, 10, 5), ("b", "nurse-1"))  # noqa: DTZ001
    }
    assert len(plans) == 5


def test_first_fit_rates_take_the_earliest_start_of_each_day():
    asked = wanted(wishes=Wishes(times=(TimeOfDay(time(9)),), as_soon_as_possible=True))
    plan = planner(asked, rates=FIRST_FIT_RATES).best(asked, 1)[0]
    assert {wish.local.time() for wish in plan.wishes} == {time(9)}
    assert dates(plan) == list(CASE_A)


def test_notes_of_the_rules_come_with_the_plan():
    others = [WEDNESDAY - timedelta(days=days) for days in range(20, 86, 5)]
    plan, *_ = best(wanted(elsewhere=tuple(others)))
    assert "cap.per-90-days" in {note.code for note in plan.notes}


def test_doses_elsewhere_keep_their_distance_also_when_they_come_later():
    """At most eight in thirty days: with three booked elsewhere in two weeks, six more have no room before."""
    later = tuple(WEDNESDAY + timedelta(days=days) for days in (19, 21, 23))
    plans = best(wanted(elsewhere=later, days=28))
    for plan in plans:
        assert breaches(a_course(MOOD, dates(plan), elsewhere=later)) == []
    assert best(wanted(days=2, elsewhere=later)) == []


# --- each can be booked ----------------------------------------------------------------------------------------------

SKILLED = replace(
    MOOD,
    phases=tuple(
        replace(
            phase,
            blocks=tuple(
                replace(
                    block,
                    needs=tuple(
                        Need(need.kind, need.per, ("iv",)) if need.kind == ResourceKind.NURSE else need
                        for need in block.needs
                    ),
                )
                for block in phase.blocks
            ),
        )
        for phase in MOOD.phases
    ),
)
REGIMENS = {**TEMPLATES, "skilled": SKILLED}
slugs = st.sampled_from(
    ["mood-iv-6x2w", "mood-iv-6x3w", "pain-iv-5x5d", "booster-single", "kap-6", "esket-label", "skilled"]
)
blocked = st.lists(
    st.tuples(
        st.sampled_from(["chair-1", "chair-2", "chair-2#1", "ames", "bell", "bell#1", "room-1", "patient:patient-1"]),
        st.integers(0, 40),
        st.integers(6, 18),
    ),
    max_size=30,
)
clinics = st.fixed_dictionaries(
    {
        "zone": st.sampled_from([NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe"]),
        "month": st.sampled_from([3, 10]),
        "taken": blocked,
        "opens": st.integers(7, 12),
        "doses": st.lists(st.integers(-9, 30), max_size=3, unique=True),
        "skilled_for": st.integers(0, 40),
        "holiday": st.integers(0, 20),
    }
)


@settings(max_examples=60, deadline=None)
@given(slugs, clinics)
def test_every_plan_can_be_booked_as_it_is(slug: str, clinic: dict[str, Any]):
    regimen, zone, first = REGIMENS[slug], clinic["zone"], date(2026, clinic["month"], 2)
    busy: set[str] = set()
    for key, day, hour in clinic["taken"]:
        at = resolve(datetime.combine(first + timedelta(days=day), time(hour)), zone)
        busy |= set(slots_between(key, at, at + timedelta(hours=3)))
    staff = (
        a_chair("chair-1", hours=hours(f"{clinic['opens']:02}:00", "17:00")),
        a_chair("chair-2", capacity=2),
        a_nurse("ames", skills=(Skill("iv", first + timedelta(days=clinic["skilled_for"])),)),
        a_nurse("bell", capacity=2, skills=(Skill("iv"),)),
        a_resource(ResourceKind.ROOM),
        a_resource(ResourceKind.THERAPIST),
    )
    now = resolve(datetime.combine(first, time(11)), zone)
    holidays = frozenset({first + timedelta(days=clinic["holiday"])})
    elsewhere = tuple(first + timedelta(days=day) for day in sorted(clinic["doses"]))
    asked = wanted(regimen, first, 10, elsewhere=elsewhere)
    grid = Grid(zone, first, (asked.last_date - first).days + 1)
    free = FreeTime(grid, now, "patient-1", staff, busy_of(runs_of(busy), grid), holidays)
    plans = Planner(free).best(asked)
    calendar = Calendar(zone, now, "patient-1", staff, frozenset(busy), holidays)
    for plan in plans:
        placed = place_series(regimen, plan.wishes, calendar, elsewhere)
        taken = [tuple(dict.fromkeys(claim.resource_id for claim in one.resource_claims)) for one in placed.sessions]
        assert taken == [wish.resource_ids for wish in plan.wishes]
        assert placed.notes == plan.notes
        assert [one.ends_at for one in placed.sessions] == [session.ends_at for session in plan.sessions]


@settings(max_examples=25, deadline=None)
@given(slugs, clinics, st.randoms())
def test_equal_questions_get_equal_plans_whatever_the_order_of_what_is_known(
    slug: str, clinic: dict[str, Any], chance: random.Random
):
    regimen, first = TEMPLATES["mood-iv-6x3w"] if slug == "skilled" else TEMPLATES[slug], WEDNESDAY
    busy = [slot for key, day, _ in clinic["taken"] for slot in day_taken(key, first + timedelta(days=day))]
    staff = [a_chair("b"), a_chair("a"), a_nurse(), a_resource(ResourceKind.ROOM), a_resource(ResourceKind.THERAPIST)]
    elsewhere = [first + timedelta(days=day) for day in clinic["doses"]]
    asked = wanted(regimen, first, elsewhere=tuple(elsewhere))
    plans = best(asked, *staff, busy=busy)
    for known in (busy, staff, elsewhere):
        chance.shuffle(known)
    again = replace(asked, elsewhere=tuple(elsewhere))
    assert [plan.wishes for plan in best(again, *staff, busy=busy)] == [plan.wishes for plan in plans]


@settings(max_examples=30, deadline=None)
@given(slugs, clinics)
def test_the_parts_of_a_cost_are_what_the_search_has_counted(slug: str, clinic: dict[str, Any]):
    busy = [slot for key, day, _ in clinic["taken"] for slot in day_taken(key, WEDNESDAY + timedelta(days=day))]
    asked = wanted(REGIMENS[slug], elsewhere=tuple(WEDNESDAY + timedelta(days=day) for day in clinic["doses"]))
    staff = (
        a_chair(),
        a_nurse(skills=(Skill("iv"),)),
        a_resource(ResourceKind.ROOM),
        a_resource(ResourceKind.THERAPIST),
    )
    looking = planner(asked, *staff, busy=busy)
    found = best_dates(looking._draft(asked).question(RATES), 5)
    assert [plan.cost.total for plan in looking.best(asked)] == [one.points for one in found]


def starts(plans: Sequence[Plan]) -> list[str]:
    return [plan.wishes[0].local.isoformat(timespec="minutes") for plan in plans]


@pytest.mark.parametrize(("nurses", "together"), [(1, 1), (2, 2), (3, 2)])
def test_the_scarcest_resource_is_the_limit(nurses: int, together: int):
    single, busy, found = TEMPLATES["booster-single"], list[str](), list[str]()
    staff = (a_chair("a"), a_chair("b"), *(a_nurse(f"nurse-{number}") for number in range(nurses)))
    for _ in range(3):
        asked = wanted(single, days=0)
        plan = planner(asked, *staff, busy=busy, rates=FIRST_FIT_RATES).best(asked)[0]
        found += starts([plan])
        calendar = Calendar(NEW_YORK, NOW, "patient-1", staff, frozenset(busy))
        placed = place_series(single, plan.wishes, calendar, ())
        busy += [slot for one in placed.sessions for slot in one.slots if not slot.startswith("patient")]
    assert found.count("2026-03-04T08:00") == together
