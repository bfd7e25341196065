from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.booking.domain.calendar.slots import PATIENT as AS_PATIENT
from services.booking.domain.calendar.slots import Claim, Weekday
from services.booking.domain.series.session import SessionStatus
from services.booking.domain.views.day_sheet import SessionOfSeries
from services.booking.domain.views.utilisation import Use, taken_by, use_of
from tests.support.booking_builders import NEW_YORK, a_chair, a_session, hours

DAY = date(2026, 3, 4)
NINE = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def taking(minutes, *, turnover=0, start=NINE, resource="chair-1", places=(0,), **fields):
    claims = (
        Claim(AS_PATIENT, "patient:patient-1", start, start + (minutes - turnover) * MINUTE),
        Claim("chair", resource, start, start + minutes * MINUTE, places),
    )
    session = a_session(starts_at=start, ends_at=start + (minutes - turnover) * MINUTE, claims=claims, **fields)
    return SessionOfSeries("series-1", "patient-1", NEW_YORK, session)


def used(resource, *placed, days=(DAY,)):
    openings = {day: resource.open_on(day, NEW_YORK) for day in days}
    return use_of(resource, openings, taken_by(placed, NEW_YORK))


def minutes(use):
    return tuple(part // MINUTE for part in (use.open, use.taken, use.turnover))


def test_an_idle_day_has_a_share_of_nothing():
    found = used(a_chair())
    assert minutes(found.total) == (540, 0, 0)
    assert found.total.share == 0


def test_turnover_counts_as_taken_and_is_told_apart():
    found = used(a_chair(), taking(145, turnover=15), taking(145, turnover=15, start=NINE + timedelta(hours=3)))
    assert minutes(found.total) == (540, 290, 30)
    assert found.total.share == pytest.approx(290 / 540)


def test_a_claim_that_lies_wholly_behind_the_patient_is_turnover():
    session = taking(60).session
    cleaning = Claim("chair", "chair-1", session.ends_at + 5 * MINUTE, session.ends_at + 15 * MINUTE)
    found = used(a_chair(), SessionOfSeries("series-1", "patient-1", NEW_YORK, replace(session, claims=(cleaning,))))
    assert minutes(found.total) == (540, 10, 10)


def test_a_pool_counts_each_of_its_places():
    found = used(a_chair(capacity=3), taking(60, places=(0, 2)), taking(30, places=(1,)))
    assert minutes(found.total) == (3 * 540, 150, 0)


def test_a_closed_day_has_no_share():
    found = used(a_chair(closed_on=(DAY,)), taking(60))
    assert minutes(found.total) == (0, 60, 0)
    assert found.total.share is None


@pytest.mark.parametrize("status", SessionStatus)
def test_only_what_holds_its_place_takes_time(status):
    placed = taking(60, status=status)
    assert minutes(used(a_chair(), placed).total)[1] == (60 if placed.session.is_live else 0)


def test_each_local_date_counts_by_itself_and_all_of_them_together():
    late = taking(60, start=datetime(2026, 3, 6, 1, 0, tzinfo=UTC))  # 20:00 on the 5th in New York
    days = (DAY, date(2026, 3, 5), date(2026, 3, 6))
    found = used(a_chair(), taking(30), late, taking(20, resource="chair-2"), days=days)
    assert [(day.on, minutes(day.use)) for day in found.days] == [
        (days[0], (540, 30, 0)),
        (days[1], (540, 60, 0)),
        (days[2], (540, 0, 0)),
    ]
    assert minutes(found.total) == (3 * 540, 90, 0)


def test_the_day_the_clock_jumps_is_an_hour_shorter():
    around = a_chair(hours=hours("00:00", "23:55", days=(Weekday.SU,)))
    assert minutes(used(around, days=(date(2026, 3, 8),)).total) == (23 * 60 - 5, 0, 0)


def test_uses_add_up():
    use = Use(9 * MINUTE, 3 * MINUTE, MINUTE)
    assert use + use == Use(18 * MINUTE, 6 * MINUTE, 2 * MINUTE)
    assert use + Use() == use
