"""How many doses a person may be given, whoever gives them. Counted on local dates, in rolling windows.

A window of 7 days up to a date d holds d-6 to d. All numbers are clinic defaults for a licensed clinician to approve:
no authority has set such limits, they keep well below what is given in the published courses added up (American
Psychiatric Association 2017 advises at most one infusion a week from the second month on).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise, takewhile
from typing import Final

_A_DAY = timedelta(days=1)
MONTH: Final = timedelta(days=30)
WEEK: Final = timedelta(days=7)
FULL_COURSE: Final = 5
"""So many doses within `FULL_COURSE_DAYS` dates are a full induction. Clinic default."""
FULL_COURSE_DAYS: Final = 28
LOOKED_BACK: Final = 365
"""No rule on doses looks back further than so many local dates: who is erased is counted by none. Clinic default."""


@dataclass(frozen=True)
class Window:
    """At most `most` doses on any `days` dates in a row."""

    days: int
    most: int

    @property
    def code(self) -> str:
        """Names the rule in refusals, notes and overrides."""
        return f"cap.per-{self.days}-days"


@dataclass(frozen=True)
class Caps:
    """The most doses per rolling window of so many local dates.

    Above `per_7` or `per_30` is refused unless a clinician overrides it; above `per_90` or `per_365` is noted for
    review. `weekly_after_month` is the most per 7 days from the second month of treatment on, `repeat_after_days` the
    least time between two full inductions; both are noted, too. None: no such rule.
    """

    per_7: int
    per_30: int
    per_90: int | None = None
    per_365: int | None = None
    weekly_after_month: int | None = None
    repeat_after_days: int | None = None

    @property
    def refusing(self) -> tuple[Window, ...]:
        """The windows that forbid a dose."""
        return (Window(7, self.per_7), Window(30, self.per_30))

    @property
    def reviewed(self) -> tuple[Window, ...]:
        """The windows that call for a clinician's look."""
        both = ((90, self.per_90), (LOOKED_BACK, self.per_365))
        return tuple(Window(days, most) for days, most in both if most is not None)


def strictest(caps: Iterable[Caps]) -> Caps:
    """The lowest of each number, the longest of each time; of at least one."""
    several = list(caps)

    def lowest(numbers: Iterable[int | None]) -> int | None:
        return min((number for number in numbers if number is not None), default=None)

    return Caps(
        per_7=min(one.per_7 for one in several),
        per_30=min(one.per_30 for one in several),
        per_90=lowest(one.per_90 for one in several),
        per_365=lowest(one.per_365 for one in several),
        weekly_after_month=lowest(one.weekly_after_month for one in several),
        repeat_after_days=max((one.repeat_after_days or 0 for one in several), default=0) or None,
    )


def in_window(dates: Sequence[date], last: date, days: int) -> int:
    """How many of the sorted `dates` lie in the `days` dates up to `last`."""
    return bisect_right(dates, last) - bisect_right(dates, last - timedelta(days=days))


def fullest(dates: Sequence[date], on: date, days: int) -> int:
    """The most of the sorted `dates` in any window of `days` dates that holds `on`."""
    ends = [on, *dates[bisect_right(dates, on) : bisect_left(dates, on + timedelta(days=days))]]
    return max(in_window(dates, last, days) for last in ends)


def allows(caps: Caps, taken: Sequence[date], on: date) -> bool:
    """Whether one more dose may be given on a date; `taken` are the dates of all others, sorted."""
    return not in_window(taken, on, 1) and all(
        fullest(taken, on, window.days) < window.most for window in caps.refusing
    )


def earliest_allowed(caps: Caps, taken: Iterable[date], on: date) -> date:
    """The first date from `on` on at which one more dose may be given; `taken` are the dates of all others."""
    others = sorted(taken)
    day = on
    while not allows(caps, others, day):
        day += _A_DAY
    return day


def first_of_run(dates: Sequence[date], on: date) -> date:
    """The first dose of the treatment that `on` belongs to: no two of its doses in a row lie more than a month apart.

    `dates` are sorted and hold `on`.
    """
    back = sorted((day for day in dates if day <= on), reverse=True)
    near = takewhile(lambda pair: pair[0] - pair[1] <= MONTH, pairwise(back))
    return min((earlier for _, earlier in near), default=on)


def in_later_months(dates: Sequence[date], on: date) -> int:
    """How many doses lie in the 7 dates up to `on` and behind the first 30 days of that treatment."""
    from_date = max(first_of_run(dates, on) + MONTH, on - WEEK + _A_DAY)
    return sum(from_date <= day <= on for day in dates)


def full_courses(dates: Sequence[date]) -> Iterator[date]:
    """The last date of each full induction in the sorted `dates`, however they overlap."""
    return (last for last in dates if in_window(dates, last, FULL_COURSE_DAYS) >= FULL_COURSE)
