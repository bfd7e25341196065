"""What is kept of a person's doses across clinics, on the fake and on a real database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.patient.exposure import Exposure
from services.booking.domain.protocol.protocol import an_edition
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import CancelReason, SessionStatus
from services.booking.operations.series import BookSeries, book_series
from shared.errors import Contended, RuleBroken
from tests.integration.booking.booking_host import ThisBooking
from tests.integration.booking.worlds import World
from tests.support.at_once import at_once
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    NEW_YORK,
    ONE_DOSE,
    OTHER_CLINIC,
    a_chair,
    a_nurse,
    a_patient,
    a_series,
    a_session,
    hours,
    wishes,
)
from tests.support.cleared import cleared

ADA = "person of patient-1"


def keep(world: World, series: Series, clinic_id: str = CLINIC) -> Series:
    saved: Series = world.attempt(clinic_id, lambda uow: uow.series.save(series))
    return saved


def dates(world: World, person: str = ADA, clinic_id: str = CLINIC) -> tuple[date, ...]:
    exposure: Exposure = world.attempt(clinic_id, lambda uow: uow.exposures.of(person))
    return exposure.dates


def test_saving_a_series_counts_its_doses_and_nothing_else(world):
    keep(world, a_series(a_session(1), a_session(2, doses=False), a_session(3, SessionStatus.CANCELLED), a_session(4)))
    assert dates(world) == (CASE_A[0], CASE_A[3])
    assert dates(world, "somebody else") == ()


def test_doses_of_all_clinics_are_one_persons(world):
    keep(world, a_series(a_session(1)))
    keep(world, a_series(a_session(2), id="theirs"), OTHER_CLINIC)
    assert dates(world) == dates(world, clinic_id=OTHER_CLINIC) == (CASE_A[0], CASE_A[1])


def test_a_session_that_ends_without_a_dose_does_not_count_any_more(world):
    series = keep(world, a_series(a_session(1), a_session(2)))
    gone = replace(series.sessions[0], status=SessionStatus.NOSHOW)
    world.attempt(CLINIC, lambda uow: uow.series.save(uow.series.get(series.id).with_sessions(gone)))
    assert dates(world) == (CASE_A[1],)


def test_the_last_dose_may_go_and_another_one_come(world):
    series = keep(world, a_series(a_session(1)))
    cancelled, events = series.cancel(1, reason=CancelReason.CLINIC, at=a_session().starts_at)
    world.attempt(CLINIC, lambda uow: uow.series.save(cancelled, events))
    assert dates(world) == ()
    keep(world, a_series(a_session(2), id="series-2"))
    assert dates(world) == (CASE_A[1],)


def test_a_series_of_another_person_takes_its_doses_along(world):
    keep(world, a_series(a_session(1)))
    keep(world, a_series(a_session(2), id="series-2"))
    world.attempt(CLINIC, lambda uow: uow.series.save(replace(uow.series.get("series-1"), person="eve")))
    assert (dates(world), dates(world, "eve")) == ((CASE_A[1],), (CASE_A[0],))


def test_two_series_of_one_unit_are_both_counted(world):
    def save_two(uow: Any) -> None:
        uow.series.save(a_series(a_session(1)))
        uow.series.save(a_series(a_session(2), id="series-2"))

    world.attempt(CLINIC, save_two)
    assert dates(world) == (CASE_A[0], CASE_A[1])


def test_of_two_units_that_read_the_same_doses_the_second_one_comes_too_late(world):
    def book_slowly(uow: Any) -> None:
        assert uow.exposures.of(ADA).dates == ()
        keep(world, a_series(a_session(1), id="theirs"), OTHER_CLINIC)
        uow.series.save(a_series(a_session(2)))

    with pytest.raises(Contended):
        world.attempt(CLINIC, book_slowly)
    assert dates(world) == (CASE_A[0],)


def test_and_so_it_is_when_there_were_doses_before(world):
    keep(world, a_series(a_session(4), id="before"))

    def book_slowly(uow: Any) -> None:
        uow.exposures.of(ADA)
        keep(world, a_series(a_session(1), id="theirs"), OTHER_CLINIC)
        uow.series.save(a_series(a_session(2)))

    with pytest.raises(Contended):
        world.attempt(CLINIC, book_slowly)


def test_what_changes_no_dose_waits_for_nobody(world):
    series = keep(world, a_series(a_session(1)))

    def check_in_slowly(uow: Any) -> None:
        mine = uow.series.get(series.id)
        uow.exposures.of(ADA)
        keep(world, a_series(a_session(2), id="theirs"), OTHER_CLINIC)
        uow.series.save(*mine.check_in(1, closed_by=(), at=a_session().starts_at))

    world.attempt(CLINIC, check_in_slowly)
    assert dates(world) == (CASE_A[0], CASE_A[1])


def test_of_many_who_write_at_once_all_are_counted_in_the_end(booking: ThisBooking):
    def save(uow: Any, number: int) -> None:
        assert len(uow.exposures.of(ADA).dates) < len(CASE_A)
        uow.series.save(a_series(a_session(number), id=f"series-{number}"))

    work = [partial(booking.run, f"clinic-{number}", save, number) for number in range(1, 7)]
    assert at_once(*work) == [None] * 6
    assert dates(booking) == CASE_A
    (kept,) = booking.database["exposures"].find()
    assert (kept["version"], kept["_id"]) == (6, ADA)
    assert set(kept) == {"_id", "version", "shares", "to_review", "infusing"}
    assert {name for share in kept["shares"] for name in share} == {"clinic_id", "source", "of", "dates"}


# --- two clinics book one person at the same moment -------------------------------------------------------------------


def a_booking_of(booking: ThisBooking, clinic_id: str, person: int, on: date) -> Callable[[], Series]:
    """One dose of a person in a clinic that has a chair for everybody."""
    patient_id = f"{clinic_id}-{person}"
    command = BookSeries(patient_id, "one-dose", sessions=wishes([on]))
    return partial(booking.run, clinic_id, book_series, command)


@pytest.fixture
def two_clinics(booking: ThisBooking) -> ThisBooking:
    """Each treats the same twenty people."""
    for clinic_id, zone in ((CLINIC, NEW_YORK), (OTHER_CLINIC, "Europe/Berlin")):
        always = hours("00:00", "23:59", tuple(Weekday))
        kinds = (("chair", a_chair), ("nurse", a_nurse))
        staff = [make(f"{clinic_id}-{name}-{number}", hours=always) for number in range(10) for name, make in kinds]
        booking.open(clinic_id, zone=zone, patients=0, resources=staff)
        booking.attempt(clinic_id, partial(_people, clinic_id=clinic_id))
    return booking


def _people(uow: Any, clinic_id: str) -> None:
    uow.protocols.save(an_edition("one-dose", 1, ONE_DOSE))
    for person in range(20):
        uow.patients.save(a_patient(f"{clinic_id}-{person}", person=f"person {person}"))
        cleared(uow, f"{clinic_id}-{person}", NEW_YORK)


def refusal_of(outcomes: list[Any]) -> RuleBroken:
    """Why one of two was refused; the other one was booked."""
    (refusal,) = [one for one in outcomes if not isinstance(one, Series)]
    assert isinstance(refusal, RuleBroken), outcomes
    return refusal


def test_of_two_clinics_that_book_a_person_on_one_date_exactly_one_wins(two_clinics):
    for person in range(20):
        on = CASE_A[0] + timedelta(days=person // 10)
        rivals = [a_booking_of(two_clinics, clinic_id, person, on) for clinic_id in (CLINIC, OTHER_CLINIC)]
        refusal = refusal_of(at_once(*rivals))
        assert "spacing.same-day" in {fault.code for fault in refusal.faults}
        assert CLINIC not in f"{refusal.faults}".replace(OTHER_CLINIC, CLINIC)
        assert dates(two_clinics, f"person {person}") == (on,)


def test_the_last_dose_of_seven_days_goes_to_one_of_two_clinics(two_clinics):
    for person in range(5):
        days = [CASE_A[0] + timedelta(days=number) for number in range(6)]
        for number, on in enumerate(days[:4]):
            a_booking_of(two_clinics, (CLINIC, OTHER_CLINIC)[number % 2], person, on)()
        rivals = [(CLINIC, days[4]), (OTHER_CLINIC, days[5])]
        refusal = refusal_of(at_once(*(a_booking_of(two_clinics, clinic, person, on) for clinic, on in rivals)))
        assert [fault.code for fault in refusal.faults] == ["cap.per-7-days"]
        assert len(dates(two_clinics, f"person {person}")) == 5
