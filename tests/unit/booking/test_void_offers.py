"""An offer and an entry are void as soon as their session goes another way, whoever takes it there."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time

import pytest

from services.booking.domain.events import (
    OfferMade,
    OfferWithdrawn,
)
from services.booking.domain.series.offer import Offer, OfferStatus
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import CancelReason, SessionStatus
from services.booking.domain.waiting.opening import Opening
from services.booking.domain.waiting.waitlist import Entry, EntryStatus, Wishes
from services.booking.operations.moves import (
    MoveSession,
    PauseSeries,
    RebookSession,
    move_session,
    pause_series,
    rebook_session,
)
from services.booking.operations.series import (
    CancelSeries,
    CancelSession,
    cancel_series,
    cancel_session,
)
from services.booking.operations.waitlist import WithdrawEntry, withdraw_entry
from shared.errors import Conflict
from tests.support.booking_builders import CASE_A, CLINIC, a_booking, booked
from tests.support.booking_fakes import FakeBooking
from tests.support.booking_waiting import (
    FREED,
    NINE,
    a_booster,
    a_busy_world,
    an_offer,
    asks,
    gives_up,
    now_is,
    offered,
    somebody_waits,
    waits,
)


def told(world: FakeBooking) -> list[type]:
    """The kinds of events about offers, in the order of telling."""
    return [type(event) for event in world.events() if type(event).__name__.startswith("Offer")]


def second_series(world: FakeBooking) -> Series:
    return next(series for series in world.all(Series) if series.patient_id == "patient-2")


def cancels(world: FakeBooking, series: Series) -> None:
    world.run(CLINIC, cancel_session, CancelSession(series.id, 1, CancelReason.PATIENT))


def cancels_all(world: FakeBooking, series: Series) -> None:
    world.run(CLINIC, cancel_series, CancelSeries(series.id, CancelReason.PATIENT))


def pauses(world: FakeBooking, series: Series) -> None:
    world.run(CLINIC, pause_series, PauseSeries(series.id, CancelReason.CLINICAL))


def moves(world: FakeBooking, series: Series) -> None:
    to = datetime.combine(date(2026, 3, 20), time(9))
    world.run(CLINIC, move_session, MoveSession(series.id, 1, series.version, to))


@pytest.mark.parametrize("goes_another_way", [cancels, cancels_all, pauses, moves])
def test_whoever_goes_another_way_loses_offer_and_entry_in_the_same_commit(
    goes_another_way: Callable[[FakeBooking, Series], None],
):
    world = a_busy_world()
    offer = an_offer(world)
    goes_another_way(world, second_series(world))
    assert now_is(world, Offer, offer.id).status is OfferStatus.WITHDRAWN
    assert now_is(world, Entry, offer.entry_id).status is EntryStatus.WITHDRAWN
    series = second_series(world)
    assert (series.offered, told(world)) == (None, [OfferMade, OfferWithdrawn])
    assert NINE.date() not in series.dose_dates
    booked(world, a_booster(3, "09:00", FREED))


def test_a_series_that_has_gone_another_way_keeps_no_place_even_where_nobody_saw_to_it():
    world = a_busy_world()
    an_offer(world)
    series = second_series(world)
    kept = series.slots
    changed, _ = series.cancel(1, reason=CancelReason.PATIENT, at=world.now)
    assert changed.offered is not None
    assert (changed.slots, changed.dose_dates) == (frozenset(), ())
    assert len(kept) > 0


def test_who_waits_no_longer_is_not_asked_any_more():
    world = a_busy_world()
    offer = an_offer(world)
    world.run(CLINIC, withdraw_entry, WithdrawEntry(offer.entry_id))
    assert now_is(world, Offer, offer.id).status is OfferStatus.WITHDRAWN
    assert second_series(world).offered is None
    assert second_series(world).session(1).status is SessionStatus.BOOKED
    with pytest.raises(Conflict, match=r"waitlist\.illegal-move"):
        world.run(CLINIC, withdraw_entry, WithdrawEntry(offer.entry_id))


def test_the_next_is_asked_when_an_offer_is_withdrawn():
    world = a_busy_world()
    offer = an_offer(world)
    somebody_waits(world, 3)
    cancels(world, second_series(world))
    assert (offered(world).patient_id, len(world.events(OfferMade))) == ("patient-3", 2)
    assert now_is(world, Opening, offer.opening_id).passed == (offer.entry_id, *_entries_of(world, "patient-3"))


def _entries_of(world: FakeBooking, patient_id: str) -> list[str]:
    return [entry.id for entry in world.all(Entry) if entry.patient_id == patient_id]


def test_another_session_of_the_series_may_take_the_place_on_offer():
    world = a_busy_world()
    series = booked(world, a_booking(patient_id="patient-2", at="13:00"))
    entry = waits(world, series, 3, wishes=Wishes(only_earlier=False, earliest=CASE_A[3], latest=CASE_A[3]))
    world.run(CLINIC, cancel_session, CancelSession(series.id, 4, CancelReason.PATIENT))
    offer = offered(world)
    assert (offer.number, offer.starts_local) == (3, datetime.combine(CASE_A[3], time(13)))
    world.run(CLINIC, rebook_session, RebookSession(series.id, 4, offer.starts_local))
    assert now_is(world, Offer, offer.id).status is OfferStatus.WITHDRAWN
    assert second_series(world).session(4).starts_local == offer.starts_local
    assert now_is(world, Entry, entry.id).is_free


def test_who_has_gone_while_joining_is_found_by_the_next_offer():
    world = a_busy_world()
    entry = somebody_waits(world)
    gives_up(world)
    unit = world.unit(CLINIC)
    unit.waitlist.save(replace(now_is(world, Entry, entry.id), position=replace(entry.position, revision=7)))
    unit.commit()
    assert asks(world) is None
    assert now_is(world, Entry, entry.id).status is EntryStatus.WITHDRAWN
