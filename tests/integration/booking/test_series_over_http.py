"""What a front desk meets: booking's HTTP door on a real database."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from shared.ids import new_id
from tests.integration.booking.booking_host import Desk
from tests.integration.booking.front_desk import HOURS, Clinic, faults
from tests.support.at_once import at_once
from tests.support.booking_builders import CASE_A, CLINIC, NOW


@pytest.fixture
def clinic(booking) -> Clinic:
    return Clinic(booking)


def test_six_sessions_are_booked_in_one_call(clinic):
    answer = clinic.book()
    series = answer.get_json()
    assert answer.status_code == 201, series
    assert answer.headers["ETag"] == '"1"'
    assert [session["starts_at"] for session in series["sessions"]][1:3] == [
        "2026-03-06T14:00:00+00:00",
        "2026-03-09T13:00:00+00:00",
    ]
    first = series["sessions"][0]
    assert (first["starts_local"], first["status"], first["revision"]) == ("2026-03-04T09:00", "booked", 0)
    assert first["arrives_at"] == "2026-03-04T13:45:00+00:00"
    assert [claim["kind"] for claim in first["claims"]] == ["chair", "nurse"]
    shown = clinic.desk.get(f"{clinic.path}/series/{series['id']}")
    assert shown.get_json() == series
    assert [event["type"] for event in clinic.booking.told()] == ["series.booked.v1"]


def test_the_same_booking_sent_twice_books_once(clinic):
    key = new_id()
    first, second = (clinic.book(**{"Idempotency-Key": key}) for _ in range(2))
    assert (first.status_code, first.get_json()) == (second.status_code, second.get_json())
    assert clinic.booking.database["series"].count_documents({}) == 1


def test_of_many_requests_for_the_same_sessions_exactly_one_succeeds(clinic):
    """Booking and answer are one commit, so this runs in a transaction, unlike the operation alone."""
    desks = clinic.booking.desks(12)
    bodies = [clinic.wish(patient_id=clinic.register()) for _ in desks]

    def post(desk: Desk, body: dict[str, Any]) -> int:
        desk.key = clinic.desk.key
        status: int = desk.post(f"{clinic.path}/series", body).status_code
        return status

    outcomes = at_once(*(partial(post, desk, body) for desk, body in zip(desks, bodies, strict=True)))
    assert sorted(outcomes) == [201] + [409] * (len(desks) - 1)
    assert clinic.booking.database["series"].count_documents({}) == 1


def test_a_taken_time_is_a_conflict_that_names_every_session(clinic):
    clinic.booked()
    clinic.patient_id = clinic.register()
    answer = clinic.book(clinic.wish("10:00"))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "series.slot-taken")
    assert {pointer for pointer, _ in faults(answer)} == {f"/sessions/{place}" for place in range(6)}


def test_broken_rules_come_all_at_once(clinic):
    body = clinic.wish()
    body["sessions"][0]["starts_local"] = "2026-02-27T09:00"
    body["sessions"][3]["starts_local"] = "2026-03-10T16:30"
    answer = clinic.book(body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "series.rules-broken")
    assert {
        ("/sessions/0", "session.in-past"),
        ("/sessions/3", "resource.closed"),
        ("/sessions/3", "spacing.too-soon"),
    } <= set(faults(answer))
    assert clinic.booking.database["series"].count_documents({}) == 0


def test_a_first_fit_is_found_and_the_next_one_goes_around_it(clinic):
    body = {key: value for key, value in clinic.wish().items() if key != "sessions"}
    body["first_fit"] = {"from_date": "2026-03-04", "time_of_day": "09:00"}
    first = clinic.book(body).get_json()
    assert [session["starts_local"] for session in first["sessions"]] == [f"{day}T09:00" for day in CASE_A]
    clinic.patient_id = clinic.register()
    second = clinic.book({**body, "patient_id": clinic.patient_id}).get_json()
    assert {session["starts_local"][11:] for session in second["sessions"]} == {"11:30"}


@pytest.mark.parametrize(
    "change",
    [
        {"sessions": []},
        {"first_fit": {}},
        {"sessions": [{"starts_local": "2026-03-04T09:00Z"}]},
        {"sessions": [{"starts_local": "2026-02-30T09:00"}]},
        {"sessions": [{"starts_local": "9999-12-31T23:59"}]},
        {"sessions": [{"local": "2026-03-04T09:00"}]},
        {"sessions": [], "first_fit": {"from_date": "9999-12-31"}},
        {"edition": "1"},
        {"protocol": "Mood"},
        {"condition": "sadness"},
        {"sesions": []},
    ],
    ids=str,
)
def test_a_request_that_cannot_be_read_is_refused(clinic, change):
    assert clinic.book({**clinic.wish(), **change}).status_code == 422


@pytest.mark.parametrize("change", [{"patient_id": "nobody"}, {"protocol": "nothing"}, {"edition": 9}], ids=str)
def test_what_a_booking_names_and_is_not_there_is_not_found(clinic, change):
    assert clinic.book({**clinic.wish(), **change}).status_code == 404


def test_moving_a_session_needs_the_version_and_raises_it(clinic):
    series = clinic.booked()
    path = f"{clinic.path}/series/{series['id']}/sessions/3"
    body = {"starts_local": "2026-03-09T14:30"}
    assert clinic.desk.patch(path, body, "").status_code == 428
    moved = clinic.desk.patch(path, body, '"1"')
    assert (moved.status_code, moved.headers["ETag"]) == (200, '"2"')
    third = moved.get_json()["sessions"][2]
    assert (third["starts_local"], third["revision"]) == ("2026-03-09T14:30", 1)
    assert clinic.desk.patch(path, body, '"1"').status_code == 412
    closed = clinic.desk.patch(path, {"starts_local": "2026-03-09T16:00"}, '"2"')
    assert (closed.status_code, set(faults(closed))) == (422, {("", "resource.closed")})


def test_the_day_goes_from_check_in_to_discharge(clinic):
    series = clinic.booked()
    assert clinic.act(series, 1, "start").status_code == 409
    assert (clinic.act(series, 1, "check-in").status_code, clinic.act(series, 1, "miss").status_code) == (422, 422)
    first = clinic.treat(series, 1)["sessions"][0]
    assert first["status"] == "fulfilled"
    assert first["arrived_at"] <= first["started_at"] <= first["discharged_at"]


def test_cancelling_and_missing_end_sessions_and_the_series(clinic):
    series = clinic.booked()
    cancelled = clinic.act(series, 2, "cancel", {"reason": "weather"}).get_json()
    assert (cancelled["sessions"][1]["status"], cancelled["sessions"][1]["reason"]) == ("cancelled", "weather")
    clinic.booking.go_to(NOW + timedelta(days=2, hours=23))
    assert clinic.act(series, 1, "miss").get_json()["sessions"][0]["reason"] == "no-show"
    ended = clinic.desk.post(f"{clinic.path}/series/{series['id']}/cancel", {"reason": "clinical"})
    assert ended.get_json()["status"] == "cancelled"
    again = clinic.desk.post(f"{clinic.path}/series/{series['id']}/cancel", {"reason": "clinical"})
    assert (again.status_code, again.get_json()["code"]) == (409, "series.closed")
    assert clinic.booking.database["series"].count_documents({"slots": {"$exists": True}}) == 0


@pytest.mark.parametrize("number", ["7", "0", "x", "-1", "99999999999999999999999"])
def test_a_session_that_is_not_there_is_not_found(clinic, number):
    series = clinic.booked()
    assert clinic.act(series, number, "check-in").status_code == 404


def test_the_days_list_and_the_patients_series(clinic):
    series = clinic.booked()
    days = {"from_date": "2026-03-04", "until_date": "2026-03-06"}
    items = clinic.desk.get(f"{clinic.path}/sessions", **days).get_json()["items"]
    assert [(item["series_id"], item["session"]["number"]) for item in items] == [(series["id"], 1), (series["id"], 2)]
    assert clinic.desk.get(f"{clinic.path}/sessions", **days, status="noshow").get_json()["items"] == []
    backward = {"from_date": "2026-03-06", "until_date": "2026-03-04"}
    assert clinic.desk.get(f"{clinic.path}/sessions", **backward).status_code == 422
    mine = clinic.desk.get(f"{clinic.path}/series", patient_id=clinic.patient_id).get_json()
    assert [one["id"] for one in mine["items"]] == [series["id"]]
    assert clinic.desk.get(f"{clinic.path}/series", status="completed").get_json()["items"] == []


def test_protocols_are_there_from_the_start_and_a_new_edition_counts_from_then_on(clinic):
    listed = clinic.desk.get(f"{clinic.path}/protocols", limit=200).get_json()["items"]
    assert len(listed) == 16
    old = clinic.booked()
    shown = clinic.desk.get(f"{clinic.path}/protocols/mood-iv-6x2w").get_json()
    regimen = {**shown["regimen"], "name": "Mood, our way", "rest_days": 3}
    published = clinic.desk.post(f"{clinic.path}/protocols", {"slug": "mood-iv-6x2w", "regimen": regimen})
    assert (published.status_code, published.get_json()["edition"]) == (201, 2)
    assert published.get_json()["regimen"] == regimen
    assert clinic.desk.get(f"{clinic.path}/protocols/mood-iv-6x2w", edition=1).get_json() == shown
    assert clinic.desk.get(f"{clinic.path}/series/{old['id']}").get_json()["edition"] == 1
    editions = clinic.desk.get(f"{clinic.path}/protocols", slug="mood-iv-6x2w").get_json()["items"]
    assert [one["edition"] for one in editions] == [1, 2]


def test_a_protocol_that_contradicts_itself_is_refused(clinic):
    regimen = clinic.desk.get(f"{clinic.path}/protocols/mood-iv-6x2w").get_json()["regimen"]
    regimen["phases"][0]["blocks"][1]["minutes"] = 17
    regimen["phases"][0]["per_seven_days"] = 7
    answer = clinic.desk.post(f"{clinic.path}/protocols", {"slug": "mood-iv-6x2w", "regimen": regimen})
    assert answer.status_code == 422
    assert {code for _, code in faults(answer)} == {"protocol.block-off-grid", "protocol.cap-inconsistent"}


def test_resources_are_changed_by_version(clinic):
    chair = clinic.desk.get(f"{clinic.path}/resources", kind="chair").get_json()["items"][0]
    path = f"{clinic.path}/resources/{chair['id']}"
    closed = clinic.desk.patch(path, {"closed_on": ["2026-03-09"], "hours": HOURS[:3]}, '"1"').get_json()
    assert (closed["closed_on"], closed["version"]) == (["2026-03-09"], 2)
    assert clinic.desk.get(path).get_json() == closed
    assert [fault for fault in faults(clinic.book()) if fault[1] == "resource.closed"] == [
        ("/sessions/1", "resource.closed"),
        ("/sessions/2", "resource.closed"),
        ("/sessions/4", "resource.closed"),
    ]
    backward = clinic.desk.patch(path, {"hours": [{**HOURS[0], "closes": "07:00"}]}, '"2"')
    assert faults(backward) == [("/hours/0", "resource.hours-backward")]


def test_another_clinics_things_are_not_found(clinic):
    series = clinic.booked()
    other = Clinic(clinic.booking)
    assert other.desk.get(f"{clinic.path}/series/{series['id']}").status_code == 404
    assert other.desk.get(f"{other.path}/series/{series['id']}").status_code == 404
    assert other.act(series, 1, "cancel", {"reason": "clinic"}).status_code == 404
    assert other.book(clinic.wish()).status_code == 404
    chair = clinic.desk.get(f"{clinic.path}/resources").get_json()["items"][0]["id"]
    body = other.wish()
    body["sessions"][0]["resource_ids"] = [chair]
    assert ("/sessions/0", "resource.unknown") in faults(other.book(body))
    assert CLINIC not in clinic.path
