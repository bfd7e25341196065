"""Journey 8: a patient texts STOP. Within a second nothing automated goes out any more, and the front desk phones."""

import json
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.local.mail_catcher import CaughtMail, caught
from services.notify.hooks.signatures import sign
from shared.ids import new_id
from tests.e2e.practice import AWAKE, ONE, Practice, open_practice, run_to, six_times
from tests.e2e.town import SERVICES, Http, Town, a_phone, eventually, ok

pytestmark = pytest.mark.timeout(300)

AUTOMATED: Final = ("sms", "email")
SECRET: Final = "what the gateway signs with"
EFFECTIVE_WITHIN: Final = 1.0
"""Seconds from handing the text in until nothing automated begins any more."""


@dataclass(frozen=True)
class Person:
    """A patient of a clinic, with a whole series booked."""

    practice: Practice
    id: str
    phone: str
    series: dict[str, Any]

    def rows(self) -> list[dict[str, Any]]:
        return self.practice.messages(patient_id=self.id)

    def due(self, kind: str = "reminder") -> list[datetime]:
        """When what waits by text or e-mail is due, the soonest first."""
        waiting = [row for row in self.rows() if (row["kind"], row["status"]) == (kind, "queued")]
        return sorted(instant(row["due_at"]) for row in waiting if row["channel"] in AUTOMATED)

    def said_since(self, at: datetime) -> list[str]:
        """The kinds of all that went out automatically from then on, told by what the providers got."""
        rows = [row for row in self.rows() if row["channel"] in AUTOMATED and (went := went_out(row)) and went >= at]
        sandbox = self.practice.town.databases()[SERVICES.index("notify")]["sandbox_messages"]
        got = sandbox.count_documents({"_id": {"$in": [row["id"] for row in rows]}})
        assert got == sum(row["channel"] == "sms" for row in rows)
        return sorted(row["kind"] for row in rows)

    def held_back(self) -> list[dict[str, Any]]:
        """What would have gone out, had they not stopped."""
        rows = [row for row in self.rows() if row["status"] == "suppressed"]
        return [row for row in rows if row["history"][-1]["cause"] == "opted-out"]

    def consent(self) -> dict[str, Any]:
        path = self.practice.at("notify", f"/patients/{self.id}/consents")
        addresses: list[dict[str, Any]] = ok(self.practice.http.get(path))["addresses"]
        [of_phone] = [one for one in addresses if one["channel"] == "sms"]
        return of_phone

    def tasks(self) -> list[dict[str, Any]]:
        """What the desk was told when the patient stopped."""
        query = {"kind": "phone-patient", "patient_id": self.id, "limit": 200}
        items = ok(self.practice.http.get(self.practice.at("booking", "/tasks"), **query))["items"]
        return [item for item in items if "stopped automated text messages" in item["detail"]]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def went_out(row: dict[str, Any]) -> datetime | None:
    return next((instant(step["at"]) for step in row["history"] if step["status"] == "sent"), None)


def text(person: Person, words: str) -> float:
    """Hand in what a patient texts, as the practice's software does; the seconds until it was kept."""
    received_at = person.practice.town.clock().isoformat()
    body = {"from": person.phone, "text": words, "provider_id": new_id(), "received_at": received_at}
    started = time.monotonic()
    ok(person.practice.http.post(person.practice.at("notify", "/replies"), body))
    return time.monotonic() - started


def text_by_gateway(person: Person, words: str) -> float:
    """The same through the hook of an SMS gateway, which has no access key and signs instead."""
    town = person.practice.town
    body = json.dumps({"event_id": new_id(), "from": person.phone, "text": words}).encode()
    signed = sign(body, secret=SECRET, at=int(town.clock().timestamp()))
    headers = {"Content-Type": "application/json", "Kadence-Signature": signed}
    started = time.monotonic()
    path = f"/notify/hooks/gateway/{person.practice.id}/inbound"
    answer = Http(town.url, None).send("POST", path, data=body, headers=headers)
    assert answer.status_code < 300, answer.text
    return time.monotonic() - started


def treated(practice: Practice, hour: int, phone: str, **details: Any) -> Person:
    """Somebody who prefers texts, with six sessions in two weeks."""
    patient = practice.register(phone=phone, preferred_channel="sms", **details)
    series = practice.book(patient["id"], six_times(practice.soon(hour)))
    person = Person(practice, patient["id"], phone, series)
    eventually(lambda: len(person.due()) >= 12, "planning the reminders")
    return person


def end_of(person: Person) -> datetime:
    return max(instant(session["ends_at"]) for session in person.series["sessions"])


@pytest.fixture
def signed_town(town: Town) -> Town:
    """A town whose notify knows what the gateway signs with."""
    town.platform.restart("notify.web", {"KADENCE_SMS_GATEWAY_SECRET": SECRET})
    return town


