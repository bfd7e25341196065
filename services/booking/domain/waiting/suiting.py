"""Where in an opening the session of somebody who waits would fit."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from services.booking.domain.placement.availability import Calendar
from services.booking.domain.placement.placement import Wish, place_again
from services.booking.domain.protocol.protocol import Regimen
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session
from services.booking.domain.waiting.opening import Opening
from services.booking.domain.waiting.waitlist import Entry
from shared.errors import Refused
from shared.localtime import resolve_forward, to_local


def wanted_starts(entry: Entry, series: Series, starts: Iterable[datetime]) -> tuple[datetime, ...]:
    """Those starts that are better than what their session has now."""
    session = series.session(entry.number)
    return tuple(at for at in starts if entry.wants(to_local(at, series.zone), session))


def first_place(
    entry: Entry,
    series: Series,
    opening: Opening,
    *,
    starts: Sequence[datetime],
    regimen: Regimen,
    calendar: Calendar,
    elsewhere: tuple[date, ...],
) -> Session | None:
    """The first start that suits; rather with what came free than with something else. None when none does.

    `elsewhere` are the dates of the patient's doses in other series.
    """
    closed: set[date] = set()
    for wish in _asked_for(entry, opening, starts, regimen, calendar):
        if wish.local.date() in closed:
            continue
        try:
            placed = place_again(series, regimen, {entry.number: wish}, calendar=calendar, elsewhere=elsewhere)
        except Refused as refusal:
            if any(fault.code.startswith(("spacing.", "cap.")) for fault in refusal.faults):
                closed.add(wish.local.date())  # whatever the hour
        else:
            return placed.sessions[0]
    return None


def as_wish(at: datetime, zone: str, resource_ids: Iterable[str]) -> Wish:
    """An instant as somebody would ask for it, with what it is to be."""
    local = to_local(at, zone)
    return Wish(local, resolve_forward(local, zone) != at, tuple(dict.fromkeys(resource_ids)))


def _asked_for(
    entry: Entry, opening: Opening, starts: Sequence[datetime], regimen: Regimen, calendar: Calendar
) -> Iterator[Wish]:
    kinds = regimen.phase_of(entry.number).kinds
    freed = [one.id for one in calendar.resources if one.id in opening.resource_ids and one.kind in kinds]
    named = entry.wishes.resource_ids
    for at in starts:
        for resource_ids in [named] if named else [freed, ()]:
            yield as_wish(at, calendar.zone, resource_ids)
