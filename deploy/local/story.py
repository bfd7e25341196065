"""The platform's main job, played on a running platform: book, remind, treat, follow up.

The simulated clock carries it over the weeks. Each step waits for its effect with a deadline; one that does not happen
ends the story.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import requests

from deploy.local.desk import Desk, Refusal
from deploy.local.mail_catcher import CaughtMail, caught
from deploy.local.waiting import wait_until
from shared.clock import SimulatedClock
from shared.localtime import same_wall_clock

PATIENCE_SECONDS: Final = 15.0
ZONE: Final = "America/New_York"
BIRTH_YEAR: Final = 1985
NOBODY: Final = "00000000-0000-7000-8000-000000000000"
HOURS: Final = [{"weekday": day, "opens": "08:00", "closes": "17:00"} for day in ("MO", "TU", "WE", "TH", "FR")]
DUE: Final[Mapping[str, Callable[[datetime], datetime]]] = {
    "P3D": lambda start: same_wall_clock(start, ZONE, days=-3),
    "P1D": lambda start: same_wall_clock(start, ZONE, days=-1),
    "PT2H": lambda start: start - timedelta(hours=2),
}
"""When each reminder is due: days count on the calendar, hours elapse."""
ANSWERS: Final = {"at first": (3, 2, 2, 2, 2, 2, 2, 2, 0), "at the end": (1, 1, 1, 1, 1, 0, 1, 0, 0)}

Tell = Callable[[str, str], None]
"""Called with the kind of news (`step`, `sms`, `mail`, `page`) and its text."""


class StoryBroken(Exception):
    """A step did not happen."""


@dataclass(frozen=True)
class Clinic:
    """The demo's clinic and an access key to it."""

    id: str
    key: str


@dataclass(frozen=True)
class _Scene:
    """Something that happens at an instant of the simulated time."""

    at: datetime
    play: Callable[[], None]


