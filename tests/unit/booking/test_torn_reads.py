"""Somebody changes a series between the reads of somebody else: nobody is refused for what is not so."""

from datetime import datetime

from services.booking.domain.placement.placement import Wish
from services.booking.operations.moves import Moved, MoveSession, MoveSessions, move_session, move_sessions
from tests.support.booking_builders import CASE_A, CLINIC, a_world, booked


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{CASE_A[0]}T{text}")


def test_ones_own_place_is_never_taken_whoever_moved_it_meanwhile():
    """Read at nine, moved to eleven by somebody else, wanted at ten: the calendar shows its own place at eleven."""
    world = a_world()
    series = booked(world)
    interruptions = [MoveSession(series.id, 1, series.version, at("11:00"))]

    def interrupted(uow, command):
        read = uow.series.get

        def get_then_be_overtaken(id, version=None):
            found = read(id, version)
            if interruptions:
                world.run(CLINIC, move_session, interruptions.pop())
            return found

        uow.series.get = get_then_be_overtaken
        return move_sessions(uow, command)

    wanted = Moved(**vars(Wish(at("10:00"))), number=1)
    moved = world.run(CLINIC, interrupted, MoveSessions(series.id, (wanted,)))
    assert interruptions == []
    assert (moved.sessions[0].starts_local, moved.version) == (at("10:00"), 3)
