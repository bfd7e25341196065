"""A clinic in which every kind of thing exists, so that every route has something to speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tests.e2e.described import A_REGIMEN
from tests.e2e.practice import NOBODY, ONE, Practice, a_wish
from tests.e2e.town import eventually, ok

UNKNOWN: Final[Mapping[str, str]] = {
    "patient_id": NOBODY,
    "series_id": NOBODY,
    "resource_id": NOBODY,
    "key_id": NOBODY,
    "check_in_id": NOBODY,
    "slug": "nobody-published-this",
    "number": "1",
    "event_id": NOBODY,
    "record_id": NOBODY,
}
"""Names of things that nobody has."""


@dataclass(frozen=True)
class Peopled:
    """A practice and the names of what is in it, by the name of the path parameter."""

    practice: Practice
    ids: Mapping[str, str]
    series_version: int


def booked_for_now(practice: Practice, patient_id: str) -> dict[str, Any]:
    """A series of one session that begins within minutes; the clock stands at its start afterwards."""
    series: dict[str, Any] = ok(practice.http.post(practice.at("booking", "/series"), _now(patient_id)))
    start = datetime.fromisoformat(series["sessions"][0]["starts_at"])
    practice.town.move_to(start + timedelta(seconds=1))
    return series


def _now(patient_id: str) -> dict[str, Any]:
    return {**a_wish(patient_id, [], ONE), "first_fit": {}}


def move(practice: Practice, series: Mapping[str, Any], step: str) -> dict[str, Any]:
    """Check in, start or discharge the only session."""
    path = practice.at("booking", f"/series/{series['id']}/sessions/1/{step}")
    changed: dict[str, Any] = ok(practice.http.post(path))
    return changed


def open_check_in(practice: Practice, patient_id: str) -> dict[str, Any]:
    """A treated patient's check-in a day later, open for answers."""
    series = booked_for_now(practice, patient_id)
    for step in ("check-in", "start", "discharge"):
        move(practice, series, step)
    path = practice.at("followup", f"/patients/{patient_id}/check-ins")

    def mine(*statuses: str) -> dict[str, Any]:
        answer = practice.http.get(path)
        found = answer.json()["items"] if answer.ok else []
        of_series = (one for one in found if one["series_id"] == series["id"] and one["status"] in statuses)
        return next(of_series, {})

    planned = eventually(lambda: mine("scheduled", "open"), "planning a check-in")
    practice.town.move_to(datetime.fromisoformat(planned["due_at"]) + timedelta(seconds=1))
    return eventually(lambda: mine("open"), "opening the check-in")


def people(practice: Practice, **patient: Any) -> Peopled:
    """Put one of everything into a practice; `patient` are the details of its patient."""
    known = practice.register(**patient)
    check_in = open_check_in(practice, known["id"])
    # Another patient's, so that it keeps its distance from no treatment.
    series = practice.book(practice.register()["id"], [practice.soon()], ONE)
    slug = f"only-{practice.id[-12:]}"
    ok(practice.http.post(practice.at("booking", "/protocols"), {"slug": slug, "regimen": A_REGIMEN}))
    ids = {
        "patient_id": known["id"],
        "series_id": series["id"],
        "resource_id": practice.resources["chair"][0],
        "key_id": practice.issue_key("front_desk")["access_key"]["id"],
        "check_in_id": check_in["id"],
        "slug": slug,
        "number": "1",
    }
    return Peopled(practice, ids, series["version"])