class Story:
    """One patient's series from registration to the last score."""

    def __init__(self, url: str, clinic: Clinic, clock: SimulatedClock, mail_folder: Path, tell: Tell) -> None:
        self._desk = Desk(url, clinic.key)
        self._clinic_id = clinic.id
        self._clock = clock
        self._mail_folder = mail_folder
        self._tell = tell
        self._told_messages: set[str] = set()
        self._patient: dict[str, Any] = {}
        self._series: dict[str, Any] = {}

    def play(self) -> None:
        """Play it. Raises `StoryBroken`, or the API's `Refusal`."""
        self._register()
        self._book()
        self._expect_confirmation()
        for scene in sorted(self._scenes(), key=lambda scene: scene.at):
            self._go_to(scene.at)
            scene.play()
        self._show_measures()

    def _register(self) -> None:
        number = 100 + len(self._desk.get(self._at("booking", "patients"), limit=200)["items"]) % 100
        person = {
            "name": "Ada Example",
            "birth_date": f"{BIRTH_YEAR}-12-10",
            "phone": f"+12125550{number}",
            "email": f"ada.{number}@example.com",
        }
        self._patient = self._desk.post(self._at("booking", "patients"), person)
        self._tell("step", f"registered {person['name']}, {person['phone']}, {person['email']}")

    def _book(self) -> None:
        wish = {
            "patient_id": self._patient["id"],
            "protocol": "mood-iv-6x2w",
            "first_fit": {"from_date": f"{self._clock() + timedelta(days=4):%Y-%m-%d}", "time_of_day": "11:00"},
        }
        self._series = self._desk.post(self._at("booking", "series"), wish)
        times = ", ".join(f"{_moment(session['starts_local']):%a %-d %b %H:%M}" for session in self._sessions)
        self._tell("step", f"booked {len(self._sessions)} sessions in one call: {times}")

    @property
    def _sessions(self) -> list[dict[str, Any]]:
        sessions: list[dict[str, Any]] = self._series["sessions"]
        return sessions

    def _expect_confirmation(self) -> None:
        self._tell_message(self._expect_message("confirmation", ""))
        mail = self._expect(self._mail_of_patient, "the confirmation by e-mail")
        self._tell("mail", f"{mail.subject}\n{mail.text.strip()}")

    def _scenes(self) -> list[_Scene]:
        scenes = []
        for session in self._sessions:
            start, end = _moment(session["starts_at"]), _moment(session["ends_at"])
            scenes += [self._reminder(session["number"], offset, due(start)) for offset, due in DUE.items()]
            scenes += [
                self._treatment(session["number"], "check-in", start - timedelta(minutes=15)),
                self._treatment(session["number"], "start", start),
                self._treatment(session["number"], "discharge", end),
            ]
        first, last = self._sessions[0], self._sessions[-1]
        return [*scenes, self._check_in(first, "at first"), self._check_in(last, "at the end")]

    def _reminder(self, number: int, offset: str, at: datetime) -> _Scene:
        return _Scene(at, lambda: self._tell_message(self._expect_message("reminder", offset, number)))

    def _treatment(self, number: int, move: str, at: datetime) -> _Scene:
        def act() -> None:
            self._desk.post(self._at("booking", f"series/{self._series['id']}/sessions/{number}/{move}"))
            self._tell("step", f"session {number}: {move}")

        return _Scene(at, act)

    def _check_in(self, session: dict[str, Any], when: str) -> _Scene:
        def answer() -> None:
            message = self._expect(lambda: self._open_link(session["number"]), "the link to the check-in")
            self._tell_message(message)
            self._fill_in(re.findall(r"https?://\S+", message["text"])[0], ANSWERS[when])

        return _Scene(_moment(session["ends_at"]) + timedelta(hours=24), answer)

    def _open_link(self, number: int) -> Any:
        """The link's message of that session: check-ins of earlier sessions have theirs too."""
        path = self._at("followup", f"patients/{self._patient['id']}/check-ins")
        about = {f"check_in/{one['id']}" for one in self._desk.get(path)["items"] if one["session_number"] == number}
        return next((one for one in self._messages() if one["about"] in about and one["status"] == "sent"), None)

    def _fill_in(self, link: str, answers: tuple[int, ...]) -> None:
        browser = requests.Session()
        browser.post(link, data={"year": BIRTH_YEAR}, timeout=PATIENCE_SECONDS).raise_for_status()
        form = {f"q{number}": value for number, value in enumerate(answers, 1)}
        page = browser.post(link, data=form, timeout=PATIENCE_SECONDS)
        page.raise_for_status()
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)
        said = html.unescape(re.sub(r"<[^>]+>", "", heading.group(1))).strip() if heading else "(no heading)"
        self._tell("page", f"answered {sum(answers)} of 27 points; the page says: {said}")

    def _show_measures(self) -> None:
        path = self._at("followup", f"patients/{self._patient['id']}/measures")
        measures = self._expect(lambda: self._scored(path), "both scores")
        for measure in measures:
            change = measure.get("change") or {}
            drop = f", {change['drop_percent']} % below the first" if change.get("drop_percent") else ""
            self._tell(
                "step", f"PHQ-9 after session {measure['session_number']}: {measure['total']}, {measure['band']}{drop}"
            )

    def _scored(self, path: str) -> Any:
        items = self._desk.get(path)["items"]
        return items if len(items) == len(ANSWERS) else None

    def _expect_message(self, kind: str, offset: str, number: int | None = None) -> Any:
        about = f"series/{self._series['id']}" + (f"/sessions/{number}" if number else "")

        def find() -> Any:
            return next(
                (
                    one
                    for one in self._messages()
                    if (one["kind"], one["offset"], one["about"], one["status"]) == (kind, offset, about, "sent")
                ),
                None,
            )

        return self._expect(find, f"{kind} {offset} about {about}")

    def _messages(self) -> list[Any]:
        page = self._desk.get(self._at("notify", "messages"), patient_id=self._patient["id"], limit=200)
        items: list[Any] = page["items"]
        return items

    def _mail_of_patient(self) -> CaughtMail | None:
        mine = self._patient["email"]
        return next((mail for mail in caught(self._mail_folder) if mine in mail.recipients), None)

    def _expect(self, find: Callable[[], Any], what: str) -> Any:
        found: list[Any] = []

        def look() -> bool:
            found.append(find())
            return bool(found[-1])

        if not wait_until(look, PATIENCE_SECONDS):
            raise StoryBroken(f"{what} did not happen within {PATIENCE_SECONDS:.0f} s")
        return found[-1]

    def _tell_message(self, message: Any) -> None:
        if message["id"] not in self._told_messages:
            self._told_messages.add(message["id"])
            self._tell(message["channel"], message["text"])

    def _go_to(self, instant: datetime) -> None:
        """Move the clock, but never back: a second patient's story may have moved it further."""
        moment = max(instant + timedelta(seconds=1), self._clock())
        self._clock.move_to(moment)
        self._tell("clock", f"{moment.astimezone(UTC):%a %-d %b %Y %H:%M} UTC")

    def _at(self, service: str, rest: str) -> str:
        return f"/{service}/v1/clinics/{self._clinic_id}/{rest}"


def open_clinic(url: str, platform_key: str) -> Clinic:
    """A clinic with two chairs, two nurses and an access key, ready to book."""
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
    for kind, name in (("chair", "Chair 1"), ("chair", "Chair 2"), ("nurse", "Nurse 1"), ("nurse", "Nurse 2")):
        resource = {"kind": kind, "name": name, "hours": HOURS}
        desk.post(f"/booking/v1/clinics/{clinic['id']}/resources", resource)
    if not wait_until(lambda: _is_known(desk, clinic["id"]), PATIENCE_SECONDS):
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


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
