"""The calendar is made of slots: five minutes of one place of a resource. Who holds a slot has it alone.

A slot's key names the resource and the number of the five minutes since the epoch, in UTC; every zone in use is a whole
number of quarters of an hour from UTC. A resource that can serve several at once has as many places, each with its own
slots. The patient is one more resource: nobody is in two places at once.
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
    """A resource is taken, from `from_at` until just before `until_at`. `kind` says what it is needed as.

    `places` are those of its places that are taken; a resource that serves one at a time has only place 0. `skills` are
    those that it must hold for this.
    """

    kind: str
    resource_id: str
    from_at: datetime
    until_at: datetime
    places: tuple[int, ...] = (0,)
    skills: tuple[str, ...] = ()

    @property
    def slots(self) -> frozenset[str]:
        """The keys of all slots that it touches."""
        numbers = slot_numbers(self.from_at, self.until_at)
        return frozenset(slot_key(self.resource_id, number, place) for place in self.places for number in numbers)


def slot_numbers(from_at: datetime, until_at: datetime) -> range:
    """The numbers of the slots that lie at least partly in [from_at, until_at)."""
    return range((from_at - _EPOCH) // SLOT, _number(until_at))


def slot_key(resource_id: str, number: int, place: int = 0) -> str:
    """The key of one slot."""
    return f"{resource_id}#{place}|{number:08}" if place else f"{resource_id}|{number:08}"


def slots_between(resource_id: str, from_at: datetime, until_at: datetime) -> Iterator[str]:
    """Keys of the slots of place 0 that lie at least partly in [from_at, until_at)."""
    return (slot_key(resource_id, number) for number in slot_numbers(from_at, until_at))


def slots_of(runs: Iterable[str], resource_ids: Iterable[str], from_at: datetime, until_at: datetime) -> frozenset[str]:
    """The slots in `runs` that belong to one of the resources and begin in [from_at, until_at)."""
    wanted, first, behind = set(resource_ids), _number(from_at), _number(until_at)
    found: list[str] = []
    for run in runs:
        owner, begin, length = read_run(run)
        if owner.partition("#")[0] in wanted:
            numbers = range(max(begin, first), min(begin + length, behind))
            found += [f"{owner}|{number:08}" for number in numbers]
    return frozenset(found)


def read_run(run: str) -> tuple[str, int, int]:
    """Whose slots a run has, the number of the first of them, and how many they are."""
    owner, _, span = run.rpartition("|")
    first, _, length = span.partition("+")
    return owner, int(first), int(length)


def runs_of(slots: Iterable[str]) -> list[str]:
    """The same slots, shorter: `key|number+length` for each run of slots of one key that follow each other."""
    runs: list[str] = []
    key, first, behind = "", 0, -1
    for slot in sorted(slots):
        owner, _, number = slot.rpartition("|")
        if (owner, int(number)) == (key, behind):
            runs[-1] = f"{key}|{first:08}+{behind + 1 - first}"
        else:
            key, first = owner, int(number)
            runs.append(f"{key}|{first:08}+1")
        behind = int(number) + 1
    return runs


def _number(at: datetime) -> int:
    """The first slot that begins at or after `at`."""
    return -((_EPOCH - at) // SLOT)


def start_of(slot: str) -> datetime:
    """When a slot begins."""
    return slot_start(int(slot.rpartition("|")[2]))


def slot_start(number: int) -> datetime:
    """When the slot of this number begins."""
    return _EPOCH + number * SLOT


def first_run(slot_starts: Iterable[datetime]) -> tuple[datetime, datetime] | None:
    """From when until when the first of these slots follow each other without a break; None when there are none."""
    ordered = sorted(slot_starts)
    if not ordered:
        return None
    length = next((place for place, at in enumerate(ordered) if at - ordered[0] != place * SLOT), len(ordered))
    return ordered[0], ordered[0] + length * SLOT


def is_on_grid(moment: datetime, grid: timedelta = SLOT) -> bool:
    """Whether a time of day is a whole number of `grid` steps after midnight."""
    return (moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)) % grid == timedelta()


def patient_key(patient_id: str) -> str:
    """The patient as a resource."""
    return f"{PATIENT}:{patient_id}"
