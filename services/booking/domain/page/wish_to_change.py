"""What a patient asks of the desk about one appointment. Each becomes a task; nothing moves before a person sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from services.booking.domain.clinic.task import Task, TaskKind, new_task
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session

MOST_OPEN: Final = 5
"""So many open wishes about one session; who has more to say, calls. Platform default."""
ANSWER_WITHIN: Final = timedelta(days=1)
"""How soon the desk should answer a wish. Clinic default."""
LONGEST_WORDS: Final = 500
"""Characters that a patient may write."""


class Delay(StrEnum):
    """How late the patient will be, in minutes; what is done about it differs (clinic default: 15 and 30)."""

    SHORT = "15"
    LONG = "30"
    TOO_LONG = "more"


_DELAYS: Final = {
    Delay.SHORT: "up to 15 minutes",
    Delay.LONG: "15 to 30 minutes",
    Delay.TOO_LONG: "more than 30 minutes",
}


class DayPart(StrEnum):
    """Which part of a day suits better; the value is what the desk reads."""

    MORNING = "mornings"
    AFTERNOON = "afternoons"


@dataclass(frozen=True)
class Asked:
    """What the desk already knows about a session and has not seen to: open wishes, and whether the patient is late."""

    wishes: int = 0
    is_late: bool = False

    @property
    def is_enough(self) -> bool:
        """Whether another wish would not be read any better than those that wait."""
        return self.wishes >= MOST_OPEN


def change_wanted(
    series: Series, number: int, words: str = "", parts: Sequence[DayPart] = (), *, occasion: str, at: datetime
) -> Task:
    """Another time for a session, or none, is wanted. The same on the same `occasion`, once more, is one wish."""
    suits = f" ({' and '.join(parts)} suit better)" if parts else ""
    detail = f"The patient asks to change session {number}{suits}."
    return new_task(
        TaskKind.CHANGE_REQUESTED,
        series.patient_id,
        detail,
        reason=f"{occasion} {sha256(f'{detail} {words}'.encode()).hexdigest()}",
        at=at,
        series_id=series.id,
        number=number,
        due_at=at + ANSWER_WITHIN,
        words=words or None,
    )


def running_late(series: Series, number: int, delay: Delay | None = None, *, occasion: str, at: datetime) -> Task:
    """The patient comes late, nobody knows how much without `delay`. Another delay is another task."""
    how_late = f" by {_DELAYS[delay]}" if delay else ""
    return new_task(
        TaskKind.RUNNING_LATE,
        series.patient_id,
        f"The patient will be late{how_late} for session {number}.",
        reason=f"{occasion} {delay or ''}",
        at=at,
        series_id=series.id,
        number=number,
        due_at=at,
    )


def occasion_of(session: Session) -> str:
    """The place that a session has, as what a wish of the patient's page is about."""
    return f"revision {session.revision}"
