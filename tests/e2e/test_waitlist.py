"""Journey 3: a session moves, its reminders follow, and the chair that it leaves goes to exactly one who waits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.e2e.practice import ONE, Practice, a_wish, open_practice, six_times
from tests.e2e.town import Town, eventually, ok, problem
from tests.e2e.world import by_day


@pytest.fixture
def own(town: Town) -> Practice:
    """A clinic with one chair and one nurse, in its office hours."""
    return open_practice(town)


def reminders(practice: Practice, series: dict[str, Any], number: int = 1) -> set[tuple[str, int]]:
    rows = practice.messages(about=f"series/{series['id']}/sessions/{number}")
    return {(row["status"], row["revision"]) for row in rows if row["kind"] == "reminder"}


def shown(practice: Practice, what: str, id: str) -> dict[str, Any]:
    found: dict[str, Any] = ok(practice.http.get(practice.at("booking", f"/{what}/{id}")))
    return found


def waiting(practice: Practice, at: datetime, priority: int) -> dict[str, Any]:
    """Somebody with one session who wants an earlier time; their series."""
    series = practice.book(practice.register()["id"], [at], ONE)
    entry = {"series_id": series["id"], "number": 1, "priority": priority}
    ok(practice.http.post(practice.at("booking", "/waitlist"), entry))
    return series


def an_offer(practice: Practice, **query: str) -> dict[str, Any]:
    offers = practice.at("booking", "/offers")
    found = eventually(lambda: ok(practice.http.get(offers, status="made", **query))["items"], "an offer")
    (offer,) = found
    made: dict[str, Any] = offer
    return made


def test_a_freed_chair_goes_in_rank_order_to_exactly_one(own):
    by_day(own)
    monday = own.soon()
    leaving = own.book(own.register()["id"], six_times(monday))
    last, first = (waiting(own, monday + timedelta(days=21 + days), 5 - days) for days in (0, 1))
    eventually(lambda: reminders(own, first) == {("queued", 0)}, "planning the reminders")

    third = own.at("booking", f"/series/{leaving['id']}/sessions/3")
    elsewhere = monday + timedelta(days=4, hours=4)
    moved = ok(own.http.patch(third, {"starts_local": f"{elsewhere:%Y-%m-%dT%H:%M}"}, leaving["version"]))
    assert [session["revision"] for session in moved["sessions"]] == [0, 0, 1, 0, 0, 0]

    declined = an_offer(own)
    freed = f"{monday + timedelta(days=4):%Y-%m-%dT%H:%M}"
    assert (declined["series_id"], declined["starts_local"]) == (first["id"], freed)
    taken = a_wish(own.register()["id"], [monday + timedelta(days=4)], ONE)
    problem(own.http.post(own.at("booking", "/series"), taken), 409, "series.slot-taken")
    ok(own.http.post(own.at("booking", f"/offers/{declined['id']}/decline")))

    offer = an_offer(own, series_id=last["id"])
    accept = own.at("booking", f"/offers/{offer['id']}/accept")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: own.http.post(accept), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    won = shown(own, "series", last["id"])["sessions"][0]
    assert (won["starts_local"], won["revision"], won["status"]) == (freed, 1, "booked")
    assert shown(own, "waitlist", offer["entry_id"])["status"] == "placed"
    eventually(lambda: ("queued", 1) in reminders(own, last), "planning the reminders anew")
    assert reminders(own, first) == {("queued", 0)}


def test_an_offer_that_nobody_answers_goes_on_to_the_next(own, town):
    by_day(own)
    monday = own.soon()
    leaving = own.book(own.register()["id"], [monday], ONE)
    last, first = (waiting(own, monday + timedelta(days=1 + days), 5 - days) for days in (0, 1))
    ok(own.http.post(own.at("booking", f"/series/{leaving['id']}/sessions/1/cancel"), {"reason": "patient"}))
    lapsing = an_offer(own, series_id=first["id"])
    town.move_to(datetime.fromisoformat(lapsing["expires_at"]))
    problem(own.http.post(own.at("booking", f"/offers/{lapsing['id']}/accept")), 409, "offer.expired")
    assert an_offer(own, series_id=last["id"])["starts_local"] == lapsing["starts_local"]
    assert shown(own, "offers", lapsing["id"])["status"] == "expired"


def test_a_hold_keeps_all_places_until_it_is_confirmed_or_over(own, town):
    starts = six_times(own.soon())
    holds = own.at("booking", "/holds")
    held = ok(own.http.post(holds, {**a_wish(own.register()["id"], starts), "minutes": 20}))
    other = a_wish(own.register()["id"], starts)
    problem(own.http.post(own.at("booking", "/series"), other), 409, "series.slot-taken")
    town.move_to(datetime.fromisoformat(held["held_until"]))
    problem(own.http.post(f"{holds}/{held['id']}/confirm"), 409, "hold.expired")
    eventually(lambda: shown(own, "holds", held["id"])["status"] == "lapsed", "giving the places back")
    again = ok(own.http.post(holds, other))
    booked = ok(own.http.post(f"{holds}/{again['id']}/confirm"))
    assert (booked["id"], booked["status"]) == (again["id"], "active")
    eventually(lambda: reminders(own, booked, 6) == {("queued", 0)}, "planning the reminders")
    assert own.messages(patient_id=held["patient_id"]) == []
