from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.booking.domain.calendar import START_GRID, Weekday, is_on_grid, slots_between
from services.booking.domain.first_fit import STARTS_WITHIN, first_fit, longest_course
from services.booking.domain.placement import Calendar
from services.booking.domain.protocol import Regimen
from services.booking.domain.protocol_templates import TEMPLATES
from services.booking.domain.resource import ResourceKind
from services.booking.domain.session import Session
from services.booking.domain.spacing import Course, breaches, candidate_days, notes
from shared.errors import Conflict
from shared.localtime import resolve
from tests.support.booking_builders import (
    CASE_A,
    MOOD,
    NEW_YORK,
    a_calendar,
    a_chair,
    a_course,
    a_nurse,
    a_resource,
    hours,
)

NINE = time(9)
SINGLE = TEMPLATES["booster-single"]
WEDNESDAY = date(2026, 3, 4)


def dates(sessions: Iterable[Session]) -> list[date]:
    return [session.on for session in sessions]


def day_taken(resource_id: str, on: date) -> Iterable[str]:
    at = resolve(datetime.combine(on, time()), NEW_YORK)
    return slots_between(resource_id, at, at + timedelta(days=1))


def why_not(regimen: Regimen, calendar: Calendar, from_date: date = WEDNESDAY) -> list[str]:
    with pytest.raises(Conflict) as refusal:
        first_fit(regimen, calendar, (), from_date)
    assert refusal.value.code == "series.no-fit"
    return [fault.code for fault in refusal.value.faults]


def test_case_a_is_found():
    sessions = first_fit(MOOD, a_calendar(), (), WEDNESDAY, NINE)
    assert dates(sessions) == list(CASE_A)
    assert [session.number for session in sessions] == [1, 2, 3, 4, 5, 6]
    assert {session.starts_local.time() for session in sessions} == {NINE}


def test_five_consecutive_weekdays_wait_for_a_week_without_a_holiday():
    holiday = (date(2026, 7, 3),)
    calendar = a_calendar(a_chair(closed_on=holiday), a_nurse())
    sessions = first_fit(TEMPLATES["pain-iv-5x5d"], calendar, (), date(2026, 7, 2))
    assert dates(sessions) == [date(2026, 7, day) for day in (6, 7, 8, 9, 10)]


def test_one_chair_takes_three_patients_a_day():
    """Open 08:00 to 17:00, the chair taken for 145 minutes, starts on the quarter of an hour."""
    busy: frozenset[str] = frozenset()
    starts = []
    for _ in range(4):
        (session,) = first_fit(SINGLE, a_calendar(busy=busy), (), WEDNESDAY)
        busy |= {slot for slot in session.slots if not slot.startswith("patient")}
        starts.append(session.starts_local.isoformat(timespec="minutes"))
    assert starts == ["2026-03-04T08:00", "2026-03-04T10:30", "2026-03-04T13:00", "2026-03-05T08:00"]


@pytest.mark.parametrize(("nurses", "together"), [(1, 1), (2, 2), (3, 2)])
def test_the_scarcest_resource_is_the_limit(nurses: int, together: int):
    staff = [a_nurse(f"nurse-{number}") for number in range(nurses)]
    busy: frozenset[str] = frozenset()
    starts = []
    for _ in range(3):
        (session,) = first_fit(SINGLE, a_calendar(a_chair("a"), a_chair("b"), *staff, busy=busy), (), WEDNESDAY)
        busy |= {slot for slot in session.slots if not slot.startswith("patient")}
        starts.append(session.starts_local.time())
    assert starts.count(time(8)) == together


def test_the_patients_own_sessions_are_in_the_way():
    busy = day_taken("patient:patient-1", WEDNESDAY)
    (session,) = first_fit(SINGLE, a_calendar(busy=busy), (), WEDNESDAY)
    assert session.on == date(2026, 3, 5)


def test_a_blocked_day_is_gone_around_within_the_pattern():
    calendar = a_calendar(busy=day_taken("chair-1", date(2026, 3, 9)))
    sessions = first_fit(MOOD, calendar, (), WEDNESDAY, NINE)
    assert dates(sessions)[:3] == [date(2026, 3, 11), date(2026, 3, 13), date(2026, 3, 16)]


