"""The calendar that sessions are placed in, read from the stores."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final

from services.booking.domain.calendar.slots import patient_key
from services.booking.domain.placement.availability import Calendar
from services.booking.operations.ports import UnitOfWork
from shared.localtime import resolve_forward

_A_DAY: Final = timedelta(days=1)
_NEAR: Final = timedelta(days=14)


def calendar_of(uow: UnitOfWork, patient_id: str, first: date, last: date, *, but: str | None = None) -> Calendar:
    """What is free for a patient from one local date to another, both included; what series `but` has is free, too.

    Only advice: the database decides when a series is written. The one that is to be placed anew must be left out here,
    and not by the slots that it had when it was read: somebody may have moved it since.
    """
    return _calendar(uow, patient_id, [(first, last)], but)


def calendar_on(
    uow: UnitOfWork, patient_id: str, dates: Iterable[date], *, days_behind: int = 0, but: str | None = None
) -> Calendar:
    """What is free for a patient on some local dates, and so many days behind each; otherwise as `calendar_of`.

    Dates that lie far apart are read one by one: whoever asks for some within ten years does not read ten years.
    """
    behind = timedelta(days=days_behind)
    spans: list[tuple[date, date]] = []
    for day in sorted(set(dates)):
        if spans and day <= spans[-1][1] + _NEAR:
            spans[-1] = (spans[-1][0], day + behind)
        else:
            spans.append((day, day + behind))
    return _calendar(uow, patient_id, spans, but)


def _calendar(uow: UnitOfWork, patient_id: str, spans: Iterable[tuple[date, date]], but: str | None) -> Calendar:
    clinic = uow.clinics.get(uow.clinic_id)
    resources = tuple(uow.resources.all())
    ids = [*(resource.id for resource in resources), patient_key(patient_id)]
    busy: frozenset[str] = frozenset()
    for first, last in spans:
        # A day more on both sides: check-in and turnover lie outside the session, and it may begin late at night.
        from_at = resolve_forward(datetime.combine(first, time()), clinic.zone) - _A_DAY
        until_at = resolve_forward(datetime.combine(last + _A_DAY, time()), clinic.zone) + _A_DAY
        busy |= uow.series.busy(ids, from_at, until_at, but=but)
    return Calendar(clinic.zone, uow.now, patient_id, resources, busy, frozenset(clinic.holidays))
