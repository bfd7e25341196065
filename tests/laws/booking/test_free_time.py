from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.booking.domain.calendar.resource import (
    Absence,
    AbsenceReason,
    Hours,
    Resource,
    ResourceKind,
    Skill,
    SpecialHours,
)
from services.booking.domain.calendar.slots import PATIENT, SLOT, START_GRID, Weekday, is_on_grid, patient_key, runs_of
from services.booking.domain.placement.availability import Calendar, claims_of, pick
from services.booking.domain.placement.free_time import FreeTime, Grid, begins_of_runs, busy_of
from services.booking.domain.protocol.protocol import Block, Need, Phase
from shared.localtime import resolve, resolve_forward, to_local
from tests.support.booking_builders import NEW_YORK, NOW, a_chair, a_nurse, hours

FIRST = date(2026, 3, 6)
DAYS = 4
"""Friday to Monday across the clock change in New York."""


def free_time(
    *resources: Resource, zone: str = NEW_YORK, first: date = FIRST, days: int = DAYS, **fields: object
) -> FreeTime:
    given: dict[str, object] = {"now": NOW, "patient_id": "patient-1", "busy": {}, **fields}
    return FreeTime(Grid(zone, first, days), resources=resources, **given)  # type: ignore[arg-type]


def slots(mask: int) -> set[int]:
    return {bit for bit in range(mask.bit_length()) if mask >> bit & 1}


def test_a_date_has_as_many_slots_as_it_has_time():
    grid = Grid(NEW_YORK, FIRST, DAYS)
    assert grid.midnights == [0, 288, 576, 576 + 276, 576 + 276 + 288]
    assert [grid.date_of(day).day for day in range(DAYS)] == [6, 7, 8, 9]


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        (NEW_YORK, date(2026, 3, 8)),
        (NEW_YORK, date(2026, 11, 1)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("Australia/Lord_Howe", date(2026, 10, 4)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Asia/Kathmandu", date(2026, 4, 5)),
    ],
)
def test_starts_are_quarters_of_the_wall_clock_and_never_in_a_gap(zone: str, first: date):
    grid = Grid(zone, first, 1)
    for bit in range(grid.midnights[-1]):
        local = to_local(grid.starts_at(bit), zone)
        assert bool(grid.quarters >> bit & 1) is is_on_grid(local, START_GRID)
        assert local.date() == first


def test_a_wall_time_that_does_not_exist_is_the_one_behind_the_gap():
    grid = Grid(NEW_YORK, date(2026, 3, 8), 1)
    assert grid.bit(0, time(2, 30)) == grid.bit(0, time(3, 30))
    assert to_local(grid.starts_at(grid.bit(0, time(3))), NEW_YORK) == datetime(2026, 3, 8, 3)  # noqa: DTZ001


@given(st.integers(0, (1 << 60) - 1), st.integers(1, 20))
def test_runs_begin_where_so_many_bits_follow(mask: int, length: int):
    expected = {bit for bit in slots(mask) if all(mask >> bit + more & 1 for more in range(length))}
    assert slots(begins_of_runs(mask, length)) == expected


walls = st.builds(time, st.integers(0, 23), st.sampled_from([0, 3, 15, 30, 58]))
pairs = st.tuples(walls, walls).filter(lambda pair: pair[0] < pair[1])
dates = st.integers(0, DAYS - 1).map(lambda day: FIRST + timedelta(days=day))
moments = st.builds(datetime.combine, dates, walls)
resources = st.builds(
    Resource,
    id=st.just("chair-1"),
    kind=st.just(ResourceKind.CHAIR),
    name=st.just("Chair"),
    hours=st.lists(
        st.builds(lambda day, pair: Hours(day, *pair), st.sampled_from(tuple(Weekday)), pairs),
        max_size=5,
        unique_by=lambda one: one.weekday,
    ).map(tuple),
    closed_on=st.lists(dates, max_size=1).map(tuple),
    special_days=st.lists(
        st.builds(lambda day, pair: SpecialHours(day, *pair), dates, pairs), max_size=2, unique_by=lambda one: one.on
    ).map(tuple),
    absences=st.lists(
        st.tuples(moments, moments)
        .filter(lambda pair: pair[0] < pair[1])
        .map(lambda pair: Absence(pair[0], pair[1], AbsenceReason.ILLNESS)),
        max_size=2,
    ).map(tuple),
)
holiday_sets = st.sets(dates, max_size=1).map(frozenset)


@settings(max_examples=60, deadline=None)
@given(resources, holiday_sets, st.sampled_from([NEW_YORK, "Asia/Kathmandu"]))
def test_bits_and_the_resource_agree_on_when_it_is_open(chair: Resource, holidays: frozenset[date], zone: str):
    free = free_time(chair, zone=zone, holidays=holidays)
    calendar = Calendar(zone, NOW, "patient-1", (chair,), frozenset(), holidays)
    phase = Phase("slot", 1, (Block("slot", 5, (Need(ResourceKind.CHAIR),)),))
    for bit in range(free.grid.midnights[-1]):
        claims = claims_of(phase, free.grid.starts_at(bit), ResourceKind.CHAIR, chair.id)
        assert bool(free.open(chair) >> bit & 1) is calendar.is_open(chair, claims)


