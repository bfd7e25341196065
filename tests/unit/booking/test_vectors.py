"""The worked cases that the rules of spacing and of local time were written down with.

Case B (a missed third session) and case E (a rest of 15 days) are in `test_moves`, case H (two clinics on one date) in
`test_people`; typed wall times that do not exist or happen twice are in `test_placement`.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.protocol.protocol import Condition
from services.booking.operations.moves import ShiftSeries, shift_series
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    NEW_YORK,
    a_booking,
    a_chair,
    a_nurse,
    a_world,
    booked,
    hours,
)
from tests.support.booking_fakes import FakeBooking

BERLIN, LORD_HOWE = "Europe/Berlin", "Australia/Lord_Howe"
ALWAYS = hours("00:00", "23:59", Weekday)


def always_open(zone: str, before: datetime) -> FakeBooking:
    now = before.replace(tzinfo=UTC) - timedelta(days=3)
    return a_world(a_chair(hours=ALWAYS), a_nurse(hours=ALWAYS), zone=zone, now=now)


def test_case_a_six_sessions_at_nine_on_both_sides_of_the_clock_change():
    series = booked(a_world(), a_booking(CASE_A, at="09:00"))
    assert [session.starts_local.isoformat(timespec="minutes") for session in series.sessions] == [
        f"2026-03-{day:02}T09:00" for day in (4, 6, 9, 11, 13, 16)
    ]
    assert [f"{session.starts_at:%H:%MZ}" for session in series.sessions] == ["14:00Z"] * 2 + ["13:00Z"] * 4


@pytest.mark.parametrize(
    ("zone", "wanted", "becomes", "offset"),
    [
        (NEW_YORK, "2026-03-08T02:30", "2026-03-08T03:30", "-04:00"),
        (BERLIN, "2026-03-29T02:30", "2026-03-29T03:30", "+02:00"),
        (LORD_HOWE, "2026-10-04T02:15", "2026-10-04T02:45", "+11:00"),
        (LORD_HOWE, "2027-10-03T02:00", "2027-10-03T02:30", "+11:00"),
        (NEW_YORK, "2026-11-01T01:30", "2026-11-01T01:30", "-04:00"),
        (BERLIN, "2026-10-25T02:30", "2026-10-25T02:30", "+02:00"),
        (BERLIN, "2027-10-31T02:30", "2027-10-31T02:30", "+02:00"),
        (LORD_HOWE, "2026-04-05T01:45", "2026-04-05T01:45", "+11:00"),
    ],
)
def test_a_generated_time_moves_forward_over_the_gap_and_takes_the_earlier_of_two(
    zone: str, wanted: str, becomes: str, offset: str
):
    before = datetime.fromisoformat(wanted) - timedelta(days=1)
    world = always_open(zone, before)
    booster = {"protocol": "booster-single", "condition": Condition.DEPRESSION}
    series = booked(world, a_booking([before.date()], f"{before:%H:%M}", **booster))
    shifted = world.run(CLINIC, shift_series, ShiftSeries(series.id, 1, days=1)).session(1)
    assert shifted.starts_local.isoformat(timespec="minutes") == becomes
    assert shifted.starts_at == datetime.fromisoformat(f"{becomes}{offset}")


@pytest.mark.parametrize(
    ("zone", "saturday", "elapsed"),
    [
        (NEW_YORK, date(2026, 3, 7), timedelta(hours=47)),
        (BERLIN, date(2026, 3, 28), timedelta(hours=47)),
        (LORD_HOWE, date(2026, 10, 3), timedelta(hours=47, minutes=30)),
    ],
)
def test_two_local_days_are_enough_however_many_hours_they_have(zone: str, saturday: date, elapsed: timedelta):
    world = always_open(zone, datetime.combine(saturday, datetime.min.time()))
    dates = [saturday + timedelta(days=days) for days in (0, 2, 4, 7, 9, 11)]
    series = booked(world, a_booking(dates))
    first, second = series.sessions[:2]
    assert (second.on - first.on).days == 2
    assert second.starts_at - first.starts_at == elapsed
