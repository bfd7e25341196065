"""Booking over HTTP, and what the other services make of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deploy.local.waiting import wait_until
from tests.e2e.practice import ONE, Practice, a_wish, block, open_practice, six_times
from tests.e2e.town import Town, codes, eventually, next_clock_change, next_weekday, ok, problem

NEW_YORK = "America/New_York"


@pytest.fixture
def own(town: Town) -> Practice:
    """A clinic with one chair and one nurse, with nothing booked."""
    return open_practice(town)


def series_of(practice: Practice, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ok(practice.http.get(practice.at("booking", "/series"), **query))["items"]
    return items


def reminders(practice: Practice, series: dict[str, Any], number: int) -> list[tuple[str, str, int]]:
    about = f"series/{series['id']}/sessions/{number}"
    rows = practice.messages(about=about)
    return sorted((row["offset"], row["status"], row["revision"]) for row in rows if row["kind"] == "reminder")


def office_hours(town: Town, zone: str) -> datetime:
    """Now, or the next morning when nobody may be rung up now."""
    wall = town.clock().astimezone(ZoneInfo(zone))
    if 9 <= wall.hour < 20:
        return wall
    return wall.replace(hour=9, minute=0) + timedelta(days=wall.hour >= 20)


def planned_reminders(practice: Practice, series: dict[str, Any]) -> list[dict[str, Any]]:
    def all_planned() -> list[dict[str, Any]]:
        rows = [row for row in practice.messages(patient_id=series["patient_id"]) if row["kind"] == "reminder"]
        return rows if len(rows) == 3 * len(series["sessions"]) else []

    return eventually(all_planned, "planning the reminders")


def test_a_series_at_explicit_times_is_booked_as_wished(own):
    starts = six_times(own.soon(hour=10, minute=5))
    series = own.book(own.register()["id"], starts)
    assert [session["starts_local"] for session in series["sessions"]] == [f"{at:%Y-%m-%dT%H:%M}" for at in starts]
    expected = [at.replace(tzinfo=ZoneInfo(own.zone)) for at in starts]
    assert [datetime.fromisoformat(session["starts_at"]) for session in series["sessions"]] == expected
    assert ok(own.http.get(own.at("booking", f"/series/{series['id']}")))["sessions"] == series["sessions"]


def test_session_four_blocked_books_nothing_and_says_which(own):
    starts = six_times(own.soon())
    own.book(own.register()["id"], [starts[3]], ONE)
    newcomer = own.register()
    answer = own.http.post(own.at("booking", "/series"), a_wish(newcomer["id"], starts))
    refused = problem(answer, 409, "series.slot-taken")
    assert {fault["pointer"] for fault in refused["errors"]} == {"/sessions/3"}
    assert {fault["context"]["kind"] for fault in refused["errors"]} == {"chair", "nurse"}
    assert series_of(own, patient_id=newcomer["id"]) == []
    own.book(newcomer["id"], [*starts[:3], starts[3] + timedelta(hours=4), *starts[4:]])


def test_a_closed_day_in_the_middle_books_nothing(own):
    starts = six_times(own.soon())
    block(own, own.resources["chair"][0], starts[3].date())
    patient = own.register()
    refused = problem(own.http.post(own.at("booking", "/series"), a_wish(patient["id"], starts)), 422)
    assert [(fault["code"], fault["pointer"]) for fault in refused["errors"]] == [("resource.closed", "/sessions/3")]
    assert series_of(own) == []


def test_neither_chair_nor_patient_is_in_two_places(own):
    patient, at = own.register(), own.soon()
    own.book(patient["id"], [at], ONE)
    series = own.at("booking", "/series")
    other = own.register()
    problem(own.http.post(series, a_wish(other["id"], [at + timedelta(minutes=60)], ONE)), 409, "series.slot-taken")
    refused = problem(own.http.post(series, a_wish(patient["id"], [at], ONE)), 422)
    assert {"series.slot-taken", "series.patient-busy", "spacing.same-day"} <= codes(refused)
    assert len(series_of(own)) == 1


def test_of_equal_bookings_at_once_one_wins(own):
    at = own.soon()
    wishes = [a_wish(own.register()["id"], [at], ONE) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda wish: own.http.post(own.at("booking", "/series"), wish), wishes))
    assert sorted(answer.status_code for answer in answers) == [201, *([409] * 7)]
    assert len(series_of(own)) == 1


def test_a_move_is_followed_in_notify(own, town):
    town.move_to(office_hours(town, own.zone))
    series = own.book(own.register()["id"], six_times(own.soon()))
    planned_reminders(own, series)
    later = datetime.fromisoformat(series["sessions"][2]["starts_local"]) + timedelta(hours=3)
    session = own.at("booking", f"/series/{series['id']}/sessions/3")
    moved = ok(own.http.patch(session, {"starts_local": f"{later:%Y-%m-%dT%H:%M}"}, series["version"]))
    assert len(moved["sessions"]) == 6
    assert moved["sessions"][2]["starts_local"] == f"{later:%Y-%m-%dT%H:%M}"
    anew = [(offset, *state) for offset in ("P1D", "P3D", "PT2H") for state in (("cancelled", 0), ("queued", 1))]
    eventually(lambda: reminders(own, series, 3) == anew, "planning the reminders anew")
    untouched = [
        number for number in (1, 2, 4, 5, 6) if {row[1] for row in reminders(own, series, number)} != {"queued"}
    ]
    assert untouched == []
    town.move_to(town.clock() + timedelta(minutes=2))

    def notice() -> list[dict[str, Any]]:
        rows = own.messages(about=f"series/{series['id']}/sessions/3")
        return [row for row in rows if (row["kind"], row["status"]) == ("change-notice", "sent")]

    (told,) = eventually(notice, "telling the patient")
    assert f"{later:%H:%M}" in told["text"] or f"{later:%-I:%M}" in told["text"]


def test_a_cancelled_session_and_a_cancelled_series_end_their_reminders(own):
    series = own.book(own.register()["id"], six_times(own.soon()))
    planned_reminders(own, series)
    path = own.at("booking", f"/series/{series['id']}")
    ok(own.http.post(f"{path}/sessions/2/cancel", {"reason": "patient"}))
    eventually(lambda: {row[1] for row in reminders(own, series, 2)} == {"cancelled"}, "cancelling the reminders")
    assert {row[1] for row in reminders(own, series, 1)} == {"queued"}
    ended = ok(own.http.post(f"{path}/cancel", {"reason": "clinic"}))
    assert {session["status"] for session in ended["sessions"]} == {"cancelled"}

    def waiting() -> set[str]:
        rows = own.messages(patient_id=series["patient_id"])
        return {row["status"] for row in rows if row["kind"] == "reminder"}

    assert wait_until(lambda: waiting() == {"cancelled"}, 15), waiting()
    # What was held is free again.
    own.book(own.register()["id"], six_times(own.soon()))


def test_a_series_over_the_night_of_the_clock_change_keeps_its_wall_time(own, town):
    before, _ = next_clock_change(NEW_YORK, town.clock() + timedelta(days=10), forward=True)
    town.move_near(before.replace(tzinfo=ZoneInfo(NEW_YORK)))
    monday = next_weekday(before.date() - timedelta(days=6), 0)
    starts = six_times(datetime(monday.year, monday.month, monday.day, 9))  # noqa: DTZ001 -- a wall time
    series = own.book(own.register()["id"], starts)
    assert {session["starts_local"][-5:] for session in series["sessions"]} == {"09:00"}
    hours = [datetime.fromisoformat(session["starts_at"]).hour for session in series["sessions"]]
    assert hours == [14, 14, 14, 13, 13, 13]
    planned_reminders(own, series)
    day_before = [
        row
        for row in own.messages(patient_id=series["patient_id"])
        if (row["kind"], row["offset"]) == ("reminder", "P1D")
    ]
    at_home = sorted(datetime.fromisoformat(row["due_at"]).astimezone(ZoneInfo(NEW_YORK)) for row in day_before)
    assert [f"{at:%H:%M}" for at in at_home] == ["09:00"] * 6


def test_a_wall_time_that_does_not_exist_is_refused_by_name(own, town):
    gap, _ = next_clock_change(NEW_YORK, town.clock() + timedelta(days=10), forward=True)
    lost = gap + timedelta(minutes=30)
    answer = own.http.post(own.at("booking", "/series"), a_wish(own.register()["id"], [lost], ONE))
    refused = problem(answer, 422)
    assert [fault["pointer"] for fault in refused["errors"]] == ["/sessions/0"]
    assert f"{lost:%H:%M}" in refused["errors"][0]["detail"]
    assert "clock" in refused["errors"][0]["detail"].lower()
    assert series_of(own) == []


def test_the_half_hour_change_of_lord_howe(town):
    island = open_practice(town, zone="Australia/Lord_Howe", country="AU", phone="+61 2 6563 2000", chairs=2, nurses=2)
    series, after = island.at("booking", "/series"), town.clock() + timedelta(days=10)
    gap, _ = next_clock_change(island.zone, after, forward=True)
    lost = a_wish(island.register()["id"], [gap + timedelta(minutes=10)], ONE)
    assert len(problem(island.http.post(series, lost), 422)["errors"]) == 1
    # The half hour before the clock goes back comes twice; `second` asks for the later one.
    _, again = next_clock_change(island.zone, after, forward=False)
    town.move_near(again.replace(tzinfo=ZoneInfo(island.zone)))
    starts = []
    for second in (False, True):
        wish = a_wish(island.register()["id"], [again + timedelta(minutes=5)], ONE)
        wish["sessions"][0]["second"] = second
        starts.append(datetime.fromisoformat(ok(island.http.post(series, wish))["sessions"][0]["starts_at"]))
    assert starts[1] - starts[0] == timedelta(minutes=30)
