"""One dose on its day over HTTP, step by step: everybody who works at the clinic has a key of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import requests

from deploy.local.treatment_day import Dose, answers_of
from tests.e2e.described import A_REGIMEN
from tests.e2e.practice import Practice, a_wish
from tests.e2e.town import Http, ok

ANY_DAY: Final = "one-dose-any-day"
"""One dose of forty minutes, which no rest and no other dose keeps away."""


@dataclass(frozen=True)
class Staff:
    """A front desk, a nurse, a clinician and a psychiatrist of one practice."""

    practice: Practice
    desk: Http
    nurse: Http
    clinician: Http
    psychiatrist: Http

    def at(self, rest: str) -> str:
        return self.practice.at("booking", rest)

    def tasks(self, kind: str, patient_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ok(self.desk.get(self.at("/tasks"), kind=kind, patient_id=patient_id))["items"]
        return found

    def book(self, patient_id: str, *starts: datetime, protocol: str = ANY_DAY) -> "Visit":
        """The first session of a series at these wall times."""
        return Visit(self, ok(self.desk.post(self.at("/series"), a_wish(patient_id, starts, protocol))))


def staffed(practice: Practice) -> Staff:
    """Give everybody their key, and publish `ANY_DAY`."""
    (phase,) = A_REGIMEN["phases"]
    regimen = {**A_REGIMEN, "phases": [{**phase, "sessions": 1, "min_days": 1, "per_seven_days": 7}]}
    ok(practice.http.post(practice.at("booking", "/protocols"), {"slug": ANY_DAY, "regimen": regimen}))

    def somebody(*scopes: str) -> Http:
        key = practice.issue_key(*scopes)["key"]
        practice.wait_known(key)
        return Http(practice.town.url, key)

    everybody = (("front_desk",), ("nurse",), ("clinician",), ("clinician", "psychiatrist"))
    return Staff(practice, *(somebody(*scopes) for scopes in everybody))


@dataclass(frozen=True)
class Visit:
    """A session of a booked series, as it was when it was booked."""

    staff: Staff
    series: Mapping[str, Any]
    number: int = 1

    @property
    def patient_id(self) -> str:
        return str(self.series["patient_id"])

    @property
    def starts_at(self) -> datetime:
        return datetime.fromisoformat(self.series["sessions"][self.number - 1]["starts_at"])

    @property
    def dose(self) -> Dose:
        """For all that simply goes well: a clinician may do every step."""
        staff = self.staff
        return Dose(lambda path, body: ok(staff.clinician.post(staff.at(path), body)), self.series["id"], self.number)

    def go(self, minutes: float, since: datetime | None = None) -> None:
        """Let the clock be so many minutes behind an instant; without one behind the planned start."""
        self.staff.practice.town.move_to((since or self.starts_at) + timedelta(minutes=minutes))

    def send(self, who: Http, step: str, **body: Any) -> requests.Response:
        return who.post(self._path(step), body)

    def ask(self, what: str) -> dict[str, Any]:
        found: dict[str, Any] = ok(self.staff.nurse.get(self._path(what)))
        return found

    def closed_by(self) -> list[str]:
        """The codes of all that keeps the gate closed, in order."""
        return sorted(fault["code"] for fault in self.ask("gate")["faults"])

    def session(self) -> dict[str, Any]:
        series = ok(self.staff.desk.get(self.staff.at(f"/series/{self.series['id']}")))
        found: dict[str, Any] = series["sessions"][self.number - 1]
        return found

    def tasks(self, kind: str) -> list[dict[str, Any]]:
        return self.staff.tasks(kind, self.patient_id)

    def answers(self) -> dict[str, Any]:
        """What is said on the day when all is well."""
        practice = self.staff.practice
        return answers_of(practice.now, practice.supervisor)

    def ready(self) -> "Visit":
        """The patient is there, and nothing speaks against the start."""
        practice = self.staff.practice
        self.dose.check_in()
        self.dose.make_ready(practice.now, practice.supervisor)
        assert not (faults := self.ask("gate")["faults"]), faults
        return self

    def over(self) -> None:
        """Whoever was given something goes home: until then their place is taken."""
        treatment = self.ask("treatment")
        if treatment["status"] == "infusing":
            treatment = self.dose.end(kind="aborted", given_mg="1", reason="enough for today")
        if treatment["status"] == "recovering":
            self.go(61, datetime.fromisoformat(treatment["end"]["at"]))
            self.dose.leave()

    def _path(self, step: str) -> str:
        return self.staff.at(f"/series/{self.series['id']}/sessions/{self.number}/{step}")
