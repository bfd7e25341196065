"""Resources and holidays as the front desk changes them, on a real database: what is booked is never moved silently."""

from typing import Any

import pytest

from tests.integration.booking.front_desk import HOURS, Clinic
from tests.support.booking_builders import CASE_A

WEDNESDAY, FRIDAY = (day.isoformat() for day in CASE_A[:2])
NURSE = {
    "kind": "nurse",
    "name": "Robin",
    "hours": HOURS,
    "closed_on": [],
    "special_days": [{"on": FRIDAY, "opens": "10:00", "closes": "12:00"}],
    "absences": [{"from_local": "2026-03-09T00:00", "until_local": "2026-03-11T12:00", "reason": "training"}],
    "skills": [{"code": "acls", "until": "2026-12-31"}, {"code": "iv-access", "until": None}],
    "capacity": 2,
}


@pytest.fixture
def clinic(booking):
    return Clinic(booking)


def resource(clinic: Clinic, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = clinic.desk.get(f"{clinic.path}/resources", kind=kind).get_json()["items"][0]
    return found


def change(clinic: Clinic, thing: dict[str, Any], **body: Any) -> Any:
    return clinic.desk.patch(f"{clinic.path}/resources/{thing['id']}", body, f'"{thing["version"]}"')


def test_a_nurse_is_kept_with_hours_skills_absences_and_capacity(clinic):
    added = clinic.desk.post(f"{clinic.path}/resources", NURSE)
    assert added.status_code == 201, added.get_json()
    nurse = added.get_json()
    assert {name: nurse[name] for name in NURSE} == NURSE
    away = [{"from_local": "2026-04-01T08:00", "until_local": "2026-04-02T08:00", "reason": "vacation"}]
    changed = change(clinic, nurse, absences=away, skills=[]).get_json()
    assert (changed["absences"], changed["skills"], changed["capacity"]) == (away, [], 2)
    assert clinic.desk.get(f"{clinic.path}/resources/{nurse['id']}").get_json() == changed


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"capacity": 0}, "/capacity"),
        ({"capacity": 51}, "/capacity"),
        ({"skills": [{"code": "Advanced Life Support"}]}, "/skills/0/code"),
        (
            {"absences": [{"from_local": "2026-03-09T00:00Z", "until_local": "x", "reason": "ill"}]},
            "/absences/0/reason",
        ),
        ({"special_days": [{"on": FRIDAY, "opens": "12:00", "closes": "10:00"}]}, "/special_days/0"),
    ],
)
def test_a_resource_that_cannot_be_is_refused(clinic, body: dict[str, Any], pointer: str):
    answer = clinic.desk.post(f"{clinic.path}/resources", {**NURSE, **body})
    assert answer.status_code in {400, 422}
    assert pointer in {fault["pointer"] for fault in answer.get_json()["errors"]}


def test_capacity_is_not_changed(clinic):
    assert change(clinic, resource(clinic, "nurse"), capacity=3).status_code in {400, 422}


def test_a_change_that_hits_sessions_is_refused_with_each_of_them_until_somebody_decides(clinic):
    series = clinic.booked()
    chair = resource(clinic, "chair")
    refused = change(clinic, chair, closed_on=[WEDNESDAY, FRIDAY])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "resource.hits-sessions")
    assert [fault["context"] for fault in refused.get_json()["errors"]] == [
        {
            "series_id": series["id"],
            "number": number,
            "starts_local": f"{day}T09:00",
            "reasons": ["resource.closed"],
        }
        for number, day in ((1, WEDNESDAY), (2, FRIDAY))
    ]
    assert resource(clinic, "chair") == chair
    kept = change(clinic, chair, closed_on=[WEDNESDAY, FRIDAY], decision="keep")
    assert (kept.status_code, kept.get_json()["closed_on"]) == (200, [WEDNESDAY, FRIDAY])
    assert clinic.desk.get(f"{clinic.path}/series/{series['id']}").get_json() == series


def test_sessions_are_reassigned_all_or_none(clinic):
    series, chair = clinic.booked(), resource(clinic, "chair")
    refused = change(clinic, chair, is_active=False, decision="reassign")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "resource.no-other")
    assert len(refused.get_json()["errors"]) == 6
    other = clinic.desk.post(f"{clinic.path}/resources", {"kind": "chair", "name": "Other", "hours": HOURS}).get_json()
    told = len(clinic.booking.told())
    assert change(clinic, chair, is_active=False, decision="reassign").status_code == 200
    now = clinic.desk.get(f"{clinic.path}/series/{series['id']}").get_json()
    chairs = [claim["resource_id"] for one in now["sessions"] for claim in one["claims"] if claim["kind"] == "chair"]
    assert chairs == [other["id"]] * 6
    assert [one["starts_at"] for one in now["sessions"]] == [one["starts_at"] for one in series["sessions"]]
    assert len(clinic.booking.told()) == told


def test_a_holiday_that_hits_sessions_is_refused_until_somebody_decides(clinic):
    clinic.booked()
    shown = clinic.desk.get(clinic.path).get_json()
    etag = f'"{shown["version"]}"'
    refused = clinic.desk.patch(clinic.path, {"holidays": [FRIDAY]}, etag)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "resource.hits-sessions")
    assert [fault["context"]["number"] for fault in refused.get_json()["errors"]] == [2]
    assert clinic.desk.patch(clinic.path, {"holidays": [FRIDAY], "decision": "reassign"}, etag).status_code in {
        400,
        422,
    }
    kept = clinic.desk.patch(clinic.path, {"holidays": [FRIDAY], "decision": "keep"}, etag)
    assert (kept.status_code, kept.get_json()["holidays"]) == (200, [FRIDAY])


def test_nothing_is_booked_on_a_holiday(clinic):
    shown = clinic.desk.get(clinic.path).get_json()
    assert clinic.desk.patch(clinic.path, {"holidays": [FRIDAY]}, f'"{shown["version"]}"').status_code == 200
    answer = clinic.book()
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.get_json()["errors"]] == [
        ("/sessions/1", "clinic.closed")
    ]


def test_needs_say_how_many_patients_one_person_attends_to_and_with_which_skills(clinic):
    regimen = clinic.desk.get(f"{clinic.path}/protocols/mood-iv-6x2w").get_json()["regimen"]
    blocks = {block["name"]: block for block in regimen["phases"][0]["blocks"]}
    assert blocks["recovery"]["needs"][1] == {"kind": "nurse", "per": 2, "skills": []}
    blocks["infusion"]["needs"][1]["skills"] = ["acls"]
    published = clinic.desk.post(f"{clinic.path}/protocols", {"slug": "mood-iv-6x2w", "regimen": regimen})
    assert published.status_code == 201, published.get_json()
    refused = clinic.book()
    assert {fault["code"] for fault in refused.get_json()["errors"]} == {"resource.unskilled"}
    nurse = resource(clinic, "nurse")
    assert change(clinic, nurse, skills=[{"code": "acls", "until": CASE_A[-1].isoformat()}]).status_code == 200
    assert clinic.book().status_code == 201
    hit = change(clinic, resource(clinic, "nurse"), skills=[{"code": "acls", "until": CASE_A[4].isoformat()}])
    assert [fault["context"]["number"] for fault in hit.get_json()["errors"]] == [6]


def test_a_clinic_joins_with_all_protocols(clinic):
    listed = clinic.desk.get(f"{clinic.path}/protocols", limit=50).get_json()["items"]
    assert len(listed) == 16
    assert {one["edition"] for one in listed} == {1}
