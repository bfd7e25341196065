from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.booking.domain.calendar.slots import Claim, Weekday
from services.booking.domain.series.session import HoldOn, SessionStatus
from services.booking.domain.views.day_sheet import Free, Mark, SessionOfSeries, column
from tests.support.booking_builders import CASE_A, NEW_YORK, PATIENT, a_chair, a_nurse, a_session, hours

DAY = CASE_A[0]
NOON = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
"""Twelve o'clock in New York on the day of case A's first session."""
MINUTE = timedelta(minutes=1)


def at(hour, minute=0):
    """A time of that day on the clinic's wall."""
    return NOON + timedelta(hours=hour - 12, minutes=minute)


def taking(from_at, until_at, resource="chair-1", places=(0,), **fields):
    claim = Claim("chair", resource, from_at, until_at, places)
    session = a_session(starts_at=from_at, ends_at=until_at - 15 * MINUTE, claims=(claim,), **fields)
    return SessionOfSeries("series-1", PATIENT, NEW_YORK, session)


def sheet(resource, *placed, at_risk=(), on_hold=(), now=NOON - timedelta(days=7)):
    marked = {Mark.AT_RISK: set(at_risk), Mark.ON_HOLD: set(on_hold)}
    return column(resource, resource.open_on(DAY, NEW_YORK), placed, marked, now)


def marks(session, now):
    (entry,) = sheet(a_chair(), SessionOfSeries("series-1", PATIENT, NEW_YORK, session), now=now).entries
    return set(entry.marks)


def test_an_empty_day_is_free_while_the_resource_is_there():
    found = sheet(a_chair())
    assert found.openings == ((at(8), at(17)),)
    assert found.entries == ()
    assert found.free == (Free(0, at(8), at(17)),)


def test_what_a_session_leaves_is_free():
    found = sheet(a_chair(), taking(at(9), at(11)), taking(at(15), at(17)))
    assert found.free == (Free(0, at(8), at(9)), Free(0, at(11), at(15)))
    assert [entry.blocks[0].from_at for entry in found.entries] == [at(9), at(15)]


def test_sessions_that_touch_leave_nothing_between_them():
    assert sheet(a_chair(), taking(at(8), at(12)), taking(at(12), at(17))).free == ()


def test_a_break_in_the_hours_is_not_free():
    parts = (*hours("08:00", "12:00"), *hours("13:00", "17:00"))
    found = sheet(a_chair(hours=parts), taking(at(9), at(10)))
    assert found.free == (Free(0, at(8), at(9)), Free(0, at(10), at(12)), Free(0, at(13), at(17)))


def test_each_place_of_a_pool_is_free_by_itself():
    pool = a_chair(capacity=3)
    found = sheet(pool, taking(at(8), at(17), places=(0, 2)), taking(at(9), at(10), places=(1,)))
    assert found.free == (Free(1, at(8), at(9)), Free(1, at(10), at(17)))


def test_a_session_whose_places_change_keeps_its_parts_in_order():
    claims = (Claim("chair", "chair-1", at(10), at(11), (1,)), Claim("chair", "chair-1", at(9), at(10), (0,)))
    session = a_session(starts_at=at(9), ends_at=at(11), claims=claims)
    (entry,) = sheet(a_chair(capacity=2), SessionOfSeries("series-1", PATIENT, NEW_YORK, session)).entries
    assert [(block.from_at, block.places) for block in entry.blocks] == [(at(9), (0,)), (at(10), (1,))]


def test_a_column_shows_only_what_takes_its_resource():
    assert sheet(a_nurse(), taking(at(9), at(10))).entries == ()


@pytest.mark.parametrize("status", SessionStatus)
def test_a_column_shows_whatever_holds_its_place(status):
    placed = taking(at(9), at(10), status=status)
    found = sheet(a_chair(), placed)
    assert bool(found.entries) is placed.session.is_live
    assert (Free(0, at(8), at(17)) in found.free) is not placed.session.is_live


def test_what_is_not_in_use_is_not_free():
    found = sheet(a_chair(is_active=False), taking(at(9), at(10)))
    assert found.free == ()
    assert len(found.entries) == 1


@pytest.mark.parametrize(("zone", "day", "length"), [
    ("America/New_York", date(2026, 3, 8), 23),
    ("America/New_York", date(2026, 11, 1), 25),
    ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
    ("Europe/Berlin", date(2026, 6, 1), 24),
])  # fmt: skip
def test_a_day_is_as_long_as_its_clocks_make_it(zone, day, length):
    around = a_chair(hours=hours("00:00", "23:55", days=tuple(Weekday)))
    found = column(around, around.open_on(day, zone), (), {}, NOON)
    assert sum((one.until_at - one.from_at for one in found.free), timedelta()) == timedelta(hours=length, minutes=-5)


def test_who_has_not_confirmed_is_marked_thirty_hours_before_and_not_earlier():
    session = taking(at(9), at(10)).session
    assert marks(session, at(9) - timedelta(hours=30)) == set()
    assert marks(session, at(9) - timedelta(hours=30) + MINUTE) == {Mark.UNCONFIRMED}
    assert marks(session, at(9, 20)) == {Mark.UNCONFIRMED}
    assert marks(replace(session, confirmed_at=at(8)), at(9)) == set()
    assert marks(replace(session, status=SessionStatus.CHECKED_IN), at(9)) == set()


def test_what_is_held_and_what_is_on_hold_are_marked():
    session = taking(at(9), at(10)).session
    assert marks(replace(session, status=SessionStatus.PENDING), at(8)) == {Mark.RESERVED}
    held = replace(session, confirmed_at=at(7), blocks=(HoldOn("cap.per-7-days", "One too many.", at(7)),))
    assert marks(held, at(8)) == {Mark.ON_HOLD}


def test_what_cannot_stay_is_marked():
    placed = taking(at(9), at(10))
    (entry,) = sheet(a_chair(), placed, at_risk={placed.place}).entries
    assert entry.marks == (Mark.AT_RISK,)


def test_a_dose_of_a_patient_whose_treatment_is_held_is_marked():
    placed = taking(at(9), at(10))
    (entry,) = sheet(a_chair(), placed, on_hold={placed.place}).entries
    assert entry.marks == (Mark.ON_HOLD,)


def test_a_place_on_offer_is_reserved_whatever_the_session_is():
    placed = replace(taking(at(9), at(10), status=SessionStatus.PROPOSED), is_offered=True)
    found = sheet(a_chair(), placed, now=at(8))
    assert [entry.marks for entry in found.entries] == [(Mark.RESERVED,)]
    assert found.free == (Free(0, at(8), at(9)), Free(0, at(10), at(17)))
