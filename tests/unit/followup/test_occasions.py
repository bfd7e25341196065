"""When a patient is asked: every rule of the plan, on days on which the clocks change, in three zones."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.followup.domain.known import Course, Known
from services.followup.domain.occasion import LATEST_BEFORE_SESSION, months_later, occasions
from services.followup.domain.plan import Anchor, Point, Questions
from shared.localtime import to_local
from tests.support.followup_courses import a_course, a_visit
from tests.support.followup_fakes import DEFAULT_PLAN

NEW_YORK, BERLIN, LORD_HOWE = "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"


def due(known, questions=DEFAULT_PLAN, zone=None):
    """By name, without the series: when each is due on the wall of the patient."""
    return {one.name.partition("/")[2]: one for one in occasions(known, {1: questions}, zone)}


def walls(course, *names, zone=None):
    found = due(Known("patient-1", (course,)), zone=zone)
    return [f"{to_local(found[name].due_at, zone or course.zone):%Y-%m-%d %H:%M}" for name in names]


@pytest.mark.parametrize(
    ("zone", "home", "two", "day", "three"),
    [
        (NEW_YORK, "2026-03-10 11:10", "2026-03-10 13:10", "2026-03-11 11:10", "2026-03-13 11:10"),
        (NEW_YORK, "2026-03-07 15:30", "2026-03-07 17:30", "2026-03-08 16:30", "2026-03-10 16:30"),
        (NEW_YORK, "2026-10-31 16:00", "2026-10-31 18:00", "2026-11-01 15:00", "2026-11-03 15:00"),
        (BERLIN, "2026-03-28 16:00", "2026-03-28 18:00", "2026-03-29 17:00", "2026-03-31 17:00"),
        (BERLIN, "2026-10-24 16:00", "2026-10-24 18:00", "2026-10-25 15:00", "2026-10-27 15:00"),
        (LORD_HOWE, "2026-04-04 16:00", "2026-04-04 18:00", "2026-04-05 15:30", "2026-04-07 15:30"),
        (LORD_HOWE, "2026-10-03 16:00", "2026-10-03 18:00", "2026-10-04 16:30", "2026-10-06 16:30"),
    ],
)
def test_after_a_discharge_hours_elapse_whatever_the_clocks_do(zone, home, two, day, three):
    course = a_course(a_visit(1, f"{home[:10]} 09:00", zone=zone, home=home), zone=zone)
    assert walls(course, "home/1", "24h/1", "72h/1") == [two, day, three]


def test_after_a_discharge_it_can_be_answered_to_the_4th_36th_and_96th_hour():
    home = datetime(2026, 3, 10, 15, 10, tzinfo=UTC)
    found = due(Known("p", (a_course(a_visit(1, "2026-03-10 09:00", home="2026-03-10 11:10")),)))
    hours = [(found[name].closes_at - home) / timedelta(hours=1) for name in ("home/1", "24h/1", "72h/1")]
    assert hours == [4, 36, 96]


def test_nothing_follows_a_session_that_has_not_ended():
    found = due(Known("p", (a_course(a_visit(1, "2026-03-10 09:00")),)))
    assert not {"home/1", "24h/1", "72h/1"} & set(found)


def test_three_days_later_only_the_first_session_is_asked_about():
    visits = [a_visit(n, f"2026-03-1{n} 09:00", home=f"2026-03-1{n} 11:30") for n in (1, 2, 3)]
    found = due(Known("p", (a_course(*visits),)))
    assert "72h/1" in found
    assert not {"72h/2", "72h/3"} & set(found)


def test_day_seven_is_seven_local_dates_after_the_last_session_at_ten():
    assert walls(a_course(a_visit(1, "2026-03-10 09:00", home="2026-03-10 11:30")), "day-7") == ["2026-03-17 10:00"]


@pytest.mark.parametrize(
    ("zone", "last", "utc"),
    [
        (NEW_YORK, "2026-10-11 09:00", ["10-18 14:00", "10-25 14:00", "11-01 15:00", "11-08 15:00"]),
        (BERLIN, "2026-10-11 09:00", ["10-18 08:00", "10-25 09:00", "11-01 09:00", "11-08 09:00"]),
        (LORD_HOWE, "2026-09-13 09:00", ["09-19 23:30", "09-26 23:30", "10-03 23:00", "10-10 23:00"]),
    ],
)
def test_weekly_check_ins_keep_the_wall_time_across_the_change(zone, last, utc):
    found = due(Known("p", (a_course(a_visit(1, last, zone=zone), zone=zone),)))
    assert [f"{found[f'day-{n}'].due_at:%m-%d %H:%M}" for n in (7, 14, 21, 28)] == utc


def test_fortnights_follow_the_weeks():
    course = a_course(a_visit(1, "2026-03-16 09:00"))
    assert walls(course, "day-42", "day-56", "day-70", "day-84") == [
        "2026-04-27 10:00",
        "2026-05-11 10:00",
        "2026-05-25 10:00",
        "2026-06-08 10:00",
    ]


def test_months_are_counted_from_the_anchor_and_clamped_to_the_months_end():
    course = a_course(a_visit(1, "2026-08-31 09:00"))
    names = [f"month-{n}" for n in range(4, 13)]
    assert [wall[:10] for wall in walls(course, *names)] == [
        "2026-12-31",
        "2027-01-31",
        "2027-02-28",
        "2027-03-31",
        "2027-04-30",
        "2027-05-31",
        "2027-06-30",
        "2027-07-31",
        "2027-08-31",
    ]


@pytest.mark.parametrize(
    ("anchor", "months", "there"),
    [
        ("2027-10-31", 4, "2028-02-29"),
        ("2026-01-29", 1, "2026-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-01-01", 12, "2027-01-01"),
    ],
)
def test_a_day_that_a_month_lacks_is_its_last_one(anchor, months, there):
    assert months_later(date.fromisoformat(anchor), months) == date.fromisoformat(there)


def test_a_wall_time_that_the_clock_jumps_over_moves_forward():
    night = Point("night", Anchor.SERIES, ("phq-9",), 1, days=1, at=time(2, 15), open_hours=24)
    for zone, last, wall in [
        (NEW_YORK, "2026-03-07 09:00", "2026-03-08 03:15"),
        (BERLIN, "2026-03-28 09:00", "2026-03-29 03:15"),
        (LORD_HOWE, "2026-10-03 09:00", "2026-10-04 02:45"),
    ]:
        known = Known("p", (a_course(a_visit(1, last, zone=zone), zone=zone),))
        [one] = occasions(known, {1: Questions(time(10), points=(night,))}, None)
        assert f"{to_local(one.due_at, zone):%Y-%m-%d %H:%M}" == wall


def test_before_a_session_it_is_asked_on_the_evening_before_until_that_begins():
    course = a_course(a_visit(1, "2026-03-09 09:00"))
    found = due(Known("p", (course,)))["baseline/1"]
    assert walls(course, "baseline/1", "before/1") == ["2026-03-08 17:00", "2026-03-08 17:00"]
    assert found.closes_at == course.visits[0].starts_at


def test_a_patient_far_away_is_asked_at_their_own_wall_time_on_the_clinics_dates():
    course = a_course(a_visit(1, "2026-03-10 09:00", home="2026-03-10 11:10"))
    assert walls(course, "day-7", "month-12", zone=BERLIN) == ["2026-03-17 10:00", "2027-03-10 10:00"]
    found = due(Known("p", (course,)), zone=BERLIN)
    assert found["day-7"].due_at == datetime(2026, 3, 17, 9, tzinfo=UTC)
    assert found["24h/1"].due_at == datetime(2026, 3, 11, 15, 10, tzinfo=UTC)


def test_a_patient_whose_evening_comes_after_the_session_still_has_two_hours():
    """At 09:00 on Lord Howe it is noon of the day before in Honolulu."""
    course = a_course(a_visit(1, "2026-03-10 09:00", zone=LORD_HOWE), zone=LORD_HOWE)
    found = due(Known("p", (course,)), zone="Pacific/Honolulu")["baseline/1"]
    assert found.due_at == found.closes_at - LATEST_BEFORE_SESSION


def test_the_end_is_the_last_session_that_takes_place():
    visits = [a_visit(1, "2026-03-09 09:00"), a_visit(2, "2026-03-11 09:00"), a_visit(3, "2026-03-13 09:00", lost=0)]
    assert walls(a_course(*visits), "day-7") == ["2026-03-18 10:00"]
    assert due(Known("p", (a_course(*visits),)))["day-7"].session_number == 2


def test_a_series_of_which_nothing_takes_place_asks_nothing():
    assert due(Known("p", (a_course(a_visit(1, "2026-03-09 09:00", lost=0)),))) == {}


def test_after_a_consultation_nothing_is_asked():
    visit = a_visit(1, "2026-03-02 09:00", phase="consultation", home="2026-03-02 10:00")
    assert due(Known("p", (a_course(visit, protocol="consultation"),))) == {}


def test_talks_of_a_therapy_course_do_not_count():
    visits = [
        a_visit(1, "2026-03-02 09:00", phase="preparation", home="2026-03-02 10:00"),
        a_visit(2, "2026-03-04 09:00", phase="dosing", home="2026-03-04 12:00"),
        a_visit(3, "2026-03-06 09:00", phase="integration"),
    ]
    found = due(Known("p", (a_course(*visits),)))
    assert {"home/2", "24h/2", "72h/2", "baseline/2", "before/2", "day-7"} <= set(found)
    assert not {name for name in found if name.endswith(("/1", "/3"))}
    assert walls(a_course(*visits), "day-7") == ["2026-03-11 10:00"]


def test_a_point_may_be_for_some_phases_sessions_conditions_and_protocols_only():
    def a_point(kind, **only):
        return Point(kind, Anchor.SESSION, ("phq-9",), 1, **only)

    points = (
        a_point("a", phases=("taper",)),
        a_point("b", nth=(2,)),
        a_point("c", conditions=("ptsd",)),
        a_point("d", protocols=("another",)),
        a_point("e", conditions=("depression",), protocols=("mood-iv-6x2w",)),
    )
    visits = [a_visit(1, "2026-03-09 09:00"), a_visit(2, "2026-03-11 09:00", phase="taper")]
    found = due(Known("p", (a_course(*visits),)), Questions(time(10), points=points))
    assert sorted(found) == ["a/2", "b/2", "e/1", "e/2"]


def test_a_later_series_for_the_same_condition_takes_over():
    first = a_course(a_visit(1, "2026-03-09 09:00"))
    later = a_course(a_visit(1, "2026-04-20 09:00"), id="series-2")
    names = {one.name for one in occasions(Known("p", (first, later)), {1: DEFAULT_PLAN}, None)}
    assert "series-1/day-28" in names  # 6 April
    assert "series-1/day-42" not in names  # 20 April
    assert "series-2/day-42" in names


def test_a_series_for_another_condition_takes_nothing_over():
    first = a_course(a_visit(1, "2026-03-09 09:00"))
    other = a_course(a_visit(1, "2026-04-20 09:00"), id="series-2", condition="chronic-pain")
    names = {one.name for one in occasions(Known("p", (first, other)), {1: DEFAULT_PLAN}, None)}
    assert {"series-1/month-12", "series-2/month-12"} <= names


@pytest.mark.parametrize("unknown", ["condition", "zone"])
def test_nothing_is_planned_before_condition_and_zone_are_known(unknown):
    visit = a_visit(1, "2026-03-09 09:00")
    fields = {"condition": "depression", "zone": NEW_YORK, unknown: ""}
    assert occasions(Known("p", (Course("s", 1, visits=(visit,), **fields),)), {1: DEFAULT_PLAN}, None) == ()
