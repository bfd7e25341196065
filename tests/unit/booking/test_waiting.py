"""Who waits, and which places come free for them."""

from datetime import datetime, time, timedelta

import pytest

from services.booking.domain.placement.reassignment import Decision
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.position import Position
from services.booking.domain.series.session import CancelReason, MissReason, SessionStatus
from services.booking.domain.waiting.opening import Opening
from services.booking.domain.waiting.waitlist import EntryStatus, Wishes
from services.booking.operations.holds import ExpireHold, HoldSeries, expire_hold, hold_series
from services.booking.operations.moves import MoveSession, PauseSeries, move_session, pause_series
from services.booking.operations.resource import ChangeResource, change_resource
from services.booking.operations.series import CancelSession, MarkMissed, cancel_session, mark_missed
from services.booking.operations.waitlist import (
    ListWaitlist,
    ShowEntry,
    WithdrawEntry,
    list_waitlist,
    show_entry,
    withdraw_entry,
)
from shared.errors import Conflict, RuleBroken
from tests.support.booking_builders import CLINIC, a_chair, booked, wishes
from tests.support.booking_waiting import (
    FREED,
    a_booster,
    a_busy_world,
    first_series,
    gives_up,
    offered,
    somebody_waits,
    waits,
)


def opened(world) -> list[str]:
    return sorted(opening.id for opening in world.all(Opening))


def test_who_waits_is_listed_and_shown():
    world = a_busy_world()
    series = booked(world, a_booster(2))
    entry = waits(world, series, priority=2)
    assert entry.position == Position(1, 0, SessionStatus.BOOKED)
    assert (entry.since, entry.patient_id, entry.priority) == (world.now, "patient-2", 2)
    assert world.run(CLINIC, show_entry, ShowEntry(entry.id)) == entry
    found = {
        "all": ListWaitlist(10, None),
        "waiting": ListWaitlist(10, None, EntryStatus.WAITING, series.id),
        "placed": ListWaitlist(10, None, EntryStatus.PLACED),
        "of another": ListWaitlist(10, None, series_id="series-9"),
    }
    counts = {name: len(world.run(CLINIC, list_waitlist, command).items) for name, command in found.items()}
    assert counts == {"all": 1, "waiting": 1, "placed": 0, "of another": 0}


def test_nobody_waits_twice_for_one_session():
    world = a_busy_world()
    series = booked(world, a_booster(2))
    entry = waits(world, series)
    with pytest.raises(Conflict, match=r"waitlist\.waits-already"):
        waits(world, series, priority=1)
    world.run(CLINIC, withdraw_entry, WithdrawEntry(entry.id))
    assert waits(world, series).status is EntryStatus.WAITING


def test_a_resource_that_is_not_there_is_not_wished_for():
    with pytest.raises(RuleBroken) as refusal:
        somebody_waits(a_busy_world(), wishes=Wishes(resource_ids=("chair-1", "chair-9")))
    assert [(one.code, one.pointer) for one in refusal.value.faults] == [("resource.unknown", "/wishes/resource_ids/1")]


# --- what comes free


def test_a_place_opens_only_where_somebody_waits():
    world = a_busy_world()
    series = first_series(world)
    world.run(CLINIC, cancel_session, CancelSession(series.id, 2, CancelReason.PATIENT))
    assert opened(world) == []
    somebody_waits(world)
    gives_up(world)
    assert opened(world) == [f"{series.id}.3.2"]


def test_what_begins_too_soon_to_be_of_use_does_not_open():
    world = a_busy_world()
    somebody_waits(world)
    series = first_series(world)
    # Session 1 has the chair until 11:25, so the last start there is at 11:15: within two hours at 09:16.
    world.now = series.session(1).starts_at + timedelta(minutes=16)
    world.run(CLINIC, cancel_session, CancelSession(series.id, 1, CancelReason.PATIENT))
    world.now = series.session(2).starts_at + timedelta(minutes=16)
    world.run(CLINIC, mark_missed, MarkMissed(series.id, 2, MissReason.NO_SHOW))
    assert opened(world) == []


def test_a_session_that_is_moved_away_opens_its_former_place():
    world = a_busy_world()
    somebody_waits(world)
    series = first_series(world)
    away = MoveSession(series.id, 3, series.version, datetime.combine(FREED, time(14)))
    world.run(CLINIC, move_session, away)
    assert opened(world) == [f"{series.id}.3.1"]


def test_a_session_that_changes_its_chair_twice_opens_a_place_twice():
    world = a_busy_world()
    somebody_waits(world)
    for number in (2, 3):
        unit = world.unit(CLINIC)
        unit.resources.save(a_chair(f"chair-{number}"))
        unit.commit()
        shut = unit.resources.get(f"chair-{number - 1}")
        decided = ChangeResource(shut.id, shut.version, {"is_active": False}, Decision.REASSIGN)
        world.run(CLINIC, change_resource, decided)
    assert len([one for one in opened(world) if one.startswith(f"{first_series(world).id}.3.")]) == 2


def test_a_series_that_is_paused_opens_all_its_places():
    world = a_busy_world()
    somebody_waits(world)
    series = first_series(world)
    world.run(CLINIC, pause_series, PauseSeries(series.id, CancelReason.PATIENT))
    assert opened(world) == [f"{series.id}.{number}.1" for number in range(1, 7)]


def test_a_hold_that_lapses_opens_its_places():
    world = a_busy_world()
    somebody_waits(world)
    command = HoldSeries("patient-3", "booster-single", condition=Condition.PTSD, sessions=wishes([FREED], "13:00"))
    hold = world.run(CLINIC, hold_series, command)
    world.pass_time(minutes=15)
    world.run(CLINIC, expire_hold, ExpireHold(hold.id))
    assert opened(world) == [f"{hold.id}.1.1"]
    assert offered(world).starts_local == datetime.combine(FREED, time(13))
