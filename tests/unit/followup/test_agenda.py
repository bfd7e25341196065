"""Which check-ins there should be: instruments given out by rank and interval, and joined by date."""

import itertools
from datetime import UTC, date, datetime, timedelta

from services.followup.domain.agenda import Asked, planned
from services.followup.domain.known import Known
from services.followup.domain.occasion import occasions
from services.followup.domain.plan import ANY, CONDITIONS
from tests.support.followup_courses import a_course, a_visit
from tests.support.followup_fakes import DEFAULT_PLAN, LIBRARY

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
INTERVALS = {each.id: each.min_interval_days for each in LIBRARY.instruments}
SIX = [(1, "2026-03-02"), (2, "2026-03-04"), (3, "2026-03-06"), (4, "2026-03-09"), (5, "2026-03-11"), (6, "2026-03-13")]


def six(*, home=False, **about):
    """Monday, Wednesday, Friday, twice."""
    visits = [a_visit(n, f"{day} 09:00", home=f"{day} 11:30" if home else None) for n, day in SIX]
    return a_course(*visits, **about)


def plan(*courses, asked=(), settled=(), now=LONG_AGO, zone=None):
    due = occasions(Known("p", courses), {1: DEFAULT_PLAN}, zone)
    found = planned(due, asked=asked, settled=settled, intervals=INTERVALS, now=now)
    return {one.name.partition("/")[2]: one for one in sorted(found, key=lambda one: one.due_at)}


def days_of(found, instrument):
    return [one.due_at.date() for one in found.values() if instrument in one.instruments]


def test_the_phq_9_is_asked_at_first_in_the_middle_and_at_the_end_and_never_sooner_than_in_seven_days():
    found = plan(six())
    assert [name for name, one in found.items() if "phq-9" in one.instruments][:4] == [
        "baseline/1",
        "before/4",
        "day-7",
        "day-14",
    ]
    days = days_of(found, "phq-9")
    assert all((later - day).days >= 7 for day, later in itertools.pairwise(days))


def test_every_condition_keeps_the_interval_of_every_instrument():
    for condition in CONDITIONS:
        found = plan(six(home=True, condition=condition))
        for instrument, interval in INTERVALS.items():
            days = days_of(found, instrument)
            assert all((later - day).days >= interval for day, later in itertools.pairwise(days)), instrument


def test_every_condition_is_asked_its_own_instrument_at_first_and_at_day_seven():
    for condition, bundle in DEFAULT_PLAN.sets["bundle"].items():
        if condition != ANY:
            found = plan(six(condition=condition))
            assert set(bundle) <= set(found["baseline/1"].instruments)
            assert set(bundle) <= set(found["day-7"].instruments)


def test_what_is_due_on_one_date_is_one_check_in_at_the_time_that_must_not_be_earlier():
    """24 hours after session 1 and the evening before session 2 are the same date."""
    visits = [a_visit(1, "2026-03-02 09:00", home="2026-03-02 11:30"), a_visit(2, "2026-03-04 09:00")]
    found = plan(a_course(*visits))
    one = found["24h/1"]
    assert one.instruments == ("day-after", "c-ssrs")
    assert one.due_at == datetime(2026, 3, 3, 16, 30, tzinfo=UTC)
    assert one.due_at + one.open_for == visits[1].starts_at
    assert one.covers == ("series-1/24h/1@2026-03-02", "series-1/before/2@2026-03-04")
    assert "before/2" not in found


def test_two_elapsed_ones_on_one_date_wait_for_the_later():
    visits = [
        a_visit(1, "2026-03-02 09:00", home="2026-03-02 11:30"),
        a_visit(2, "2026-03-04 09:00", home="2026-03-04 11:45"),
        a_visit(3, "2026-03-06 09:00"),
    ]
    one = plan(a_course(*visits))["24h/2"]
    assert one.covers == (
        "series-1/24h/2@2026-03-04",
        "series-1/72h/1@2026-03-02",
        "series-1/before/3@2026-03-06",
    )
    assert one.due_at == datetime(2026, 3, 5, 16, 45, tzinfo=UTC)
    assert one.instruments.count("day-after") == 1


def test_home_safe_is_asked_by_itself():
    """On consecutive days the evening before the next session is the date of the discharge."""
    visits = [a_visit(1, "2026-03-02 09:00", home="2026-03-02 14:30"), a_visit(2, "2026-03-03 09:00")]
    found = plan(a_course(*visits))
    assert found["before/2"].due_at.date() == found["home/1"].due_at.date()
    assert found["home/1"].instruments == ("home-safe",)
    assert found["home/1"].open_for == timedelta(hours=2)


def test_a_patient_with_two_conditions_answers_the_phq_9_once():
    pain = a_course(a_visit(1, "2026-03-03 14:00"), id="series-2", condition="chronic-pain")
    found = plan(six(), pain)
    days = days_of(found, "phq-9")
    assert all((later - day).days >= 7 for day, later in itertools.pairwise(days))
    assert len(days) == len(set(days))
    assert days_of(found, "peg")


def test_two_series_that_ask_on_one_date_make_one_check_in():
    pain = a_course(a_visit(1, "2026-03-13 14:00"), id="series-2", condition="chronic-pain")
    found = plan(six(), pain)
    assert found["day-7"].instruments == ("phq-9", "c-ssrs", "peg")
    assert found["day-7"].covers == ("series-1/day-7@2026-03-13", "series-2/day-7@2026-03-13")


def test_the_lowest_rank_gets_what_two_want_too_soon_after_each_other():
    """Day 7 is worth more than the evening before the third session, which comes first."""
    visits = [a_visit(n, f"2026-03-{day:02} 09:00") for n, day in ((1, 2), (2, 9), (3, 17), (4, 20))]
    found = plan(a_course(*visits, condition="ptsd"))
    assert [name for name, one in found.items() if "pcl-5" in one.instruments][:2] == ["baseline/1", "day-7"]


def test_what_was_answered_counts_for_its_interval():
    found = plan(six(), asked=[Asked("phq-9", date(2026, 2, 27))])
    assert "phq-9" not in found["baseline/1"].instruments
    assert days_of(found, "phq-9")[0] >= date(2026, 3, 6)


def test_what_is_settled_is_not_planned_again():
    found = plan(six(), settled={"series-1/baseline/1@2026-03-02", "series-1/before/1@2026-03-02"})
    assert not {"baseline/1", "before/1"} & set(found)


def test_what_cannot_be_answered_any_more_is_left_out():
    [_, _, _, fourth, *_] = six().visits
    assert "before/4" in plan(six(), now=fourth.starts_at - timedelta(milliseconds=1))
    over = plan(six(), now=fourth.starts_at)
    assert not {"baseline/1", "before/4"} & set(over)
    assert "phq-9" in over["before/5"].instruments  # nobody has answered it, so it is free again


def test_substances_are_asked_every_ninety_days():
    days = days_of(plan(six()), "audit-c")
    assert days[0] == date(2026, 3, 1)
    assert all((later - day).days >= 90 for day, later in itertools.pairwise(days))
    assert len(days) == 4


def test_a_whole_year_of_one_series():
    names = [name for name in plan(six(home=True)) if not name.startswith(("home/", "24h/", "before/"))]
    assert names == [
        "baseline/1",
        *(f"day-{n}" for n in (7, 14, 21, 28, 42, 56, 70, 84)),
        *(f"month-{n}" for n in range(4, 13)),
    ]
