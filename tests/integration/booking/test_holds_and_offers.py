"""Holds, offers and every other way to a place, on the real database: one wins, and nothing is kept by mistake."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

import pytest

from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.offer import Offer
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import CancelReason
from services.booking.jobs.table import DUE
from services.booking.operations.holds import (
    ConfirmHold,
    ExpireHold,
    HoldSeries,
    ReleaseHold,
    confirm_hold,
    expire_hold,
    hold_series,
    release_hold,
)
from services.booking.operations.moves import MoveSession, move_session
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
from services.booking.operations.series import BookSeries, CancelSession, book_series, cancel_session
from services.booking.operations.waitlist import JoinWaitlist, WithdrawEntry, join_waitlist, withdraw_entry
from shared.errors import Conflict, Refused
from tests.integration.booking.booking_host import ThisBooking
from tests.support.at_once import at_once
from tests.support.booking_builders import CASE_A, CLINIC, PATIENT, a_booking, wishes
from tests.support.booking_waiting import FREED, LATER, a_booster

RIVALS = 32


def run(booking: ThisBooking, operation: Callable[[Any, Any], Any], command: Any) -> Callable[[], Any]:
    return partial(booking.run, CLINIC, operation, command)


def slots(booking: ThisBooking) -> Counter[str]:
    return Counter(slot for row in booking.database["series"].find() for slot in row.get("slots", ()))


def told(booking: ThisBooking, kind: str) -> list[str]:
    return [event["type"] for event in booking.told(kind)]


def statuses(booking: ThisBooking, kind: str) -> list[str]:
    return sorted(row["status"] for row in booking.database[kind].find())


def works(booking: ThisBooking, name: str) -> int:
    return next(work for work in DUE if work.name == name).run(booking.host)


# --- holds


def a_hold(booking: ThisBooking) -> Series:
    booking.open()
    series: Series = booking.run(CLINIC, hold_series, HoldSeries(PATIENT, "mood-iv-6x2w", sessions=wishes(CASE_A)))
    return series


def test_of_many_who_confirm_one_hold_one_books_it(booking):
    hold = a_hold(booking)
    outcomes = at_once(*[run(booking, confirm_hold, ConfirmHold(hold.id))] * RIVALS)
    assert sum(isinstance(outcome, Series) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == RIVALS - 1, outcomes
    assert told(booking, "series") == ["series.booked.v1"]
    assert statuses(booking, "series") == ["active"]


def test_a_hold_is_confirmed_given_back_or_over_and_only_one_of_them(booking):
    hold = a_hold(booking)
    ways: list[tuple[Any, Any]] = [(confirm_hold, ConfirmHold), (release_hold, ReleaseHold)]
    outcomes = at_once(*[run(booking, operation, command(hold.id)) for operation, command in ways * 8])
    assert sum(isinstance(outcome, Series) for outcome in outcomes) == 1, outcomes
    confirmed = statuses(booking, "series") == ["active"]
    assert told(booking, "series") == ["series.booked.v1"] * confirmed
    assert bool(slots(booking)) is confirmed


def test_a_hold_ends_by_itself_and_is_refused_before_that_has_been_noted(booking):
    hold = a_hold(booking)
    assert works(booking, "expire-holds") == 0
    assert hold.held_until is not None
    booking.go_to(hold.held_until)
    with pytest.raises(Conflict, match=r"hold\.expired"):
        booking.run(CLINIC, confirm_hold, ConfirmHold(hold.id))
    assert works(booking, "expire-holds") == 1
    assert works(booking, "expire-holds") == 0
    assert (statuses(booking, "series"), slots(booking), booking.told()) == (["lapsed"], Counter(), [])
    (exposure,) = booking.database["exposures"].find()
    assert exposure["shares"] == []
    with pytest.raises(Conflict):
        booking.run(CLINIC, expire_hold, ExpireHold(hold.id))


# --- offers


def wait(booking: ThisBooking, *patients: int) -> None:
    """One chair; the first patient had it at nine and gave it up, the others wait for an earlier place."""
    first = booking.run(CLINIC, book_series, a_booster(1, "09:00", FREED))
    for patient in patients:
        series = booking.run(CLINIC, book_series, a_booster(patient, on=LATER + timedelta(days=patient - 2)))
        booking.run(CLINIC, join_waitlist, JoinWaitlist(series.id, 1))
    booking.run(CLINIC, cancel_session, CancelSession(first.id, 1, CancelReason.PATIENT))


def an_offer(booking: ThisBooking) -> Any:
    works(booking, "offer-openings")
    return booking.database["offers"].find_one({"status": "made"})


def test_of_many_who_look_for_somebody_one_makes_the_offer(booking):
    booking.open(patients=4)
    wait(booking, 2, 3, 4)
    (opening,) = booking.database["openings"].find()
    outcomes = at_once(*[run(booking, offer_opening, OfferOpening(opening["_id"]))] * 16)
    assert sum(not isinstance(outcome, Refused) for outcome in outcomes) == 1, outcomes
    assert told(booking, "offers") == ["offer.made.v1"]
    assert [row["patient_id"] for row in booking.database["offers"].find()] == ["patient-2"]


@pytest.mark.parametrize("lapses", [False, True], ids=["in time", "too late"])
def test_of_many_answers_to_one_offer_one_counts(booking, lapses):
    booking.open()
    wait(booking, 2)
    offer = an_offer(booking)
    answers: list[tuple[Any, Any]] = [
        (accept_offer, AcceptOffer),
        (decline_offer, DeclineOffer),
        (expire_offer, ExpireOffer),
    ]
    ways = [run(booking, operation, command(offer["_id"])) for operation, command in answers]
    ways.append(run(booking, withdraw_entry, WithdrawEntry(offer["entry_id"])))
    if lapses:
        booking.go_to(offer["expires_at"])
    outcomes = at_once(*ways * (RIVALS // len(ways)))
    assert sum(isinstance(outcome, Offer) for outcome in outcomes) <= 1, outcomes
    assert all(isinstance(outcome, Refused) for outcome in outcomes if isinstance(outcome, Exception)), outcomes
    made, ended = told(booking, "offers")
    assert made == "offer.made.v1"
    (entry,) = booking.database["waitlist"].find()
    accepted = ended == "offer.accepted.v1"
    assert not (accepted and lapses)
    assert entry["offer_id"] is None
    # Who has declined may have withdrawn afterwards.
    assert entry["status"] in ({"placed"} if accepted else {"waiting", "withdrawn"})
    assert told(booking, "series").count("session.moved.v1") == accepted
    assert [row["offered"] for row in booking.database["series"].find()] == [None, None]
    assert max(slots(booking).values()) == 1


def test_a_session_that_is_cancelled_and_moved_by_an_offer_at_once_ends_cancelled(booking):
    booking.open()
    wait(booking, 2)
    offer = an_offer(booking)
    at_once(
        run(booking, accept_offer, AcceptOffer(offer["_id"])),
        run(booking, cancel_session, CancelSession(offer["series_id"], 1, CancelReason.PATIENT)),
    )
    assert told(booking, "offers")[1] in {"offer.accepted.v1", "offer.withdrawn.v1"}
    assert told(booking, "series")[-1] == "session.cancelled.v1"
    assert slots(booking) == Counter()
    assert [row["offered"] for row in booking.database["series"].find()] == [None, None]


def test_the_jobs_go_from_one_to_the_next_until_somebody_takes_it(booking):
    booking.open(patients=4)
    wait(booking, 2, 3, 4)
    first = an_offer(booking)
    assert works(booking, "expire-offers") == 0
    booking.go_to(first["expires_at"])
    assert works(booking, "expire-offers") == 1
    second = an_offer(booking)
    booking.run(CLINIC, accept_offer, AcceptOffer(second["_id"]))
    third = an_offer(booking)
    asked = [(one["patient_id"], one["opening_id"]) for one in (first, second, third)]
    # The place that patient 3 has left is too late for patient 2, and earlier than that of patient 4.
    assert [patient for patient, _ in asked] == ["patient-2", "patient-3", "patient-4"]
    assert len(set(asked)) == 3


# --- every way to a place goes through the same index


def create(booking: ThisBooking) -> Callable[[], Any]:
    return run(booking, book_series, a_booster(2, "09:00", FREED))


def hold(booking: ThisBooking) -> Callable[[], Any]:
    return run(booking, hold_series, HoldSeries(**vars(a_booster(2, "09:00", FREED))))


def move(booking: ThisBooking) -> Callable[[], Any]:
    series = booking.run(CLINIC, book_series, a_booster(2))
    return run(booking, move_session, MoveSession(series.id, 1, 1, datetime.combine(FREED, time(9))))


def offer(booking: ThisBooking) -> Callable[[], Any]:
    wait(booking, 2)
    (opening,) = booking.database["openings"].find()

    def ask() -> Any:
        ended = booking.run(CLINIC, offer_opening, OfferOpening(opening["_id"]))
        if ended.offer_id is None:
            raise Conflict("offer.nobody", "Nobody could be asked.")
        return ended

    return ask


def rival(protocol: str, wall: str, *names: str) -> BookSeries:
    condition = Condition.CHRONIC_PAIN if protocol.startswith("pain") else Condition.PTSD
    return a_booking(
        patient_id="patient-3", protocol=protocol, condition=condition, sessions=wishes([FREED], wall, *names)
    )


RIVAL = {
    "the same": (rival("booster-single", "09:00"), 1),
    "the same in the other order": (rival("booster-single", "09:00", "nurse-1", "chair-1"), 1),
    "a part of it": (rival("booster-single", "10:00"), 1),
    "its last five minutes": (rival("booster-single", "11:20"), 1),
    "all around it": (rival("pain-iv-single", "08:00"), 1),
    "just behind it": (rival("booster-single", "11:25"), 2),
}


@pytest.mark.parametrize("way", [create, hold, move, offer])
@pytest.mark.parametrize("case", RIVAL)
def test_two_get_places_that_overlap_on_no_way(booking, way, case):
    booking.open(patients=3)
    wanted = way(booking)
    command, winners = RIVAL[case]
    outcomes = at_once(wanted, run(booking, book_series, command))
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 2 - winners, outcomes
    assert all(isinstance(outcome, Conflict) for outcome in refused), outcomes
    assert max(slots(booking).values()) == 1