def test_any_weekday_will_do_when_no_preferred_one_fits():
    chair = a_chair(hours=tuple(one for one in hours() if one.weekday in {"TU", "TH", "FR"}))
    sessions = first_fit(MOOD, a_calendar(chair, a_nurse()), (), WEDNESDAY)
    assert dates(sessions) == [date(2026, 3, day) for day in (6, 10, 13, 17, 20, 24)]


def test_a_dead_end_late_in_the_course_is_backed_out_of():
    blocked = [slot for day in (16, 17, 18) for slot in day_taken("chair-1", date(2026, 3, day))]
    weekdays = replace(MOOD, preferred=())
    sessions = first_fit(weekdays, a_calendar(busy=blocked), (), WEDNESDAY)
    assert len(sessions) == 6
    assert breaches(a_course(weekdays, dates(sessions))) == []


def test_the_preferred_pattern_that_starts_first_wins():
    twice = TEMPLATES["mood-iv-6x3w"]
    assert {day.weekday() for day in dates(first_fit(twice, a_calendar(), (), date(2026, 3, 2)))} == {0, 3}
    assert {day.weekday() for day in dates(first_fit(twice, a_calendar(), (), date(2026, 3, 3)))} == {1, 4}


def test_taper_slows_down_on_one_weekday():
    found = dates(first_fit(TEMPLATES["maint-weekly-taper"], a_calendar(), (), WEDNESDAY))
    assert [(later - earlier).days for earlier, later in pairwise(found)] == [7] * 3 + [14] * 4


def test_assisted_psychotherapy_finds_room_therapist_and_nurse():
    staff = [a_resource(kind) for kind in (ResourceKind.ROOM, ResourceKind.THERAPIST, ResourceKind.NURSE)]
    sessions = first_fit(TEMPLATES["kap-6"], a_calendar(*staff), (), WEDNESDAY)
    assert [session.doses for session in sessions].count(True) == 6
    assert {claim.kind for claim in sessions[0].claims} == {"patient", "room", "therapist"}


def test_doses_elsewhere_keep_their_distance():
    (session,) = first_fit(SINGLE, a_calendar(), (date(2026, 3, 2),), WEDNESDAY)
    assert session.on == date(2026, 3, 16)


def test_nothing_starts_before_now():
    now = resolve(datetime(2026, 3, 4, 13, 7), NEW_YORK)  # noqa: DTZ001
    (session,) = first_fit(SINGLE, a_calendar(now=now), (), WEDNESDAY)
    assert session.starts_local == datetime(2026, 3, 4, 13, 15)  # noqa: DTZ001


def test_hours_that_begin_off_the_grid_start_on_it():
    odd = hours("08:05", "17:00")
    (session,) = first_fit(SINGLE, a_calendar(a_chair(hours=odd), a_nurse()), (), WEDNESDAY)
    assert session.starts_local.time() == time(8, 15)


def test_a_wish_off_the_grid_means_the_next_time_on_it():
    (session,) = first_fit(SINGLE, a_calendar(), (), WEDNESDAY, time(9, 5))
    assert session.starts_local.time() == time(9, 15)


def test_times_that_do_not_exist_are_stepped_over():
    night = hours("02:00", "06:00", days=Weekday)
    calendar = a_calendar(a_chair(hours=night), a_nurse(hours=night))
    (session,) = first_fit(SINGLE, calendar, (), date(2026, 3, 8))
    assert session.starts_local == datetime(2026, 3, 8, 3, 0)  # noqa: DTZ001


def test_a_missing_kind_is_the_reason():
    assert why_not(MOOD, a_calendar(a_chair())) == ["resource.missing"]
    assert why_not(TEMPLATES["kap-6"], a_calendar()) == ["resource.missing", "resource.missing"]


def test_a_full_calendar_is_the_reason():
    days = (WEDNESDAY + timedelta(days=day) for day in range(longest_course(SINGLE).days + 1))
    busy = [slot for day in days for slot in day_taken("chair-1", day)]
    assert why_not(SINGLE, a_calendar(busy=busy)) == ["series.calendar-full"]


def test_short_hours_are_the_reason():
    short = hours("08:00", "10:00")
    assert why_not(MOOD, a_calendar(a_chair(hours=short), a_nurse())) == ["series.hours-too-short"]
    assert why_not(MOOD, a_calendar(a_chair(hours=()), a_nurse())) == ["series.hours-too-short"]


