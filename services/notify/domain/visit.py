"""What notify keeps of a session: when the patient is expected. A copy of facts that booking tells."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.notify.domain.preparation import Fasting

_SESSION: Final = "/sessions/"


class VisitStatus(StrEnum):
    """Whether the patient is still expected. `paused`: not at this time, but at another one that is still to come."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    MISSED = "missed"
    PAUSED = "paused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """`id` and `series` are what messages are about; `starts_local` is the wall time in `zone`.

    `revision` counts its times: news of an earlier one than this say nothing any more. `confirmed_at` is when the
    patient said that they will come at this time, `discharged_at` when they went home. They do not drive before
    `no_driving_until`, where the protocol's figure was told. `doses`: the medicine is given, for which they prepare by
    `fasting` and are taken home; a talk asks for neither.
    """

    id: str
    version: int = 0
    series: str
    number: int
    patient_id: str
    zone: str
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    revision: int
    doses: bool = True
    fasting: Fasting = Fasting()
    status: VisitStatus = VisitStatus.BOOKED
    confirmed_at: datetime | None = None
    discharged_at: datetime | None = None
    no_driving_until: datetime | None = None

    @property
    def prepares_at(self) -> datetime:
        """When fasting begins, or else the visit."""
        return self.fasting.solids_stop_at(self.starts_at) if self.doses else self.starts_at

    @property
    def is_expected(self) -> bool:
        return self.status is VisitStatus.BOOKED

    @property
    def is_open(self) -> bool:
        """Whether the patient is to come, now known when or not."""
        return self.status in {VisitStatus.BOOKED, VisitStatus.PAUSED}


def series_subject(series_id: str) -> str:
    """What messages about a whole series are about."""
    return f"series/{series_id}"


def visit_subject(series_id: str, number: int) -> str:
    """What messages about one session are about; the id of its visit."""
    return f"{series_subject(series_id)}{_SESSION}{number}"


def series_of(subject: str) -> str:
    """The series that something of it belongs to: one of its sessions, or an offer."""
    return "/".join(subject.split("/")[:2])


def number_of(subject: str) -> int | None:
    """Which session it is; None for all else."""
    _, _, number = subject.partition(_SESSION)
    return int(number) if number else None
