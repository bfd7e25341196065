"""What a booked series keeps to: its protocol's edition, and the doses that its person gets elsewhere."""

from datetime import date

from services.booking.domain.protocol.protocol import Regimen
from services.booking.domain.series.series import Series
from services.booking.operations.ports import UnitOfWork


def regimen_of(uow: UnitOfWork, series: Series) -> Regimen:
    """The edition that was booked."""
    return uow.protocols.get(series.protocol, series.edition).regimen


def elsewhere_of(uow: UnitOfWork, series: Series) -> tuple[date, ...]:
    """The dates of the person's doses that are not of this series."""
    return uow.exposures.of(series.person).without(series.id)
