"""What became of many patients: each series' scores by days before and after its last dose, and how many responded."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

from services.followup.domain.change import Change, change
from services.followup.domain.instrument import Instrument
from services.followup.domain.known import Course
from services.followup.domain.library import Library
from shared.localtime import local_date

FEWEST: Final = 5
"""Of fewer people than that no figure is told: they could be recognised. Platform default."""
_WEEK: Final = 7


@dataclass(frozen=True)
class Scored:
    """One score of a check-in, without its answers. `band` is empty where there is no word."""

    patient_id: str
    series_id: str
    instrument: str
    instrument_version: int
    due_at: datetime
    total: int
    band: str


@dataclass(frozen=True)
class Outcome:
    """A score of a series: `day` local days after its first dose (negative: before), `day_after` its last one.

    `baseline` is the first score, if that was due before the first dose or on its day; `change` is None without one,
    and for the baseline itself.
    """

    course: Course
    scored: Scored
    day: int
    day_after: int
    baseline: int | None
    change: Change | None


@dataclass(frozen=True)
class Week:
    """Series with a score in the week `number` after their last dose, 1 are the days 1 to 7; the week's last counts.

    What would speak of too few people is None, and so are responders where the instrument knows no response.
    """

    number: int
    n: int | None
    responders: int | None
    remitters: int | None


@dataclass(frozen=True)
class Cohort:
    """Weeks in order; `n` are all series that have a baseline, None if those are too few."""

    instrument: Instrument
    protocol: str | None
    n: int | None
    weeks: tuple[Week, ...]


def _trace(course: Course, scores: Iterable[Scored], library: Library, talks: Collection[str]) -> tuple[Outcome, ...]:
    """By due time; nothing as long as the series has no dose."""
    doses = [visit.on(course.zone) for visit in course.live if course.zone and visit.phase not in talks]
    if not doses:
        return ()
    ordered = sorted(scores, key=lambda scored: scored.due_at)
    has_baseline = local_date(ordered[0].due_at, course.zone) <= min(doses)
    make = partial(_outcome, course, doses, library, ordered[0].total if has_baseline else None)
    return tuple(make(scored, is_first=scored is ordered[0]) for scored in ordered)


def _outcome(
    course: Course, doses: Sequence[date], library: Library, baseline: int | None, scored: Scored, *, is_first: bool
) -> Outcome:
    on = local_date(scored.due_at, course.zone)
    rules = library.get(scored.instrument, scored.instrument_version).change
    changed = None if baseline is None or is_first else change(rules, baseline, scored.total)
    return Outcome(course, scored, (on - min(doses)).days, (on - max(doses)).days, baseline, changed)


def cohort(instrument: Instrument, protocol: str | None, traces: Iterable[Sequence[Outcome]]) -> Cohort:
    """Response and remission by week, each of `traces` being one series.

    A series that began at 0 or in remission is left out: nothing could be seen in it.
    """
    counted = [trace for trace in traces if trace and _could_respond(instrument, trace[0].baseline)]
    by_week: dict[int, list[Outcome]] = {}
    for trace in counted:
        for number, last in _last_of_weeks(trace).items():
            by_week.setdefault(number, []).append(last)
    weeks = tuple(_week(number, by_week[number]) for number in sorted(by_week))
    return Cohort(instrument, protocol, len(counted) if is_enough(trace[0] for trace in counted) else None, weeks)


def _could_respond(instrument: Instrument, baseline: int | None) -> bool:
    return baseline is not None and baseline > (instrument.change.remission_at_most or 0)


def _last_of_weeks(trace: Sequence[Outcome]) -> Mapping[int, Outcome]:
    return {-(-each.day_after // _WEEK): each for each in trace if each.day_after > 0 and each.change}


def _week(number: int, of_week: Sequence[Outcome]) -> Week:
    if not is_enough(of_week):
        return Week(number, None, None, None)
    changes = [each.change for each in of_week if each.change]
    return Week(
        number,
        len(changes),
        _count(each.response for each in changes),
        _count(each.remission for each in changes),
    )


def _count(verdicts: Iterable[bool | None]) -> int | None:
    """How many are true; None where there is no such rule."""
    said = list(verdicts)
    return None if None in said else sum(map(bool, said))


def traces(
    courses: Iterable[Course], scores: Iterable[Scored], library: Library, *, talks: Mapping[int, Collection[str]]
) -> Iterator[tuple[Outcome, ...]]:
    """One for each series and instrument with a score. `talks` by the edition of the plan that a series keeps."""
    found: dict[tuple[str, str], list[Scored]] = {}
    for scored in scores:
        found.setdefault((scored.series_id, scored.instrument), []).append(scored)
    by_id = {course.id: course for course in courses}
    for (series_id, _), mine in found.items():
        if (course := by_id.get(series_id)) is not None:
            yield _trace(course, mine, library, talks[course.edition])


def is_enough(outcomes: Iterable[Outcome]) -> bool:
    """Whether they are of so many people that none of them is recognised by a figure."""
    return len({each.scored.patient_id for each in outcomes}) >= FEWEST
