"""The calendar is made of slots: five minutes of one resource. Who holds a slot has it alone.

A slot's key names the resource and the number of the five minutes since the epoch, in UTC; every zone in use is a whole
number of quarters of an hour from UTC. The patient is one more resource: nobody is in two places at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

SLOT: Final = timedelta(minutes=5)
START_GRID: Final = timedelta(minutes=15)
"""Found sessions start on a quarter of an hour of the wall clock; asked-for ones on any slot. Clinic default."""
LONGEST_SESSION: Final = timedelta(days=1)
PATIENT: Final = "patient"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Weekday(StrEnum):
    """Days of the week as in RFC 5545."""

    MO = "MO"
    TU = "TU"
    WE = "WE"
    TH = "TH"
    FR = "FR"
    SA = "SA"
    SU = "SU"


_WEEK: Final = tuple(Weekday)


def weekday_of(day: date) -> Weekday:
    """The weekday of a date."""
    return _WEEK[day.weekday()]


@dataclass(frozen=True)
class Claim:
    """A resource is taken, from `from_at` until just before `until_at`. `kind` says what it is needed as."""

    kind: str
    resource_id: str
    from_at: datetime
    until_at: datetime

    @property
    def slots(self) -> frozenset[str]:
        """The keys of all slots that it touches."""
        return frozenset(slots_between(self.resource_id, self.from_at, self.until_at))


def slots_between(resource_id: str, from_at: datetime, until_at: datetime) -> Iterator[str]:
    """Keys of the slots that lie at least partly in [from_at, until_at)."""
    return (f"{resource_id}|{number:08}" for number in range((from_at - _EPOCH) // SLOT, _number(until_at)))


def slots_of(
    slots: Iterable[str], resource_ids: Iterable[str], from_at: datetime, until_at: datetime
) -> frozenset[str]:
    """Those of `slots` that belong to one of the resources and begin in [from_at, until_at)."""
    wanted, first, behind = set(resource_ids), f"{_number(from_at):08}", f"{_number(until_at):08}"
    parted = ((slot, *slot.rpartition("|")) for slot in slots)
    return frozenset(slot for slot, owner, _, number in parted if owner in wanted and first <= number < behind)


def _number(at: datetime) -> int:
    """The first slot that begins at or after `at`."""
    return -((_EPOCH - at) // SLOT)


def start_of(slot: str) -> datetime:
    """When a slot begins."""
    return _EPOCH + int(slot.rpartition("|")[2]) * SLOT


def is_on_grid(moment: datetime, grid: timedelta = SLOT) -> bool:
    """Whether a time of day is a whole number of `grid` steps after midnight."""
    return (moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)) % grid == timedelta()


def patient_key(patient_id: str) -> str:
    """The patient as a resource."""
    return f"{PATIENT}:{patient_id}"


def dose_day(patient_id: str, day: date) -> str:
    """The key of a patient's dose on a local date: one a day, so it is a slot like the others."""
    return f"{patient_key(patient_id)}|dose|{day}"
