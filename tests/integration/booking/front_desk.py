"""An open clinic as its front desk meets it, through booking's HTTP door."""

from datetime import date, datetime, timedelta
from typing import Any

from deploy.local.clear_patient import clear_patient
from deploy.local.treatment_day import OBSERVED, Dose
from services.booking.domain.calendar.slots import Weekday
from tests.integration.booking.booking_host import Desk, ThisBooking
from tests.support.booking_builders import CASE_A, NOW

CLINIC_BODY = {
    "name": "Lakeside Ketamine Center",
    "sender_alias": "Lakeside Clinic",
    "zone": "America/New_York",
    "country": "US",
    "phone": "555-0100",
}
HOURS = [{"weekday": day, "opens": "08:00", "closes": "17:00"} for day in list(Weekday)[:5]]
PERSON = {"name": "Ada Example", "phone": "+12125550143"}


class Clinic:
    """An open clinic with one of each that it takes; `desk` holds its own key."""

    def __init__(self, booking: ThisBooking) -> None:
        self.booking = booking
        self.registered = 0
        self.desk: Desk = booking.desks()[0]
        clinic = self.desk.post("/clinics", CLINIC_BODY).get_json()
        self.path = f"/clinics/{clinic['id']}"
        scopes = ["front_desk", "clinician", "admin"]
        key = self.desk.post(f"{self.path}/access-keys", {"label": "desk", "scopes": scopes}).get_json()["key"]
        self.desk.key = key
        for kind in ("chair", "nurse", "clinician"):
            skills = [{"code": "acls"}] if kind == "clinician" else []
            body = {"kind": kind, "name": kind.title(), "hours": HOURS, "skills": skills}
            self.supervisor = self.done("/resources", body)["id"]
        self.patient_id = self.register()

    def register(self) -> str:
        """Somebody who is nobody else: no two are born on one day."""
        self.registered += 1
        born = date(1980, 5, 16) + timedelta(days=self.registered)
        answer = self.desk.post(f"{self.path}/patients", {**PERSON, "birth_date": str(born)})
        assert answer.status_code == 201, answer.get_json()
        id: str = answer.get_json()["id"]
        clear_patient(self.done, id, NOW.date())
        return id

    def done(self, path: str, body: Any) -> Any:
        answer = self.desk.post(f"{self.path}{path}", body)
        assert answer.status_code in {200, 201}, answer.get_json()
        return answer.get_json()

    def wish(self, at: str = "09:00", **fields: Any) -> dict[str, Any]:
        sessions = [{"starts_local": f"{day}T{at}"} for day in CASE_A]
        return {"patient_id": self.patient_id, "protocol": "mood-iv-6x2w", "sessions": sessions, **fields}

    def book(self, body: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.desk.post(f"{self.path}/series", body or self.wish(), **headers)

    def booked(self) -> dict[str, Any]:
        answer = self.book()
        assert answer.status_code == 201, answer.get_json()
        series: dict[str, Any] = answer.get_json()
        return series

    def treat(self, series: dict[str, Any], number: int) -> Any:
        """From the arrival at the start until the patient goes home; the series as it is then."""
        self.booking.go_to(datetime.fromisoformat(series["sessions"][number - 1]["starts_at"]))
        dose = Dose(self.done, series["id"], number)
        dose.give(self.booking.host.clock(), self.supervisor)
        self.booking.go_to(self.booking.host.clock() + OBSERVED)
        return dose.leave()

    def act(self, series: dict[str, Any], number: int, what: str, body: Any = None) -> Any:
        return self.desk.post(f"{self.path}/series/{series['id']}/sessions/{number}/{what}", body or {})


def faults(answer: Any) -> list[tuple[str, str]]:
    """Where in the request, and what."""
    assert answer.mimetype == "application/problem+json"
    return [(fault["pointer"], fault["code"]) for fault in answer.get_json()["errors"]]
