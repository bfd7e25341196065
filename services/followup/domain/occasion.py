"""Every occasion to ask a patient something: what a plan says, laid over what is known of the patient's series."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from services.followup.domain.known import Course, Known, Visit
from services.followup.domain.plan import Anchor, Point, Questions
from shared.localtime import local_date, resolve_forward

LATEST_BEFORE_SESSION: Final = timedelta(hours=2)
"""A patient whose clock is far from the clinic's still has that long before the session begins. Clinic default."""


@dataclass(frozen=True)
class Occasion:
    """One point of the plan of one series. `name` tells it from all others of the patient, `anchored_on` is the date
    that it is counted from: on another one it is another occasion.

    `on` is the patient's local date on which it is due; it is due at `due_at` and can be answered until `closes_at`.
    `is_elapsed`: it must not be asked any earlier, while others may on the same date.
    """

    name: str
    anchored_on: date
    series_id: str
    session_number: int
    anchor: Anchor
    kind: str
    rank: int
    alone: bool
    is_elapsed: bool
    instruments: tuple[str, ...]
    due_at: datetime
    closes_at: datetime
    on: date

    @property
    def cover(self) -> str:
        """Name and anchor as one text."""
        return f"{self.name}@{self.anchored_on}"


def occasions(known: Known, plans: Mapping[int, Questions], zone: str | None) -> tuple[Occasion, ...]:
    """All occasions of a patient, over or not. `plans` by edition; without a `zone` of the patient, the clinic's holds.

    A series of which neither condition nor zone is known yet has none.
    """
    ready = [course for course in known.courses if course.condition and course.zone]
    return tuple(
        occasion
        for course in ready
        for occasion in _of_course(course, plans[course.edition], zone or course.zone, _superseded_on(course, ready))
    )


def _of_course(course: Course, questions: Questions, zone: str, superseded: date | None) -> Iterator[Occasion]:
    for point in questions.points:
        if not point.is_for(course.condition, course.protocol):
            continue
        counted = [visit for visit in course.live if questions.counts(point, visit.phase)]
        make = partial(_occasion, course, questions, point, zone)
        if point.anchor is Anchor.SERIES:
            yield from (one for one in _after_series(make, counted, course.zone) if _still_asked(one, superseded))
        else:
            visits = [visit for place, visit in enumerate(counted, 1) if not point.nth or place in point.nth]
            yield from (made for visit in visits if (made := make(visit)) is not None)


def _after_series(make: "partial[Occasion | None]", counted: list[Visit], zone: str) -> Iterator[Occasion]:
    last = max(counted, key=lambda visit: (visit.on(zone), visit.number), default=None)
    if last is not None and (made := make(last)) is not None:
        yield made


def _still_asked(occasion: Occasion, superseded: date | None) -> bool:
    return superseded is None or occasion.on < superseded


def _occasion(course: Course, questions: Questions, point: Point, zone: str, visit: Visit) -> Occasion | None:
    times = _TIMES[point.anchor](point, visit, questions.usual_time, course.zone, zone)
    if times is None:
        return None
    due_at, closes_at = times
    of_session = "" if point.anchor is Anchor.SERIES else f"/{visit.number}"
    return Occasion(
        name=f"{course.id}/{point.kind}{of_session}",
        anchored_on=visit.on(course.zone),
        series_id=course.id,
        session_number=visit.number,
        anchor=point.anchor,
        kind=point.kind,
        rank=point.rank,
        alone=point.alone,
        is_elapsed=point.anchor is Anchor.DISCHARGE,
        instruments=questions.instruments(point, course.condition),
        due_at=due_at,
        closes_at=closes_at,
        on=local_date(due_at, zone),
    )


Times = tuple[datetime, datetime] | None


def _from_discharge(point: Point, visit: Visit, _usual: time, _clinic: str, _zone: str) -> Times:
    if visit.discharged_at is None:
        return None
    due_at = visit.discharged_at + timedelta(hours=point.hours)
    return due_at, due_at + timedelta(hours=point.open_hours)


def _before_session(point: Point, visit: Visit, usual: time, clinic: str, zone: str) -> Times:
    if visit.starts_at is None:
        return None
    wall = datetime.combine(visit.on(clinic) - timedelta(days=point.days), point.at or usual)
    return min(resolve_forward(wall, zone), visit.starts_at - LATEST_BEFORE_SESSION), visit.starts_at


def _from_series(point: Point, visit: Visit, usual: time, clinic: str, zone: str) -> Times:
    anchor = visit.on(clinic)
    on = months_later(anchor, point.months) if point.months else anchor + timedelta(days=point.days)
    due_at = resolve_forward(datetime.combine(on, point.at or usual), zone)
    return due_at, due_at + timedelta(hours=point.open_hours)


_TIMES: Final = {
    Anchor.DISCHARGE: _from_discharge,
    Anchor.SESSION: _before_session,
    Anchor.SERIES: _from_series,
}


def months_later(anchor: date, months: int) -> date:
    """The same day of a later month, that month's last one where it has no such day; always counted from `anchor`."""
    year, month = divmod(anchor.month - 1 + months, 12)
    year, month = anchor.year + year, month + 1
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))


def _superseded_on(course: Course, others: list[Course]) -> date | None:
    """When a later series for the same condition begins: from then on its own questions are asked."""
    if not course.live:
        return None
    ends = max(visit.on(course.zone) for visit in course.live)
    begins = (
        min(visit.on(other.zone) for visit in other.live)
        for other in others
        if other.id != course.id and other.condition == course.condition and other.live
    )
    return min((day for day in begins if day > ends), default=None)
