from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from services.booking.domain.calendar import Claim
from services.booking.domain.events import (
    SeriesBooked,
    SeriesCancelled,
    SeriesCompleted,
    SessionCancelled,
    SessionCheckedIn,
    SessionDischarged,
    SessionMissed,
    SessionMoved,
    SessionStarted,
)
from services.booking.domain.series import Series, SeriesStatus, doses_on
from services.booking.domain.session import MOVES, CancelReason, MissReason, Session, SessionMove, SessionStatus
from shared.errors import Conflict, NotFound, RuleBroken
from tests.support.booking_builders import CASE_A, a_series, a_session

STATUS, MOVE = SessionStatus, SessionMove
AT = a_session().starts_at + timedelta(minutes=3)

HOW: dict[SessionMove, Callable[[Series], Any]] = {
    MOVE.RESCHEDULE: lambda series: series.move(a_session(1), ()),
    MOVE.CHECK_IN: lambda series: series.check_in(1, at=AT),
    MOVE.START: lambda series: series.start(1, at=AT),
    MOVE.DISCHARGE: lambda series: series.discharge(1, at=AT),
    MOVE.CANCEL: lambda series: series.cancel(1, reason=CancelReason.PATIENT, at=AT),
    MOVE.MISS: lambda series: series.miss(1, reason=MissReason.NO_SHOW, at=AT),
}
TOLD = {
    MOVE.RESCHEDULE: SessionMoved,
    MOVE.CHECK_IN: SessionCheckedIn,
    MOVE.START: SessionStarted,
    MOVE.DISCHARGE: SessionDischarged,
    MOVE.CANCEL: SessionCancelled,
    MOVE.MISS: SessionMissed,
}


def only(events: list[Any]) -> Any:
    (event,) = events
    return event


def holding(session: Session, resource_id: str = "chair-1") -> Session:
    claim = Claim("chair", resource_id, session.starts_at, session.starts_at + timedelta(minutes=10))
    return replace(session, claims=(claim,))


@pytest.mark.parametrize(("status", "move"), [*product(STATUS, MOVE)])
def test_a_session_goes_only_where_the_table_lets_it(status: SessionStatus, move: SessionMove):
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


def test_every_status_is_reached_and_those_that_end_a_session_lead_nowhere():
    assert {STATUS.BOOKED, *MOVES.values()} == set(STATUS)
    ends = {STATUS.FULFILLED, STATUS.CANCELLED, STATUS.NOSHOW}
    assert {status for status in STATUS if not any(begin is status for begin, _ in MOVES)} == ends


def test_booking_tells_every_session():
    _, (told,) = a_series().book()
    assert isinstance(told, SeriesBooked)
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
    again, _ = changed.move(placed, ())
    assert again.session(3).revision == 2


def test_checking_in_is_for_the_day_of_the_session():
    with pytest.raises(RuleBroken) as refusal:
        a_series().check_in(2, at=AT)
    assert refusal.value.code == "session.not-today"


def test_the_day_of_a_session_ends_at_local_midnight():
    late = datetime.fromisoformat("2026-03-05T04:59+00:00")
    assert a_series().check_in(1, at=late)[0].session(1).arrived_at == late
    with pytest.raises(RuleBroken):
        a_series().check_in(1, at=late + timedelta(minutes=1))


def test_nobody_misses_what_has_not_begun():
    with pytest.raises(RuleBroken) as refusal:
        a_series().miss(1, reason=MissReason.NO_SHOW, at=a_session().starts_at - timedelta(minutes=1))
    assert refusal.value.code == "session.not-due"


def test_arrival_start_and_discharge_are_kept_and_told():
    series, _ = a_series().check_in(1, at=AT)
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


@pytest.mark.parametrize(("move", "reason"), [(MOVE.CANCEL, "patient"), (MOVE.MISS, "no-show")])
def test_losing_the_last_open_session_cancels_a_series_that_never_began(move: SessionMove, reason: str):
    changed, events = HOW[move](a_series(a_session(1), a_session(2, STATUS.CANCELLED)))
    assert changed.status is SeriesStatus.CANCELLED
    assert changed.session(1).reason == reason
    assert [type(event) for event in events] == [TOLD[move], SeriesCancelled]
    assert events[1].reason == reason


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


@pytest.mark.parametrize("status", [STATUS.FULFILLED, STATUS.CANCELLED, STATUS.NOSHOW])
def test_a_series_without_open_sessions_is_not_cancelled_again(status: SessionStatus):
    with pytest.raises(Conflict, match=r"series\.closed"):
        a_series(a_session(1, status)).cancel_rest(reason=CancelReason.CLINIC, at=AT)


def test_there_is_no_session_zero():
    with pytest.raises(NotFound):
        a_series().check_in(0, at=AT)


@pytest.mark.parametrize("status", list(STATUS))
def test_cancelled_and_missed_sessions_free_their_slots_and_fulfilled_ones_keep_them(status: SessionStatus):
    series = a_series(holding(a_session(1, status)))
    assert bool(series.slots) is (status not in {STATUS.CANCELLED, STATUS.NOSHOW})


def test_slots_hold_each_live_dose_on_its_day():
    series = a_series(a_session(1), a_session(2, STATUS.CANCELLED), a_session(3, doses=False))
    assert series.slots == {f"patient:patient-1|dose|{CASE_A[0]}"}


def test_doses_are_live_sessions_that_give_the_medicine():
    series = a_series(a_session(1), a_session(2, STATUS.NOSHOW), a_session(3, doses=False), a_session(4))
    assert doses_on([series, a_series(a_session(5))]) == (CASE_A[0], CASE_A[3], CASE_A[4])
