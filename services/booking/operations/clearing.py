"""Whether a course may be booked: the patient is assessed, and what is signed before a course is signed."""

from services.booking.domain.chart.consent import Gate
from services.booking.domain.series.series import Series
from services.booking.operations.assessments import booking_faults_of
from services.booking.operations.consents import link_consents, missing_consents
from services.booking.operations.ports import UnitOfWork
from shared.errors import Conflict


def require_cleared(uow: UnitOfWork, series: Series) -> None:
    """What is signed for the next course is signed for this one. Talks need neither assessment nor consent.

    Raises `Conflict` with everything that speaks against the first dose on its date.
    """
    first = min((session.on for session in series.live if session.doses), default=None)
    if first is None:
        return
    faults = [*booking_faults_of(uow, series, first), *missing_consents(uow, series, Gate.BOOKING, first)]
    if faults:
        raise Conflict("series.not-cleared", "The patient is not cleared for this course yet.", faults)
    link_consents(uow, series)
