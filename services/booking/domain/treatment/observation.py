"""The grid of looks at a patient: when the next one is due, and which are overdue. Elapsed time only.

A look asks for several things. It is answered once all of them were taken, by one reading or by several, from halfway
after the look before on. So no reading counts for a look that lies far ahead, and a late one answers every look that
it is late for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import count, groupby, takewhile
from types import MappingProxyType
from typing import Final

from services.booking.domain.protocol.care import Care, Vital
from services.booking.domain.treatment.dissociation import Score
from services.booking.domain.treatment.vitals import Reading, passed_since


class Look(StrEnum):
    """What is looked at."""

    BLOOD_PRESSURE = "blood-pressure"
    HEART_RATE = "heart-rate"
    RESPIRATORY_RATE = "respiratory-rate"
    SPO2 = "spo2"
    TEMPERATURE = "temperature"
    SEDATION = "sedation"
    PAIN = "pain"
    DISSOCIATION = "dissociation"


OF_VITAL: Final[Mapping[Vital, Look]] = MappingProxyType(
    {
        Vital.SYSTOLIC: Look.BLOOD_PRESSURE,
        Vital.DIASTOLIC: Look.BLOOD_PRESSURE,
        Vital.HEART_RATE: Look.HEART_RATE,
        Vital.RESPIRATORY_RATE: Look.RESPIRATORY_RATE,
        Vital.SPO2: Look.SPO2,
        Vital.TEMPERATURE: Look.TEMPERATURE,
    }
)
ORDINARY_LOOK: Final = (Look.BLOOD_PRESSURE, Look.HEART_RATE, Look.SPO2, Look.SEDATION)
"""What each look of the grid asks for; the first three are those of `REQUIRED`. Clinic default."""
PAIN_EVERY: Final = timedelta(hours=1)
"""Clinic default."""


@dataclass(frozen=True)
class Point:
    """A look due `at`, overdue from `overdue_at` on; what was taken before `opens_at` does not answer it."""

    at: datetime
    opens_at: datetime
    overdue_at: datetime
    asks: tuple[Look, ...]


@dataclass(frozen=True)
class Alarm:
    """A point at which nobody looked in time. `answered_at` is when somebody did."""

    point: Point
    raised_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True)
class Watch:
    """A dose under way: when it began and ended, what was read and scored since it began."""

    care: Care
    started_at: datetime
    ended_at: datetime | None = None
    readings: tuple[Reading, ...] = ()
    scores: tuple[Score, ...] = ()

    @cached_property
    def taken(self) -> Mapping[Look, Sequence[datetime]]:
        """When each thing was looked at."""
        taken: dict[Look, list[datetime]] = {look: [] for look in Look}
        for reading in self.readings:
            for look in looks_of(reading):
                taken[look].append(reading.at)
        taken[Look.DISSOCIATION] = [score.at for score in self.scores]
        return taken


def points(watch: Watch, until: datetime, since: datetime | None = None) -> list[Point]:
    """The looks due up to `until`, in order: while infusing counted from the start, then from the end.

    `since`: those that come again and again are left out before it (None: from the start).

    At the end of the infusion dissociation is scored, and pain where the protocol asks for it. A value that passes a
    limit to stop only when it stays there is measured again as soon as it would have stayed long enough. What is due at
    one instant is one look.
    """
    begins = since or watch.started_at
    grids = [*_infusion(watch, begins), *_recovery(watch, begins), _once_more(watch)]
    due = [point for grid in grids for point in takewhile(lambda point: point.at <= until, grid)]
    by_time = groupby(sorted(due, key=lambda point: point.at), key=lambda point: point.at)
    return [_one(list(same)) for _, same in by_time]


def _one(points: Sequence[Point]) -> Point:
    asks = dict.fromkeys(look for point in points for look in point.asks)
    opens_at, overdue_at = max(point.opens_at for point in points), min(point.overdue_at for point in points)
    return Point(points[0].at, opens_at, overdue_at, tuple(asks))


def _infusion(watch: Watch, since: datetime) -> Iterator[Iterator[Point]]:
    every, grace = _minutes(watch.care.infusion_every), _minutes(watch.care.infusion_grace)
    span = (watch.started_at, watch.ended_at)
    yield _grid(span, since, every, grace, ORDINARY_LOOK)
    if watch.care.asks_pain:
        yield _grid(span, since, PAIN_EVERY, grace, (Look.PAIN,))


def _recovery(watch: Watch, since: datetime) -> Iterator[Iterator[Point]]:
    if watch.ended_at is None:
        return
    every, grace = _minutes(watch.care.recovery_every), _minutes(watch.care.recovery_grace)
    pain = (Look.PAIN,) if watch.care.asks_pain else ()
    at_the_end = (Look.DISSOCIATION, *pain)
    yield iter([Point(watch.ended_at, watch.ended_at - grace, watch.ended_at + grace, at_the_end)])
    span = (watch.ended_at, None)
    yield _grid(span, since, every, grace, ORDINARY_LOOK)
    if pain:
        yield _grid(span, since, PAIN_EVERY, grace, pain)


def _grid(
    span: tuple[datetime, datetime | None], since: datetime, every: timedelta, grace: timedelta, asks: tuple[Look, ...]
) -> Iterator[Point]:
    begins, ends = span
    for number in count(max(1, -((begins - since) // every))):
        at = begins + number * every
        if ends is not None and at >= ends:
            return
        yield Point(at, at - every / 2, at + grace, asks)


def _once_more(watch: Watch) -> Iterator[Point]:
    for passed in passed_since(watch.readings, watch.care.limits):
        if not passed.lasts:
            at = passed.since + timedelta(seconds=passed.limit.for_seconds)
            yield Point(at, at, at + _minutes(watch.care.infusion_grace), (OF_VITAL[passed.limit.vital],))


def _minutes(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def missing(point: Point, watch: Watch) -> tuple[Look, ...]:
    """What of it nobody has taken."""
    return tuple(look for look in point.asks if all(at < point.opens_at for at in watch.taken[look]))


def answered_at(point: Point, watch: Watch) -> datetime | None:
    """When the last of what it asks for was taken, in time or late; None while something is missing."""
    first = [min((at for at in watch.taken[look] if at >= point.opens_at), default=None) for look in point.asks]
    known = [at for at in first if at is not None]
    return max(known) if len(known) == len(first) else None


def looks_of(reading: Reading) -> set[Look]:
    """What a reading answers."""
    beside = {Look.SEDATION: reading.sedation, Look.PAIN: reading.pain}
    return {OF_VITAL[vital] for vital in reading.values} | {look for look, said in beside.items() if said is not None}


def overdue(watch: Watch, at: datetime, since: datetime | None = None) -> list[Point]:
    """The looks (see `points`) that nobody has taken although their grace is over at `at`."""
    due = points(watch, at, since)
    return [point for point in due if point.overdue_at <= at and answered_at(point, watch) is None]


def still_tells(care: Care, at: datetime) -> datetime:
    """Since when a look may ask for something that no newer look asks for which is overdue at `at`.

    A reading answers every look before it, so what is missing of a look is missing of the next one of its grid as well:
    only the newest of each grid says something. Without this a patient who was never let go on record would cost more
    with each day.
    """
    longest = max(PAIN_EVERY, _minutes(care.infusion_every), _minutes(care.recovery_every))
    return at - 2 * longest - _minutes(max(care.infusion_grace, care.recovery_grace))


def raised(alarms: Iterable[Alarm], watch: Watch, planned_until: datetime, at: datetime) -> tuple[Alarm, ...]:
    """The alarms so far, with those answered meanwhile, and behind them new ones for what is overdue at `at`.

    Of several overdue looks for the same the newest counts. Each look up to the planned end of the observation is an
    alarm of its own; behind that one that nobody answers is enough for each thing that is still missing: who lies there
    for days on record is not called for every few minutes.
    """
    known = [one if one.answered_at else replace(one, answered_at=answered_at(one.point, watch)) for one in alarms]
    waiting = {look for one in known if one.answered_at is None for look in missing(one.point, watch)}
    new, newer = list[Alarm](), set[Look]()
    for point in reversed(overdue(watch, at, still_tells(watch.care, at))):
        lacking = missing(point, watch)
        is_called = any(one.point.at == point.at and set(one.point.asks) >= set(point.asks) for one in known)
        said = newer if point.at <= planned_until else newer | waiting
        if not is_called and not said.issuperset(lacking):
            new.append(Alarm(point, at))
        newer.update(lacking)
    return (*known, *reversed(new))


def next_look_at(watch: Watch, after: datetime) -> datetime:
    """When, behind `after`, the next look becomes overdue if nobody takes it."""
    horizon = after + 2 * _minutes(max(watch.care.infusion_every, watch.care.recovery_every))
    coming = [point for point in points(watch, horizon, still_tells(watch.care, after)) if point.overdue_at > after]
    return min(point.overdue_at for point in coming if answered_at(point, watch) is None)