def taken(resource_id: str, local: str, minutes: int, place: int = 0, zone: str = NEW_YORK) -> Iterable[str]:
    at = resolve(datetime.fromisoformat(local), zone)
    key = f"{resource_id}#{place}" if place else resource_id
    first = (at - datetime(1970, 1, 1, tzinfo=UTC)) // SLOT
    return {f"{key}|{first + number:08}" for number in range(minutes // 5)}


def test_runs_of_slots_become_bits_again():
    slots_taken = {*taken("chair-1", "2026-03-06T09:00", 60), *taken("chair-1", "2026-03-06T11:00", 10)}
    assert sorted(run.partition("|")[0] for run in runs_of(slots_taken)) == ["chair-1", "chair-1"]
    grid = Grid(NEW_YORK, FIRST, DAYS)
    assert slots(busy_of(runs_of(slots_taken), grid)["chair-1"]) == {*range(108, 120), 132, 133}


def test_what_begins_before_the_first_date_still_takes_its_rest():
    grid = Grid(NEW_YORK, FIRST, DAYS)
    night = taken("chair-1", "2026-03-05T23:30", 60)
    assert slots(busy_of(runs_of(night), grid)["chair-1"]) == set(range(6))
    assert busy_of(runs_of(taken("chair-1", "2026-03-05T20:00", 60)), grid) == {}


def test_a_pool_is_free_as_long_as_a_place_is():
    pool = a_chair("pool", capacity=2)
    both = [*taken("pool", "2026-03-06T09:00", 60), *taken("pool", "2026-03-06T09:30", 60, place=1)]
    free = free_time(pool, busy=busy_of(runs_of(both), Grid(NEW_YORK, FIRST, DAYS)))
    nine = free.grid.bit(0, time(9))
    assert not slots(free.free(pool, 1)) & set(range(nine + 6, nine + 12))
    assert slots(free.open(pool)) - slots(free.free(pool, 1)) == set(range(nine + 6, nine + 12))
    assert slots(free.open(pool)) - slots(free.free(pool, 2)) == set(range(nine, nine + 18))


PREPARED = (
    Block("check-in", 15),
    Block("preparation", 30, (Need(ResourceKind.CHAIR), Need(ResourceKind.NURSE, skills=("iv",)))),
    Block("recovery", 30, (Need(ResourceKind.CHAIR), Need(ResourceKind.NURSE, per=2))),
    Block("turnover", 10, (Need(ResourceKind.CHAIR),), with_patient=False),
)
taken_slots = st.lists(
    st.tuples(st.sampled_from(["chair-1", "nurse-1", "nurse-1#1", patient_key("patient-1")]), st.integers(0, 27 * 12)),
    max_size=4,
)


@settings(max_examples=30, deadline=None)
@given(taken_slots, st.sampled_from([None, FIRST]), st.integers(0, 40))
def test_bits_and_the_calendar_agree_on_when_a_session_fits(
    busy: list[tuple[str, int]], skilled_until: date | None, hours_gone: int
):
    all_day = hours("00:00", "23:59", days=Weekday)
    nurse = a_nurse(hours=all_day, capacity=2, skills=(Skill("iv", skilled_until),))
    grid = Grid(NEW_YORK, FIRST, 2)
    keys = {f"{key}|{grid.begin + bit + more:08}" for key, bit in busy for more in range(9)}
    now = grid.starts_at(0) + timedelta(hours=hours_gone, minutes=3)
    free = free_time(a_chair(hours=all_day), nurse, days=2, now=now, busy=busy_of(runs_of(keys), grid))
    calendar = Calendar(NEW_YORK, now, "patient-1", free.resources, frozenset(keys))
    phase = Phase("visit", 1, PREPARED)
    chair, patient = free.starts_on(phase, free.resources[0]), free.starts_of_patient(phase)
    starts = chair & free.starts_on(phase, nurse) & patient
    for bit in range(hours_gone % 5, grid.midnights[-1], 5):
        at = grid.starts_at(bit)
        person = claims_of(phase, at, PATIENT, patient_key("patient-1"))
        fits = all(pick(calendar, phase, at, kind) for kind in phase.kinds) and calendar.is_free(person)
        same_date = {to_local(moment, NEW_YORK).date() for moment in (at - phase.arrival, at + phase.length - SLOT)}
        assert bool(starts >> bit & 1) is (fits and at >= now and len(same_date) == 1)


def test_the_order_of_resources_is_that_of_their_names():
    free = free_time(replace(a_chair("b"), name="Able"), a_chair("a"), a_chair("c", is_active=False), a_nurse())
    assert [one.id for one in free.of_kind("chair")] == ["a", "b"] or [one.name for one in free.of_kind("chair")] == [
        "A",
        "Able",
    ]
    assert [one.id for one in free.of_kind("chair", ("b", "nurse-1"))] == ["b"]


def test_absences_that_end_within_five_minutes_take_them_whole():
    away = Absence(datetime(2026, 3, 6, 9, 2), datetime(2026, 3, 6, 9, 7), AbsenceReason.OTHER)  # noqa: DTZ001
    chair = a_chair(absences=(away,))
    free = free_time(chair)
    begin = (resolve_forward(datetime(2026, 3, 6, 9), NEW_YORK) - free.grid.starts_at(0)) // SLOT  # noqa: DTZ001
    assert not slots(free.open(chair)) & {begin, begin + 1}
