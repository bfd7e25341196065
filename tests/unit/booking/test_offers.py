"""Places that came free are offered in the order of rank; one wins, and nothing is kept by mistake."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.events import (
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    SessionMoved,
)
from services.booking.domain.patient.exposure import Source
from services.booking.domain.series.offer import OfferStatus
from services.booking.domain.series.position import Position
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import MissReason, SessionStatus
from services.booking.domain.waiting.opening import MOST_AT_ONCE, Opening, OpeningStatus, Outcome
from services.booking.domain.waiting.waitlist import DayTimes, Entry, EntryStatus, Wishes
from services.booking.operations.clinic import ChangeClinic, change_clinic
from services.booking.operations.offers import (
    AcceptOffer,
    DeclineOffer,
    ExpireOffer,
    ListOffers,
    OfferOpening,
    ShowOffer,
    accept_offer,
    decline_offer,
    expire_offer,
    list_offers,
    offer_opening,
    show_offer,
)
from services.booking.operations.series import (
    MarkMissed,
    mark_missed,
)
from shared.errors import Conflict, RuleBroken
from shared.localtime import resolve
from tests.support.booking_builders import CASE_A, CLINIC, NEW_YORK, a_booking, a_nurse, booked
from tests.support.booking_fakes import FakeBooking
from tests.support.booking_waiting import (
    FREED,
    LATER,
    NINE,
    a_booster,
    a_busy_world,
    an_offer,
    asks,
    first_series,
    gives_up,
    now_is,
    offered,
    somebody_waits,
    waits,
)


def told(world: FakeBooking) -> list[type]:
    """The kinds of events about offers, in the order of telling."""
    return [type(event) for event in world.events() if type(event).__name__.startswith("Offer")]


# --- who is asked


def test_the_place_is_kept_for_whom_it_is_offered_to():
    world = a_busy_world()
    offer = an_offer(world)
    assert (offer.patient_id, offer.number, offer.starts_local) == ("patient-2", 1, NINE)
    assert offer.expires_at == world.now + timedelta(minutes=30)
    with pytest.raises(Conflict, match=r"series\.slot-taken"):
        booked(world, a_booster(3, "09:00", FREED))
    assert now_is(world, Entry, offer.entry_id).offer_id == offer.id
    assert now_is(world, Opening, offer.opening_id).status is OpeningStatus.OFFERED
    assert told(world) == [OfferMade]
    assert world.run(CLINIC, show_offer, ShowOffer(offer.id)) == offer
    for query, count in (({}, 1), ({"status": OfferStatus.MADE}, 1), ({"series_id": first_series(world).id}, 0)):
        assert len(world.run(CLINIC, list_offers, ListOffers(10, None, **query)).items) == count


def test_the_highest_priority_is_asked_first_then_who_waits_longest():
    world = a_busy_world(5)
    for patient, priority in ((2, 5), (3, 4), (4, 5), (5, 4)):
        somebody_waits(world, patient, priority=priority)
        world.pass_time(minutes=1)
    gives_up(world)
    asked = []
    while offer := asks(world):
        asked.append(offer.patient_id)
        world.run(CLINIC, decline_offer, DeclineOffer(offer.id))
    assert asked == ["patient-3", "patient-5", "patient-2", "patient-4"]


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        (Wishes(), "2026-03-09T09:00"),
        (Wishes(weekdays=(Weekday.TU,)), None),
        (Wishes(times=(DayTimes(time(9), time(9)),)), "2026-03-09T09:00"),
        (Wishes(times=(DayTimes(time(9, 10), time(10)),)), "2026-03-09T09:15"),
        (Wishes(times=(DayTimes(time(13), time(14)),)), None),
        (Wishes(latest=date(2026, 3, 8)), None),
        (Wishes(earliest=FREED, latest=FREED), "2026-03-09T09:00"),
        (Wishes(resource_ids=("chair-1",)), "2026-03-09T09:00"),
    ],
)
def test_only_a_place_that_meets_the_wishes_is_offered(wishes: Wishes, found: str | None):
    world = a_busy_world()
    somebody_waits(world, wishes=wishes)
    opening = gives_up(world)
    offer = asks(world)
    assert (offer and offer.starts_local) == (datetime.fromisoformat(found) if found else None)
    if not found:
        ended = now_is(world, Opening, opening.id)
        assert (ended.status, ended.outcome) == (OpeningStatus.ENDED, Outcome.NOBODY)


def test_a_place_that_breaks_the_spacing_is_offered_to_the_next():
    world = a_busy_world()
    # Session 6 would come before sessions 4 and 5.
    series = booked(world, a_booking(patient_id="patient-2", at="13:00"))
    waits(world, series, 6, priority=1)
    somebody_waits(world, 3)
    gives_up(world)
    assert offered(world).patient_id == "patient-3"


def test_a_named_nurse_must_be_free():
    world = a_busy_world()
    unit = world.unit(CLINIC)
    unit.resources.save(a_nurse("nurse-2", hours=()))
    unit.commit()
    somebody_waits(world, wishes=Wishes(resource_ids=("nurse-2",)))
    gives_up(world)
    assert asks(world) is None


def test_a_missed_session_takes_any_place():
    world = a_busy_world()
    series = booked(world, a_booster(2, "13:00", CASE_A[1]))
    world.now = series.sessions[0].starts_at
    world.run(CLINIC, mark_missed, MarkMissed(series.id, 1, MissReason.NO_SHOW))
    waits(world, now_is(world, Series, series.id))
    gives_up(world, 5)
    offer = offered(world)
    assert offer.starts_local == datetime.combine(CASE_A[4], time(9))
    world.run(CLINIC, accept_offer, AcceptOffer(offer.id))
    assert now_is(world, Series, series.id).session(1).status is SessionStatus.BOOKED


def test_a_long_waitlist_is_looked_through_in_several_goes():
    many = MOST_AT_ONCE + 3
    world = a_busy_world()
    tight = booked(world, a_booking(patient_id="patient-2", at="13:00"))
    unit = world.unit(CLINIC)
    for number in range(many):
        # Session 6 would come before sessions 4 and 5.
        stands = Position.of(tight.session(6))
        unit.waitlist.save(Entry(f"entry-{number:03}", "patient-2", tight.id, stands, world.now, priority=1))
    unit.commit()
    somebody_waits(world, 3)
    opening = gives_up(world)
    assert asks(world) is None
    assert len(now_is(world, Opening, opening.id).passed) == MOST_AT_ONCE
    assert offered(world).patient_id == "patient-3"
    assert len(now_is(world, Opening, opening.id).passed) == many + 1


def test_a_place_that_suits_nobody_is_over_unless_who_might_take_it_is_asked_about_another():
    world = a_busy_world()
    somebody_waits(world)
    gives_up(world)
    other = gives_up(world, 4)
    first = offered(world)
    resting = now_is(world, Opening, other.id)
    assert (resting.status, resting.next_at) == (OpeningStatus.OPEN, world.now + timedelta(minutes=5))
    world.run(CLINIC, decline_offer, DeclineOffer(first.id))
    world.pass_time(minutes=5)
    assert offered(world).opening_id == other.id


def test_nobody_is_asked_at_night():
    world = a_busy_world()
    somebody_waits(world)
    world.now = resolve(datetime(2026, 3, 2, 21, 30), NEW_YORK)  # noqa: DTZ001 -- a wall time
    gives_up(world)
    assert asks(world) is None
    world.now = resolve(datetime(2026, 3, 3, 8, 0), NEW_YORK)  # noqa: DTZ001 -- a wall time
    assert offered(world).starts_local == NINE


def test_an_opening_that_has_become_useless_is_over():
    world = a_busy_world()
    somebody_waits(world)
    opening = gives_up(world)
    world.now = opening.until_at - timedelta(hours=2)
    assert asks(world) is None
    ended = now_is(world, Opening, opening.id)
    assert (ended.status, ended.outcome) == (OpeningStatus.ENDED, Outcome.TOO_LATE)
    with pytest.raises(Conflict, match=r"opening\.not-due"):
        world.run(CLINIC, offer_opening, OfferOpening(opening.id))


def test_an_offer_ends_before_it_is_too_late_to_come():
    world = a_busy_world()
    world.run(CLINIC, change_clinic, ChangeClinic(1, {"quiet_from": time(3), "quiet_until": time(4)}))
    somebody_waits(world)
    opening = gives_up(world)
    world.now = opening.from_at - timedelta(hours=2, minutes=10)
    assert offered(world).expires_at == opening.from_at - timedelta(hours=2)


# --- what is answered


def test_who_accepts_is_moved_there_and_leaves_a_place_to_others():
    world = a_busy_world()
    offer = an_offer(world)
    accepted = world.run(CLINIC, accept_offer, AcceptOffer(offer.id))
    series = now_is(world, Series, offer.series_id)
    assert (accepted.status, accepted.ended_at) == (OfferStatus.ACCEPTED, world.now)
    assert (series.session(1).starts_local, series.session(1).revision, series.offered) == (NINE, 1, None)
    assert now_is(world, Entry, offer.entry_id).status is EntryStatus.PLACED
    taken = now_is(world, Opening, offer.opening_id)
    assert (taken.status, taken.outcome) == (OpeningStatus.ENDED, Outcome.TAKEN)
    assert told(world) == [OfferMade, OfferAccepted]
    assert len(world.events(SessionMoved)) == 1
    assert asks(world) is None
    assert now_is(world, Opening, f"{series.id}.1.2").outcome is Outcome.NOBODY


def test_the_place_that_the_winner_leaves_is_offered_in_turn():
    world = a_busy_world()
    for patient in (2, 3):
        somebody_waits(world, patient)
    gives_up(world)
    first = offered(world)
    world.run(CLINIC, accept_offer, AcceptOffer(first.id))
    second = offered(world)
    assert (second.patient_id, second.opening_id) == ("patient-3", f"{first.series_id}.1.2")
    assert second.starts_local == datetime.combine(LATER, time(13))


@pytest.mark.parametrize(
    ("operation", "command", "event"),
    [(decline_offer, DeclineOffer, OfferDeclined), (expire_offer, ExpireOffer, OfferExpired)],
)
def test_who_does_not_take_it_waits_on_and_is_not_asked_again_about_this_place(
    operation: Callable[..., Any], command: type[Any], event: type
):
    world = a_busy_world()
    offer = an_offer(world)
    somebody_waits(world, 3)
    if event is OfferExpired:
        with pytest.raises(RuleBroken, match=r"offer\.not-due"):
            world.run(CLINIC, expire_offer, ExpireOffer(offer.id))
        world.now = offer.expires_at
    world.run(CLINIC, operation, command(offer.id))
    entry = now_is(world, Entry, offer.entry_id)
    assert (entry.status, entry.offer_id) == (EntryStatus.WAITING, None)
    assert now_is(world, Series, offer.series_id).offered is None
    next_one = offered(world)
    assert (next_one.patient_id, next_one.opening_id) == ("patient-3", offer.opening_id)
    world.run(CLINIC, decline_offer, DeclineOffer(next_one.id))
    assert asks(world) is None
    assert told(world) == [OfferMade, event, OfferMade, OfferDeclined]


@pytest.mark.parametrize(("operation", "command"), [(accept_offer, AcceptOffer), (decline_offer, DeclineOffer)])
def test_an_offer_is_answered_once_and_in_time(operation: Callable[..., Any], command: type[Any]):
    world = a_busy_world()
    offer = an_offer(world)
    early = world.now
    world.now = offer.expires_at
    with pytest.raises(Conflict, match=r"offer\.expired"):
        world.run(CLINIC, operation, command(offer.id))
    world.now = early
    world.run(CLINIC, operation, command(offer.id))
    for again in ((accept_offer, AcceptOffer), (decline_offer, DeclineOffer), (expire_offer, ExpireOffer)):
        with pytest.raises(Conflict, match=r"offer\.illegal-move"):
            world.run(CLINIC, again[0], again[1](offer.id))


def test_what_a_rule_forbids_by_now_is_not_accepted():
    world = a_busy_world()
    offer = an_offer(world)
    unit = world.unit(CLINIC)
    unit.exposures.put(now_is(world, Series, offer.series_id).person, Source.EXTERNAL, "patient-2", (FREED,))
    unit.commit()
    with pytest.raises(RuleBroken) as refusal:
        world.run(CLINIC, accept_offer, AcceptOffer(offer.id))
    assert "spacing.same-day" in {fault.code for fault in refusal.value.faults}
    assert told(world) == [OfferMade]


def test_a_dose_on_offer_counts_for_the_caps():
    world = a_busy_world()
    an_offer(world)
    with pytest.raises(RuleBroken) as refusal:
        booked(world, a_booster(2, "14:00", FREED))
    assert "spacing.same-day" in {fault.code for fault in refusal.value.faults}
