"""How many texts a patient may get: so many on one local day, so many on seven (the clinic's policy).

Each counted text takes a place of its day, such as `<patient> 2026-03-09 2`. The place is part of the row and unique,
so that two workers never fill the same one: who comes second judges anew.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Final

from services.notify.domain.policy import Policy
from shared.localtime import at_local_time, local_date

WEEK: Final = timedelta(days=7)


def counted_since(now: datetime, zone: str) -> date:
    """The first of the seven local days that end today."""
    return local_date(now, zone) - WEEK + timedelta(days=1)


def day_of(patient_id: str, day: date) -> str:
    """How the places of one day begin."""
    return f"{patient_id} {day} "


def is_full(taken: Sequence[str], patient_id: str, today: date, policy: Policy) -> bool:
    """Whether one text more is too many. `taken`: the places of the last seven local days."""
    of_today = [place for place in taken if place.startswith(day_of(patient_id, today))]
    return len(of_today) >= policy.per_day or len(taken) >= policy.per_week


def free_place(taken: Sequence[str], patient_id: str, today: date) -> str:
    """The first place of this day that no text has taken."""
    places = (f"{day_of(patient_id, today)}{number}" for number in count(1))
    return next(place for place in places if place not in taken)


def tomorrow(now: datetime, zone: str) -> datetime:
    """When the next local day begins."""
    return at_local_time(now, zone, time(), days=1)