def test_the_search_gives_up_after_eight_weeks():
    last_day = WEDNESDAY + STARTS_WITHIN
    closed = tuple(WEDNESDAY + timedelta(days=day) for day in range(STARTS_WITHIN.days))
    calendar = a_calendar(a_chair(closed_on=closed), a_nurse())
    assert dates(first_fit(SINGLE, calendar, (), WEDNESDAY)) == [last_day]
    assert why_not(SINGLE, a_calendar(a_chair(closed_on=(*closed, last_day)), a_nurse())) == ["series.hours-too-short"]


slugs = st.sampled_from(["mood-iv-6x2w", "mood-iv-6x3w", "mood-iv-3x3w", "pain-iv-5x5d", "booster-single"])
zones = st.sampled_from([NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe"])
blocks = st.lists(
    st.tuples(
        st.sampled_from(["chair-1", "chair-2", "nurse-1", "patient:patient-1"]), st.integers(0, 40), st.integers(6, 18)
    ),
    max_size=25,
)


clinics = st.fixed_dictionaries(
    {
        "zone": zones,
        "month": st.sampled_from([3, 10]),
        "taken": blocks,
        "opens": st.integers(7, 12),
        "doses": st.lists(st.integers(-9, 30), max_size=3),
    }
)


@settings(max_examples=60, deadline=None)
@given(slugs, clinics)
def test_what_is_found_keeps_every_rule_and_takes_nothing_that_is_taken(slug: str, clinic: dict[str, Any]):
    zone = clinic["zone"]
    first = date(2026, clinic["month"], 2)
    busy = set()
    for resource_id, day, hour in clinic["taken"]:
        at = resolve(datetime.combine(first + timedelta(days=day), time(hour)), zone)
        busy |= set(slots_between(resource_id, at, at + timedelta(hours=3)))
    staff = [a_chair("chair-1", hours=hours(f"{clinic['opens']:02}:00", "17:00")), a_chair("chair-2"), a_nurse()]
    now = resolve(datetime.combine(first, time(11)), zone)
    calendar = a_calendar(*staff, zone=zone, busy=busy, now=now)
    elsewhere = tuple(first + timedelta(days=day) for day in clinic["doses"])
    regimen = TEMPLATES[slug]
    try:
        sessions = first_fit(regimen, calendar, elsewhere, first)
    except Conflict:
        return
    course = a_course(regimen, dates(sessions), elsewhere=elsewhere)
    assert len(sessions) == regimen.sessions
    assert breaches(course) == []
    assert "spacing.late" not in {note.code for note in notes(course)}
    for session in sessions:
        assert session.slots.isdisjoint(busy)
        assert session.starts_at >= now
        assert is_on_grid(session.starts_local, START_GRID)
        assert {claim.kind for claim in session.claims} == {"patient", "chair", "nurse"}
        for claim in session.claims[1:]:
            resource = next(one for one in staff if one.id == claim.resource_id)
            assert resource.is_open(claim.from_at, claim.until_at, zone)
    assert first_fit(regimen, calendar, elsewhere, first) == sessions


def first_of_all(course: Course, first: date, open_days: set[date]) -> list[date] | None:
    """What trying everything finds: slow, and without a memory that could be wrong."""
    number = len(course.sessions) + 1
    if number > course.regimen.sessions:
        return [session.on for session in course.sessions]
    longer = (course.with_session(number, day) for day in candidate_days(course, number, first) if day in open_days)
    found = (first_of_all(one, first, open_days) for one in longer if not breaches(one))
    return next(filter(None, found), None)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(1, 16), max_size=14), st.integers(1, 2), st.integers(2, 4))
def test_a_series_is_found_whenever_there_is_one(days: set[int], min_days: int, max_days: int):
    phase = replace(MOOD.phases[0], sessions=5, min_days=min_days, max_days=max_days)
    regimen = replace(MOOD, phases=(phase,), preferred=())
    open_days = {WEDNESDAY + timedelta(days=day) for day in days | {0}}
    every_day = hours(days=Weekday)
    closed = tuple(day for offset in range(120) if (day := WEDNESDAY + timedelta(days=offset)) not in open_days)
    calendar = a_calendar(a_chair(hours=every_day, closed_on=closed), a_nurse(hours=every_day))
    tried = (first_of_all(Course(regimen, ()), first, open_days) for first in sorted(open_days))
    expected = next(filter(None, tried), None)
    try:
        assert dates(first_fit(regimen, calendar, (), WEDNESDAY)) == expected
    except Conflict:
        assert expected is None
