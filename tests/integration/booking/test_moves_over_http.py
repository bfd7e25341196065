"""Sessions that get another place, as the front desk, a clinician and the job see it, on a real database."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.booking.jobs.table import DUE
from tests.integration.booking.booking_host import Desk, ThisBooking
from tests.integration.booking.front_desk import Clinic, faults

CARRY_ON = next(work for work in DUE if work.name == "carry-on")
LATE = {"code": "spacing.too-late", "reason": "reviewed on the phone; mood stable"}


@pytest.fixture
def clinic(booking: ThisBooking) -> Clinic:
    return Clinic(booking)


@pytest.fixture
def front_desk(clinic: Clinic) -> Desk:
    """Somebody at the desk who is no clinician."""
    issued = clinic.desk.post(f"{clinic.path}/access-keys", {"label": "desk", "scopes": ["front_desk"]}).get_json()
    desk = clinic.booking.desks()[0]
    desk.key = issued["key"]
    return desk


def move(clinic: Clinic, series: dict[str, Any], number: int, wall: str, desk: Desk | None = None, **body: Any) -> Any:
    path = f"{clinic.path}/series/{series['id']}/sessions/{number}"
    return (desk or clinic.desk).patch(path, {"starts_local": wall, **body}, f'"{series["version"]}"')


def ask(clinic: Clinic, series: dict[str, Any], what: str, body: Any) -> Any:
    return clinic.desk.post(f"{clinic.path}/series/{series['id']}/{what}", body)


def dates(series: dict[str, Any]) -> list[str]:
    return [session["starts_local"][5:10] for session in series["sessions"]]


def test_a_refused_move_proposes_a_re_plan_that_is_carried_out_when_it_is_sent(clinic):
    series = clinic.booked()
    refused = move(clinic, series, 3, "2026-03-11T09:00")
    assert refused.status_code == 422
    proposal = refused.get_json()["errors"][-1]
    assert proposal["code"] == "series.replan-proposed"
    assert clinic.desk.get(f"{clinic.path}/series/{series['id']}").get_json() == series
    done = ask(clinic, series, "moves", {"sessions": proposal["context"]["sessions"]})
    assert done.status_code == 200, done.get_json()
    assert dates(done.get_json()) == ["03-04", "03-06", "03-11", "03-13", "03-16", "03-18"]
    assert [event["type"] for event in clinic.booking.told()][1:] == ["session.moved.v1"] * 4


def test_a_taken_time_comes_with_the_nearest_that_are_free(clinic):
    clinic.booked()
    other = clinic.register()
    refused = clinic.book({**clinic.wish(), "patient_id": other})
    assert refused.status_code == 409
    first = refused.get_json()["errors"][0]
    assert first["context"]["from_local"] == "2026-03-04T09:00"
    assert first["context"]["until_local"] == "2026-03-04T11:25"
    free = [first["context"]["alternatives"][0], *(f"{day}T13:00" for day in ("2026-03-06", "2026-03-09"))]
    rest = [f"2026-03-{day}T13:00" for day in (11, 13, 16)]
    booked = clinic.book(
        {**clinic.wish(), "patient_id": other, "sessions": [{"starts_local": wall} for wall in [*free, *rest]]}
    )
    assert booked.status_code == 201, booked.get_json()
    assert clinic.patient_id not in refused.get_data(as_text=True)


def test_only_a_clinician_sets_a_rule_aside_and_it_is_kept_who_when_and_why(clinic, front_desk):
    series = clinic.booked()
    assert ("", "spacing.too-late") in faults(move(clinic, series, 6, "2026-03-23T09:00"))
    by_the_desk = move(clinic, series, 6, "2026-03-23T09:00", front_desk, overrides=[LATE])
    assert (by_the_desk.status_code, by_the_desk.get_json()["code"]) == (403, "scope-missing")
    changed = move(clinic, series, 6, "2026-03-23T09:00", overrides=[LATE])
    assert changed.status_code == 200, changed.get_json()
    (kept,) = changed.get_json()["overrides"]
    assert {name: kept[name] for name in LATE} == LATE
    assert kept["numbers"] == [5, 6]
    stored = clinic.booking.database["series"].find_one({"_id": series["id"]})
    assert stored is not None
    assert LATE["reason"] not in repr(stored)
    assert kept["by"] in {row["_id"] for row in clinic.booking.database["access_keys"].find()}


def test_a_rule_that_is_not_broken_is_not_set_aside(clinic):
    series = clinic.booked()
    assert faults(move(clinic, series, 6, "2026-03-17T09:00", overrides=[LATE])) == [
        ("/overrides/0/code", "override.not-needed")
    ]


def test_a_rest_frees_the_chair_and_going_on_gives_it_back(clinic):
    series = clinic.booked()
    paused = ask(clinic, series, "pause", {"reason": "patient"}).get_json()
    assert (paused["status"], {session["status"] for session in paused["sessions"]}) == ("paused", {"proposed"})
    stored = clinic.booking.database["series"].find_one({"_id": series["id"]})
    assert stored is not None
    assert "slots" not in stored
    resumed = ask(clinic, series, "resume", {}).get_json()
    assert (resumed["status"], dates(resumed)) == ("active", dates(series))
    types = [event["type"] for event in clinic.booking.told()]
    assert types[-7:] == ["session.moved.v1"] * 6 + ["series.resumed.v1"]
    assert types[1:8] == ["session.cancelled.v1"] * 6 + ["series.paused.v1"]


@pytest.mark.parametrize(
    "step", [{}, {"days": 1, "by_one_place": True}, {"days": 1, "starts_local": "2026-03-09T09:00"}]
)
def test_a_shift_says_one_step(clinic, step):
    series = clinic.booked()
    refused = ask(clinic, series, "shift", {"from_number": 3, **step})
    assert refused.status_code == 422
    assert faults(refused) == [("/days", "invalid")]


def test_whoever_does_not_come_has_missed_the_session_and_the_rest_moves_by_one_place(clinic):
    series = clinic.booked()
    for number in (1, 2):
        clinic.treat(series, number)
    clinic.booking.go_to(datetime.fromisoformat(series["sessions"][2]["starts_at"]) + timedelta(minutes=29))
    assert CARRY_ON.run(clinic.booking.host) == 0
    clinic.booking.go_to(datetime.fromisoformat(series["sessions"][2]["starts_at"]) + timedelta(minutes=30))
    assert CARRY_ON.run(clinic.booking.host) == 1
    assert CARRY_ON.run(clinic.booking.host) == 0
    shifted = ask(clinic, series, "shift", {"from_number": 3, "by_one_place": True})
    assert shifted.status_code == 200, shifted.get_json()
    answer = shifted.get_json()
    assert dates(answer) == ["03-04", "03-06", "03-11", "03-13", "03-16", "03-18"]
    assert answer["progress"] == {"done": 2, "of": 6, "talks_done": 0, "talks_of": 0}
    assert [note["code"] for note in answer["notes"]] == ["spacing.late"]
    assert answer["sessions"][2]["history"][0]["status"] == "noshow"


def test_a_tick_with_nothing_due_reads_no_series(clinic):
    clinic.booked()
    due = CARRY_ON.due(clinic.booking.host.clock())
    plan = clinic.booking.database["series"].find(due).sort("next_at").explain()
    assert plan["executionStats"]["totalDocsExamined"] == 0
