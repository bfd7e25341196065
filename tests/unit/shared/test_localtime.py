"""Local wall time against instants, with the clock changes of three zones; one of them shifts by half an hour."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.errors import RuleBroken
from shared.localtime import (
    LocalTimeGap,
    at_local_time,
    in_gap,
    is_ambiguous,
    is_zone,
    local_date,
    resolve,
    resolve_forward,
    same_wall_clock,
    to_local,
    utc_offset,
)

NEW_YORK, BERLIN, LORD_HOWE = "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"
ZONES = st.sampled_from(sorted(available_timezones()))
FIRST, LAST = datetime.fromisoformat("1975-01-01"), datetime.fromisoformat("2037-12-31")
INSTANTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
WALLS = st.datetimes(FIRST, LAST).map(lambda wall: wall.replace(microsecond=0))


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


GAPS = [
    ("2026-03-08 02:30", NEW_YORK, "2026-03-08 03:30", timedelta(hours=-4)),
    ("2027-03-14 02:00", NEW_YORK, "2027-03-14 03:00", timedelta(hours=-4)),
    ("2026-03-29 02:30", BERLIN, "2026-03-29 03:30", timedelta(hours=2)),
    ("2027-03-28 02:59", BERLIN, "2027-03-28 03:59", timedelta(hours=2)),
    ("2026-10-04 02:15", LORD_HOWE, "2026-10-04 02:45", timedelta(hours=11)),
    ("2027-10-03 02:00", LORD_HOWE, "2027-10-03 02:30", timedelta(hours=11)),
]
FOLDS = [
    ("2026-11-01 01:30", NEW_YORK, "2026-11-01 05:30", "2026-11-01 06:30"),
    ("2027-11-07 01:00", NEW_YORK, "2027-11-07 05:00", "2027-11-07 06:00"),
    ("2026-10-25 02:30", BERLIN, "2026-10-25 00:30", "2026-10-25 01:30"),
    ("2027-10-31 02:30", BERLIN, "2027-10-31 00:30", "2027-10-31 01:30"),
    ("2026-04-05 01:45", LORD_HOWE, "2026-04-04 14:45", "2026-04-04 15:15"),
    ("2027-04-04 01:30", LORD_HOWE, "2027-04-03 14:30", "2027-04-03 15:00"),
]
CHANGES = [
    ("2026-03-08 07:00", NEW_YORK, -5, -4),
    ("2026-11-01 06:00", NEW_YORK, -4, -5),
    ("2027-03-14 07:00", NEW_YORK, -5, -4),
    ("2027-11-07 06:00", NEW_YORK, -4, -5),
    ("2026-03-29 01:00", BERLIN, 1, 2),
    ("2026-10-25 01:00", BERLIN, 2, 1),
    ("2027-03-28 01:00", BERLIN, 1, 2),
    ("2027-10-31 01:00", BERLIN, 2, 1),
    ("2026-04-04 15:00", LORD_HOWE, 11, 10.5),
    ("2026-10-03 15:30", LORD_HOWE, 10.5, 11),
    ("2027-04-03 15:00", LORD_HOWE, 11, 10.5),
    ("2027-10-02 15:30", LORD_HOWE, 10.5, 11),
]


@pytest.mark.parametrize(("at", "zone", "before", "after"), CHANGES)
def test_the_clock_changes_at_that_instant_and_not_a_second_earlier(at, zone, before, after):
    assert utc_offset(utc(at) - timedelta(seconds=1), zone) == timedelta(hours=before)
    assert utc_offset(utc(at), zone) == timedelta(hours=after)


@pytest.mark.parametrize(("local", "zone", "forward", "offset"), GAPS)
def test_a_wall_time_in_a_gap_is_refused_for_people_and_moved_forward_for_rules(local, zone, forward, offset):
    assert in_gap(wall(local), zone)
    assert not is_ambiguous(wall(local), zone)
    with pytest.raises(LocalTimeGap) as refused:
        resolve(wall(local), zone)
    assert refused.value.code == "time.in-gap"
    assert local in refused.value.detail
    moved = resolve_forward(wall(local), zone)
    assert to_local(moved, zone) == wall(forward)
    assert utc_offset(moved, zone) == offset


@pytest.mark.parametrize(("local", "zone", "first", "second"), FOLDS)
def test_a_wall_time_that_happens_twice_means_the_earlier_unless_the_later_is_chosen(local, zone, first, second):
    assert is_ambiguous(wall(local), zone)
    assert not in_gap(wall(local), zone)
    assert resolve(wall(local), zone) == resolve_forward(wall(local), zone) == utc(first)
    assert resolve(wall(local), zone, second=True) == utc(second)
    assert to_local(utc(first), zone) == to_local(utc(second), zone) == wall(local)


@pytest.mark.parametrize(
    ("local", "zone"),
    [
        ("2026-03-08 01:59", NEW_YORK),
        ("2026-03-08 03:00", NEW_YORK),
        ("2026-11-01 00:59", NEW_YORK),
        ("2026-11-01 02:00", NEW_YORK),
        ("2026-10-04 01:59", LORD_HOWE),
        ("2026-10-04 02:30", LORD_HOWE),
        ("2026-04-05 01:29", LORD_HOWE),
        ("2026-04-05 02:00", LORD_HOWE),
    ],
)
def test_the_edges_of_gaps_and_folds_belong_to_neither(local, zone):
    assert not in_gap(wall(local), zone)
    assert not is_ambiguous(wall(local), zone)


# Visit on a Monday after a change; three calendar days before it and how many hours that is; 72 hours before it.
REMINDERS = [
    ("2026-03-09", NEW_YORK, "2026-03-06 09:00", 71, "2026-03-06 08:00"),
    ("2026-11-02", NEW_YORK, "2026-10-30 09:00", 73, "2026-10-30 10:00"),
    ("2026-03-30", BERLIN, "2026-03-27 09:00", 71, "2026-03-27 08:00"),
    ("2026-10-26", BERLIN, "2026-10-23 09:00", 73, "2026-10-23 10:00"),
    ("2027-03-29", BERLIN, "2027-03-26 09:00", 71, "2027-03-26 08:00"),
    ("2026-04-06", LORD_HOWE, "2026-04-03 09:00", 72.5, "2026-04-03 09:30"),
    ("2026-10-05", LORD_HOWE, "2026-10-02 09:00", 71.5, "2026-10-02 08:30"),
]


@pytest.mark.parametrize(("visit", "zone", "three_days", "hours", "elapsed"), REMINDERS)
def test_days_count_on_the_calendar_and_hours_elapse(visit, zone, three_days, hours, elapsed):
    at = resolve(wall(f"{visit} 09:00"), zone)
    early = same_wall_clock(at, zone, days=-3)
    assert to_local(early, zone) == wall(three_days)
    assert at - early == timedelta(hours=hours)
    assert to_local(at - timedelta(hours=72), zone) == wall(elapsed)


@pytest.mark.parametrize(("visit", "zone"), [row[:2] for row in REMINDERS])
def test_the_day_before_at_the_same_wall_time(visit, zone):
    at = resolve(wall(f"{visit} 09:00"), zone)
    day_before = to_local(same_wall_clock(at, zone, days=-1), zone)
    assert day_before == wall(f"{visit} 09:00") - timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "second", "zone", "hours"),
    [
        ("2026-03-07 09:00", "2026-03-09 09:00", NEW_YORK, 47),
        ("2026-03-28 09:00", "2026-03-30 09:00", BERLIN, 47),
        ("2026-10-03 09:00", "2026-10-05 09:00", LORD_HOWE, 47.5),
    ],
)
def test_two_local_days_apart_may_be_less_than_48_hours(first, second, zone, hours):
    before, after = resolve(wall(first), zone), resolve(wall(second), zone)
    assert local_date(after, zone) - local_date(before, zone) == timedelta(days=2)
    assert after - before == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("visit", "zone", "solids", "clear"),
    [
        ("2026-03-08 08:00", NEW_YORK, "2026-03-08 01:00", "2026-03-08 06:00"),
        ("2026-11-01 08:00", NEW_YORK, "2026-11-01 02:00", "2026-11-01 06:00"),
        ("2026-03-29 08:00", BERLIN, "2026-03-29 01:00", "2026-03-29 06:00"),
        ("2026-10-04 08:00", LORD_HOWE, "2026-10-04 01:30", "2026-10-04 06:00"),
    ],
)
def test_fasting_elapses_on_a_night_of_change(visit, zone, solids, clear):
    at = resolve(wall(visit), zone)
    assert to_local(at - timedelta(hours=6), zone) == wall(solids)
    assert to_local(at - timedelta(hours=2), zone) == wall(clear)


@pytest.mark.parametrize(
    ("begins", "zone", "minutes", "ends"),
    [
        ("2026-03-07 16:00", NEW_YORK, 24 * 60, "2026-03-08 17:00"),
        ("2026-10-31 16:00", NEW_YORK, 24 * 60, "2026-11-01 15:00"),
        ("2026-03-28 16:00", BERLIN, 24 * 60, "2026-03-29 17:00"),
        ("2026-04-04 16:00", LORD_HOWE, 24 * 60, "2026-04-05 15:30"),
        ("2026-11-01 00:30", NEW_YORK, 150, "2026-11-01 02:00"),
        ("2026-03-08 00:30", NEW_YORK, 150, "2026-03-08 04:00"),
        ("2026-04-05 00:30", LORD_HOWE, 120, "2026-04-05 02:00"),
    ],
)
def test_durations_elapse_across_a_change(begins, zone, minutes, ends):
    assert to_local(resolve(wall(begins), zone) + timedelta(minutes=minutes), zone) == wall(ends)


@pytest.mark.parametrize(
    ("first", "zone", "expected"),
    [
        ("2026-10-18", NEW_YORK, ["10-18 14:00", "10-25 14:00", "11-01 15:00", "11-08 15:00"]),
        ("2026-10-18", BERLIN, ["10-18 08:00", "10-25 09:00", "11-01 09:00", "11-08 09:00"]),
        ("2026-09-20", LORD_HOWE, ["09-19 23:30", "09-26 23:30", "10-03 23:00", "10-10 23:00"]),
    ],
)
def test_every_week_at_ten_on_the_wall(first, zone, expected):
    sunday = resolve(wall(f"{first} 08:00"), zone)
    weekly = [at_local_time(sunday, zone, time(10), days=7 * week) for week in range(4)]
    assert [f"{at:%m-%d %H:%M}" for at in weekly] == expected


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        ("2026-03-05 14:00", BERLIN, "2026-03-05 15:00"),
        ("2026-03-05 14:00", LORD_HOWE, "2026-03-06 01:00"),
        ("2026-03-10 13:00", BERLIN, "2026-03-10 14:00"),
        ("2026-10-27 13:00", BERLIN, "2026-10-27 14:00"),
        ("2026-11-03 14:00", LORD_HOWE, "2026-11-04 01:00"),
    ],
)
def test_nine_in_new_york_is_seen_elsewhere(at, zone, expected):
    assert to_local(utc(at), NEW_YORK).time() == time(9)
    assert to_local(utc(at), zone) == wall(expected)
    assert local_date(utc(at), zone) == date.fromisoformat(expected[:10])


def test_a_rule_that_lands_in_a_gap_moves_forward():
    saturday = resolve(wall("2026-03-07 02:30"), NEW_YORK)
    assert to_local(same_wall_clock(saturday, NEW_YORK, days=1), NEW_YORK) == wall("2026-03-08 03:30")
    assert to_local(at_local_time(saturday, NEW_YORK, time(2, 30), days=1), NEW_YORK) == wall("2026-03-08 03:30")


def test_zones_are_known_by_their_iana_names():
    assert all(is_zone(zone) for zone in (NEW_YORK, BERLIN, LORD_HOWE, "UTC"))
    assert not any(is_zone(zone) for zone in ("", "EST5EDT4", "Europe/Atlantis", "../etc/passwd", "europe/berlin "))


def test_a_gap_is_a_refusal_with_a_fault_to_show():
    refusal = LocalTimeGap(wall("2026-03-08 02:30"), NEW_YORK)
    assert isinstance(refusal, RuleBroken)
    assert [fault.code for fault in refusal.faults] == ["time.in-gap"]


# --- laws over every zone -------------------------------------------------------------------------------------------


@given(INSTANTS, ZONES)
@example(utc("2026-11-01 06:30"), NEW_YORK)
@example(utc("2026-04-04 15:15"), LORD_HOWE)
def test_every_instant_is_one_of_the_meanings_of_its_wall_time(at, zone):
    local = to_local(at, zone)
    assert local.tzinfo is None
    assert not in_gap(local, zone)
    assert at in {resolve(local, zone), resolve(local, zone, second=True)}
    assert is_ambiguous(local, zone) == (resolve(local, zone) != resolve(local, zone, second=True))


@given(WALLS, ZONES)
@example(wall("2026-03-08 02:30"), NEW_YORK)
@example(wall("2026-10-04 02:15"), LORD_HOWE)
@example(wall("2011-12-30 12:00"), "Pacific/Apia")  # a whole day that never happened
def test_a_wall_time_comes_back_unless_it_never_happens_and_then_a_later_one_does(local, zone):
    at = resolve_forward(local, zone)
    assert at.tzinfo is UTC
    back = to_local(at, zone)
    assert (back > local) if in_gap(local, zone) else (back == local)


@given(WALLS, ZONES)
def test_the_second_meaning_of_a_wall_time_is_never_the_earlier_one(local, zone):
    assume(not in_gap(local, zone))
    assert resolve(local, zone) <= resolve(local, zone, second=True)


@given(INSTANTS, ZONES, st.integers(-400, 400))
def test_days_later_is_that_many_local_dates_later(at, zone, days):
    later = same_wall_clock(at, zone, days=days)
    wanted = to_local(at, zone) + timedelta(days=days)
    assert to_local(later, zone) == wanted or in_gap(wanted, zone)
    assert at_local_time(at, zone, wanted.time(), days=days) == later
