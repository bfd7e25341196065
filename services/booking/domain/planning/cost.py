"""What makes one plan better than another: points, counted on local dates and in whole numbers; fewer are better.

One table holds every rate. All of them are clinic defaults. The parts of a cost are told with each plan, so that the
front desk sees what it trades.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from typing import Final

from services.booking.domain.calendar.slots import Weekday, weekday_of
from services.booking.domain.protocol.protocol import Phase, Regimen


@dataclass(frozen=True)
class Rates:
    """Points for each unit of what is not wanted.

    The order of magnitude says what gives way to what: a dose off the pattern (300) is worth two days of an urgent
    patient's waiting (120 a day), or a month of one who is not (10 a day); time of a chair is lost last.
    """

    off_pattern: int = 300
    """for each dose on another weekday than those of the protocol's pattern (the best pattern of each plan counts)"""
    gap_day: int = 60
    """for each day that a gap differs from the ideal one; only where the protocol has no pattern"""
    late_day: int = 400
    """for each day that a gap is longer than the protocol foresees; only where that was allowed"""
    weekday: int = 200
    """for each session on another weekday than the patient wishes"""
    time_of_day: int = 100
    """for each session outside of the times of day that the patient wishes"""
    resource: int = 100
    """for each session and kind without the nurse, chair … that is named"""
    wait_day: int = 10
    """for each day from the first possible date to the first session"""
    urgent_wait_day: int = 120
    """instead, when it shall begin as soon as possible"""
    span_day: int = 10
    """for each day from the first session to the last"""
    lost_quarter: int = 1
    """for each quarter of an hour that stays free beside a session, but is too short for another one like it"""


RATES: Final = Rates()
FIRST_FIT_RATES: Final = Rates(lost_quarter=0)
"""Where any plan will do, each session is as early on its date as possible."""


@dataclass(frozen=True)
class Cost:
    """Points by what they are for."""

    cadence: int = 0
    wishes: int = 0
    wait: int = 0
    span: int = 0
    fragmentation: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(astuple(self))


def ideal_gap(regimen: Regimen, phase: Phase) -> int:
    """How many days should lie before a session of `phase` where the protocol prefers no weekdays.

    Doses are spread evenly over the planned window, as far as the spacing allows; talks follow as soon as they may.
    """
    doses = sum(one.sessions or 0 for one in regimen.phases if one.doses)
    if not phase.doses or regimen.window_days is None or doses < 2:  # noqa: PLR2004 -- one dose has no gap
        return phase.min_days
    even = regimen.window_days // (doses - 1)
    return max(phase.min_days, min(even, phase.max_days or even))


def cadence_cost(regimen: Regimen, dates: Sequence[date], pattern: Sequence[Weekday] | None, rates: Rates) -> int:
    """What sessions 1, 2, 3 … on these dates cost by their rhythm, measured against one pattern (None: there is none).

    What a gap is counted from is said by `Course.origin_of`: a dose from the dose before, a talk from the session
    before.
    """
    points, last_dose = 0, None
    for place, on in enumerate(dates):
        phase = regimen.phase_of(place + 1)
        if phase.doses and pattern is not None and weekday_of(on) not in pattern:
            points += rates.off_pattern
        if place:
            origin = last_dose if phase.doses and last_dose is not None else dates[place - 1]
            points += gap_cost(regimen, phase, (on - origin).days, rates, has_pattern=pattern is not None)
        if phase.doses:
            last_dose = on
    return points


def gap_cost(regimen: Regimen, phase: Phase, days: int, rates: Rates, *, has_pattern: bool) -> int:
    """What a gap of `days` before a session of `phase` costs."""
    longer = max(0, days - (phase.max_days or days))
    off = 0 if has_pattern else abs(days - longer - ideal_gap(regimen, phase))
    return off * rates.gap_day + longer * rates.late_day


def wait_cost(first: date, from_date: date, rates: Rates, *, urgent: bool) -> int:
    """What it costs to begin on `first` instead of `from_date`."""
    return ((first - from_date) // timedelta(days=1)) * (rates.urgent_wait_day if urgent else rates.wait_day)


def span_cost(dates: Sequence[date], rates: Rates) -> int:
    """What the time from the first session to the last costs."""
    return (dates[-1] - dates[0]).days * rates.span_day
