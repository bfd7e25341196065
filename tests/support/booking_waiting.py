"""A clinic where people wait for the places of others, in memory."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.offer import Offer
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import CancelReason
from services.booking.domain.waiting.opening import Opening, OpeningStatus
from services.booking.domain.waiting.waitlist import Entry
from services.booking.operations.offers import OfferOpening, offer_opening
from services.booking.operations.series import CancelSession, cancel_session
from services.booking.operations.waitlist import JoinWaitlist, join_waitlist
from tests.support.booking_builders import CASE_A, CLINIC, NEW_YORK, PATIENT, a_booking, a_patient, a_world, booked
from tests.support.booking_fakes import FakeBooking
from tests.support.cleared import cleared

FREED: Final = CASE_A[2]
"""Monday 9 March: session 3 of the first patient, which comes free."""
LATER: Final = CASE_A[5]
"""Monday 16 March: where those who wait are booked."""
NINE: Final = datetime.combine(FREED, time(9))


def a_busy_world(patients: int = 4) -> FakeBooking:
    """One chair; the first patient has it at nine on the days of case A."""
    world = a_world()
    unit = world.unit(CLINIC)
    for number in range(3, patients + 1):
        unit.patients.save(a_patient(f"patient-{number}"))
        cleared(unit, f"patient-{number}", NEW_YORK)
    unit.commit()
    booked(world)
    return world


def a_booster(patient: int, wall: str = "13:00", on: date = LATER) -> Any:
    """The booking of one session, for which any distance will do."""
    who = f"patient-{patient}"
    return a_booking([on], at=wall, patient_id=who, protocol="booster-single", condition=Condition.PTSD)


def waits(world: FakeBooking, series: Series, number: int = 1, **fields: Any) -> Entry:
    entry: Entry = world.run(CLINIC, join_waitlist, JoinWaitlist(series.id, number, **fields))
    return entry


def somebody_waits(world: FakeBooking, patient: int = 2, **fields: Any) -> Entry:
    """A patient with a session in the week of 16 March, each on another day, wants an earlier place."""
    on = LATER + timedelta(days=patient - 2)
    return waits(world, booked(world, a_booster(patient, on=on)), **fields)


def first_series(world: FakeBooking) -> Series:
    return next(series for series in world.all(Series) if series.patient_id == PATIENT)


def gives_up(world: FakeBooking, number: int = 3) -> Opening:
    """The first patient calls a session off; the place that opens."""
    known = {opening.id for opening in world.all(Opening)}
    world.run(CLINIC, cancel_session, CancelSession(first_series(world).id, number, CancelReason.PATIENT))
    (opening,) = [opening for opening in world.all(Opening) if opening.id not in known]
    return opening


def is_due(world: FakeBooking, opening: Opening) -> bool:
    return opening.status is OpeningStatus.OPEN and opening.next_at <= world.now


def asks(world: FakeBooking) -> Offer | None:
    """The job runs: whatever is due is offered; the last offer that was made thereby."""
    before = {offer.id for offer in world.all(Offer)}
    for opening in world.all(Opening):
        if is_due(world, opening):
            world.run(CLINIC, offer_opening, OfferOpening(opening.id))
    return next((offer for offer in reversed(world.all(Offer)) if offer.id not in before), None)


def offered(world: FakeBooking) -> Offer:
    offer = asks(world)
    assert offer is not None
    return offer


def an_offer(world: FakeBooking) -> Offer:
    """The second patient is asked whether they want session 3's place of the first."""
    somebody_waits(world)
    gives_up(world)
    return offered(world)


def now_is(world: FakeBooking, kind: type, id: str) -> Any:
    """What is kept of something now."""
    return next(row for row in world.all(kind) if row.id == id)
