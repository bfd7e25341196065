from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from services.booking.domain.events import SeriesBooked
from services.booking.domain.protocol.care import ORDINARY
from services.booking.domain.series import hold
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import SessionStatus
from shared.errors import Conflict, RuleBroken
from shared.private_link import NewLink
from tests.support.booking_builders import NOW, a_series, a_session

UNTIL = NOW + timedelta(minutes=15)
LINK = NewLink("https://example.org/a/secret", "digest")


def a_hold(**fields: Any) -> Series:
    pending = (a_session(number, SessionStatus.PENDING) for number in range(1, 7))
    return a_series(*pending, **{"status": SeriesStatus.HELD, "held_until": UNTIL, **fields})


def test_a_confirmed_hold_is_a_booked_series():
    booked, (told,) = hold.confirm(a_hold(), LINK, ORDINARY, at=UNTIL - timedelta(milliseconds=1))
    assert (booked.status, booked.held_until, booked.id) == (SeriesStatus.ACTIVE, None, "series-1")
    assert {session.status for session in booked.sessions} == {SessionStatus.BOOKED}
    assert isinstance(told, SeriesBooked)
    assert len(told.sessions) == 6


@pytest.mark.parametrize("late", [timedelta(), timedelta(seconds=1), timedelta(days=3)])
def test_a_hold_is_not_confirmed_after_its_time_although_nobody_has_noted_it(late):
    with pytest.raises(Conflict, match=r"hold\.expired"):
        hold.confirm(a_hold(), LINK, ORDINARY, at=UNTIL + late)


@pytest.mark.parametrize(
    ("lapse", "at", "reason"), [(hold.release, NOW, "released"), (hold.expire, UNTIL, "expired")], ids=["given", "over"]
)
def test_a_hold_that_lapses_keeps_nothing_and_nobody_is_told(lapse, at, reason):
    lapsed = lapse(a_hold(), at=at)
    assert (lapsed.status, lapsed.slots, lapsed.dose_dates) == (SeriesStatus.LAPSED, frozenset(), ())
    assert {(session.status, session.reason) for session in lapsed.sessions} == {(SessionStatus.CANCELLED, reason)}


def test_a_hold_does_not_expire_early():
    with pytest.raises(RuleBroken, match=r"hold\.not-due"):
        hold.expire(a_hold(), at=UNTIL - timedelta(milliseconds=1))


@pytest.mark.parametrize("status", set(SeriesStatus) - {SeriesStatus.HELD, SeriesStatus.LAPSED})
def test_what_is_booked_is_neither_confirmed_nor_given_back(status):
    cannot_be_ended(a_hold(status=status), "hold.confirmed")


@pytest.mark.parametrize(
    ("lapse", "code"), [(hold.release, "hold.released"), (hold.expire, "hold.expired")], ids=["given", "over"]
)
def test_what_has_lapsed_says_how_it_has(lapse, code):
    cannot_be_ended(lapse(a_hold(), at=UNTIL), code)


def cannot_be_ended(series: Series, code: str) -> None:
    for way in (partial(hold.confirm, link=LINK, care=ORDINARY), hold.release, hold.expire):
        with pytest.raises(Conflict) as refusal:
            way(series, at=UNTIL)
        assert refusal.value.code == code


def test_a_hold_keeps_its_places_and_counts_for_the_caps():
    held, booked = a_hold(), hold.confirm(a_hold(), LINK, ORDINARY, at=NOW)[0]
    assert (held.slots, held.dose_dates) == (booked.slots, booked.dose_dates)
    assert len(held.dose_dates) == 6
