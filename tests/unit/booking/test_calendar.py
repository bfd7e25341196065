from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.calendar.slots import (
    SLOT,
    START_GRID,
    Claim,
    Weekday,
    is_on_grid,
    runs_of,
    slots_between,
    slots_of,
    start_of,
    weekday_of,
)
from shared.localtime import resolve
from tests.support.booking_builders import NEW_YORK, NOW

instants = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
minutes = st.integers(0, 600).map(lambda count: timedelta(minutes=count))


def between(from_at: datetime, until_at: datetime) -> set[str]:
    return set(slots_between("chair", from_at, until_at))


def on_the_grid(at: datetime) -> datetime:
    return at - (at - datetime(1970, 1, 1, tzinfo=UTC)) % SLOT


@given(instants, minutes, minutes)
def test_two_neighbours_together_hold_what_the_whole_holds(at: datetime, first: timedelta, second: timedelta):
    middle = on_the_grid(at + first)
    assert between(at, middle) | between(middle, middle + second) == between(at, middle + second) or middle < at


@given(instants, minutes, minutes)
def test_intervals_that_touch_at_a_slots_edge_share_nothing(at: datetime, first: timedelta, second: timedelta):
    edge = on_the_grid(at)
    assert not between(edge - first, edge) & between(edge, edge + second)


@given(instants, minutes, st.timedeltas(timedelta(seconds=1), timedelta(hours=10)), minutes)
def test_whatever_overlaps_shares_a_slot(at: datetime, before: timedelta, overlap: timedelta, behind: timedelta):
    assert between(at - before, at + overlap) & between(at, at + overlap + behind)


@given(instants, st.timedeltas(timedelta(seconds=1), timedelta(hours=10)))
def test_slots_cover_their_interval_and_no_slot_more(at: datetime, length: timedelta):
    starts = sorted(start_of(slot) for slot in between(at, at + length))
    assert starts[0] <= at < starts[0] + SLOT
    assert starts[-1] < at + length <= starts[-1] + SLOT


@given(instants, minutes, minutes)
def test_asking_for_an_hour_finds_the_slots_that_begin_in_it(at: datetime, before: timedelta, length: timedelta):
    taken = between(at - before, at - before + length) | {"nurse|00000001"}
    found = slots_of(runs_of(taken), ["chair"], at, at + timedelta(hours=1))
    assert found == {slot for slot in taken if slot[:5] == "chair" and at <= start_of(slot) < at + timedelta(hours=1)}


def test_an_hour_of_a_resource_is_twelve_slots():
    assert len(Claim("chair", "chair-1", NOW, NOW + timedelta(hours=1)).slots) == 12


def test_slots_of_two_resources_are_different():
    assert between(NOW, NOW + SLOT).isdisjoint(slots_between("nurse", NOW, NOW + SLOT))


def test_both_folds_of_a_wall_time_have_their_own_slots():
    wall = datetime(2026, 11, 1, 1, 30)  # noqa: DTZ001
    first, second = resolve(wall, NEW_YORK), resolve(wall, NEW_YORK, second=True)
    assert between(first, first + SLOT).isdisjoint(between(second, second + SLOT))


@pytest.mark.parametrize(
    ("wall", "grid", "fits"),
    [
        ("09:00", START_GRID, True),
        ("09:05", START_GRID, False),
        ("09:05", SLOT, True),
        ("09:07", SLOT, False),
        ("09:05:30", SLOT, False),
    ],
)
def test_grid(wall: str, grid: timedelta, *, fits: bool):
    assert is_on_grid(datetime.fromisoformat(f"2026-03-09T{wall}"), grid) is fits


def test_weekdays_are_named_as_in_calendars():
    assert [weekday_of(date(2026, 3, day)) for day in range(9, 16)] == list(Weekday)
