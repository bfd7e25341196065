from datetime import UTC, datetime, time, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.preparation import Fasting
from services.notify.domain.quiet_hours import QuietHours, reminder_at
from shared.localtime import to_local
from tests.support.notify_builders import BERLIN, LORD_HOWE, LOS_ANGELES, NEW_YORK, at

NIGHT = QuietHours(time(21), time(8), NEW_YORK)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(sorted(available_timezones()))
windows = st.tuples(st.integers(18, 23), st.integers(4, 10)).map(lambda pair: (time(pair[0]), time(pair[1])))


@pytest.mark.parametrize("wall", ["07:59", "21:00", "23:59", "00:00"])
def test_at_closing_time_it_is_quiet(wall: str):
    assert NIGHT.cover(at(f"2026-03-03 {wall}"))


@pytest.mark.parametrize("wall", ["08:00", "20:59"])
def test_at_opening_time_it_is_not_quiet(wall: str):
    assert not NIGHT.cover(at(f"2026-03-03 {wall}"))


def test_a_quiet_midday_is_possible():
    siesta = QuietHours(time(13), time(15), NEW_YORK)
    quiet = {hour for hour in range(24) if siesta.cover(at(f"2026-03-03 {hour:02}:00"))}
    assert quiet == {13, 14}


@pytest.mark.parametrize(
    ("due", "sent"),
    [("2026-03-03 06:10", "2026-03-03 09:00"), ("2026-03-03 22:00", "2026-03-04 09:00")],
)
def test_a_questionnaire_in_quiet_hours_comes_later_at_nine(due: str, sent: str):
    assert NIGHT.cover(at(due))
    assert NIGHT.forms_after(at(due)) == at(sent)


def test_a_questionnaire_never_comes_before_quiet_hours_end():
    late_riser = QuietHours(time(21), time(10), NEW_YORK)
    assert late_riser.forms_after(at("2026-03-03 06:10")) == at("2026-03-03 10:00")


@pytest.mark.parametrize(
    ("visit", "hours", "sent"),
    [
        ("2026-03-16 09:00", 2, "2026-03-15 20:30"),
        ("2026-03-16 10:00", 2, "2026-03-16 08:00"),
        ("2026-03-16 23:30", 2, "2026-03-16 20:30"),
        ("2026-03-09 09:00", 2, "2026-03-08 20:30"),
        ("2026-11-02 09:00", 2, "2026-11-01 20:30"),
    ],
)
def test_two_hours_before_an_early_visit_is_said_the_evening_before(visit: str, hours: int, sent: str):
    starts_at = at(visit)
    assert reminder_at(starts_at - timedelta(hours=hours), Fasting().solids_stop_at(starts_at), NIGHT) == at(sent)


def test_the_day_before_a_fasting_message_is_never_put_off_to_the_day_of_the_visit():
    starts_at = at("2026-03-17 08:15")
    due_at = at("2026-03-16 08:15")
    assert reminder_at(due_at, Fasting().solids_stop_at(starts_at), NIGHT) == due_at
    late = QuietHours(time(21), time(8, 30), NEW_YORK)
    assert reminder_at(due_at, Fasting().solids_stop_at(starts_at), late) == at("2026-03-16 08:30")


@pytest.mark.parametrize(
    ("visit", "due", "zone", "sent"),
    [
        ("2026-03-10 09:00", "2026-03-09 09:00", LOS_ANGELES, "2026-03-09 11:00"),
        ("2026-03-06 09:00", "2026-03-05 09:00", BERLIN, "2026-03-05 09:00"),
        ("2026-03-10 09:00", "2026-03-09 09:00", BERLIN, "2026-03-09 09:00"),
        ("2026-03-06 09:00", "2026-03-05 09:00", LORD_HOWE, "2026-03-05 16:00"),
    ],
)
def test_quiet_hours_are_those_of_the_patients_clock(visit: str, due: str, zone: str, sent: str):
    quiet = QuietHours(time(21), time(8), zone)
    assert reminder_at(at(due), Fasting().solids_stop_at(at(visit)), quiet) == at(sent)


@pytest.mark.parametrize(
    ("due", "seen_in_berlin"),
    [("2026-03-05 09:00", 15), ("2026-03-10 09:00", 14), ("2026-03-31 09:00", 15), ("2026-10-27 09:00", 14)],
)
def test_a_remote_patients_clock_is_nearer_between_the_two_changes(due: str, seen_in_berlin: int):
    assert to_local(at(due), BERLIN).hour == seen_in_berlin


@given(instants, zones, windows)
def test_when_quiet_hours_end_it_is_not_quiet(instant: datetime, zone: str, window: tuple[time, time]):
    quiet = QuietHours(*window, zone)
    opening = quiet.opening_after(instant)
    assert instant < opening <= instant + timedelta(hours=49)
    assert not quiet.cover(opening)
    assert not quiet.cover(quiet.forms_after(instant))


@given(instants, zones, windows, st.sampled_from([2, 23, 24, 25, 72]))
def test_a_reminder_never_rings_in_quiet_hours_nor_puts_fasting_off(
    starts_at: datetime, zone: str, window: tuple[time, time], hours: int
):
    quiet = QuietHours(*window, zone)
    due_at = starts_at - timedelta(hours=hours)
    said_at = reminder_at(due_at, Fasting().solids_stop_at(starts_at), quiet)
    assert not quiet.cover(said_at)
    assert said_at <= max(due_at, Fasting().solids_stop_at(starts_at))
    assert due_at - said_at < timedelta(hours=24)
