"""Where a session fits near a wall time, found for whole dates at once."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime

from services.booking.domain.placement.availability import Calendar
from services.booking.domain.placement.free_time import FreeTime, Grid
from services.booking.domain.placement.placement import Wish, attempt
from services.booking.domain.protocol.protocol import Phase
from services.booking.domain.protocol.spacing import Planned
from services.booking.domain.series.session import Session
from shared.localtime import resolve_forward


def free_time_of(calendar: Calendar, first: date, last: date) -> FreeTime:
    """The calendar from one local date to another, both included, as bits."""
    grid = Grid(calendar.zone, first, (last - first).days + 1)
    busy = _bits(calendar.busy, grid)
    return FreeTime(grid, calendar.now, calendar.patient_id, calendar.resources, busy, calendar.holidays)


def starts_of(free: FreeTime, phase: Phase, named: Sequence[str] = ()) -> int:
    """The slots at which a session of a phase can start, with the resources that are named."""
    starts = free.starts_of_patient(phase)
    for kind in phase.kinds:
        able = 0
        for resource in free.of_kind(kind, named):
            able |= free.starts_on(phase, resource)
        starts &= able
    return starts


def nearest(calendar: Calendar, planned: Planned, wish: Wish, free: FreeTime, starts: int) -> Iterator[Session]:
    """The session on the date of `planned`, at the slots among `starts`, those nearest to the wanted time first.

    Starts are on a quarter of an hour, but for the wanted time of day itself.
    """
    grid = free.grid
    day = grid.day_of(planned.on)
    wanted = grid.bit(day, wish.local.time())
    quarters = starts & grid.on_date(day) & (grid.quarters | grid.bits(wanted, wanted + 1))
    for bit in sorted(_set_bits(quarters), key=lambda bit: (abs(bit - wanted), bit)):
        at = grid.starts_at(bit)
        local = calendar.local(at)
        is_second = resolve_forward(local, calendar.zone) != at
        if session := _at(calendar, planned, Wish(local, is_second, wish.resource_ids)):
            yield session


def kept_place(calendar: Calendar, planned: Planned, session: Session, local: datetime) -> Session | None:
    """The session at another wall time, with the same chair, nurse and so on, else with others; None when it is taken.

    A wall time that the clock jumps over moves forward by the gap: nobody has typed it.
    """
    local = calendar.generated(local)
    same = session.resource_ids
    return _at(calendar, planned, Wish(local, resource_ids=same)) or _at(calendar, planned, Wish(local))


def _at(calendar: Calendar, planned: Planned, wish: Wish) -> Session | None:
    session, faults = attempt(calendar, planned, wish)
    return None if faults else session


def _bits(slots: Collection[str], grid: Grid) -> dict[str, int]:
    length = grid.midnights[-1]
    taken: dict[str, bytearray] = defaultdict(lambda: bytearray(length // 8 + 1))
    for slot in slots:
        key, _, number = slot.rpartition("|")
        if 0 <= (bit := int(number) - grid.begin) < length:
            taken[key][bit >> 3] |= 1 << (bit & 7)
    return {key: int.from_bytes(bits, "little") for key, bits in taken.items()}


def _set_bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
