"""What notify keeps of a session: when the patient is expected. A copy of facts that booking tells."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class VisitStatus(StrEnum):
    """Whether the patient is still expected."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """`id` and `series` are what messages are about; `starts_local` is the wall time in `zone`."""

    id: str
    version: int = 0
    series: str
    number: int
    patient_id: str
    zone: str
    starts_at: datetime
    starts_local: datetime
    revision: int
    status: VisitStatus = VisitStatus.BOOKED

    @property
    def is_expected(self) -> bool:
        return self.status is VisitStatus.BOOKED


def series_subject(series_id: str) -> str:
    """What messages about a whole series are about."""
    return f"series/{series_id}"


def visit_subject(series_id: str, number: int) -> str:
    """What messages about one session are about; the id of its visit."""
    return f"{series_subject(series_id)}/sessions/{number}"
