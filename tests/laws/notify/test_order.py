"""Events keep their order within an aggregate only: whatever the order between aggregates, the end is the same."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.message import Channel, Kind, Message
from services.notify.operations.check_ins import CheckInClosed, hear_check_in_closed, hear_check_in_opened
from services.notify.operations.clinics import hear_clinic
from services.notify.operations.offers import OfferClosed, hear_offer_closed, hear_offer_made
from services.notify.operations.patients import hear_patient
from services.notify.operations.series import (
    SeriesBooked,
    SeriesCancelled,
    SeriesPaused,
    hear_series_booked,
    hear_series_cancelled,
    hear_series_paused,
)
from services.notify.operations.sessions import (
    SessionCancelled,
    SessionConfirmed,
    SessionDischarged,
    SessionMissed,
    SessionMoved,
    hear_session_cancelled,
    hear_session_confirmed,
    hear_session_discharged,
    hear_session_missed,
    hear_session_moved,
)
from tests.support.notify_builders import (
    BOOKED_AT,
    CLINIC,
    LINK,
    LOS_ANGELES,
    SERIES,
    check_in_opened,
    clinic_heard,
    offer_made,
    patient_heard,
    series_booked,
    session_cancelled,
    session_missed,
    session_moved,
)
from tests.support.notify_fakes import FakeNotify, providers

Heard = tuple[Callable[[Any, Any], Any], Any]

CLINIC_EVENTS: list[Heard] = [
    (hear_clinic, clinic_heard()),
    (hear_clinic, clinic_heard(data_key=None, phone="555-0199")),
]
PATIENT_EVENTS: list[Heard] = [
    (hear_patient, patient_heard(phone=None)),
    (hear_patient, patient_heard(zone=LOS_ANGELES, preferred_channel=Channel.EMAIL)),
    (hear_patient, patient_heard(zone=LOS_ANGELES, escort_phone="sealed:+12125550777")),
]
SERIES_EVENTS: list[Heard] = [
    (
        hear_series_booked,
        series_booked("2026-03-09 09:00", "2026-03-11 10:00", "2026-03-13 08:15", link=f"sealed:{LINK}"),
    ),
    (hear_session_moved, session_moved(2, "2026-03-12 09:30")),
    (hear_session_moved, session_moved(2, "2026-03-12 11:00", revision=2)),
    (hear_session_confirmed, SessionConfirmed(SERIES, 2, BOOKED_AT)),
    (hear_session_cancelled, session_cancelled(3)),
    (hear_session_missed, session_missed(1)),
]
REBOOKED_SERIES_EVENTS: list[Heard] = [
    (hear_series_booked, series_booked("2026-03-10 12:00", "2026-03-17 12:00", series_id="series-3")),
    (hear_session_missed, replace(session_missed(1), series_id="series-3")),
    (hear_session_cancelled, session_cancelled(2, series_id="series-3", reason="paused")),
    (hear_series_paused, SeriesPaused("series-3", BOOKED_AT)),
    (hear_session_moved, replace(session_moved(1, "2026-03-11 12:00"), series_id="series-3")),
    (hear_session_moved, replace(session_moved(2, "2026-03-14 12:00"), series_id="series-3")),
]
OFFER_EVENTS: list[Heard] = [(hear_offer_made, offer_made())]
CLOSED_OFFER_EVENTS: list[Heard] = [
    (hear_offer_made, offer_made(offer_id="offer-2", series_id="series-3")),
    (hear_offer_closed, OfferClosed("offer-2", "series-3")),
]
OTHER_SERIES_EVENTS: list[Heard] = [
    (hear_series_booked, series_booked("2026-03-10 09:00", "2026-03-17 09:00", series_id="series-2")),
    (hear_session_cancelled, session_cancelled(1, series_id="series-2")),
    (hear_session_cancelled, session_cancelled(2, series_id="series-2")),
    (hear_series_cancelled, SeriesCancelled("series-2", BOOKED_AT)),
]
RUNNING_SERIES_EVENTS: list[Heard] = [
    (hear_series_booked, series_booked("2026-03-02 07:00", "2026-03-05 09:00", series_id="series-4")),
    (hear_session_confirmed, SessionConfirmed("series-4", 2, BOOKED_AT)),
    (hear_session_discharged, SessionDischarged("series-4", 1, BOOKED_AT - timedelta(minutes=30))),
]
CHECK_IN_EVENTS: list[Heard] = [(hear_check_in_opened, check_in_opened(expires_at=BOOKED_AT + timedelta(days=7)))]
HOME_AT = BOOKED_AT - timedelta(minutes=30)
HOME_FORM_EVENTS: list[Heard] = [
    (
        hear_check_in_opened,
        check_in_opened(
            check_in_id="check-in-3",
            series_id="series-4",
            instruments=("home-safe",),
            opened_at=HOME_AT + timedelta(hours=2),
            expires_at=HOME_AT + timedelta(hours=4),
        ),
    )
]
CLOSED_CHECK_IN_EVENTS: list[Heard] = [
    (hear_check_in_opened, check_in_opened(check_in_id="check-in-2")),
    (hear_check_in_closed, CheckInClosed("check-in-2")),
]
AGGREGATES = (
    CLINIC_EVENTS,
    PATIENT_EVENTS,
    SERIES_EVENTS,
    OTHER_SERIES_EVENTS,
    REBOOKED_SERIES_EVENTS,
    RUNNING_SERIES_EVENTS,
    OFFER_EVENTS,
    CLOSED_OFFER_EVENTS,
    CHECK_IN_EVENTS,
    HOME_FORM_EVENTS,
    CLOSED_CHECK_IN_EVENTS,
)
COUNTED = (SeriesBooked, SessionMoved, SessionCancelled, SessionMissed)
"""News that say which time of a session they speak of."""
turns = st.permutations([number for number, events in enumerate(AGGREGATES) for _ in events])


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
