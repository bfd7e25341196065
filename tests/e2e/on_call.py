"""A clinic that can be paged at any hour, and what its staff are sent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests

from deploy.local.mail_catcher import caught
from shared.ids import new_id
from tests.e2e.practice import Practice
from tests.e2e.town import a_phone, eventually, ok

ROLES: Final = ("clinician", "backup", "director", "nurse")
_EVERY_DAY: Final = [1, 2, 3, 4, 5, 6, 7]


@dataclass(frozen=True)
class OnCall:
    """One person for each role, around the clock; `mails` are their addresses."""

    practice: Practice
    folder: Path
    mails: Mapping[str, str] = field(default_factory=lambda: {role: f"{new_id()}@example.com" for role in ROLES})

    def publish(self) -> None:
        contacts = [
            {"id": role, "name": f"Dr. {role.title()}", "phone": a_phone(), "email": mail}
            for role, mail in self.mails.items()
        ]
        around_the_clock = {"days": _EVERY_DAY, "begins": "08:00", "ends": "08:00"}
        shifts = [{"role": role, "contact_id": role, **around_the_clock} for role in ROLES]
        path, body = self.practice.at("followup", "/rota"), {"contacts": contacts, "shifts": shifts}
        ok(self.practice.http.send("PUT", path, json=body, headers={"If-Match": '"0"'}))

    def alerts(self, patient_id: str) -> list[dict[str, Any]]:
        """By the time they were raised."""
        path = self.practice.at("followup", "/alerts")
        items: list[dict[str, Any]] = ok(self.practice.http.get(path, patient_id=patient_id))["items"]
        return items

    def worklist(self) -> list[dict[str, Any]]:
        """What waits for somebody, the most urgent first."""
        items: list[dict[str, Any]] = ok(self.practice.http.get(self.practice.at("followup", "/worklist")))["items"]
        return items

    def mailed(self, role: str) -> Sequence[str]:
        """The texts that this one got."""
        return [mail.text for mail in caught(self.folder) if mail.recipients == (self.mails[role],)]

    def link(self, role: str) -> str:
        """Of the only page to this one, as soon as it has come; it says nothing about whom or what."""
        [text] = eventually(lambda: self.mailed(role), f"paging the {role}")
        assert not re.search(r"suicid|kill|crisis|PHQ|Unmistakable", text)
        return str(re.findall(r"https?://\S+", text)[0])


def press(link: str, button: str) -> str:
    """What the page of one of the staff says when they press it."""
    answer = requests.post(link, data={"do": button}, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.text
