"""Events keep their order within an aggregate only: whatever the order between aggregates, the end is the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.message import Kind, Message
from services.notify.operations.series import (
    SeriesBooked,
)
from services.notify.operations.sessions import (
    SessionCancelled,
    SessionMissed,
    SessionMoved,
)
from tests.support.notify_builders import (
    BOOKED_AT,
    CLINIC,
)
from tests.support.notify_fakes import FakeNotify, providers
from tests.support.notify_news import AGGREGATES, Heard, turns

COUNTED = (SeriesBooked, SessionMoved, SessionCancelled, SessionMissed)
"""News that say which time of a session they speak of."""


def hear(world: FakeNotify, turns: Sequence[int]) -> None:
    waiting = [iter(events) for events in AGGREGATES]
    for turn in turns:
        operation, command = next(waiting[turn])
        world.run(CLINIC, operation, command)


def state(world: FakeNotify) -> dict[Any, Any]:
    """All that is kept, but for how often it was written."""
    return {key: replace(row, version=0) for rows in world.rows.values() for key, row in rows.items()}


def letters(world: FakeNotify) -> dict[str, tuple[Any, ...]]:
    """What goes out in the two weeks to come, looked at every five minutes."""
    channels = providers()
    for _ in range(14 * 24 * 12):
        world.drain(channels)
        world.now += timedelta(minutes=5)
        world.real_time += timedelta(minutes=5)
    return {
        id: (letter.channel, letter.to, letter.text)
        for provider in channels.values()
        for id, letter in provider.taken.items()
    }


IN_ORDER = FakeNotify(BOOKED_AT)
hear(IN_ORDER, [number for number, events in enumerate(AGGREGATES) for _ in events])
STATE = state(IN_ORDER)
LETTERS = letters(IN_ORDER)


@settings(max_examples=300, deadline=None)
@given(turns)
def test_any_order_between_aggregates_ends_in_the_same_state(turns: list[int]):
    world = FakeNotify(BOOKED_AT)
    hear(world, turns)
    assert state(world) == STATE


@settings(max_examples=100, deadline=None)
@given(turns, st.data())
def test_news_heard_again_at_any_later_time_change_nothing(turns: list[int], data: st.DataObject):
    world = FakeNotify(BOOKED_AT)
    waiting = [iter(events) for events in AGGREGATES]
    heard: list[Heard] = []
    for turn in turns:
        news = next(waiting[turn])
        again = data.draw(st.lists(st.sampled_from(heard), max_size=2)) if heard else []
        for operation, command in [news, *again]:
            world.run(CLINIC, operation, command)
        heard += [news] if isinstance(news[1], COUNTED) else []
    assert state(world) == STATE


@settings(max_examples=5, deadline=None)
@given(turns)
def test_any_order_between_aggregates_sends_the_same_letters(turns: list[int]):
    world = FakeNotify(BOOKED_AT)
    hear(world, turns)
    assert letters(world) == LETTERS


@settings(max_examples=15, deadline=None)
@given(turns, st.lists(st.integers(0, sum(map(len, AGGREGATES))), max_size=4))
def test_workers_that_send_meanwhile_never_say_anything_twice(turns: list[int], looks: list[int]):
    world = FakeNotify(BOOKED_AT)
    channels = providers()
    waiting = [iter(events) for events in AGGREGATES]
    for number, turn in enumerate(turns):
        if number in looks:
            world.now += timedelta(minutes=2)
            world.real_time += timedelta(minutes=2)
            world.drain(channels)
        operation, command = next(waiting[turn])
        world.run(CLINIC, operation, command)
    world.drain(channels)
    for provider in channels.values():
        assert sorted(provider.calls) == sorted(set(provider.calls))


def test_the_orders_lead_to_something_worth_comparing():
    rows = [row for row in STATE.values() if isinstance(row, Message)]
    assert len(rows) == 80
    assert len(LETTERS) == 23
    assert len({text for _, _, text in LETTERS.values()}) == 22  # a form is asked for twice in the same words
    assert {row.kind for row in rows} >= {Kind.HOME_SAFE, Kind.ESCORT_REMINDER, Kind.UNCONFIRMED, Kind.CHECK_IN_CHASE}
