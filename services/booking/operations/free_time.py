"""The free time that plans are looked for in, read from the stores."""

from datetime import date, timedelta

from services.booking.domain.placement.free_time import FreeTime, Grid, busy_of
from services.booking.operations.ports import UnitOfWork


def free_time_of(uow: UnitOfWork, patient_id: str, first: date, last: date) -> FreeTime:
    """What is free for a patient from one local date to another, both included.

    Only advice: nothing is reserved, and the database decides when a series is written.
    """
    clinic = uow.clinics.get(uow.clinic_id)
    grid = Grid(clinic.zone, first, (last - first) // timedelta(days=1) + 1)
    taken = uow.series.taken(grid.starts_at(0), grid.starts_at(grid.midnights[-1]))
    resources = tuple(uow.resources.all())
    return FreeTime(grid, uow.now, patient_id, resources, busy_of(taken, grid), frozenset(clinic.holidays))
