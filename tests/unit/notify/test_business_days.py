"""Ten business days of the US, as the law counts them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.business_days import business_day_after
from services.notify.operations.consent_proof import federal_holidays, limit_of


@pytest.mark.parametrize(
    ("said_on", "limit"),
    [
        # Thanksgiving lies between.
        (date(2026, 11, 20), date(2026, 12, 7)),
        # Veterans Day lies between.
        (date(2026, 11, 2), date(2026, 11, 17)),
        # Christmas and New Year's Day lie between.
        (date(2026, 12, 21), date(2027, 1, 6)),
        # Independence Day is a Saturday and observed on Friday.
        (date(2026, 6, 30), date(2026, 7, 15)),
        # Said at a weekend.
        (date(2026, 3, 7), date(2026, 3, 20)),
    ],
)
def test_a_stop_must_be_honoured_within_ten_business_days(said_on, limit):
    assert limit_of(said_on) == limit


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.integers(1, 30))
def test_exactly_so_many_business_days_lie_behind_a_day(day, days):
    holidays = federal_holidays(day)
    limit = business_day_after(day, days, holidays)
    between = [day + timedelta(days=number) for number in range(1, (limit - day).days + 1)]
    assert sum(one.weekday() < 5 and one not in holidays for one in between) == days
    assert between[-1] == limit
