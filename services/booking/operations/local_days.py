"""Local dates of a clinic as instants, for what is asked by date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from services.booking.domain.calendar.resource import Interval, Resource
from services.booking.domain.clinic.clinic import Clinic
from services.booking.operations.ports import UnitOfWork
from shared.errors import Fault, Invalid
from shared.localtime import local_date, resolve_forward

MOST_DAYS: Final = 31
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class LocalDays:
    """Some local dates, one after the other, of a clinic; each is as long as its clocks make it."""

    clinic: Clinic
    dates: tuple[date, ...]

    @property
    def from_at(self) -> datetime:
        """When the first of them begins."""
        return self._midnight(self.dates[0])

    @property
    def until_at(self) -> datetime:
        """When the last of them is over."""
        return self._midnight(self.dates[-1] + _A_DAY)

    def openings(self, resource: Resource) -> Mapping[date, list[Interval]]:
        """When a resource is there on each of them; never on a holiday."""
        zone, holidays = self.clinic.zone, self.clinic.holidays
        return {on: [] if on in holidays else resource.open_on(on, zone) for on in self.dates}

    def _midnight(self, day: date) -> datetime:
        return resolve_forward(datetime.combine(day, time()), self.clinic.zone)


def today_of(uow: UnitOfWork) -> date:
    """The local date at the unit's clinic now. Raises `NotFound` without such a clinic."""
    return local_date(uow.now, uow.clinics.get(uow.clinic_id).zone)


def local_days(uow: UnitOfWork, first: date, last: date) -> LocalDays:
    """The dates from the first to the last, both included.

    Raises `Invalid` when they are too many or the wrong way round, and `NotFound` without such a clinic.
    """
    count = (last - first).days + 1
    if not 1 <= count <= MOST_DAYS:
        detail = f"Ask for 1 to {MOST_DAYS} days, the first one first."
        raise Invalid("agenda.dates-refused", detail, [Fault("agenda.dates-refused", detail, "/query/until_date")])
    return LocalDays(uow.clinics.get(uow.clinic_id), tuple(first + number * _A_DAY for number in range(count)))
