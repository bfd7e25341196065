"""The platform's main job, played on a running platform: plan, book, move, offer, remind, treat, follow up.

The simulated clock carries it over the weeks. Each step waits for its effect with a deadline; one that does not happen
ends the story.
"""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import requests

from deploy.local.desk import Desk, Refusal
from deploy.local.story_desk import FrontDesk
from deploy.local.story_stage import (
    PATIENCE_SECONDS,
    ZONE,
    Browser,
    Scene,
    Stage,
    StoryBroken,
    Tell,
    link_in,
    moment,
    read_out,
)
from deploy.local.story_treatment import scenes_of_dose
from deploy.local.waiting import wait_until
from shared.clock import SimulatedClock
from shared.localtime import at_local_time, local_date, same_wall_clock

NOBODY: Final = "00000000-0000-7000-8000-000000000000"
HOURS: Final = [{"weekday": day, "opens": "08:00", "closes": "17:00"} for day in ("MO", "TU", "WE", "TH", "FR")]
DUE: Final[Mapping[str, Callable[[datetime], datetime]]] = {
    "P3D": lambda start: same_wall_clock(start, ZONE, days=-3),
    "P1D": lambda start: same_wall_clock(start, ZONE, days=-1),
    "PT2H": lambda start: start - timedelta(hours=2),
}
"""When each reminder is due: days count on the calendar, hours elapse."""
A_WEEK: Final = 7
"""A reminder of three days ahead lists all visits of so many days; theirs are not sent again."""
ANSWERS: Final[Mapping[str, Mapping[str, tuple[int, ...]]]] = {
    "baseline": {"phq-9": (3, 2, 2, 2, 2, 2, 2, 2, 0), "audit-c": (0, 0, 0)},
    "before": {"phq-9": (2, 2, 1, 2, 1, 1, 1, 1, 0)},
    "day-7": {"phq-9": (1, 1, 1, 1, 1, 0, 1, 0, 0)},
}
"""By kind of check-in and instrument, to items 1, 2, 3 …"""


@dataclass(frozen=True)
class Clinic:
    """The demo's clinic and an access key to it."""

    id: str
    key: str


