"""Local wall time and instants: the promise is local, the instant is derived.

Days count on local dates, hours count elapsed. An aware local `datetime` never leaves this module: two folds of one
wall time compare equal, and adding a day to one elapses 25 hours when the clock changes. What goes around is either an
aware instant in UTC (`…_at`) or a naive local wall time (`local`) beside its IANA zone.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from shared.errors import Fault, RuleBroken


class LocalTimeGap(RuleBroken):
    """The clock jumps over this wall time."""

    def __init__(self, local: datetime, zone: str) -> None:
        detail = f"{local:%Y-%m-%d %H:%M} does not exist in {zone}: the clock jumps over it. Choose another time."
        super().__init__("time.in-gap", detail, [Fault("time.in-gap", detail)])


@lru_cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA zone that this installation knows."""
    return name in _zones()


def to_local(at: datetime, zone: str) -> datetime:
    """The naive wall time in `zone` at the instant `at`."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def local_date(at: datetime, zone: str) -> date:
    """The date on the wall in `zone` at the instant `at`."""
    return to_local(at, zone).date()


def utc_offset(at: datetime, zone: str) -> timedelta:
    """How far `zone` is ahead of UTC at the instant `at`."""
    return at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


def resolve(local: datetime, zone: str, *, second: bool = False) -> datetime:
    """The instant of a wall time that a person chose.

    A wall time that happens twice means the earlier instant, unless `second`. Raises `LocalTimeGap` for one that never
    happens.
    """
    if in_gap(local, zone):
        raise LocalTimeGap(local, zone)
    return local.replace(tzinfo=ZoneInfo(zone), fold=int(second)).astimezone(UTC)


def resolve_forward(local: datetime, zone: str) -> datetime:
    """The instant of a wall time that a rule made: one that never happens moves forward by the gap."""
    # fold=0 reads a time inside the gap with the offset from before it, which is the shift forward.
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def in_gap(local: datetime, zone: str) -> bool:
    """Whether the clock in `zone` jumps over this wall time."""
    return to_local(resolve_forward(local, zone), zone) != local


def is_ambiguous(local: datetime, zone: str) -> bool:
    """Whether this wall time happens twice in `zone`."""
    both = {local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    return len(both) > 1 and not in_gap(local, zone)


def same_wall_clock(at: datetime, zone: str, *, days: int) -> datetime:
    """The instant with the same wall time `days` local dates later (earlier when negative)."""
    return resolve_forward(to_local(at, zone) + timedelta(days=days), zone)


def at_local_time(at: datetime, zone: str, wall: time, *, days: int = 0) -> datetime:
    """The instant at wall time `wall` on the local date of `at`, `days` later."""
    return resolve_forward(datetime.combine(local_date(at, zone) + timedelta(days=days), wall), zone)