def test_stop_ends_everything_automated_and_start_restores_it(signed_town: Town, capsys: pytest.CaptureFixture[str]):
    town = signed_town
    own = open_practice(town, chairs=2, nurses=2, **AWAKE)
    other = open_practice(town, zone="America/Chicago", **AWAKE)
    phone = a_phone()
    ada, bob = treated(own, 10, phone), treated(own, 14, a_phone())
    elsewhere = treated(other, 12, phone, birth_date="1955-02-02")
    everybody = (ada, bob, elsewhere)
    begin = town.clock()

    run_to(town, (own, other), ada.due()[0])
    assert "reminder" in ada.said_since(begin)

    stopped_at = town.clock() + timedelta(seconds=1)
    town.move_to(stopped_at)
    seconds = [text(ada, "STOP"), text_by_gateway(bob, "stop.")]
    assert ada.consent()["status"] == bob.consent()["status"] == "opted-out"
    for person in (ada, bob):
        eventually(lambda: person.said_since(stopped_at) == ["opt-out-confirmation"], "confirming the stop")  # noqa: B023
        [task] = eventually(person.tasks, "telling the desk")
        assert task["status"] == "requested"

    run_to(town, (own, other), end_of(bob) - timedelta(days=6))
    assert bob.said_since(stopped_at) == ["opt-out-confirmation"]
    started_at, coming = town.clock() + timedelta(seconds=1), len(bob.due())
    town.move_to(started_at)
    text_by_gateway(bob, "START")
    assert bob.consent()["status"] == "opted-in"
    eventually(lambda: bob.tasks()[0]["status"] == "cancelled", "withdrawing the task")

    run_to(town, (own, other), max(map(end_of, everybody)))
    assert ada.said_since(stopped_at) == ["opt-out-confirmation"]
    held_back = ada.held_back()
    assert len(held_back) >= len(ada.series["sessions"])
    again, theirs = bob.said_since(started_at), elsewhere.said_since(stopped_at)
    assert again.count("opt-in-confirmation") == 1
    assert coming
    assert again.count("reminder") > 0
    assert theirs.count("reminder") > 0
    assert max(seconds) < EFFECTIVE_WITHIN
    with capsys.disabled():
        print(
            f"\nSTOP kept after {max(seconds):.3f} s; {len(held_back)} messages fell due afterwards, 0 went out; after "
            f"START {again.count('reminder')} of {coming} went out; the other clinic sent {len(theirs)} to the number"
        )


def test_one_click_in_the_mail_program_stops_mail_and_reading_the_page_does_not(town: Town, mail_folder: Path):
    own = open_practice(town, **AWAKE)
    address = f"{new_id()}@example.com"
    patient = own.register(email=address, preferred_channel="email")
    own.book(patient["id"], [own.soon(12)], ONE)

    def confirmations() -> list[CaughtMail]:
        return [mail for mail in caught(mail_folder) if mail.recipients == (address,)]

    [mail] = eventually(confirmations, "confirming by e-mail")
    url = re.fullmatch(r"<(http[^>]+)>", mail.message["List-Unsubscribe"])
    assert url is not None
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = Http("", None)

    def status() -> str:
        found = ok(own.http.get(own.at("notify", f"/patients/{patient['id']}/consents")))["addresses"]
        return str(next(one["status"] for one in found if one["channel"] == "email"))

    page = link.get(url[1])
    assert (page.status_code, status()) == (200, "opted-in")
    assert "Your Clinic" in page.text
    assert address not in page.text
    for _ in range(2):
        answer = link.send("POST", url[1], data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, status()) == (200, "opted-out")

    rows = [row for row in own.messages(patient_id=patient["id"]) if row["status"] == "queued"]
    reminder = min(row["due_at"] for row in rows if row["kind"] == "reminder")
    town.move_to(instant(reminder) + timedelta(seconds=1))
    person = Person(own, patient["id"], patient["phone"], {})
    held = eventually(person.held_back, "holding the reminder back")
    assert {row["channel"] for row in held} == {"email"}
    assert len(confirmations()) == 1

    link.send("POST", url[1], data={"do": "restore"})
    assert status() == "opted-in"
    proof = ok(own.http.get(own.at("notify", f"/patients/{patient['id']}/consents/export")))
    [of_mail] = [one for one in proof["addresses"] if one["channel"] == "email"]
    assert [(step["status"], step["source"]) for step in of_mail["steps"]] == [
        ("opted-in", "registration"),
        ("opted-out", "email-link"),
        ("opted-in", "email-link"),
    ]
    assert [told["kind"] for told in of_mail["told_how_to_stop"]] == ["confirmation"]
    table = own.http.get(own.at("notify", f"/patients/{patient['id']}/consents/export.csv"))
    assert table.headers["Content-Type"].startswith("text/csv")
    assert len(table.text.splitlines()) == 1 + sum(len(one["steps"]) for one in proof["addresses"])
