from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest

from services.booking.domain.calendar.slots import Claim
from services.booking.domain.events import (
    SeriesBooked,
    SeriesCancelled,
    SeriesCompleted,
    SeriesPaused,
    SeriesResumed,
    SessionCancelled,
    SessionCheckedIn,
    SessionDischarged,
    SessionMissed,
    SessionMoved,
    SessionStarted,
)
from services.booking.domain.protocol.care import ORDINARY
from services.booking.domain.series.override import Override
from services.booking.domain.series.series import MOVES as SERIES_MOVES
from services.booking.domain.series.series import Series, SeriesMove, SeriesStatus
from services.booking.domain.series.session import (
    MOVES,
    CancelReason,
    HoldOn,
    MissReason,
    Session,
    SessionMove,
    SessionStatus,
)
from shared.errors import Conflict, NotFound, RuleBroken
from tests.support.booking_builders import CASE_A, a_held_series, a_link, a_series, a_session

STATUS, MOVE = SessionStatus, SessionMove
AT = a_session().starts_at + timedelta(minutes=3)


def later(number: int = 1, **fields: Any) -> Session:
    """A session three hours after its time."""
    return a_session(number, starts_at=a_session(number).starts_at + timedelta(hours=3), **fields)


HOW: dict[SessionMove, Callable[[Series], Any]] = {
    MOVE.RESCHEDULE: lambda series: series.move(later(), ()),
    MOVE.CHECK_IN: lambda series: series.check_in(1, closed_by=(), at=AT),
    MOVE.START: lambda series: series.start(1, at=AT),
    MOVE.DISCHARGE: lambda series: series.discharge(1, at=AT),
    MOVE.CANCEL: lambda series: series.cancel(1, reason=CancelReason.PATIENT, at=AT),
    MOVE.MISS: lambda series: series.miss(1, reason=MissReason.NO_SHOW, at=AT),
    MOVE.REBOOK: lambda series: series.rebook(a_session(1), ()),
}
"""What happens to one session; the other moves happen to all at once."""
TOLD = {
    MOVE.RESCHEDULE: SessionMoved,
    MOVE.CHECK_IN: SessionCheckedIn,
    MOVE.START: SessionStarted,
    MOVE.DISCHARGE: SessionDischarged,
    MOVE.CANCEL: SessionCancelled,
    MOVE.MISS: SessionMissed,
    MOVE.REBOOK: SessionMoved,
}


def only(events: list[Any]) -> Any:
    (event,) = events
    return event


def holding(session: Session, resource_id: str = "chair-1") -> Session:
    claim = Claim("chair", resource_id, session.starts_at, session.starts_at + timedelta(minutes=10))
    return replace(session, claims=(claim,))


@pytest.mark.parametrize(("status", "move"), [*product(STATUS, MOVE)])
def test_a_session_goes_only_where_the_table_lets_it(status: SessionStatus, move: SessionMove):
    if (status, move) in MOVES:
        assert a_session(1, status).after(move).status is MOVES[status, move]
    else:
        with pytest.raises(Conflict, match=r"session\.illegal-move"):
            a_session(1, status).after(move)


@pytest.mark.parametrize(("status", "move"), [*product(STATUS, HOW)])
def test_a_series_carries_a_session_only_where_the_table_lets_it(status: SessionStatus, move: SessionMove):
    series = a_series(a_session(1, status), a_session(3))
    if (status, move) in MOVES:
        changed, events = HOW[move](series)
        assert changed.session(1).status is MOVES[status, move]
        assert [type(event) for event in events] == [TOLD[move]]
    else:
        with pytest.raises(Conflict) as refusal:
            HOW[move](series)
        assert refusal.value.code == "session.illegal-move"
        assert refusal.value.faults[0].context == {"number": 1, "status": status.value}


WHOLE: dict[SeriesMove, Callable[[Series], Any]] = {
    SeriesMove.BOOK: lambda series: series.book(a_link(), ORDINARY)[0],
    SeriesMove.LAPSE: lambda series: series.lapse(at=AT, reason="expired"),
    SeriesMove.KEEP: lambda series: series.move(a_session(1), ())[0],
    SeriesMove.PAUSE: lambda series: series.pause(reason=CancelReason.PATIENT, at=AT)[0],
    SeriesMove.RESUME: lambda series: series.resume([a_session(1)], (), at=AT)[0],
    SeriesMove.COMPLETE: lambda series: series.close(at=AT)[0],
    SeriesMove.CANCEL: lambda series: series.cancel_rest(reason=CancelReason.PATIENT, at=AT)[0],
}
FITTING = {
    SeriesMove.BOOK: STATUS.PENDING,
    SeriesMove.LAPSE: STATUS.PENDING,
    SeriesMove.RESUME: STATUS.PROPOSED,
    SeriesMove.COMPLETE: STATUS.FULFILLED,
}
"""The status of a session that does not stand in the way of a series' move; booked where none is said."""


