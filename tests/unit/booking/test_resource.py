from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.resource import (
    Absence,
    AbsenceReason,
    Interval,
    Resource,
    ResourceKind,
    Skill,
    SpecialHours,
    checked,
)
from services.booking.domain.calendar.slots import Weekday
from shared.errors import RuleBroken
from shared.localtime import resolve, to_local
from tests.support.booking_builders import NEW_YORK, a_chair, a_nurse, a_resource, hours

MONDAY = date(2026, 3, 9)


def is_open(from_: str, until: str, day: date = MONDAY, **fields: Any) -> bool:
    at, until_at = (resolve(datetime.fromisoformat(f"{day}T{wall}"), NEW_YORK) for wall in (from_, until))
    return a_chair(**fields).is_open(at, until_at, NEW_YORK)


def away(from_: str, until: str) -> Absence:
    return Absence(datetime.fromisoformat(from_), datetime.fromisoformat(until), AbsenceReason.TRAINING)


def open_on(resource: Resource) -> list[Interval]:
    return resource.open_on(MONDAY, NEW_YORK)


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
    with pytest.raises(RuleBroken) as refusal:
        checked(a_chair(hours=(*hours("08:00", "12:00"), *hours("12:00", "17:00"))))
    assert {fault.code for fault in refusal.value.faults} == {"resource.hours-overlap"}


def test_special_hours_take_the_place_of_the_weekly_ones():
    special = (SpecialHours(MONDAY, time(10), time(12)), SpecialHours(MONDAY, time(18), time(20)))
    assert is_open("10:00", "12:00", special_days=special)
    assert is_open("18:30", "20:00", special_days=special)
    assert not is_open("09:00", "10:00", special_days=special)
    assert not is_open("11:00", "19:00", special_days=special)
    assert is_open("09:00", "10:00", day=date(2026, 3, 10), special_days=special)


def test_special_hours_open_a_day_that_is_closed_every_week():
    sunday = date(2026, 3, 8)
    assert is_open("09:00", "10:00", day=sunday, special_days=(SpecialHours(sunday, time(9), time(12)),))


@pytest.mark.parametrize(
    ("from_", "until", "open_"),
    [
        ("08:00", "10:00", True),
        ("09:55", "10:05", False),
        ("10:30", "11:00", False),
        ("09:00", "12:00", False),
        ("11:30", "17:00", True),
    ],
)
def test_nobody_is_there_during_an_absence(from_: str, until: str, *, open_: bool):
    assert is_open(from_, until, absences=(away("2026-03-09T10:00", "2026-03-09T11:30"),)) is open_


def test_an_absence_may_last_for_days():
    holidays = (away("2026-03-08T00:00", "2026-03-10T12:00"),)
    assert not is_open("09:00", "10:00", absences=holidays)
    assert not is_open("11:00", "13:00", day=date(2026, 3, 10), absences=holidays)
    assert is_open("12:00", "13:00", day=date(2026, 3, 10), absences=holidays)


def test_an_absence_is_said_in_wall_times_on_both_sides_of_a_clock_change():
    """Away until noon of the Sunday on which the clock in New York goes from 02:00 to 03:00."""
    sunday = date(2026, 3, 8)
    fields = {"hours": hours(days=Weekday), "absences": (away("2026-03-07T12:00", "2026-03-08T12:00"),)}
    assert is_open("08:00", "12:00", day=date(2026, 3, 7), **fields)
    assert not is_open("11:55", "13:00", day=sunday, **fields)
    assert is_open("12:00", "13:00", day=sunday, **fields)


def test_hours_around_absences_are_told_in_order():
    chair = a_chair(
        hours=(*hours("13:00", "17:00"), *hours("08:00", "12:00")),
        absences=(away("2026-03-09T15:00", "2026-03-09T16:00"), away("2026-03-09T07:00", "2026-03-09T09:00")),
    )
    told = [(to_local(from_at, NEW_YORK).hour, to_local(until, NEW_YORK).hour) for from_at, until in open_on(chair)]
    assert told == [(9, 12), (13, 15), (16, 17)]


@pytest.mark.parametrize(
    ("kind", "capacity", "per", "places"),
    [
        (ResourceKind.CHAIR, 1, 1, 1),
        (ResourceKind.CHAIR, 4, 1, 1),
        (ResourceKind.NURSE, 1, 1, 1),
        (ResourceKind.NURSE, 1, 2, 1),
        (ResourceKind.NURSE, 2, 1, 2),
        (ResourceKind.NURSE, 2, 2, 1),
        (ResourceKind.NURSE, 3, 2, 2),
        (ResourceKind.THERAPIST, 4, 4, 1),
    ],
)
def test_a_person_gives_a_share_of_their_attention_and_a_thing_one_place(
    kind: ResourceKind, capacity: int, per: int, places: int
):
    assert a_resource(kind, capacity=capacity).places_for(per) == places


def test_a_skill_holds_up_to_and_including_its_last_day():
    nurse = a_nurse(skills=(Skill("acls", MONDAY), Skill("iv-access")))
    assert nurse.has_skills(("acls", "iv-access"), MONDAY)
    assert not nurse.has_skills(("acls",), date(2026, 3, 10))
    assert nurse.has_skills(("iv-access",), date(2090, 1, 1))
    assert not nurse.has_skills(("sedation",), MONDAY)
    assert nurse.has_skills((), MONDAY)


def test_a_resource_that_cannot_be_is_refused_with_every_reason():
    wrong = a_chair(
        capacity=0,
        closed_on=(MONDAY,),
        special_days=(SpecialHours(MONDAY, time(9), time(8)), SpecialHours(date(2026, 3, 10), time(9), time(12))),
        absences=(away("2026-03-09T10:00", "2026-03-09T10:00"),),
        skills=(Skill("acls"), Skill("acls", MONDAY)),
    )
    with pytest.raises(RuleBroken) as refusal:
        checked(wrong)
    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [
        ("resource.capacity-impossible", "/capacity"),
        ("resource.hours-backward", "/special_days/0"),
        ("resource.closed-and-open", "/special_days/0"),
        ("resource.absence-backward", "/absences/0"),
        ("resource.skill-twice", "/skills/1"),
    ]


def test_ordinary_resources_are_kept():
    nurse = a_nurse(
        special_days=(SpecialHours(MONDAY, time(9), time(12)), SpecialHours(MONDAY, time(13), time(15))),
        absences=(away("2026-03-10T00:00", "2026-03-11T00:00"),),
        skills=(Skill("acls"), Skill("iv-access", MONDAY)),
        capacity=2,
    )
    assert checked(a_chair()) == a_chair()
    assert checked(nurse) == nurse
