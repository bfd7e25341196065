from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.series.position import Position
from services.booking.domain.series.series import SeriesStatus
from services.booking.domain.series.session import SessionStatus
from services.booking.domain.waiting.waitlist import (
    MOVES,
    DayTimes,
    Entry,
    EntryMove,
    EntryStatus,
    Wishes,
    checked,
    may_wait,
)
from shared.errors import Conflict, NotFound, RuleBroken
from tests.support.booking_builders import NOW, a_series, a_session

NINE = datetime(2026, 3, 9, 9, 0)  # noqa: DTZ001
"""A Monday; where session 3 of case A is."""


def an_entry(**fields: Any) -> Entry:
    position = Position(3, 0, SessionStatus.BOOKED)
    return replace(Entry("entry-1", "patient-1", "series-1", position, NOW), **fields)


def moved(entry: Entry, move: EntryMove) -> Entry:
    return {EntryMove.PLACE: entry.place, EntryMove.WITHDRAW: entry.withdraw}[move](at=NOW)


@pytest.mark.parametrize("move", EntryMove)
@pytest.mark.parametrize("status", EntryStatus)
def test_an_entry_goes_where_the_table_says_and_nowhere_else(status, move):
    entry = an_entry(status=status, offer_id="offer-1")
    if (status, move) not in MOVES:
        with pytest.raises(Conflict, match=r"waitlist\.illegal-move"):
            moved(entry, move)
        return
    ended = moved(entry, move)
    assert (ended.status, ended.offer_id, ended.ended_at) == (MOVES[status, move], None, NOW)


def test_who_is_asked_or_gone_is_not_asked_again():
    asked = an_entry().asked("offer-1")
    for entry in (asked, an_entry(status=EntryStatus.PLACED)):
        assert not entry.is_free
        with pytest.raises(Conflict, match=r"waitlist\.not-free"):
            entry.asked("offer-2")
    assert asked.answered() == an_entry()


def test_rank_is_priority_then_waiting_time_then_id():
    urgent = an_entry(id="e", priority=1, since=NOW + timedelta(days=1))
    first = an_entry(id="d", since=NOW - timedelta(days=1))
    same_time = [an_entry(id=id) for id in "abc"]
    entries = [*reversed(same_time), first, urgent]
    assert [one.id for one in sorted(entries, key=lambda one: one.rank)] == ["e", "d", "a", "b", "c"]


@pytest.mark.parametrize(
    ("wishes", "day", "wall", "allowed"),
    [
        (Wishes(), 9, "09:00", True),
        (Wishes(weekdays=(Weekday.MO, Weekday.FR)), 9, "09:00", True),
        (Wishes(weekdays=(Weekday.TU,)), 9, "09:00", False),
        (Wishes(times=(DayTimes(time(8), time(9)),)), 9, "09:00", True),
        (Wishes(times=(DayTimes(time(8), time(9)),)), 9, "09:15", False),
        (Wishes(times=(DayTimes(time(8), time(9)), DayTimes(time(14), time(17)))), 9, "14:00", True),
        (Wishes(earliest=date(2026, 3, 9), latest=date(2026, 3, 9)), 9, "23:45", True),
        (Wishes(earliest=date(2026, 3, 10)), 9, "09:00", False),
        (Wishes(latest=date(2026, 3, 8)), 9, "09:00", False),
    ],
)
def test_wishes_speak_of_the_start_on_the_wall(wishes, day, wall, allowed):
    assert wishes.allow(datetime.combine(date(2026, 3, day), time.fromisoformat(wall))) is allowed


@pytest.mark.parametrize(
    ("status", "only_earlier", "by", "wanted"),
    [
        (SessionStatus.BOOKED, True, -15, True),
        (SessionStatus.BOOKED, True, 0, False),
        (SessionStatus.BOOKED, True, 15, False),
        (SessionStatus.BOOKED, False, 0, False),
        (SessionStatus.BOOKED, False, 15, True),
        (SessionStatus.NOSHOW, True, 15, True),
        (SessionStatus.CANCELLED, True, 0, True),
    ],
)
def test_a_booked_session_wants_something_better_a_lost_one_anything(status, only_earlier, by, wanted):
    entry = an_entry(wishes=Wishes(only_earlier=only_earlier))
    assert entry.wants(NINE + timedelta(minutes=by), a_session(3, status)) is wanted


@pytest.mark.parametrize("status", SessionStatus)
def test_only_a_session_that_needs_a_place_may_wait(status):
    series = a_series(a_session(1), a_session(2, status))
    if status in {SessionStatus.BOOKED, SessionStatus.CANCELLED, SessionStatus.NOSHOW}:
        assert may_wait(series, 2).status is status
    else:
        with pytest.raises(RuleBroken, match=r"waitlist\.session-past"):
            may_wait(series, 2)


def test_a_lost_session_behind_which_treatment_went_on_does_not_wait():
    series = a_series(a_session(1, SessionStatus.NOSHOW), a_session(2, SessionStatus.FULFILLED), a_session(3))
    with pytest.raises(RuleBroken, match=r"waitlist\.session-past"):
        may_wait(series, 1)


@pytest.mark.parametrize("status", set(SeriesStatus) - {SeriesStatus.ACTIVE})
def test_nobody_waits_for_a_session_of_a_series_that_does_not_run(status):
    with pytest.raises(RuleBroken, match=r"waitlist\.series-not-active"):
        may_wait(a_series(status=status), 3)


def test_a_session_that_is_not_there_is_not_found():
    with pytest.raises(NotFound):
        may_wait(a_series(), 7)


def test_wishes_that_nothing_can_fulfil_are_refused_with_every_reason():
    backward = DayTimes(time(9), time(8))
    good = DayTimes(time(8), time(8))
    with pytest.raises(RuleBroken) as refusal:
        checked(Wishes(times=(good, backward), earliest=date(2026, 3, 2), latest=date(2026, 3, 1)))
    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == [
        ("/wishes/times/1", "waitlist.times-backward"),
        ("/wishes/latest", "waitlist.dates-backward"),
    ]
    assert checked(Wishes(times=(good,))) == Wishes(times=(good,))


@pytest.mark.parametrize("field", ["revision", "status"])
def test_a_position_is_void_once_anything_about_the_session_has_changed(field):
    series = a_series()
    position = Position.of(series.session(3))
    other: dict[str, Any] = {"revision": 1, "status": SessionStatus.NOSHOW}
    assert series.stands(position)
    assert not series.stands(replace(position, **{field: other[field]}))
    assert not replace(series, status=SeriesStatus.PAUSED).stands(position)
