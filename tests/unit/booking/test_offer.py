from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.booking.domain.events import OfferAccepted, OfferDeclined, OfferExpired, OfferMade, OfferWithdrawn
from services.booking.domain.series.offer import MOVES, Offer, OfferMove, OfferStatus, answer_by
from shared.errors import Conflict, RuleBroken

MADE_AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
EXPIRES_AT = MADE_AT + timedelta(minutes=30)
TELLS: dict[OfferMove, Any] = {
    OfferMove.ACCEPT: OfferAccepted,
    OfferMove.DECLINE: OfferDeclined,
    OfferMove.EXPIRE: OfferExpired,
    OfferMove.WITHDRAW: OfferWithdrawn,
}


def an_offer(**fields: Any) -> Offer:
    starts_at = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
    offer = Offer(
        id="offer-1",
        opening_id="series-2.1.0",
        entry_id="entry-1",
        patient_id="patient-1",
        series_id="series-1",
        number=3,
        zone="America/New_York",
        starts_at=starts_at,
        starts_local=datetime(2026, 3, 4, 9, 0),  # noqa: DTZ001
        ends_at=starts_at + timedelta(minutes=130),
        made_at=MADE_AT,
        expires_at=EXPIRES_AT,
    )
    return replace(offer, **fields)


def moved(offer: Offer, move: OfferMove) -> Any:
    at = EXPIRES_AT if move is OfferMove.EXPIRE else MADE_AT
    return {
        OfferMove.ACCEPT: offer.accept,
        OfferMove.DECLINE: offer.decline,
        OfferMove.EXPIRE: offer.expire,
        OfferMove.WITHDRAW: offer.withdraw,
    }[move](at=at)


@pytest.mark.parametrize("move", OfferMove)
@pytest.mark.parametrize("status", OfferStatus)
def test_an_offer_goes_where_the_table_says_and_nowhere_else(status, move):
    offer = an_offer(status=status)
    if (status, move) not in MOVES:
        with pytest.raises(Conflict, match=r"offer\.illegal-move"):
            moved(offer, move)
        return
    ended, (told,) = moved(offer, move)
    assert ended.status is MOVES[status, move]
    assert not ended.is_open
    assert ended.ended_at is not None
    assert told == TELLS[move]("patient-1", "series-1", 3, ended.ended_at)


def test_what_is_offered_and_until_when_is_told():
    offer = an_offer()
    (told,) = offer.make()[1]
    assert told == OfferMade(
        "patient-1",
        "series-1",
        3,
        "America/New_York",
        offer.starts_at,
        offer.starts_local,
        offer.ends_at,
        offer.expires_at,
    )


@pytest.mark.parametrize("late", [timedelta(), timedelta(milliseconds=1), timedelta(days=1)])
def test_an_answer_after_the_time_is_refused_although_nobody_has_noted_it(late):
    for answer in (an_offer().accept, an_offer().decline):
        with pytest.raises(Conflict, match=r"offer\.expired"):
            answer(at=EXPIRES_AT + late)


def test_an_answer_at_the_last_moment_counts():
    assert an_offer().accept(at=EXPIRES_AT - timedelta(milliseconds=1))[0].status is OfferStatus.ACCEPTED


def test_an_offer_does_not_end_early():
    with pytest.raises(RuleBroken, match=r"offer\.not-due"):
        an_offer().expire(at=EXPIRES_AT - timedelta(milliseconds=1))


@pytest.mark.parametrize(("hours_ahead", "minutes"), [(48, 30), (3, 30), (2.5, 30), (2.25, 15), (2, 0)], ids=str)
def test_an_offer_stands_half_an_hour_but_never_into_the_notice_before_the_session(hours_ahead, minutes):
    starts_at = MADE_AT + timedelta(hours=hours_ahead)
    until = answer_by(MADE_AT, starts_at, stands=timedelta(minutes=30), notice=timedelta(hours=2))
    assert until == MADE_AT + timedelta(minutes=minutes)
