"""What every scene of the story needs: the desk, the clock, what the patients were sent, and patience."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import requests

from deploy.local.desk import Desk
from deploy.local.mail_catcher import CaughtMail, caught
from deploy.local.waiting import wait_until
from shared.clock import SimulatedClock

PATIENCE_SECONDS: Final = 15.0
ZONE: Final = "America/New_York"
BIRTH_YEAR: Final = 1985
_DAY_BEGINS, _DAY_ENDS = 9, 18

Tell = Callable[[str, str], None]
"""Called with the kind of news (`clock`, `step`, `sms`, `email`, `mail`, `page`) and its text."""


class StoryBroken(Exception):
    """A step did not happen."""


@dataclass(frozen=True)
class Scene:
    """Something that happens at an instant of the simulated time."""

    at: datetime
    play: Callable[[], None]


@dataclass(frozen=True)
class Stage:
    """A clinic on a running platform, seen from its front desk, and the simulated clock."""

    desk: Desk
    clinic_id: str
    clock: SimulatedClock
    mail_folder: Path
    tell: Tell
    patience_seconds: float = PATIENCE_SECONDS
    _told: set[str] = field(default_factory=set)

    def at(self, service: str, rest: str) -> str:
        """The address of something of the clinic."""
        return f"/{service}/v1/clinics/{self.clinic_id}/{rest}"

    def do(self, path: str, body: Any) -> Any:
        """Something that booking does for the clinic; its answer."""
        return self.desk.post(f"/booking/v1/clinics/{self.clinic_id}{path}", body)

    def go_to(self, instant: datetime) -> None:
        """Move the clock, but never back: a second patient's story may have moved it further."""
        moment = max(instant + timedelta(seconds=1), self.clock())
        self.clock.move_to(moment)
        self.tell("clock", f"{moment.astimezone(ZoneInfo(ZONE)):%a %-d %b %H:%M}")

    def open_the_day(self) -> None:
        """Nobody is written to or rung up at night."""
        wall = self.clock().astimezone(ZoneInfo(ZONE))
        if not _DAY_BEGINS <= wall.hour < _DAY_ENDS:
            morning = wall.replace(hour=_DAY_BEGINS, minute=0, second=0, microsecond=0)
            wall = morning + timedelta(days=wall.hour >= _DAY_ENDS)
        self.go_to(wall.astimezone(UTC))

    def expect(self, find: Callable[[], Any], what: str) -> Any:
        """What is found within some seconds. Raises `StoryBroken`."""
        found: list[Any] = []

        def look() -> bool:
            found.append(find())
            return bool(found[-1])

        if not wait_until(look, self.patience_seconds):
            raise StoryBroken(f"{what} did not happen within {self.patience_seconds:.0f} s")
        return found[-1]

    def messages(self, patient_id: str) -> list[Any]:
        """What notify has planned for or sent to a patient."""
        page = self.desk.get(self.at("notify", "messages"), patient_id=patient_id, limit=200)
        items: list[Any] = page["items"]
        return items

    def expect_message(self, patient_id: str, kind: str, about: str = "", offset: str = "") -> Any:
        """A message of that kind, as soon as it was sent."""

        def find() -> Any:
            sent = (one for one in self.messages(patient_id) if (one["kind"], one["status"]) == (kind, "sent"))
            return next((one for one in sent if one["offset"] == offset and about in {"", one["about"]}), None)

        return self.expect(find, f"{kind} {offset} to the patient")

    def tell_message(self, message: Any, *, in_short: bool = False) -> None:
        """Tell once what a patient reads."""
        if message["id"] not in self._told:
            self._told.add(message["id"])
            text = f"{message['text'].partition('. ')[0]}. …" if in_short else message["text"]
            self.tell(message["channel"], text)

    def mail_to(self, address: str) -> CaughtMail:
        """The first mail to a patient, as soon as it is there."""

        def find() -> CaughtMail | None:
            return next((mail for mail in caught(self.mail_folder) if address in mail.recipients), None)

        mail: CaughtMail = self.expect(find, f"mail to {address}")
        return mail


class Browser:
    """A patient's phone: opens a link, says the year of birth, presses buttons."""

    def __init__(self, link: str) -> None:
        self._link = link
        self._session = requests.Session()
        self.post(year=str(BIRTH_YEAR))

    def post(self, **fields: str) -> str:
        """Send a form; the page that comes back."""
        page = self._session.post(self._link, data=fields, timeout=PATIENCE_SECONDS)
        page.raise_for_status()
        return page.text

    def read(self) -> str:
        """The page."""
        page = self._session.get(self._link, timeout=PATIENCE_SECONDS)
        page.raise_for_status()
        return page.text


def link_in(text: str) -> str:
    """The first address in a text. Raises `StoryBroken` when there is none."""
    found = re.search(r"https?://\S+", text)
    if found is None:
        raise StoryBroken(f"no link in: {text}")
    return found[0]


def read_out(page: str, element: str) -> str:
    """The words of the first such element of a page."""
    found = re.search(rf"<{element}[^>]*>(.*?)</{element}>", page, re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found.group(1))).split()) if found else f"(no {element})"


def moment(text: str) -> datetime:
    """A wall time or an instant of the API."""
    return datetime.fromisoformat(text)


def spoken(local: str) -> str:
    """A wall time of the API as people say it."""
    return f"{moment(local):%a %-d %b %H:%M}"