@pytest.mark.parametrize(("status", "move"), [*product(SeriesStatus, SeriesMove)])
def test_a_series_goes_only_where_the_table_lets_it(status: SeriesStatus, move: SeriesMove):
    series = a_series(a_session(1, FITTING.get(move, STATUS.BOOKED)), status=status)
    if (status, move) in SERIES_MOVES:
        assert WHOLE[move](series).status is SERIES_MOVES[status, move]
    else:
        with pytest.raises(Conflict, match=r"series\.(closed|illegal-move)") as refusal:
            WHOLE[move](series)
        assert refusal.value.faults[0].context == {"status": status.value}


def test_booking_tells_every_session_and_how_to_fast():
    booked, (told,) = a_held_series(held_until=AT).book(a_link(), replace(ORDINARY, solids_hours=3, fluids_minutes=45))
    assert {session.status for session in booked.sessions} == {STATUS.BOOKED}
    assert (booked.status, booked.held_until) == (SeriesStatus.ACTIVE, None)
    assert isinstance(told, SeriesBooked)
    assert (told.solids_hours, told.fluids_minutes) == (3, 45)
    assert [session.number for session in told.sessions] == [1, 2, 3, 4, 5, 6]
    assert [session.starts_at.hour for session in told.sessions] == [14, 14, 13, 13, 13, 13]
    assert {session.starts_local.hour for session in told.sessions} == {9}


def test_moving_a_session_raises_its_revision_and_leaves_the_others():
    series = a_series()
    placed = a_session(3, starts_at=series.session(3).starts_at + timedelta(days=1), claims=())
    changed, events = series.move(placed, ())
    told = only(events)
    assert len(changed.sessions) == 6
    assert [session for session in changed.sessions if session.number != 3] == [
        session for session in series.sessions if session.number != 3
    ]
    assert changed.session(3).revision == told.revision == 1
    assert told.previous_starts_at == series.session(3).starts_at
    again, _ = changed.move(a_session(3), ())
    assert again.session(3).revision == 2


def test_who_gets_another_chair_at_the_same_time_is_told_nothing_and_keeps_their_word():
    series = a_series(holding(a_session(1, confirmed_at=AT)))
    for chair in ("chair-1", "chair-2"):
        changed, events = series.move(holding(a_session(1), chair), ())
        assert events == []
        assert changed.session(1) == holding(a_session(1, confirmed_at=AT), chair)


def test_of_several_sessions_only_those_with_another_time_are_told():
    changed, events = a_series().place([a_session(1), later(2)], ())
    assert only(events).number == 2
    assert [session.revision for session in changed.sessions] == [0, 1, 0, 0, 0, 0]


def test_checking_in_is_for_the_day_of_the_session():
    with pytest.raises(RuleBroken) as refusal:
        a_series().check_in(2, closed_by=(), at=AT)
    assert refusal.value.code == "session.not-today"


def test_the_day_of_a_session_ends_at_local_midnight():
    late = datetime.fromisoformat("2026-03-05T04:59+00:00")
    assert a_series().check_in(1, closed_by=(), at=late)[0].session(1).arrived_at == late
    with pytest.raises(RuleBroken):
        a_series().check_in(1, closed_by=(), at=late + timedelta(minutes=1))


def test_nobody_misses_what_has_not_begun():
    with pytest.raises(RuleBroken) as refusal:
        a_series().miss(1, reason=MissReason.NO_SHOW, at=a_session().starts_at - timedelta(minutes=1))
    assert refusal.value.code == "session.not-due"


def test_arrival_start_and_discharge_are_kept_and_told():
    series, _ = a_series().check_in(1, closed_by=(), at=AT)
    series, _ = series.start(1, at=AT + timedelta(minutes=20))
    series, events = series.discharge(1, at=AT + timedelta(minutes=130))
    told = only(events)
    session = series.session(1)
    assert (session.arrived_at, session.started_at) == (AT, AT + timedelta(minutes=20))
    assert (told.started_at, told.discharged_at) == (session.started_at, session.discharged_at)
    assert (told.condition, told.phase, told.zone) == ("depression", "induction", "America/New_York")


