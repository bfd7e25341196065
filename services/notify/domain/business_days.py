"""Counting business days, as legal limits do."""

from collections.abc import Container
from datetime import date, timedelta
from itertools import count, islice
from typing import Final

_SATURDAY: Final = 5


def business_day_after(day: date, days: int, holidays: Container[date]) -> date:
    """The `days`-th day behind `day` that is neither at a weekend nor a holiday."""
    following = (day + timedelta(days=number) for number in count(1))
    worked = (one for one in following if one.weekday() < _SATURDAY and one not in holidays)
    return next(islice(worked, days - 1, None))
