"""What followup knows of a patient's series, as booking told it: nothing is decided here.

Each fact only ever grows (a later place, a loss of that place, a discharge), so that news may come in any order and any
number of times.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from shared.localtime import local_date

NO_PLACE = -1


@dataclass(frozen=True)
class Visit:
    """One session. `revision` counts the places it was given (-1: none is known), `lost` is the highest of them at
    which it does not take place.
    """

    number: int
    phase: str
    revision: int = NO_PLACE
    starts_at: datetime | None = None
    starts_local: datetime | None = None
    lost: int = NO_PLACE
    discharged_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether it takes place, or took place."""
        return self.discharged_at is not None or (self.starts_at is not None and self.lost < self.revision)

    def on(self, zone: str) -> date:
        """Its local date in the clinic's `zone`. Raises `ValueError` for one that has neither place nor discharge."""
        if self.discharged_at is not None:
            return local_date(self.discharged_at, zone)
        if self.starts_local is None:
            raise ValueError(f"session {self.number} has no place")
        return self.starts_local.date()

    def joined(self, other: "Visit") -> "Visit":
        """What both know together."""
        latest = max(self, other, key=lambda visit: visit.revision)
        discharges = [at for at in (self.discharged_at, other.discharged_at) if at is not None]
        return replace(
            latest,
            phase=latest.phase or self.phase or other.phase,
            lost=max(self.lost, other.lost),
            discharged_at=min(discharges, default=None),
        )


@dataclass(frozen=True)
class Course:
    """One series of a patient. `edition` is the clinic's plan that was in force when it was first heard of.

    `protocol` and `condition` are empty until news come that say them, and so is `zone`, the clinic's.
    """

    id: str
    edition: int
    protocol: str = ""
    condition: str = ""
    zone: str = ""
    visits: tuple[Visit, ...] = ()

    @property
    def live(self) -> tuple[Visit, ...]:
        """Its sessions that take place or took place, by number."""
        return tuple(visit for visit in self.visits if visit.is_live)

    def joined(self, other: "Course") -> "Course":
        """What both know together; the edition stays."""
        return replace(
            self,
            protocol=self.protocol or other.protocol,
            condition=self.condition or other.condition,
            zone=self.zone or other.zone,
            visits=_joined((*self.visits, *other.visits)),
        )


@dataclass(frozen=True)
class Known:
    """All series of one patient; `id` is the patient's."""

    id: str
    courses: tuple[Course, ...] = ()
    version: int = 0

    def course(self, series_id: str) -> Course | None:
        """The series, if it was heard of."""
        return next((course for course in self.courses if course.id == series_id), None)

    def with_news(self, news: Course) -> "Known":
        """What is known after `news` of one series."""
        by_id = {course.id: course for course in self.courses}
        by_id[news.id] = by_id[news.id].joined(news) if news.id in by_id else news
        return replace(self, courses=tuple(by_id[id] for id in sorted(by_id)))


def _joined(visits: Iterable[Visit]) -> tuple[Visit, ...]:
    by_number: dict[int, Visit] = {}
    for visit in visits:
        by_number[visit.number] = by_number[visit.number].joined(visit) if visit.number in by_number else visit
    return tuple(by_number[number] for number in sorted(by_number))
