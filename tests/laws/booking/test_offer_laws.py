"""In any order of cancelling, asking, answering, expiring and withdrawing the promises of the waitlist are kept."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.booking.domain.events import OfferMade
from services.booking.domain.series.offer import Offer, OfferStatus
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import CancelReason, SessionStatus
from services.booking.domain.waiting.opening import Opening, OpeningStatus
from services.booking.domain.waiting.waitlist import Entry, EntryStatus, Wishes
from services.booking.operations.moves import MoveSession, PauseSeries, move_session, pause_series
from services.booking.operations.offers import (
    AcceptOffer,
    DeclineOffer,
    ExpireOffer,
    OfferOpening,
    accept_offer,
    decline_offer,
    expire_offer,
    offer_opening,
)
from services.booking.operations.series import CancelSession, cancel_session
from services.booking.operations.waitlist import JoinWaitlist, WithdrawEntry, join_waitlist, withdraw_entry
from shared.errors import Refused
from tests.support.booking_builders import CLINIC, booked
from tests.support.booking_waiting import LATER, a_booster, a_busy_world, first_series, waits

ANY = st.integers(0, 1000)
SELDOM = 100
DAYS = timedelta(days=1)


class Waiting(RuleBasedStateMachine):
    """One clinic with one chair; four who have sessions later, and one who gives up six places early."""

    def __init__(self) -> None:
        super().__init__()
        self.world = a_busy_world(5)
        for patient in range(2, 6):
            series = booked(self.world, a_booster(patient, on=LATER + (patient - 2) * DAYS))
            waits(self.world, series)

    def one_of(self, kind: type, which: int) -> Any:
        rows = self.world.all(kind)
        return rows[which % len(rows)] if rows else None

    def an_offer(self, which: int) -> Offer | None:
        """An open one, as a rule; at times one that is over."""
        rows = [offer for offer in self.world.all(Offer) if offer.is_open or which < SELDOM]
        return rows[which % len(rows)] if rows else None

    def attempt(self, operation: Any, command: Any) -> None:
        with suppress(Refused):
            self.world.run(CLINIC, operation, command)

    @rule(which=ANY, priority=st.integers(1, 9), wishes=st.builds(Wishes, only_earlier=st.booleans()))
    def join(self, which: int, priority: int, wishes: Wishes) -> None:
        self.attempt(join_waitlist, JoinWaitlist(self.one_of(Series, which).id, 1, wishes, priority))

    @rule(number=st.integers(1, 6))
    def give_up(self, number: int) -> None:
        self.attempt(cancel_session, CancelSession(first_series(self.world).id, number, CancelReason.PATIENT))

    @rule(which=ANY, how=st.sampled_from(("cancel", "move", "pause")), days=st.integers(-3, 3))
    def go_another_way(self, which: int, how: str, days: int) -> None:
        series = self.one_of(Series, which)
        to = series.sessions[0].starts_local + days * DAYS
        if how == "cancel":
            self.attempt(cancel_session, CancelSession(series.id, 1, CancelReason.PATIENT))
        elif how == "move":
            self.attempt(move_session, MoveSession(series.id, 1, series.version, to))
        else:
            self.attempt(pause_series, PauseSeries(series.id, CancelReason.CLINICAL))

    @rule()
    def ask(self) -> None:
        for opening in self.world.all(Opening):
            self.attempt(offer_opening, OfferOpening(opening.id))

    @rule(which=ANY, accepted=st.sampled_from((True, True, False)))
    def answer(self, which: int, accepted: object) -> None:
        self.ask()  # the job has run when somebody answers
        if offer := self.an_offer(which):
            operation, command = (accept_offer, AcceptOffer) if accepted else (decline_offer, DeclineOffer)
            self.attempt(operation, command(offer.id))

    @rule(minutes=st.integers(1, 60))
    def pass_time(self, minutes: int) -> None:
        self.world.pass_time(minutes=minutes)
        for offer in self.world.all(Offer):
            self.attempt(expire_offer, ExpireOffer(offer.id))

    @rule(which=ANY)
    def withdraw(self, which: int) -> None:
        if entry := self.one_of(Entry, which):
            self.attempt(withdraw_entry, WithdrawEntry(entry.id))

    # --- what is true at every moment

    @invariant()
    def each_place_is_held_once(self) -> None:
        slots = Counter(slot for series in self.world.all(Series) for slot in series.slots)
        assert not [slot for slot, count in slots.items() if count > 1]

    @invariant()
    def open_offers_openings_entries_and_kept_places_belong_together(self) -> None:
        open_offers = {offer.id: offer for offer in self.world.all(Offer) if offer.is_open}
        openings = {one.offer_id: one.id for one in self.world.all(Opening) if one.status is OpeningStatus.OFFERED}
        entries = {entry.offer_id: entry.id for entry in self.world.all(Entry) if entry.offer_id}
        kept = {one.offered.offer_id: one.id for one in self.world.all(Series) if one.offered}
        assert openings == {id: offer.opening_id for id, offer in open_offers.items()}
        assert entries == {id: offer.entry_id for id, offer in open_offers.items()}
        assert kept == {id: offer.series_id for id, offer in open_offers.items()}
        assert all(series.offer_stands for series in self.world.all(Series) if series.offered)

    @invariant()
    def an_entry_is_placed_exactly_when_an_offer_to_it_was_accepted(self) -> None:
        accepted = Counter(one.entry_id for one in self.world.all(Offer) if one.status is OfferStatus.ACCEPTED)
        placed = {entry.id for entry in self.world.all(Entry) if entry.status is EntryStatus.PLACED}
        assert set(accepted) == placed
        assert all(count == 1 for count in accepted.values())

    @invariant()
    def who_waits_waits_for_a_session_that_is_still_there(self) -> None:
        series = {one.id: one for one in self.world.all(Series)}
        waiting = [entry for entry in self.world.all(Entry) if entry.status is EntryStatus.WAITING]
        assert all(series[entry.series_id].stands(entry.position) for entry in waiting)
        assert len({(entry.series_id, entry.number) for entry in waiting}) == len(waiting)

    @invariant()
    def nobody_is_asked_twice_about_one_opening(self) -> None:
        asked = Counter((offer.opening_id, offer.entry_id) for offer in self.world.all(Offer))
        assert all(count == 1 for count in asked.values())
        assert len(self.world.all(Offer)) == len(self.world.events(OfferMade))

    @invariant()
    def a_session_without_a_place_keeps_none(self) -> None:
        for series in self.world.all(Series):
            live = frozenset().union(*(one.slots for one in series.live))
            extra = series.offered.session.slots if series.offered else frozenset()
            assert series.slots == live | extra
            assert series.status is SeriesStatus.ACTIVE or not extra
            assert all(one.status is not SessionStatus.PENDING for one in series.sessions)


Waiting.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestWaiting = Waiting.TestCase
