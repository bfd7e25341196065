from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.slots import Claim
from services.booking.domain.series.session import Session, SessionStatus
from services.booking.domain.waiting.opening import (
    MOVES,
    Opening,
    OpeningMove,
    OpeningStatus,
    Outcome,
    after_quiet,
    given_up,
    opening_at,
)
from shared.errors import Conflict
from shared.localtime import resolve
from tests.support.booking_builders import NEW_YORK, NOW, a_series, a_session

TEN = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
"""On a Monday in New York."""


def an_opening(**fields: Any) -> Opening:
    opening = Opening("series-2.1.0", NEW_YORK, TEN, TEN + timedelta(minutes=145), ("chair-1", "nurse-1"), NOW)
    return replace(opening, **fields)


def moved(opening: Opening, move: OpeningMove) -> Opening:
    if move is OpeningMove.OFFER:
        return opening.offer("offer-1", "entry-1")
    return opening.reopen(at=TEN) if move is OpeningMove.REOPEN else opening.end(Outcome.NOBODY)


@pytest.mark.parametrize("move", OpeningMove)
@pytest.mark.parametrize("status", OpeningStatus)
def test_an_opening_goes_where_the_table_says_and_nowhere_else(status, move):
    opening = an_opening(status=status)
    if (status, move) in MOVES:
        assert moved(opening, move).status is MOVES[status, move]
        return
    with pytest.raises(Conflict, match=r"opening\.illegal-move"):
        moved(opening, move)


def test_an_opening_remembers_who_has_not_taken_it():
    opening = an_opening().offer("offer-1", "entry-1").reopen(at=TEN).offer("offer-2", "entry-2")
    assert (opening.passed, opening.offer_id) == (("entry-1", "entry-2"), "offer-2")
    assert opening.reopen(at=TEN).offer_id is None
    assert opening.reopen(at=TEN).next_at == TEN
    assert opening.pass_over(["entry-3"]).passed == ("entry-1", "entry-2", "entry-3")


def minutes_after_ten(opening: Opening, earliest: datetime) -> list[int]:
    return [int((start - TEN).total_seconds() // 60) for start in opening.starts(earliest)]


@pytest.mark.parametrize(
    ("begins", "ends", "earliest", "starts"),
    [
        (0, 60, 0, [0, 15, 30, 45]),
        (0, 61, 0, [0, 15, 30, 45, 60]),
        (5, 45, 0, [5, 15, 30]),
        (0, 60, 16, [30, 45]),
        (5, 45, 5, [5, 15, 30]),
        (5, 45, 6, [15, 30]),
        (0, 60, 46, []),
        (0, 15, 0, [0]),
    ],
)
def test_sessions_may_start_as_the_former_one_did_and_on_each_quarter_after_it(begins, ends, earliest, starts):
    opening = an_opening(from_at=TEN + timedelta(minutes=begins), until_at=TEN + timedelta(minutes=ends))
    assert minutes_after_ten(opening, TEN + timedelta(minutes=earliest)) == starts


def test_an_opening_across_midnight_of_utc_goes_on():
    late = datetime(2026, 3, 9, 23, 50, tzinfo=UTC)
    opening = an_opening(from_at=late, until_at=late + timedelta(minutes=30))
    assert [start.minute for start in opening.starts(late)] == [50, 0, 15]


# --- what comes free


def taking(session: Session, *resource_ids: str) -> Session:
    claims = (
        Claim("chair", one, session.starts_at, session.starts_at + timedelta(minutes=145)) for one in resource_ids
    )
    return replace(session, claims=tuple(claims))


FIRST, SECOND = taking(a_session(1), "chair-1", "nurse-1"), taking(a_session(2), "chair-1", "nurse-2")


@pytest.mark.parametrize(
    ("after", "numbers"),
    [
        ((FIRST, SECOND), []),
        ((FIRST, replace(SECOND, status=SessionStatus.CHECKED_IN)), []),
        ((replace(FIRST, status=SessionStatus.FULFILLED), SECOND), []),
        ((FIRST, replace(SECOND, status=SessionStatus.CANCELLED)), [2]),
        ((replace(FIRST, status=SessionStatus.PROPOSED), replace(SECOND, status=SessionStatus.PROPOSED)), [1, 2]),
        ((FIRST, taking(SECOND, "chair-1", "nurse-1")), [2]),
        ((replace(FIRST, status=SessionStatus.NOSHOW), SECOND), [1]),
    ],
)
def test_a_place_comes_free_when_its_session_is_gone_from_it(after, numbers):
    before = a_series(FIRST, SECOND)
    assert [session.number for session in given_up(before, a_series(*after))] == numbers


def test_what_was_lost_before_does_not_come_free_again():
    lost = replace(SECOND, status=SessionStatus.CANCELLED)
    assert given_up(a_series(FIRST, lost), a_series(FIRST, taking(SECOND, "chair-2"))) == ()


def test_an_opening_is_named_after_the_place_that_was_given_up():
    opening = opening_at(SECOND, a_series(version=4), NOW)
    assert opening.id == "series-1.2.4"
    assert (opening.from_at, opening.until_at) == (SECOND.starts_at, SECOND.starts_at + timedelta(minutes=145))
    assert opening.resource_ids == ("chair-1", "nurse-2")
    assert (opening.status, opening.next_at, opening.zone) == (OpeningStatus.OPEN, NOW, NEW_YORK)


# --- quiet hours


@pytest.mark.parametrize(
    ("wall", "quiet_from", "quiet_until", "asked"),
    [
        ("2026-03-04T20:59", "21:00", "08:00", "2026-03-04T20:59"),
        ("2026-03-04T21:00", "21:00", "08:00", "2026-03-05T08:00"),
        ("2026-03-05T07:59", "21:00", "08:00", "2026-03-05T08:00"),
        ("2026-03-05T08:00", "21:00", "08:00", "2026-03-05T08:00"),
        ("2026-03-04T12:30", "12:00", "14:00", "2026-03-04T14:00"),
        ("2026-03-04T14:00", "12:00", "14:00", "2026-03-04T14:00"),
        ("2026-03-04T11:59", "12:00", "14:00", "2026-03-04T11:59"),
        ("2026-03-07T23:00", "21:00", "08:00", "2026-03-08T08:00"),
    ],
)
def test_nobody_is_asked_in_the_quiet_hours(wall, quiet_from, quiet_until, asked):
    at = resolve(datetime.fromisoformat(wall), NEW_YORK)
    expected = resolve(datetime.fromisoformat(asked), NEW_YORK)
    assert after_quiet(at, NEW_YORK, time.fromisoformat(quiet_from), time.fromisoformat(quiet_until)) == expected
