"""What a patient answers keeps the next dose from beginning, until a clinician has looked at it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import requests

from tests.e2e.described import HIGH_RISK
from tests.e2e.practice import Practice
from tests.e2e.town import Http, codes, eventually, ok, problem

pytestmark = pytest.mark.timeout(300)

DAYS: Final = (0, 2, 4, 9, 11, 13)
"""Of the six sessions: the fourth is eight days behind what is answered on the day after the first."""


def act(practice: Practice, series: Mapping[str, Any], number: int, step: str, body: Any = None) -> requests.Response:
    path = practice.at("booking", f"/series/{series['id']}/sessions/{number}/{step}")
    return practice.http.post(path, body)


def go_to(practice: Practice, series: Mapping[str, Any], number: int) -> None:
    practice.town.move_to(datetime.fromisoformat(series["sessions"][number - 1]["starts_at"]))


def treat(practice: Practice, series: Mapping[str, Any], number: int) -> None:
    go_to(practice, series, number)
    practice.treat(series, number)


def asked_the_day_after(practice: Practice, patient_id: str) -> str:
    """The open check-in of the day after; its id."""
    path = practice.at("followup", f"/patients/{patient_id}/check-ins")

    def day_after(status: str) -> dict[str, Any]:
        found = ok(practice.http.get(path))["items"] if practice.http.get(path).ok else []
        return next((one for one in found if (one["kind"], one["status"]) == ("24h", status)), {})

    due_at = eventually(lambda: day_after("scheduled"), "planning the day after")["due_at"]
    practice.town.move_to(datetime.fromisoformat(due_at) + timedelta(seconds=1))
    return str(eventually(lambda: day_after("open"), "asking on the day after")["id"])


def clinical_holds(practice: Practice, patient_id: str) -> list[tuple[str, str | None]]:
    """The tasks about them: where each stands, and what was noted when it was closed."""
    query = {"kind": "clinical-hold", "patient_id": patient_id}
    items = ok(practice.http.get(practice.at("booking", "/tasks"), **query))["items"]
    return [(one["status"], one["note"]) for one in items]


def test_a_high_risk_holds_the_next_session_and_a_clinician_releases_it(practice: Practice) -> None:
    patient_id = practice.register()["id"]
    series = practice.book(patient_id, [practice.soon() + timedelta(days=days) for days in DAYS])
    treat(practice, series, 1)
    check_in = asked_the_day_after(practice, patient_id)
    entered = practice.at("followup", f"/check-ins/{check_in}/answers")
    ok(practice.http.post(entered, {"answers": HIGH_RISK, "entered_by": "Nurse Ames"}))

    clearance = practice.at("booking", f"/patients/{patient_id}/clearance")
    held = eventually(lambda: (seen := ok(practice.http.get(clearance)))["is_held"] and seen, "holding the treatment")
    (hold,) = held["holds"]
    assert (hold["trigger"], hold["tier"], hold["release"]) == ("suicide-risk-high", 1, None)
    assert clinical_holds(practice, patient_id) == [("requested", None)]

    go_to(practice, series, 2)
    refused = problem(act(practice, series, 2, "check-in"), 409, "session.on-hold")
    assert codes(refused) == {"clinical-hold.stands"}

    release = practice.at("booking", f"/patients/{patient_id}/clinical-holds/{hold['id']}/release")
    desk = Http(practice.town.url, practice.issue_key("front_desk", "admin")["key"])
    problem(desk.post(release, {"reason": "so says the patient"}), 403)
    released = ok(practice.http.post(release, {"reason": "seen, safe, wants to go on"}))
    assert (released["is_held"], released["holds"][0]["release"]["reason"]) == (False, "seen, safe, wants to go on")
    assert clinical_holds(practice, patient_id) == [("completed", "seen, safe, wants to go on")]
    treat(practice, series, 2)

    # The course is re-evaluated after the third, and the answers are eight days old.
    treat(practice, series, 3)
    go_to(practice, series, 4)
    refused = problem(act(practice, series, 4, "check-in"), 409, "session.on-hold")
    assert codes(refused) == {"re-evaluation.no-measure"}
    ok(act(practice, series, 4, "release", {"reason": "assessed in person today"}))
    treat(practice, series, 4)