def test_discharge_of_the_last_open_session_completes_the_series():
    series = a_series(a_session(1, STATUS.NOSHOW), a_session(2, STATUS.IN_PROGRESS))
    changed, events = series.discharge(2, at=AT)
    assert changed.status is SeriesStatus.COMPLETED
    assert [type(event) for event in events] == [SessionDischarged, SeriesCompleted]


@pytest.mark.parametrize("move", [MOVE.CANCEL, MOVE.MISS])
def test_losing_the_last_open_session_completes_a_series_with_one_that_took_place(move: SessionMove):
    changed, events = HOW[move](a_series(a_session(1), a_session(2, STATUS.FULFILLED)))
    assert changed.status is SeriesStatus.COMPLETED
    assert [type(event) for event in events] == [TOLD[move], SeriesCompleted]


@pytest.mark.parametrize("move", [MOVE.CANCEL, MOVE.MISS])
def test_a_lost_last_session_may_be_booked_again_for_two_weeks(move: SessionMove):
    series = a_series(a_session(1, STATUS.FULFILLED), a_session(2, STATUS.NOSHOW), a_session(3))
    changed, events = {
        MOVE.CANCEL: series.cancel(3, reason=CancelReason.PATIENT, at=AT),
        MOVE.MISS: series.miss(3, reason=MissReason.NO_SHOW, at=a_session(3).starts_at),
    }[move]
    assert changed.status is SeriesStatus.ACTIVE
    assert [type(event) for event in events] == [TOLD[move]]
    assert changed.next_at == datetime.fromisoformat("2026-03-24T00:00-04:00")
    again, _ = changed.rebook(a_session(3), ())
    assert again.next_at == a_session(3).starts_at + timedelta(minutes=30)


@pytest.mark.parametrize(("move", "reason"), [(MOVE.CANCEL, "patient"), (MOVE.MISS, "no-show")])
def test_a_series_that_never_began_is_cancelled_when_nobody_books_it_again(move: SessionMove, reason: str):
    lost, _ = HOW[move](a_series(a_session(1)))
    closed, events = lost.close(at=AT)
    assert closed.status is SeriesStatus.CANCELLED
    assert [type(event) for event in events] == [SeriesCancelled]
    assert events[0].reason == closed.reason == reason


def test_a_series_of_which_a_session_took_place_is_completed_when_nobody_books_the_rest_again():
    closed, events = a_series(a_session(1, STATUS.FULFILLED), a_session(2, STATUS.NOSHOW)).close(at=AT)
    assert closed.status is SeriesStatus.COMPLETED
    assert [type(event) for event in events] == [SeriesCompleted]


def test_cancelling_the_series_cancels_every_open_session_and_keeps_the_rest():
    series = a_series(a_session(1, STATUS.FULFILLED), a_session(2, STATUS.CHECKED_IN), a_session(3))
    changed, events = series.cancel_rest(reason=CancelReason.CLINICAL, at=AT)
    assert [session.status for session in changed.sessions] == [STATUS.FULFILLED, STATUS.CANCELLED, STATUS.CANCELLED]
    assert changed.status is SeriesStatus.CANCELLED
    assert [type(event) for event in events] == [SessionCancelled, SessionCancelled, SeriesCancelled]
    assert {getattr(event, "reason", None) for event in events} == {"clinical"}


def test_a_series_with_a_session_in_progress_is_not_cancelled():
    series = a_series(a_session(1, STATUS.IN_PROGRESS), a_session(2))
    with pytest.raises(Conflict) as refusal:
        series.cancel_rest(reason=CancelReason.CLINIC, at=AT)
    assert [fault.context["number"] for fault in refusal.value.faults] == [1]


def test_a_series_of_which_all_sessions_are_lost_may_be_called_off_at_once():
    changed, events = a_series(a_session(1, STATUS.NOSHOW)).cancel_rest(reason=CancelReason.CLINIC, at=AT)
    assert (changed.status, changed.reason) == (SeriesStatus.CANCELLED, "clinic")
    assert [type(event) for event in events] == [SeriesCancelled]
    with pytest.raises(Conflict, match=r"series\.closed"):
        changed.cancel_rest(reason=CancelReason.CLINIC, at=AT)


def test_a_pause_frees_what_is_booked_and_lets_what_has_begun_go_on():
    series = a_series(a_session(1, STATUS.CHECKED_IN), holding(a_session(2)), a_session(3))
    paused, events = series.pause(reason=CancelReason.CLINICAL, at=AT)
    assert [session.status for session in paused.sessions] == [STATUS.CHECKED_IN, STATUS.PROPOSED, STATUS.PROPOSED]
    assert paused.slots == set()
    assert paused.reason == "clinical"
    assert [type(event) for event in events] == [SessionCancelled, SessionCancelled, SeriesPaused]
    assert [getattr(event, "reason", None) for event in events] == ["paused", "paused", "clinical"]
    assert paused.next_at == datetime.fromisoformat("2026-03-05T00:00-05:00")


