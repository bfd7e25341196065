"""A patient who is followed up: the clock goes from one thing that is due to the next; they answer on their phone."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from deploy.local.story_stage import BIRTH_YEAR, Browser, link_in
from tests.e2e.practice import Practice
from tests.e2e.town import eventually, ok

CheckIn = Mapping[str, Any]
Given = Mapping[str, int]
"""Answers by `instrument.item`."""
BORN: Final = f"{BIRTH_YEAR}-04-12"
_BUTTON: Final = re.compile(r'<input type="(?:radio|hidden)"[^>]* name="([^"]+)" value="(\d+)"')
_STEPS: Final = 9
"""More screens than any check-in has."""


@dataclass
class Followed:
    """`answers` says what the patient gives to a check-in; what it leaves out is the first button; None: nothing."""

    practice: Practice
    patient: Mapping[str, Any]
    answers: Callable[[CheckIn], Given | None]
    left: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return str(self.patient["id"])

    def check_ins(self, *statuses: str) -> list[dict[str, Any]]:
        """By the instant at which they are due."""
        path = self.practice.at("followup", f"/patients/{self.id}/check-ins")
        eventually(lambda: self.practice.http.get(path).ok, "hearing of the patient")
        items: list[dict[str, Any]] = ok(self.practice.http.get(path, limit=200))["items"]
        return [item for item in items if not statuses or item["status"] in statuses]

    def measures(self, instrument: str = "phq-9") -> list[dict[str, Any]]:
        items = ok(self.practice.http.get(self.practice.at("followup", f"/patients/{self.id}/measures")))["items"]
        return [item for item in items if item["instrument"] == instrument]

    def tasks(self, kind: str) -> list[dict[str, Any]]:
        query = {"kind": kind, "patient_id": self.id, "limit": 200}
        items: list[dict[str, Any]] = ok(self.practice.http.get(self.practice.at("booking", "/tasks"), **query))[
            "items"
        ]
        return items

    def treat(self, series: Mapping[str, Any]) -> None:
        """Come to all sessions, answering on the way what is due."""
        for session in series["sessions"]:
            dose = self.practice.dose(series, session["number"])
            self._live_until_known(moment(session["starts_at"]))
            dose.give(self.practice.now, self.practice.supervisor)
            self._live_until_known(moment(session["ends_at"]))
            dose.leave()
            self._expect_questions(series["id"], session["number"])

    def _live_until_known(self, until: datetime) -> None:
        """Live until then, and wait until booking knows every score."""
        self.live_until(until)
        eventually(self._is_measured, "telling booking the scores")

    def live_until(self, until: datetime) -> None:
        """Stop wherever something is asked or ends, and wait there until it has been."""
        while (at := self._next_instant()) is not None and at <= until:
            self.practice.town.move_to(at)
            eventually(lambda at=at: (self._next_instant() or until) > at, "asking what is due")  # type: ignore[misc]
            for check_in in self.check_ins("open"):
                self._answer(check_in)
        self.practice.town.move_to(until)

    def link_to(self, check_in: CheckIn) -> str:
        """What the patient was sent; of the question whether they came home, the visit's own text gives the link."""
        session = f"series/{check_in['series_id']}/sessions/{check_in['session_number']}"
        about = session if check_in["kind"] == "home" else f"check_in/{check_in['id']}"
        return eventually(lambda: self._link(about), f"the link to {check_in['kind']}")

    def _answer(self, check_in: CheckIn) -> None:
        given = self.answers(check_in)
        if given is None or check_in["id"] in self.left:
            self.left.add(check_in["id"])
            return
        assert "have your answers" in fill_in(self.link_to(check_in), given)

    def _link(self, about: str) -> str:
        rows = self.practice.messages(patient_id=self.id, about=about)
        texts = [row["text"] for row in rows if row["status"] == "sent" and "/followup/c/" in (row["text"] or "")]
        return link_in(texts[0]) if texts else ""

    def _next_instant(self) -> datetime | None:
        """When the next one opens, or one that was left ends."""
        opens = [moment(one["due_at"]) for one in self.check_ins("scheduled")]
        ends = [moment(one["expires_at"]) for one in self.check_ins("open")]
        return min([*opens, *ends], default=None)

    def _is_measured(self) -> bool:
        """Whether booking knows the newest score: without one of the week a course is not gone on with."""
        path = self.practice.at("booking", f"/patients/{self.id}/clearance")
        heard = {one["scored_at"] for one in ok(self.practice.http.get(path))["measures"]}
        return not (scored := [one["scored_at"] for one in self.measures()]) or max(scored) in heard

    def _expect_questions(self, series_id: str, number: int) -> None:
        """Who went home is asked about it."""
        wanted = (series_id, number, "home")
        eventually(
            lambda: wanted in [(one["series_id"], one["session_number"], one["kind"]) for one in self.check_ins()],
            "planning what is asked after the session",
        )


def fill_in(link: str, given: Given) -> str:
    """Open the link, say the year of birth, answer screen after screen; the last page."""
    phone = Browser(link)
    page = phone.read()
    for _ in range(_STEPS):
        first = dict(reversed(_BUTTON.findall(page)))
        if not first:
            return page
        page = phone.post(**first | {name: str(value) for name, value in given.items() if name in first})
    raise AssertionError(f"no end of questions: {page}")


def moment(text: str) -> datetime:
    """An instant or a wall time of the API."""
    return datetime.fromisoformat(text)
