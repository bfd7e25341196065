"""What the desk sees of its calendar, over HTTP: the day, a patient's time line, how resources are used, what to do."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.practice import ONE, Practice, open_practice, six_times
from tests.e2e.town import Town, ok, problem
from tests.e2e.world import leave_task


@pytest.fixture(scope="module")
def practice(town: Town) -> Practice:
    """A clinic in Berlin with two chairs and two nurses."""
    return open_practice(town, zone="Europe/Berlin", chairs=2, nurses=2)


@pytest.fixture
def empty_practice(town: Town) -> Practice:
    """The same where nobody has anything yet."""
    return open_practice(town, zone="Europe/Berlin", chairs=2, nurses=2)


@pytest.fixture
def series(practice: Practice) -> dict[str, Any]:
    """Ahead, wherever the clock stands by now."""
    return practice.book(practice.register()["id"])


def pages(practice: Practice, rest: str, limit: int, **query: Any) -> list[list[Any]]:
    """The items of each page."""
    found: list[list[Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = ok(practice.http.get(practice.at("booking", rest), limit=limit, **query, **cursor))
        found.append(page["items"])
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def all_of(practice: Practice, rest: str, **query: Any) -> list[Any]:
    (items,) = pages(practice, rest, 200, **query)
    return items


def day_of(session: dict[str, Any]) -> str:
    return str(session["starts_local"][:10])


def test_the_day_sheet_shows_who_has_what_and_what_is_free(practice, series):
    session = series["sessions"][0]
    columns = {one["resource_id"]: one for one in all_of(practice, "/day-sheet", on=day_of(session))}
    assert columns.keys() == {id for ids in practice.resources.values() for id in ids}
    for claim in session["claims"]:
        column = columns[claim["resource_id"]]
        (entry,) = (one for one in column["sessions"] if one["series_id"] == series["id"])
        assert (entry["number"], entry["patient_id"], entry["status"]) == (1, series["patient_id"], "booked")
        assert any(block["from_at"] <= claim["from_at"] < block["until_at"] for block in entry["blocks"])
        assert all(
            free["until_at"] <= claim["from_at"] or free["from_at"] >= claim["until_at"] for free in column["free"]
        )
        assert column["open"][0]["from_at"] == column["free"][0]["from_at"]
    empty = [one for one in columns.values() if not one["sessions"]]
    assert all(one["free"] == [{"place": 0, **one["open"][0]}] for one in empty)


def test_the_day_sheet_comes_in_pages_and_by_kind(practice, series):
    on = day_of(series["sessions"][0])
    assert [len(page) for page in pages(practice, "/day-sheet", 3, on=on)] == [3, 2]
    assert {one["kind"] for one in all_of(practice, "/day-sheet", on=on, kind="nurse")} == {"nurse"}


def test_a_day_is_as_long_as_its_clocks_make_it(practice):
    for on, hours in (("2027-03-28", 23), ("2027-10-31", 25), ("2027-06-01", 24)):
        (opened,) = all_of(practice, "/day-sheet", on=on)[0]["open"]
        length = datetime.fromisoformat(opened["until_at"]) - datetime.fromisoformat(opened["from_at"])
        assert length == timedelta(hours=hours, minutes=-1)


def test_a_hold_is_on_the_sheet_as_reserved(empty_practice):
    start = empty_practice.soon(18) + timedelta(days=1)
    body = {"patient_id": empty_practice.register()["id"], "protocol": ONE, "condition": "ptsd"}
    held = ok(
        empty_practice.http.post(
            empty_practice.at("booking", "/holds"), {**body, "sessions": [{"starts_local": f"{start:%Y-%m-%dT%H:%M}"}]}
        )
    )
    columns = all_of(empty_practice, "/day-sheet", on=f"{start:%Y-%m-%d}", kind="chair")
    marks = {entry["series_id"]: entry["marks"] for column in columns for entry in column["sessions"]}
    assert marks == {held["id"]: ["reserved"]}
    ok(empty_practice.http.post(empty_practice.at("booking", f"/holds/{held['id']}/release")))
    columns = all_of(empty_practice, "/day-sheet", on=f"{start:%Y-%m-%d}", kind="chair")
    assert [column["sessions"] for column in columns] == [[], []]


def test_who_has_not_confirmed_is_marked_and_who_is_at_risk(town, practice):
    start = practice.soon(7) + timedelta(days=14)
    booked = practice.book(practice.register()["id"], [start], ONE)
    chair = next(claim["resource_id"] for claim in booked["sessions"][0]["claims"] if claim["kind"] == "chair")

    def marks() -> list[str]:
        columns = all_of(practice, "/day-sheet", on=f"{start:%Y-%m-%d}", kind="chair")
        (found,) = (
            one["marks"] for column in columns for one in column["sessions"] if one["series_id"] == booked["id"]
        )
        return sorted(found)

    assert marks() == []
    town.move_to(datetime.fromisoformat(booked["sessions"][0]["starts_at"]) - timedelta(hours=29))
    assert marks() == ["unconfirmed"]
    path = practice.at("booking", f"/resources/{chair}")
    resource = ok(practice.http.get(path))
    ok(practice.http.patch(path, {"closed_on": [f"{start:%Y-%m-%d}"], "decision": "keep"}, resource["version"]))
    assert marks() == ["at-risk", "unconfirmed"]


def test_the_time_line_keeps_every_place_that_a_session_had(empty_practice):
    patient = empty_practice.register()
    booked = empty_practice.book(patient["id"], six_times(empty_practice.soon(13)))
    path = empty_practice.at("booking", f"/series/{booked['id']}/sessions/6")
    ok(empty_practice.http.post(f"{path}/cancel", {"reason": "weather"}))
    later = datetime.fromisoformat(booked["sessions"][5]["starts_local"]) + timedelta(hours=1)
    ok(empty_practice.http.post(f"{path}/rebook", {"starts_local": f"{later:%Y-%m-%dT%H:%M}"}))
    line = f"/patients/{patient['id']}/timeline"
    items = [item for page in pages(empty_practice, line, 4) for item in page]
    assert [item["session"]["number"] for item in items] == [1, 2, 3, 4, 5, 6]
    assert [former["status"] for former in items[5]["history"]] == ["cancelled"]
    assert items[5]["history"][0]["reason"] == "weather"
    assert items[5]["session"]["starts_local"] == f"{later:%Y-%m-%dT%H:%M}"


def test_utilisation_counts_what_is_taken(practice, series):
    first = date.fromisoformat(day_of(series["sessions"][0]))
    query = {"from_date": str(first), "until_date": str(first + timedelta(days=13))}
    chairs = [item for page in pages(practice, "/utilisation", 1, kind="chair", **query) for item in page]
    assert [len(one["days"]) for one in chairs] == [14, 14]
    assert sum(one["total"]["taken_minutes"] for one in chairs) >= 6 * 145
    assert sum(one["total"]["turnover_minutes"] for one in chairs) * 145 == 15 * sum(
        one["total"]["taken_minutes"] for one in chairs
    )
    kinds = {
        one["kind"]: one
        for one in ok(practice.http.get(practice.at("booking", "/utilisation/kinds"), **query))["items"]
    }
    assert kinds["chair"]["resources"] == 2
    assert kinds["chair"]["use"]["taken_minutes"] == sum(one["total"]["taken_minutes"] for one in chairs)
    assert 0 < kinds["chair"]["use"]["share"] < 1


def test_the_days_list_comes_in_pages(practice, series):
    days = sorted({day_of(session) for session in series["sessions"]})
    rows = [row for page in pages(practice, "/sessions", 2, from_date=days[0], until_date=days[-1]) for row in page]
    mine = [row["session"]["number"] for row in rows if row["series_id"] == series["id"]]
    assert mine == [1, 2, 3, 4, 5, 6]
    assert [row["session"]["starts_at"] for row in rows] == sorted(row["session"]["starts_at"] for row in rows)


def test_a_task_is_seen_to_once(practice):
    patient_id = practice.register()["id"]
    task_id = leave_task(practice, patient_id)
    (task,) = all_of(practice, "/tasks", patient_id=patient_id, status="requested", kind="change-requested")
    assert (task["id"], task["closed_by"]) == (task_id, None)
    done = ok(practice.http.post(practice.at("booking", f"/tasks/{task_id}/complete"), {"note": "moved to Friday"}))
    assert (done["status"], done["note"], bool(done["closed_by"])) == ("completed", "moved to Friday", True)
    again = practice.http.post(practice.at("booking", f"/tasks/{task_id}/cancel"), {})
    assert problem(again, 409, "task.illegal-move")["errors"][0]["context"] == {"status": "completed"}
    assert all_of(practice, "/tasks", patient_id=patient_id, status="requested") == []
