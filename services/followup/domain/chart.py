"""What a patient's scores of one instrument look like over time: which days, which points, which aims. Nothing is drawn
here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.followup.domain.instrument import ChangeRules, Instrument
from services.followup.domain.known import Course
from services.followup.domain.measure import Measure, Screen
from shared.localtime import local_date


@dataclass(frozen=True)
class Reading:
    """One score on the local date on which it was due.

    `is_urgent`: an answer in it had to reach a person. `is_too_soon`: it lies within the instrument's least interval
    after an earlier one, so that the two are no independent points.
    """

    on: date
    measure: Measure
    is_urgent: bool
    is_too_soon: bool


@dataclass(frozen=True)
class Session:
    """A session that took place."""

    on: date
    number: int


@dataclass(frozen=True)
class Aim:
    """From one day to another: a response to the series that was measured first on `since` means `at_most` points."""

    since: date
    until: date
    at_most: int


@dataclass(frozen=True)
class Chart:
    """Everything by date, the earliest first. `readings` hold each score once, whichever series asked for it."""

    instrument: Instrument
    readings: tuple[Reading, ...]
    sessions: tuple[Session, ...]

    @property
    def courses(self) -> tuple[tuple[Reading, ...], ...]:
        """The readings of each series, which are compared with the first of them."""
        by_series: dict[str, list[Reading]] = {}
        for reading in self.readings:
            by_series.setdefault(reading.measure.series_id, []).append(reading)
        return tuple(map(tuple, by_series.values()))

    @property
    def screens(self) -> tuple[Screen, ...]:
        """The cut-offs, where no band says what is much."""
        has_names = self.instrument.levels or (self.instrument.total and self.instrument.total.bands)
        return () if has_names or not self.readings else self.readings[-1].measure.screens

    @property
    def aims(self) -> tuple[Aim, ...]:
        """One for each series that has more than its baseline; none where the instrument knows no response."""
        return tuple(aim for readings in self.courses if (aim := _aim(self.instrument.change, readings)) is not None)


def chart(
    instrument: Instrument, measures: Iterable[Measure], courses: Iterable[Course], *, zone: str, today: date
) -> Chart:
    """The chart of `instrument` out of all measures of a patient, in the patient's `zone`."""
    mine = [measure for measure in measures if measure.instrument == instrument.id]
    sessions = (
        Session(visit.on(course.zone), visit.number) for course in courses if course.zone for visit in course.live
    )
    held = (session for session in sessions if session.on <= today)
    return Chart(
        instrument,
        tuple(_readings(mine, instrument.min_interval_days, zone)),
        tuple(sorted(held, key=lambda session: (session.on, session.number))),
    )


def _readings(measures: Sequence[Measure], least_days: int, zone: str) -> Iterator[Reading]:
    counted: date | None = None
    for measure in measures:
        on = local_date(measure.due_at, zone)
        is_too_soon = counted is not None and (on - counted).days < least_days
        counted = counted if is_too_soon else on
        yield Reading(on, measure, is_urgent=bool(measure.escalation), is_too_soon=is_too_soon)


def _aim(rules: ChangeRules, readings: Sequence[Reading]) -> Aim | None:
    """Whole points that are at most what a drop by the percentage leaves."""
    baseline = readings[0].measure.total
    if rules.response_percent is None or not baseline or len(readings) == 1:
        return None
    return Aim(readings[0].on, readings[-1].on, (100 - rules.response_percent) * baseline // 100)
