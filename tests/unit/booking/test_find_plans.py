"""Asking for plans: what is taken is gone around, nothing is written, and what makes no sense is refused at once."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.resource import ResourceKind
from services.booking.domain.placement.placement import Wish
from services.booking.domain.planning.wishes import TimeOfDay, Wishes
from services.booking.domain.protocol.protocol import Condition
from services.booking.operations.plans import FindPlans, FixedSession, Plans, find_plans
from shared.errors import NotFound, RuleBroken
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    PATIENT,
    a_booking,
    a_chair,
    a_nurse,
    a_resource,
    a_world,
    booked,
)
from tests.support.booking_fakes import FakeBooking

AT_NINE = Wishes(times=(TimeOfDay(time(9), time(9, 15)),))
ASK = FindPlans(PATIENT, "mood-iv-6x2w", from_date=CASE_A[0], until_date=CASE_A[0], wishes=AT_NINE)


def plans(world: FakeBooking, command: FindPlans = ASK) -> Plans:
    found: Plans = world.run(CLINIC, find_plans, command)
    return found


def refused(world: FakeBooking, command: FindPlans) -> dict[str, str]:
    """The codes of what is wrong, by pointer."""
    with pytest.raises(RuleBroken) as refusal:
        plans(world, command)
    return {fault.pointer: fault.code for fault in refusal.value.faults}


def test_a_plan_is_booked_by_sending_it_back():
    world = a_world()
    plan, *_ = plans(world).plans
    assert [wish.local.date() for wish in plan.wishes] == list(CASE_A)
    series = booked(world, a_booking((), sessions=plan.wishes))
    assert [session.starts_at for session in series.sessions] == [session.starts_at for session in plan.sessions]


def test_asking_writes_nothing():
    world = a_world()
    before = {kind: dict(rows) for kind, rows in world.rows.items()}
    plans(world)
    assert world.rows == before
    assert world.told == []


def test_what_others_have_booked_is_gone_around():
    world = a_world()
    booked(world, a_booking(CASE_A, at="09:00", patient_id="patient-2"))
    found = plans(world)
    assert found.plans == ()
    assert "plan.wish-times" in {reason.code for reason in found.reasons}
    free = plans(world, replace(ASK, wishes=Wishes()))
    assert {wish.local.time() for plan in free.plans for wish in plan.wishes} & {time(9)} == set()


def test_the_persons_other_doses_count():
    world = a_world(a_chair("a"), a_chair("b"), a_nurse("c"), a_nurse("d"))
    booked(world, a_booking([CASE_A[1]], at="14:00", protocol="booster-single", condition=Condition.PTSD))
    found = plans(world)
    assert CASE_A[1] not in {wish.local.date() for plan in found.plans for wish in plan.wishes}


def test_without_dates_the_next_four_weeks_are_looked_at():
    found = plans(a_world(), FindPlans(PATIENT, "booster-single", condition=Condition.PTSD))
    assert found.plans[0].starts_on == date(2026, 3, 2)
    assert (found.protocol, found.edition, found.zone) == ("booster-single", 1, "America/New_York")


def test_the_past_is_not_looked_at():
    command = FindPlans(PATIENT, "booster-single", condition=Condition.PTSD, from_date=date(2026, 2, 1))
    found = plans(a_world(), replace(command, until_date=date(2026, 3, 3)))
    assert [plan.starts_on for plan in found.plans] == [date(2026, 3, 2), date(2026, 3, 3)]


def test_what_is_not_there_is_not_found():
    for unknown in ({"patient_id": "nobody"}, {"protocol": "nothing"}, {"edition": 7}):
        with pytest.raises(NotFound):
            plans(a_world(), replace(ASK, **unknown))


LOCAL = datetime(2026, 3, 4, 9)  # noqa: DTZ001
IN_GAP = datetime(2026, 3, 8, 2, 30)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"until_date": CASE_A[0] - timedelta(days=1)}, {"/until_date": "plan.window-backward"}),
        ({"until_date": CASE_A[0] + timedelta(days=121)}, {"/until_date": "plan.window-too-long"}),
        ({"until_date": date(2036, 3, 4)}, {"/until_date": "plan.window-too-long"}),
        (
            {"from_date": date(2026, 2, 1), "until_date": date(2026, 2, 2)},
            {"/until_date": "plan.window-past"},
        ),
        (
            {"wishes": Wishes(times=(TimeOfDay(time(9), time(9)),))},
            {"/wishes/times/0/until_time": "plan.times-backward"},
        ),
        ({"wishes": Wishes(resource_ids=("nothing",))}, {"/wishes/resource_ids/0": "resource.unknown"}),
        ({"wishes": Wishes(resource_ids=("gone",))}, {"/wishes/resource_ids/0": "resource.inactive"}),
        ({"wishes": Wishes(resource_ids=("room-1",))}, {"/wishes/resource_ids/0": "resource.not-needed"}),
        ({"fixed": (FixedSession(7, Wish(LOCAL)),)}, {"/fixed/0/number": "plan.no-such-session"}),
        (
            {"fixed": (FixedSession(1, Wish(LOCAL)), FixedSession(1, Wish(LOCAL)))},
            {"/fixed/0/number": "plan.fixed-twice", "/fixed/1/number": "plan.fixed-twice"},
        ),
        ({"fixed": (FixedSession(1, Wish(IN_GAP)),)}, {"/fixed/0/starts_local": "time.in-gap"}),
        (
            {"fixed": (FixedSession(1, Wish(LOCAL.replace(minute=3), resource_ids=("nothing",))),)},
            {"/fixed/0/resource_ids/0": "resource.unknown", "/fixed/0/starts_local": "session.off-grid"},
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_every_reason(change: dict[str, Any], faults: dict[str, str]):
    world = a_world(a_chair(), a_nurse(), a_nurse("gone", is_active=False), a_resource(ResourceKind.ROOM))
    assert refused(world, replace(ASK, **change)) == faults


def test_which_of_several_conditions_is_treated_must_be_said():
    with pytest.raises(RuleBroken) as refusal:
        plans(a_world(), FindPlans(PATIENT, "booster-single"))
    assert refusal.value.code == "series.condition-not-treated"
