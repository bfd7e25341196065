"""A place on offer, on the page of the patient whom it is offered to."""

import pytest

from services.booking.domain.events import OfferAccepted, OfferDeclined, SeriesBooked
from services.booking.domain.series.offer import Offer, OfferStatus
from services.booking.domain.series.series import Series
from tests.support.booking_fakes import FakeBooking
from tests.support.booking_pages import BORN, Phone
from tests.support.booking_waiting import NINE, a_busy_world, an_offer, somebody_waits

TITLE = "Another time is free"


@pytest.fixture
def world() -> FakeBooking:
    world = a_busy_world()
    an_offer(world)
    return world


def phone_of(world: FakeBooking, patient: str) -> Phone:
    [link] = [event.link for event in world.events(SeriesBooked) if event.patient_id == patient]
    return Phone(world, link.rpartition("/")[2])


def the_offer(world: FakeBooking) -> Offer:
    [offer] = world.all(Offer)
    return offer


def its_session(world: FakeBooking):
    [series] = [one for one in world.all(Series) if one.patient_id == "patient-2"]
    return series.session(1)


@pytest.mark.parametrize("of", ["", "/1"])
def test_an_offer_is_shown_after_the_year_of_birth_to_whom_it_is_made(world, of):
    asked, other = phone_of(world, "patient-2"), phone_of(world, "patient-1")
    assert TITLE not in asked.read(of).text

    page = asked.send(of, year=BORN).text

    assert TITLE in page
    assert "Monday, March 9, 2026" in page
    assert "Instead of Monday, March 16, 2026" in page
    assert TITLE not in other.send(of, year=BORN).text


@pytest.mark.parametrize("of", ["", "/1"])
def test_taking_it_twice_moves_the_session_once(world, of):
    phone, offer = phone_of(world, "patient-2").admitted(), the_offer(world)

    first, again = (phone.send(of, do="accept", offer=offer.id) for _ in range(2))

    assert first.status_code == 200
    assert "Monday, March 9, 2026" in first.text
    assert TITLE not in first.text
    assert (again.status_code, "not possible any more" in again.text) == (409, True)
    assert its_session(world).starts_local == NINE
    assert len(world.events(OfferAccepted)) == 1


def test_leaving_it_keeps_the_present_time(world):
    phone, before = phone_of(world, "patient-2").admitted(), its_session(world)

    page = phone.send("", do="decline", offer=the_offer(world).id)

    assert TITLE not in page.text
    assert its_session(world) == before
    assert the_offer(world).status is OfferStatus.DECLINED
    assert len(world.events(OfferDeclined)) == 1


def test_nobody_takes_it_without_the_year_of_birth_or_for_somebody_else(world):
    offer = the_offer(world)
    assert phone_of(world, "patient-2").send("", do="accept", offer=offer.id).status_code == 403
    assert phone_of(world, "patient-1").admitted().send("", do="accept", offer=offer.id).status_code == 409
    assert phone_of(world, "patient-2").admitted().send("", do="accept", offer="another").status_code == 409
    assert the_offer(world).status is OfferStatus.MADE


def test_an_offer_whose_time_is_over_is_not_shown(world):
    world.now = the_offer(world).expires_at
    assert TITLE not in phone_of(world, "patient-2").admitted().read().text


def test_who_is_not_asked_sees_no_offer():
    world = a_busy_world()
    somebody_waits(world)
    assert TITLE not in phone_of(world, "patient-2").admitted().read().text