def test_resuming_gives_every_session_that_waits_a_place_and_keeps_its_past():
    paused, _ = a_series(a_session(1), a_session(2)).pause(reason=CancelReason.PATIENT, at=AT)
    with pytest.raises(RuleBroken, match=r"series\.place-missing"):
        paused.resume([a_session(1)], (), at=AT)
    resumed, events = paused.resume([a_session(1), a_session(2)], (), at=AT)
    assert (resumed.status, resumed.reason) == (SeriesStatus.ACTIVE, None)
    assert [type(event) for event in events] == [SessionMoved, SessionMoved, SeriesResumed]
    assert {session.revision for session in resumed.sessions} == {1}
    (former,) = resumed.session(1).history
    assert (former.status, former.reason, former.ended_at) == (STATUS.PROPOSED, "paused", AT)


def test_nothing_booked_is_nothing_to_pause():
    with pytest.raises(Conflict, match=r"series\.nothing-booked"):
        a_series(a_session(1, STATUS.CHECKED_IN)).pause(reason=CancelReason.CLINIC, at=AT)


def test_booking_a_missed_session_again_keeps_its_number_and_what_became_of_it():
    series, _ = a_series().miss(1, reason=MissReason.LATE, at=AT)
    placed = a_session(1, starts_at=AT + timedelta(days=1))
    again, events = series.rebook(placed, ())
    session, told = again.session(1), only(events)
    assert (session.status, session.reason, session.ended_at) == (STATUS.BOOKED, None, None)
    assert session.starts_at == told.starts_at == placed.starts_at
    assert (told.number, told.revision, told.previous_starts_at) == (1, 1, a_session(1).starts_at)
    assert [(one.status, one.reason) for one in session.history] == [(STATUS.NOSHOW, "late")]


@pytest.mark.parametrize("way", [MOVE.RESCHEDULE, MOVE.REBOOK])
def test_another_place_voids_the_patients_word_and_what_held_the_session_up(way: SessionMove):
    status = STATUS.BOOKED if way is MOVE.RESCHEDULE else STATUS.NOSHOW
    session = a_session(1, status, confirmed_at=AT, blocks=(HoldOn("exposure.cap", "too many", AT),))
    changed, _ = HOW[way](a_series(session))
    assert (changed.session(1).confirmed_at, changed.session(1).blocks) == (None, ())


def test_a_session_on_hold_waits_for_a_clinician():
    series = a_series().hold_on(1, HoldOn("exposure.cap", "too many", AT))
    there = series.with_sessions(replace(series.session(1), status=STATUS.CHECKED_IN))
    for begin in (partial(series.check_in, closed_by=[]), there.start):
        with pytest.raises(Conflict, match=r"session\.on-hold") as refusal:
            begin(1, at=AT)
        assert [fault.code for fault in refusal.value.faults] == ["exposure.cap"]
    word = Override("exposure.cap", "counted twice", "key-1", AT, (1,))
    released = series.release(1, [word])
    assert released.overrides == (word,)
    assert released.check_in(1, closed_by=(), at=AT)[0].session(1).status is STATUS.CHECKED_IN


def test_a_hold_ends_by_itself_and_its_slots_are_free():
    held = replace(a_held_series(), sessions=(holding(a_session(1, STATUS.PENDING)),)).hold(AT)
    assert (held.held_until, bool(held.slots)) == (AT, True)
    lapsed = held.lapse(at=AT, reason="expired")
    assert (lapsed.status, lapsed.next_at, lapsed.slots) == (SeriesStatus.LAPSED, None, frozenset())


def test_there_is_no_session_zero():
    with pytest.raises(NotFound):
        a_series().check_in(0, closed_by=(), at=AT)


@pytest.mark.parametrize("status", list(STATUS))
def test_lost_and_paused_missed_sessions_free_their_slots_and_fulfilled_ones_keep_them(status: SessionStatus):
    series = a_series(holding(a_session(1, status)))
    assert bool(series.slots) is (status not in {STATUS.CANCELLED, STATUS.NOSHOW, STATUS.PROPOSED})


def test_doses_are_live_sessions_that_give_the_medicine():
    lost = (a_session(2, STATUS.NOSHOW), a_session(5, STATUS.CANCELLED))
    series = a_series(a_session(1), *lost, a_session(3, doses=False), a_session(4))
    assert series.dose_dates == (CASE_A[0], CASE_A[3])
