"""The front desk's part of the story: plans, one call that books them all, a move, and a place that is not lost."""

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from deploy.local.clear_patient import clear_patient
from deploy.local.desk import Refusal
from deploy.local.story_stage import BIRTH_YEAR, ZONE, Browser, Stage, StoryBroken, link_in, moment, spoken
from shared.localtime import local_date

WISHES: Final = {
    "weekdays": ["MO", "WE", "FR"],
    "times": [{"from_time": "10:00", "until_time": "15:00"}],
    "as_soon_as_possible": True,
}
_SHOWN: Final = 3
_GATHERED: Final = timedelta(minutes=1)
"""Changes are gathered for so long before the patient is told of all of them at once."""


class FrontDesk:
    """Registers patients and gives them places."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def register(self, name: str) -> dict[str, Any]:
        """A new patient of that first name."""
        patients = self._stage.at("booking", "patients")
        number = 100 + len(self._stage.desk.get(patients, limit=200)["items"]) % 100
        middle = _a_name()
        person = {
            "name": f"{name} {middle} Example",
            "birth_date": f"{BIRTH_YEAR}-12-10",
            "phone": f"+12125550{number}",
            "email": f"{name}.{middle}@example.com".lower(),
        }
        self._stage.tell("step", f"registered {person['name']}, {person['phone']}, {person['email']}")
        patient: dict[str, Any] = self._stage.desk.post(patients, person)
        self._clear(patient)
        return patient

    def _clear(self, patient: dict[str, Any]) -> None:
        """Nobody is booked before they are assessed and have signed."""
        clear_patient(self._stage.do, patient["id"], local_date(self._stage.clock(), ZONE))
        self._stage.tell("step", "assessed, nothing found, approved by a clinician; every document signed")

    def book_a_plan(self, patient: dict[str, Any]) -> dict[str, Any]:
        """Ask for plans, and book the best one by sending it back; the series."""
        stage = self._stage
        asked = {"patient_id": patient["id"], "protocol": "mood-iv-6x2w"}
        window = {"from_date": f"{stage.clock() + timedelta(days=4):%Y-%m-%d}", "wishes": WISHES}
        found = stage.desk.post(stage.at("booking", "plans"), {**asked, **window})
        if not found["plans"]:
            raise StoryBroken(f"no plan: {found['reasons']}")
        for number, plan in enumerate(found["plans"][:_SHOWN], 1):
            stage.tell("step", f"plan {number} of {len(found['plans'])}: {_times(plan['sessions'])}")
        body = {**asked, "sessions": found["plans"][0]["sessions"]}
        series: dict[str, Any] = stage.desk.post(stage.at("booking", "series"), body)
        stage.tell("step", f"booked plan 1, {len(series['sessions'])} sessions, in one call: all or nothing")
        return series

    def let_wait(self, patient: dict[str, Any], last: str) -> dict[str, Any]:
        """Somebody has one visit after a wall time and would like to come earlier; their series."""
        stage = self._stage
        late = {"from_date": f"{moment(last) + timedelta(days=4):%Y-%m-%d}", "time_of_day": "11:00"}
        wish = {"patient_id": patient["id"], "protocol": "booster-single", "condition": "depression", "first_fit": late}
        series: dict[str, Any] = stage.desk.post(stage.at("booking", "series"), wish)
        stage.desk.post(stage.at("booking", "waitlist"), {"series_id": series["id"], "number": 1})
        at = spoken(series["sessions"][0]["starts_local"])
        stage.tell("step", f"{patient['name']} is booked for {at} and waits for an earlier place")
        return series

    def move_session_three(self, series: dict[str, Any]) -> dict[str, Any]:
        """To the day of session 4: refused with the smallest re-plan, which is sent back and so carried out."""
        stage, wanted = self._stage, series["sessions"][3]["starts_local"]
        path = stage.at("booking", f"series/{series['id']}")
        # Read anew: the patient's confirmation has changed it.
        version = stage.desk.get(path)["version"]
        try:
            stage.desk.patch(f"{path}/sessions/3", {"starts_local": wanted}, version)
        except Refusal as refusal:
            proposed = self._proposed(refusal, wanted)
        else:
            raise StoryBroken("session 3 came to lie on session 4")
        moved: dict[str, Any] = stage.desk.post(f"{path}/moves", {"sessions": proposed})
        stage.tell("step", f"sent back, and moved: {_times(moved['sessions'])}")
        stage.expect(lambda: self._follow(moved, len(proposed)), "reminders of the new times")
        stage.go_to(stage.clock() + _GATHERED)
        stage.tell_message(stage.expect_message(series["patient_id"], "change-notice"))
        return moved

    def _proposed(self, refusal: Refusal, wanted: str) -> Sequence[dict[str, Any]]:
        faults = refusal.problem.get("errors", [])
        proposed = [fault["context"]["sessions"] for fault in faults if fault["code"] == "series.replan-proposed"]
        if not proposed:
            raise refusal
        why = next(fault["detail"] for fault in faults if fault["code"].startswith("spacing."))
        said = ", ".join(f"{one['number']} to {spoken(one['starts_local'])}" for one in proposed[0])
        self._stage.tell("step", f"session 3 to {spoken(wanted)}? refused: {why}")
        self._stage.tell("step", f"the refusal proposes the smallest re-plan: {said}")
        sessions: Sequence[dict[str, Any]] = proposed[0]
        return sessions

    def _follow(self, moved: dict[str, Any], count: int) -> bool:
        """Whether reminders of all sessions that moved are planned anew: all of the news was heard by then."""
        rows = self._stage.messages(moved["patient_id"])
        return len({row["about"] for row in rows if (row["kind"], row["revision"]) == ("reminder", 1)}) == count

    def see_the_place_taken(self, series: dict[str, Any]) -> dict[str, Any]:
        """What came free is offered to who waits, who takes it on their own page; their series."""
        stage, path = self._stage, self._stage.at("booking", f"series/{series['id']}")
        message = stage.expect_message(series["patient_id"], "offer")
        stage.tell_message(message)
        phone = Browser(link_in(message["text"]))
        offer = re.search(r'name="offer" value="([^"]+)"', phone.read())
        if offer is None:
            raise StoryBroken("the page shows no offer")
        phone.post(do="accept", offer=offer[1])
        moved: dict[str, Any] = stage.desk.get(path)
        before, after = (spoken(one["sessions"][0]["starts_local"]) for one in (series, moved))
        stage.tell("page", f"taken on the patient's page: {after} instead of {before}")
        return moved


def _times(sessions: Sequence[dict[str, Any]]) -> str:
    return ", ".join(spoken(session["starts_local"]) for session in sessions)


def _a_name() -> str:
    """A name that nobody had in an earlier run: the same person would have the earlier doses counted."""
    return "".join(secrets.choice("bdfklmnprstvz") + secrets.choice("aeiou") for _ in range(5)).title()
