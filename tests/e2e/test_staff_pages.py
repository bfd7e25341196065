"""A crisis text at two in the night reaches the staff, one after the other, until somebody takes it on by the link."""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local.mail_catcher import caught
from shared.ids import new_id
from shared.localtime import at_local_time
from tests.e2e.practice import ONE, Practice, open_practice
from tests.e2e.town import Town, a_phone, eventually, ok, problem

CRISIS = "I want to kill myself"
FIVE = timedelta(minutes=5)


@dataclass(frozen=True)
class Clinic:
    """A clinic of which two people can be paged; `mails` are their addresses, in that order."""

    practice: Practice
    mails: tuple[str, str]
    folder: Path

    def write(self, phone: str) -> None:
        """Somebody texts what nobody may overlook."""
        now = self.practice.town.clock().isoformat()
        body = {"from": phone, "text": CRISIS, "provider_id": new_id(), "received_at": now}
        ok(self.practice.http.post(self.practice.at("notify", "/replies"), body))

    def page(self) -> dict[str, Any]:
        [page] = ok(self.practice.http.get(self.practice.at("notify", "/pages"), is_open="true"))["items"]
        return dict(page)

    def link(self, number: int) -> str:
        """What the mail to this one of the staff leads to, once it has come."""

        def texts() -> list[str]:
            mails = [mail for mail in caught(self.folder) if mail.recipients == (self.mails[number],)]
            return [mail.text for mail in mails]

        [text] = eventually(texts, "paging by e-mail")
        assert not re.search(r"kill|crisis|suicid", text)
        return str(re.findall(r"https?://\S+", text)[0])

    def paged(self, page_id: str) -> list[str]:
        """To whom something went out about it."""
        rows = self.practice.messages(about=f"page/{page_id}")
        return [row["reader"] for row in rows if row["status"] in {"sent", "delivered"}]

    def tasks(self, kind: str) -> list[dict[str, Any]]:
        path = self.practice.at("booking", "/tasks")
        items: list[dict[str, Any]] = ok(self.practice.http.get(path, kind=kind))["items"]
        return items


@pytest.fixture
def own(town: Town, mail_folder: Path) -> Clinic:
    """It is two in the night."""
    practice = open_practice(town)
    town.move_to(at_local_time(town.clock(), practice.zone, time(2), days=1))
    mails = (f"{new_id()}@example.com", f"{new_id()}@example.com")
    contacts = [{"name": f"Dr. {mail[:4]}", "phone": a_phone(), "email": mail} for mail in mails]
    ok(practice.http.patch(practice.at("notify", "/messaging"), {"contacts": contacts}, 0))
    return Clinic(practice, mails, mail_folder)


def press(link: str, button: str) -> str:
    answer = requests.post(link, data={"do": button}, timeout=10)
    assert answer.status_code == 200
    return answer.text


def test_a_crisis_text_at_two_in_the_night_pages_on_until_somebody_takes_it_on(own):
    town, patient = own.practice.town, own.practice.register(name="Ada Unmistakable")
    own.practice.book(patient["id"], (), ONE)
    eventually(lambda: own.practice.messages(patient_id=patient["id"]), "hearing of the patient")
    own.write(patient["phone"])
    own.write(patient["phone"])
    page = own.page()

    first = own.link(0)
    eventually(lambda: len(own.paged(page["id"])) == 2, "paging the first by both ways")
    reading = requests.get(first, timeout=10)
    assert "somebody needs a call now" in reading.text.lower()
    assert "Unmistakable" not in reading.text
    assert own.page()["status"] == "open"

    town.move_to(town.clock() + FIVE)
    second = own.link(1)
    eventually(lambda: len(own.paged(page["id"])) == 4, "paging the second by both ways")
    assert "Unmistakable" in press(second, "acknowledge")
    assert own.page()["acknowledged_by"] == f"staff/{own.page()['paged'][1]['contact_id']}"
    assert "Unmistakable" not in requests.get(first, timeout=10).text

    town.move_to(town.clock() + 3 * FIVE)
    press(second, "reach")
    assert ok(own.practice.http.get(own.practice.at("notify", "/pages"), is_open="true"))["items"] == []
    assert len(own.paged(page["id"])) == 4
    assert not [task for task in own.tasks("crisis") if "page" in task["detail"]]


def test_a_page_that_nobody_answers_ends_at_the_front_desk(own):
    town = own.practice.town
    own.write(a_phone())
    for number in (0, 1):
        own.link(number)
        town.move_to(town.clock() + FIVE)

    unanswered = "telling the desk that nobody answers"
    eventually(lambda: [task for task in own.tasks("crisis") if "page" in task["detail"]], unanswered)
    eventually(lambda: own.tasks("phone-patient"), "telling the desk to phone")
    assert own.page()["status"] == "unanswered"
    taken = ok(own.practice.http.post(own.practice.at("notify", f"/pages/{own.page()['id']}/acknowledge")))
    assert (taken["status"], taken["acknowledged_by"][:4]) == ("acknowledged", "key/")


@pytest.mark.parametrize("token", ["x", "a" * 43, "%00", "../../v1/clinics", "<script>", "x" * 3000])
def test_a_link_that_nobody_made_says_so_and_shows_nothing(own, token):
    link = f"{own.practice.town.url}/notify/p/{token}"
    for method in ("GET", "POST"):
        answer = requests.request(method, link, data={"do": "acknowledge"}, timeout=10)
        assert answer.status_code in {404, 414}
        assert "<script>" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"contacts": [{"name": "Nobody"}]},
        {"contacts": [{"name": "X", "phone": "12"}]},
        {"contacts": [{"name": "a\u0000b", "phone": "+12125550100"}]},
        {"contacts": {"name": "X"}},
        {"contacts": [{"name": "X", "phone": "+12125550100", "role": "admin"}]},
        {"per_day": 0},
        {"per_day": "2"},
        {"page_after_minutes": 10**9},
        {"is_paused": True},
        [],
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_and_changes_nothing(own, body):
    path = own.practice.at("notify", "/messaging")
    before = own.practice.http.get(path)
    problem(own.practice.http.patch(path, body, before.json()["version"]), 422)
    assert own.practice.http.get(path).json() == before.json()
