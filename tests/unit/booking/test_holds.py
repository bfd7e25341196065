from datetime import timedelta
from typing import Any

import pytest

from services.booking.domain.events import SeriesBooked
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import CancelReason
from services.booking.operations.clinic import ChangeClinic, change_clinic
from services.booking.operations.holds import (
    ConfirmHold,
    ExpireHold,
    HoldSeries,
    ListHolds,
    ReleaseHold,
    ShowHold,
    confirm_hold,
    expire_hold,
    hold_series,
    list_holds,
    release_hold,
    show_hold,
)
from services.booking.operations.series import CancelSession, cancel_session
from shared.errors import Conflict, NotFound, RuleBroken
from tests.support.booking_builders import CASE_A, CLINIC, PATIENT, a_booking, a_world, booked, wishes
from tests.support.booking_fakes import FakeBooking


def held(world: FakeBooking, **fields: Any) -> Series:
    command = {"patient_id": PATIENT, "protocol": "mood-iv-6x2w", "sessions": wishes(CASE_A), **fields}
    series: Series = world.run(CLINIC, hold_series, HoldSeries(**command))
    return series


def test_a_hold_keeps_every_place_and_tells_nobody():
    world = a_world()
    hold = held(world)
    assert (hold.status, len(hold.sessions)) == (SeriesStatus.HELD, 6)
    assert hold.held_until == world.now + timedelta(minutes=15)
    assert world.events() == []
    with pytest.raises(Conflict, match=r"series\.slot-taken"):
        booked(world, a_booking(patient_id="patient-2"))


def test_a_hold_stands_as_long_as_asked_else_as_the_clinic_says():
    world = a_world()
    world.run(CLINIC, change_clinic, ChangeClinic(1, {"hold_minutes": 40}))
    assert held(world).held_until == world.now + timedelta(minutes=40)
    other = held(world, patient_id="patient-2", sessions=wishes(CASE_A, "13:00"), minutes=1440)
    assert other.held_until == world.now + timedelta(days=1)


def test_what_could_not_be_booked_is_not_held():
    world = a_world()
    with pytest.raises(RuleBroken):
        held(world, sessions=wishes(CASE_A[:5]))
    assert world.all(Series) == []


def test_a_confirmed_hold_is_the_series_and_is_booked_once():
    world = a_world()
    hold = held(world)
    series = world.run(CLINIC, confirm_hold, ConfirmHold(hold.id))
    assert (series.id, series.status, series.slots) == (hold.id, SeriesStatus.ACTIVE, hold.slots)
    assert len(world.events(SeriesBooked)) == 1
    with pytest.raises(Conflict):
        world.run(CLINIC, confirm_hold, ConfirmHold(hold.id))
    with pytest.raises(Conflict):
        world.run(CLINIC, release_hold, ReleaseHold(hold.id))
    with pytest.raises(NotFound):
        world.run(CLINIC, show_hold, ShowHold(hold.id))
    assert len(world.events()) == 1


def test_a_hold_that_is_confirmed_too_late_is_refused_before_the_job_has_run():
    world = a_world()
    hold = held(world)
    world.pass_time(minutes=15)
    with pytest.raises(Conflict, match=r"hold\.expired"):
        world.run(CLINIC, confirm_hold, ConfirmHold(hold.id))
    assert world.events() == []


@pytest.mark.parametrize("how", ["expires", "is released"])
def test_a_hold_that_lapses_gives_its_places_and_doses_back(how):
    world = a_world()
    hold = held(world)
    if how == "expires":
        with pytest.raises(RuleBroken, match=r"hold\.not-due"):
            world.run(CLINIC, expire_hold, ExpireHold(hold.id))
        world.pass_time(minutes=15)
        world.run(CLINIC, expire_hold, ExpireHold(hold.id))
    else:
        world.run(CLINIC, release_hold, ReleaseHold(hold.id))
    assert world.events() == []
    assert world.run(CLINIC, show_hold, ShowHold(hold.id)).status is SeriesStatus.LAPSED
    booked(world)
    assert len(world.events(SeriesBooked)) == 1


def test_a_held_dose_counts_for_the_caps():
    world = a_world()
    held(world)
    booster = a_booking([CASE_A[0]], at="14:00", protocol="booster-single", condition=Condition.PTSD)
    with pytest.raises(RuleBroken) as refusal:
        booked(world, booster)
    assert "spacing.same-day" in {fault.code for fault in refusal.value.faults}


def test_nothing_happens_to_a_session_that_is_only_held():
    world = a_world()
    hold = held(world)
    with pytest.raises(Conflict):
        world.run(CLINIC, cancel_session, CancelSession(hold.id, 1, CancelReason.PATIENT))


def test_only_holds_that_stand_are_listed():
    world = a_world()
    booked(world, a_booking(patient_id="patient-2", at="13:00"))
    hold = held(world)
    assert world.run(CLINIC, list_holds, ListHolds(10, None)).items == [hold]
    world.run(CLINIC, release_hold, ReleaseHold(hold.id))
    assert world.run(CLINIC, list_holds, ListHolds(10, None)).items == []
