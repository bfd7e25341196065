"""Whatever the order of the news and however often each is heard: the same is known, and the same is planned."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.followup.domain.check_in import CheckIn, Status
from services.followup.operations.courses import (
    hear_series_booked,
    hear_session_discharged,
    hear_session_lost,
    hear_session_moved,
)
from services.followup.operations.projections import keep_clinic, keep_patient
from shared.localtime import local_date
from tests.support.followup_builders import (
    CLINIC,
    DISCHARGED_AT,
    NEW_YORK,
    a_booking,
    a_clinic,
    a_departure,
    a_loss,
    a_move,
    a_patient,
)
from tests.support.followup_fakes import DEFAULT_PLAN, LIBRARY, FakeFollowup

Heard = tuple[Callable[[Any, Any], Any], Any]

NEWS: dict[str, list[Heard]] = {
    "clinic": [(keep_clinic, a_clinic()), (keep_clinic, a_clinic(phone="+12125550111", data_key=None))],
    "patient": [(keep_patient, a_patient()), (keep_patient, a_patient(locale="de", zone="Europe/Berlin"))],
    "mood": [
        (
            hear_series_booked,
            a_booking("2026-03-10 09:00", "2026-03-12 09:00", "2026-03-16 09:00", "2026-03-19 09:00"),
        ),
        (hear_session_discharged, a_departure(1, "2026-03-10 11:10")),
        (hear_session_moved, a_move(2, "2026-03-13 09:00")),
        (hear_session_lost, a_loss(2, revision=1)),  # missed
        (hear_session_lost, a_loss(3)),  # paused
        (hear_session_lost, a_loss(4)),
        (hear_session_moved, a_move(3, "2026-03-24 10:00")),  # resumed
        (hear_session_moved, a_move(4, "2026-03-26 10:00")),
        (hear_session_moved, a_move(2, "2026-03-20 09:00", revision=2)),  # booked again
        (hear_session_moved, a_move(4, "2026-03-31 10:00", revision=2)),
        (hear_session_moved, a_move(5, "2026-04-02 10:00")),  # added
        (hear_session_lost, a_loss(5, revision=1)),
    ],
    "pain": [
        (hear_series_booked, a_booking("2026-03-12 14:00", series_id="series-2", condition="chronic-pain")),
        (hear_session_moved, a_move(1, "2026-03-18 14:00", series_id="series-2")),
    ],
    "mood again": [
        (hear_series_booked, a_booking("2026-06-09 09:00", "2026-06-12 09:00", series_id="series-3")),
        (hear_session_lost, a_loss(1, series_id="series-3")),
    ],
}
ALL = [(name, number) for name, heard in NEWS.items() for number in range(len(heard))]
MONOTONE = {"mood", "pain", "mood again"}
"""News that say which place of a session they speak of; those of a clinic and of a patient come in their order."""


def after(heard: Sequence[Heard]) -> tuple[Any, ...]:
    """All that is kept in the end, but for how often it was written and for what the plan has no place for."""
    world = FakeFollowup(now=DISCHARGED_AT)
    for operation, command in heard:
        world.run(CLINIC, operation, command)
    assert world.told == []
    kept: list[Any] = [row for rows in world.rows.values() for row in rows.values()]
    rows = [replace(row, version=0) for row in kept if getattr(row, "status", None) is not Status.UNPLANNED]
    return sorted(rows, key=repr), world.keys


def in_promised_order(names: Sequence[str]) -> list[Heard]:
    waiting = {name: iter(heard) for name, heard in NEWS.items()}
    return [next(waiting[name]) for name in names]


END = after([heard for events in NEWS.values() for heard in events])


@settings(max_examples=100, deadline=None)
@given(st.permutations([name for name, _ in ALL]), st.data())
def test_any_order_between_aggregates_and_any_duplicates_end_in_the_same_plan(names: list[str], data: st.DataObject):
    order: list[Heard] = []
    for heard in in_promised_order(names):
        order += [heard] * data.draw(st.integers(1, 2))
    assert after(order) == END


@settings(max_examples=150, deadline=None)
@given(st.permutations([place for place in ALL if place[0] in MONOTONE]), st.data())
def test_any_order_at_all_of_news_of_sessions_ends_in_the_same_plan(places: list[tuple[str, int]], data: st.DataObject):
    """Even against the promised order, and each of them as often as you like."""
    again = data.draw(st.lists(st.sampled_from(places), max_size=10))
    about = [(name, number) for name, number in ALL if name not in MONOTONE]
    where = data.draw(st.integers(0, len(places)))
    order = [*places[:where], *about, *places[where:], *again]
    assert after([NEWS[name][number] for name, number in order]) == END


def test_the_orders_lead_to_something_worth_comparing():
    check_ins = [row for row in END[0] if isinstance(row, CheckIn)]
    assert len(check_ins) > 40
    assert {row.series_id for row in check_ins} == {"series-1", "series-2", "series-3"}
    assert any(len(row.covers) > 1 for row in check_ins)
    [one] = [row for row in check_ins if row.name == "series-1/day-7"]
    assert (one.session_number, one.covers[0]) == (4, "series-1/day-7@2026-03-31")


def test_no_instrument_is_asked_too_soon_whichever_series_asks():
    intervals = {each.id: each.min_interval_days for each in LIBRARY.instruments}
    asked: dict[str, list[Any]] = {}
    for row in (row for row in END[0] if isinstance(row, CheckIn)):
        for part in row.parts:
            asked.setdefault(part.instrument, []).append(local_date(row.due_at, "Europe/Berlin"))
    assert {"phq-9", "peg"} <= asked.keys()
    for instrument, days in asked.items():
        ordered = sorted(days)
        gaps = [(later - day).days for day, later in itertools.pairwise(ordered)]
        assert all(gap >= intervals[instrument] for gap in gaps), instrument


STARTS = st.lists(
    st.datetimes(min_value=DISCHARGED_AT.replace(tzinfo=None), max_value=DISCHARGED_AT.replace(year=2027, tzinfo=None)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(STARTS, STARTS, st.sampled_from(["depression", "bipolar", "ptsd", "chronic-pain"]))
def test_whatever_is_booked_every_date_has_one_check_in_and_every_interval_is_kept(first, second, condition):
    world = FakeFollowup(now=DISCHARGED_AT, default_plan=DEFAULT_PLAN)
    for series_id, starts, what in (("a", first, "depression"), ("b", second, condition)):
        # In the afternoon no clock in this zone is ever changed.
        walls = [f"{start:%Y-%m-%d} 14:00" for start in sorted(starts)]
        world.run(CLINIC, hear_series_booked, a_booking(*walls, series_id=series_id, condition=what))
    rows = [row for row in world.all(CheckIn) if row.status is Status.SCHEDULED]
    days = [local_date(row.due_at, NEW_YORK) for row in rows]
    assert len(days) == len(set(days))
    for instrument in LIBRARY.instruments:
        asked = sorted(
            local_date(row.due_at, NEW_YORK) for row in rows for part in row.parts if part.instrument == instrument.id
        )
        gaps = [(later - day).days for day, later in itertools.pairwise(asked)]
        assert all(gap >= instrument.min_interval_days for gap in gaps)