class Story:
    """One patient's series from registration to the last score, and another one's visit that comes earlier."""

    def __init__(
        self,
        url: str,
        clinic: Clinic,
        clock: SimulatedClock,
        mail_folder: Path,
        tell: Tell,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._stage = Stage(Desk(url, clinic.key), clinic.id, clock, mail_folder, tell, patience_seconds)
        self._patient: dict[str, Any] = {}
        self._series: dict[str, Any] = {}
        self._earlier: dict[str, Any] = {}

    def play(self) -> None:
        """Play it. Raises `StoryBroken`, or the API's `Refusal`."""
        self._stage.open_the_day()
        self._find_places()
        for scene in sorted(self._scenes(), key=lambda scene: scene.at):
            self._stage.go_to(scene.at)
            scene.play()
        self._show_measures()

    def _find_places(self) -> None:
        desk = FrontDesk(self._stage)
        self._patient = desk.register("Ada")
        self._series = desk.book_a_plan(self._patient)
        self._expect_confirmation()
        waiting = desk.let_wait(desk.register("Ben"), self._sessions[-1]["starts_local"])
        self._series = desk.move_session_three(self._series)
        self._earlier = desk.see_the_place_taken(waiting)

    @property
    def _sessions(self) -> list[dict[str, Any]]:
        sessions: list[dict[str, Any]] = self._series["sessions"]
        return sessions

    def _expect_confirmation(self) -> None:
        stage = self._stage
        stage.expect_message(self._patient["id"], "confirmation", f"series/{self._series['id']}")
        mail = stage.mail_to(self._patient["email"])
        stage.tell("mail", f"{mail.subject}, with a calendar file\n{mail.text.strip()}")
        phone = Browser(f"{link_in(mail.text)}/1")
        phone.post(do="confirm")
        shown = textwrap.shorten(read_out(phone.read(), "main"), 190, placeholder=" …")
        stage.tell("page", f"the link, after the year of birth, confirmed by a button: {shown}")

    def _scenes(self) -> list[Scene]:
        scenes = []
        listed_from = date.min
        for session in self._sessions:
            start = moment(session["starts_at"])
            is_listed = (local_date(start, ZONE) - listed_from).days < A_WEEK
            offsets = [offset for offset in DUE if not (is_listed and offset == "P3D")]
            scenes += [self._reminder(session["number"], offset, DUE[offset](start)) for offset in offsets]
            listed_from = listed_from if is_listed else local_date(start, ZONE)
            scenes += scenes_of_dose(self._stage, self._series, session)
        first, last = self._sessions[0], self._sessions[-1]
        # Asked weekly at most. Without it the re-evaluation after session 3 would keep session 4 from beginning.
        halfway = next(one for one in self._sessions if _day_of(one) - _day_of(first) >= timedelta(days=7))
        week_after = at_local_time(moment(last["starts_at"]), ZONE, time(10), days=7)
        asked = (
            self._check_in("baseline", _evening_before(first)),
            self._check_in("before", _evening_before(halfway)),
            self._check_in("day-7", week_after),
        )
        return [*scenes, *self._earlier_visit(), *asked]

    def _reminder(self, number: int, offset: str, at: datetime) -> Scene:
        about = f"series/{self._series['id']}/sessions/{number}"

        def remind() -> None:
            message = self._stage.expect_message(self._patient["id"], "reminder", about, offset)
            self._stage.tell_message(message, in_short=number > 1)

        return Scene(at, remind)

    def _earlier_visit(self) -> list[Scene]:
        """The other patient's, told in one line."""
        session = self._earlier["sessions"][0]
        scenes = scenes_of_dose(replace(self._stage, tell=lambda *_: None), self._earlier, session)
        news = partial(self._stage.tell, "step", "the place that came free was used")
        return [*scenes, Scene(moment(session["ends_at"]), news)]

    def _check_in(self, kind: str, at: datetime) -> Scene:
        def answer() -> None:
            message = self._stage.expect(lambda: self._open_link(kind), "the link to the check-in")
            self._stage.tell_message(message)
            form = {
                f"{instrument}.{item}": str(value)
                for instrument, answers in ANSWERS[kind].items()
                for item, value in enumerate(answers, 1)
            }
            said = read_out(Browser(link_in(message["text"])).post(**form), "h1")
            points = sum(ANSWERS[kind]["phq-9"])
            self._stage.tell("page", f"answered {points} of 27 points; the page says: {said}")
            self._stage.expect(lambda: self._is_known(points), "the score at the clinic's desk")

        return Scene(at, answer)

    def _is_known(self, points: int) -> bool:
        """Whether booking has heard of a score: without one of the week it does not let a course go on."""
        path = self._stage.at("booking", f"patients/{self._patient['id']}/clearance")
        newest = {one["instrument"]: one["total"] for one in self._stage.desk.get(path)["measures"]}
        return newest.get("phq-9") == points

    def _open_link(self, kind: str) -> Any:
        """The link's message of that check-in: others have theirs too."""
        path = self._stage.at("followup", f"patients/{self._patient['id']}/check-ins")
        known = self._stage.desk.get(path)["items"]
        about = {f"check_in/{one['id']}" for one in known if one["kind"] == kind}
        sent = (one for one in self._stage.messages(self._patient["id"]) if one["status"] == "sent")
        return next((one for one in sent if one["about"] in about), None)

    def _show_measures(self) -> None:
        path = self._stage.at("followup", f"patients/{self._patient['id']}/measures")
        for measure in self._stage.expect(lambda: self._scored(path), "every score"):
            change = measure.get("change") or {}
            drop = f", {change['drop_percent']} % below the first" if change.get("drop_percent") else ""
            number, total, band = (measure[name] for name in ("session_number", "total", "band"))
            self._stage.tell("step", f"PHQ-9 after session {number}: {total}, {band}{drop}")

    def _scored(self, path: str) -> Any:
        items = [one for one in self._stage.desk.get(path)["items"] if one["instrument"] == "phq-9"]
        return items if len(items) == len(ANSWERS) else None


def _day_of(session: Mapping[str, Any]) -> date:
    return local_date(moment(session["starts_at"]), ZONE)


def _evening_before(session: Mapping[str, Any]) -> datetime:
    return at_local_time(moment(session["starts_at"]), ZONE, time(17), days=-1)


def open_clinic(url: str, platform_key: str, patience_seconds: float = PATIENCE_SECONDS) -> Clinic:
    """A clinic with two chairs, two nurses, a clinician and an access key, ready to book."""
    operator = Desk(url, platform_key)
    clinic = operator.post(
        "/booking/v1/clinics",
        {
            "name": "Riverside Infusion Centre",
            "sender_alias": "Riverside Clinic",
            "zone": ZONE,
            "country": "US",
            "phone": "555-0100",
        },
    )
    scopes = ["admin", "front_desk", "clinician"]
    keys = f"/booking/v1/clinics/{clinic['id']}/access-keys"
    key = operator.post(keys, {"label": "demo front desk", "scopes": scopes})["key"]
    desk = Desk(url, key)
    staff = (
        ("chair", "Chair 1", 1),
        ("chair", "Chair 2", 1),
        ("nurse", "Nurse 1", 2),
        ("nurse", "Nurse 2", 2),
        ("clinician", "Dr. Moreau", 1),
    )
    for kind, name, capacity in staff:
        skills = [{"code": "acls"}] if kind == "clinician" else []
        resource = {"kind": kind, "name": name, "hours": HOURS, "capacity": capacity, "skills": skills}
        desk.post(f"/booking/v1/clinics/{clinic['id']}/resources", resource)
    if not wait_until(lambda: _is_known(desk, clinic["id"]), patience_seconds):
        raise StoryBroken("the other services did not hear of the clinic's key")
    return Clinic(clinic["id"], key)


def _is_known(desk: Desk, clinic_id: str) -> bool:
    """Whether every service has heard of the key by now: it was issued by booking."""
    try:
        desk.get(f"/notify/v1/clinics/{clinic_id}/messages")
        desk.get(f"/followup/v1/clinics/{clinic_id}/patients/{NOBODY}/measures")
    except Refusal as refusal:
        return bool(refusal.status == requests.codes.not_found)
    return True
