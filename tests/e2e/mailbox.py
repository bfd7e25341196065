"""Links as people get them: each one out of a mail that the platform sent."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.mail_catcher import caught
from shared.ids import new_id
from tests.e2e.practice import ONE, Practice
from tests.e2e.town import a_phone, a_word, eventually, ok
from tests.e2e.world import open_check_in

BORN = "1980"


@dataclass(frozen=True)
class Invited:
    """A patient who got a link to a check-in."""

    link: str
    patient_id: str
    check_in_id: str


@dataclass(frozen=True)
class Mailbox:
    """All mail of the people of one practice."""

    practice: Practice
    folder: Path

    def check_in(self, *asks: str, open_hours: int = 744, **details: Any) -> Invited:
        """A new patient with an open check-in of the day after, which asks these instruments.

        Each one that is opened moves the clock by days; without another wish it stays open while others are.
        """
        point = {"kind": "24h", "anchor": "discharge", "hours": 24, "open_hours": open_hours, "rank": 1, "ask": asks}
        plan = {"questions": {"usual_time": "10:00", "sets": {}, "points": [point]}}
        ok(self.practice.http.post(self.practice.at("followup", "/follow-up-plans"), plan))
        patient = self._patient(**details)
        opened = open_check_in(self.practice, patient["id"])
        return Invited(self._link(patient["email"], "/followup/c/"), patient["id"], opened["id"])

    def appointments(self, **details: Any) -> tuple[str, str]:
        """The links to a new patient's appointments, and to get no more mail."""
        patient = self._patient(**details)
        self.practice.book(patient["id"], [self.practice.soon()], ONE)
        return self._link(patient["email"], "/booking/a/"), self._link(patient["email"], "/notify/u/")

    def paged(self) -> str:
        """The link that one of the staff gets when a patient writes what nobody may overlook."""
        contact = {"name": "Dr. Ames", "phone": a_phone(), "email": f"{new_id()}@example.com"}
        policy = self.practice.at("notify", "/messaging")
        version = ok(self.practice.http.get(policy))["version"]
        ok(self.practice.http.patch(policy, {"contacts": [contact]}, version))
        patient, now = self._patient(), self.practice.town.clock().isoformat()
        known = self.practice.at("notify", f"/patients/{patient['id']}/messages")
        eventually(lambda: self.practice.http.get(known).ok, "hearing of the patient")
        said = {"from": patient["phone"], "text": "I want to kill myself", "provider_id": new_id()}
        ok(self.practice.http.post(self.practice.at("notify", "/replies"), {**said, "received_at": now}))
        return self._link(contact["email"], "/notify/p/")

    def _patient(self, **details: Any) -> dict[str, Any]:
        email = f"{new_id()}@example.com"
        return self.practice.register(name=f"Ada {a_word()}", email=email, preferred_channel="email", **details)

    def _link(self, email: str, path: str) -> str:
        def found() -> str:
            mails = (mail for mail in caught(self.folder) if email in mail.recipients)
            texts = (f"{mail.text}\n{mail.message['List-Unsubscribe'] or ''}" for mail in mails)
            links = (re.search(rf"{path}[\w-]+", text) for text in texts)
            return next((link.group() for link in links if link), "")

        return self.practice.town.url + eventually(found, f"mailing a link to {path}")
