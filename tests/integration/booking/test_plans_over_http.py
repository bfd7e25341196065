"""Plans over HTTP on a real database: found, booked by sending them back, gone around afterwards; bad input refused."""

from typing import Any

import pytest

from services.booking.domain.calendar.slots import runs_of
from tests.integration.booking.booking_host import Desk, ThisBooking
from tests.support.booking_builders import CLINIC, PATIENT

PLANS = f"/clinics/{CLINIC}/plans"
SIX = {"patient_id": PATIENT, "protocol": "mood-iv-6x2w", "from_date": "2026-03-04", "until_date": "2026-03-06"}
AT_NINE = {"times": [{"from_time": "09:00", "until_time": "09:15"}]}


@pytest.fixture
def desk(booking: ThisBooking) -> Desk:
    booking.open()
    (desk,) = booking.desks()
    issued = desk.post(f"/clinics/{CLINIC}/access-keys", {"label": "desk", "scopes": ["front_desk"]})
    desk.key = issued.get_json()["key"]
    return desk


def find(desk: Desk, **changes: Any) -> Any:
    answer = desk.post(PLANS, {**SIX, **changes}, **{"Idempotency-Key": ""})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def everything(booking: ThisBooking) -> dict[str, list[Any]]:
    """All that is kept, but for what the door itself keeps about keys."""
    names = (name for name in booking.database.list_collection_names() if not name.startswith("system."))
    return {name: list(booking.database[name].find()) for name in names}


def test_a_plan_is_booked_by_sending_it_back_and_gone_around_by_the_next_one(desk):
    best, *_ = find(desk, wishes=AT_NINE)["plans"]
    assert [session["starts_local"][:10] for session in best["sessions"]][:3] == [
        "2026-03-04",
        "2026-03-06",
        "2026-03-09",
    ]
    assert best["cost"]["total"] == sum(value for name, value in best["cost"].items() if name != "total")
    assert [row["number"] for row in best["timeline"]] == [1, 2, 3, 4, 5, 6]
    body = {"patient_id": PATIENT, "protocol": SIX["protocol"], "sessions": best["sessions"]}
    booked = desk.post(f"/clinics/{CLINIC}/series", body)
    assert booked.status_code == 201, booked.get_data(as_text=True)
    assert [row["starts_at"] for row in booked.get_json()["sessions"]] == [row["starts_at"] for row in best["timeline"]]
    after = find(desk, patient_id="patient-2", wishes=AT_NINE)
    assert after["plans"] == []
    assert after["reasons"][0]["relaxation"]["plan"]["sessions"]


def test_asking_keeps_nothing(booking, desk):
    before = everything(booking)
    find(desk)
    desk.post(PLANS, {**SIX, "until_date": "2036-01-01"})
    assert everything(booking) == before


def test_the_short_form_of_the_slots_is_kept_beside_them(booking, desk):
    best, *_ = find(desk)["plans"]
    desk.post(
        f"/clinics/{CLINIC}/series", {"patient_id": PATIENT, "protocol": SIX["protocol"], "sessions": best["sessions"]}
    )
    (series,) = booking.database["series"].find()
    assert series["runs"] == runs_of(series["slots"])
    path = f"/clinics/{CLINIC}/series/{series['_id']}/cancel"
    assert desk.post(path, {"reason": "patient"}).status_code == 200
    (series,) = booking.database["series"].find()
    assert "runs" not in series


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"from_date": "2026-03-09"}, 422),
        ({"until_date": "2036-03-04"}, 422),
        ({"from_date": "9999-12-31"}, 422),
        ({"from_date": "tomorrow"}, 422),
        ({"wishes": {"weekdays": ["MO"] * 10_000}}, 422),
        ({"wishes": {"times": [{"from_time": "09:00"}] * 10_000}}, 422),
        ({"wishes": {"resource_ids": [f"nurse-{number}" for number in range(10_000)]}}, 422),
        ({"wishes": {"resource_ids": ["nobody"]}}, 422),
        ({"wishes": {"times": [{"from_time": "17:00", "until_time": "09:00"}]}}, 422),
        ({"wishes": {"times": [{"from_time": "25:00"}]}}, 422),
        ({"wishes": {"bendable": ["spacing"]}}, 422),
        ({"wishes": {"colour": "blue"}}, 422),
        ({"fixed": [{"number": 1, "starts_local": "2026-03-04T09:00+01:00"}]}, 422),
        ({"fixed": [{"number": 1, "starts_local": "2026-03-08T02:30"}]}, 422),
        ({"fixed": [{"number": 0, "starts_local": "2026-03-04T09:00"}]}, 422),
        ({"fixed": [{"number": 1, "starts_local": "2026-03-04T09:00"}] * 61}, 422),
        ({"patient_id": "nobody"}, 404),
        ({"protocol": "nothing"}, 404),
        ({"edition": 99}, 404),
        ({"patient_id": "x" * 65}, 422),
    ],
)
def test_bad_input_is_refused(desk, changes, status):
    answer = desk.post(PLANS, {**SIX, **changes})
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
