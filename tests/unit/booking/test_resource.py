from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar import Weekday
from services.booking.domain.resource import checked
from shared.errors import RuleBroken
from shared.localtime import resolve
from tests.support.booking_builders import NEW_YORK, a_chair, hours

MONDAY = date(2026, 3, 9)


def is_open(from_: str, until: str, day: date = MONDAY, **fields: Any) -> bool:
    at, until_at = (resolve(datetime.fromisoformat(f"{day}T{wall}"), NEW_YORK) for wall in (from_, until))
    return a_chair(**fields).is_open(at, until_at, NEW_YORK)


@pytest.mark.parametrize(
    ("from_", "until", "open_"),
    [
        ("08:00", "17:00", True),
        ("07:55", "09:00", False),
        ("16:00", "17:05", False),
        ("18:00", "19:00", False),
    ],
)
def test_open_within_the_hours_of_the_day(from_: str, until: str, *, open_: bool):
    assert is_open(from_, until) is open_


def test_closed_on_a_day_without_hours():
    assert not is_open("09:00", "10:00", day=date(2026, 3, 8))


def test_closed_on_a_closed_date():
    assert not is_open("09:00", "10:00", closed_on=(MONDAY,))


def test_a_break_at_noon_closes_what_spans_it():
    parted = (*hours("08:00", "12:00"), *hours("13:00", "17:00"))
    assert is_open("13:00", "14:00", hours=parted)
    assert not is_open("11:30", "13:30", hours=parted)


def test_hours_are_wall_times_on_both_sides_of_a_clock_change():
    every_day = hours(days=Weekday)
    for day in (date(2026, 3, 7), date(2026, 3, 8), date(2026, 11, 1)):
        assert is_open("08:00", "17:00", day=day, hours=every_day)


def test_a_night_of_the_clock_change_is_an_hour_shorter():
    at = resolve(datetime(2026, 3, 8, 1, 0), NEW_YORK)  # noqa: DTZ001
    chair = a_chair(hours=hours("01:00", "04:00", days=[Weekday.SU]))
    assert chair.is_open(at, at + timedelta(hours=2), NEW_YORK)
    assert not chair.is_open(at, at + timedelta(hours=2, minutes=5), NEW_YORK)


def test_hours_that_cannot_be_are_refused_with_every_reason():
    monday = [Weekday.MO]
    wrong = (
        *hours("08:00", "12:00", monday),
        *hours("17:00", "13:00", monday),
        *hours("11:00", "12:30", monday),
        *hours("08:00", "12:00", [Weekday.TU]),
    )
    with pytest.raises(RuleBroken) as refusal:
        checked(a_chair(hours=wrong))
    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [
        ("resource.hours-backward", "/hours/1"),
        ("resource.hours-overlap", "/hours/2"),
    ]


def test_hours_that_touch_are_to_be_said_as_one():
    with pytest.raises(RuleBroken, match="hours"):
        checked(a_chair(hours=(*hours("08:00", "12:00"), *hours("12:00", "17:00"))))


def test_ordinary_hours_are_kept():
    assert checked(a_chair()) == a_chair()
