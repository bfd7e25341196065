"""The patient's page on running services: from the link in the message to the desk's list."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from deploy.local.mail_catcher import caught
from tests.e2e.practice import AWAKE, ONE, Practice, open_practice
from tests.e2e.town import Town, eventually, next_clock_change, ok

BORN = {"year": "1980"}
GATE = {
    "en": "In which year were you born?",
    "es": "¿En qué año nació usted?",
    "de": "In welchem Jahr sind Sie geboren?",
}
FOOD = {"en": "Last food", "es": "Última comida", "de": "Zuletzt essen"}


class Page(HTMLParser):
    """What is read of a page, and which buttons it has."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.status = answer.status_code
        self.language = ""
        self.buttons: list[str] = []
        self._words: list[str] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.language = given.get("lang") or "" if tag == "html" else self.language
        self.buttons += [given.get("value") or ""] if tag == "button" else []

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self._words).replace("\u202f", " ").replace("\xa0", " ").split())


class Phone:
    """A patient's browser on the way through the gateway."""

    def __init__(self, link: str) -> None:
        self.link = link
        self._session = requests.Session()

    def read(self, of: str = "") -> Page:
        return Page(self._session.get(f"{self.link}{of}", timeout=20))

    def send(self, fields: Mapping[str, str], of: str = "") -> Page:
        return Page(self._session.post(f"{self.link}{of}", data=fields, timeout=20))

    def fetch(self, of: str) -> requests.Response:
        return self._session.get(f"{self.link}{of}", timeout=20)


@pytest.fixture(scope="module")
def practice(town: Town) -> Practice:
    """With room for everybody at any time."""
    return open_practice(town, chairs=8, nurses=8, **AWAKE)


def a_patient(practice: Practice, **details: Any) -> dict[str, Any]:
    number = practice.register()["id"].replace("-", "")[-16:]
    return practice.register(email=f"{number}@example.com", preferred_channel="email", **details)


def phone_of(town: Town, patient: Mapping[str, Any]) -> Phone:
    """The phone on which the patient opens the link of their confirmation."""
    folder: Path = town.platform.installation.mail_folder

    def link() -> str:
        mine = [mail.text for mail in caught(folder) if patient["email"] in mail.recipients]
        found = re.findall(r"/booking/a/[\w-]+", "\n".join(mine))
        return str(found[0]) if found else ""

    return Phone(town.url + eventually(link, "sending the link to the page"))


def sessions(practice: Practice, series: Mapping[str, Any]) -> list[dict[str, Any]]:
    shown = ok(practice.http.get(practice.at("booking", f"/series/{series['id']}")))
    return list(shown["sessions"])


def test_the_link_shows_time_and_place_first_and_the_rest_after_the_year_of_birth(town, practice):
    patient = a_patient(practice)
    series = practice.book(patient["id"], [practice.soon()], ONE)
    phone = phone_of(town, patient)

    before = phone.read("/1")
    assert f"{practice.soon():%A, %B} {practice.soon().day}, {practice.soon().year} 10:00 AM" in before.words
    assert "Your Clinic" in before.words
    assert GATE["en"] in before.words
    assert (FOOD["en"] in before.words, "confirm" in before.buttons) == (False, False)
    assert phone.send({"do": "confirm"}, "/1").status == 403
    assert "not the year" in phone.send({"year": "1981"}, "/1").words

    after = phone.send(BORN, "/1")
    assert "Last food" in after.words
    assert "4:00 AM" in after.words
    for _ in range(2):
        assert "you will come" in phone.send({"do": "confirm"}, "/1").words
    assert sessions(practice, series)[0]["confirmed_at"] is not None
    assert "✓ Confirmed" in phone.read().words


def test_a_wish_for_another_time_is_one_task_and_moves_nothing(town, practice):
    patient = a_patient(practice)
    series = practice.book(patient["id"], [practice.soon(14)], ONE)
    phone = phone_of(town, patient)
    phone.send(BORN)

    for _ in range(2):
        page = phone.send({"do": "change", "mornings": "yes", "words": "Not on Mondays"}, "/1")

    assert "has your wish" in page.words
    found = ok(practice.http.get(practice.at("booking", "/tasks"), patient_id=patient["id"]))["items"]
    assert [(task["kind"], task["words"]) for task in found] == [("change-requested", "Not on Mondays")]
    assert sessions(practice, series) == series["sessions"]


@pytest.mark.parametrize("language", GATE)
def test_the_page_speaks_the_patients_language(town, practice, language):
    hour = 16 + list(GATE).index(language)
    patient = a_patient(practice, locale=language)
    practice.book(patient["id"], [practice.soon(hour)], ONE)
    phone = phone_of(town, patient)

    before = phone.read()
    after = phone.send(BORN, "/1")

    assert (before.language, GATE[language] in before.words) == (language, True)
    assert (after.language, FOOD[language] in after.words) == (language, True)


def test_the_calendar_file_and_the_feed_are_read_by_their_addresses_alone(town, practice):
    patient = a_patient(practice)
    practice.book(patient["id"], [practice.soon(7)], ONE)
    file = phone_of(town, patient).fetch("/1/calendar.ics")
    assert file.headers["Content-Type"].startswith("text/calendar")
    assert "SUMMARY:Your Clinic" in file.text

    chair = practice.resources["chair"][0]
    feeds = practice.at("booking", f"/resources/{chair}/feeds")
    made = ok(practice.http.post(feeds, {"label": "phone"}))
    address = town.url + made["url"][made["url"].index("/booking/f/") :]
    first = requests.get(address, timeout=20)
    assert "BEGIN:VEVENT" in first.text
    assert requests.get(address, headers={"If-None-Match": first.headers["ETag"]}, timeout=20).status_code == 304
    ok(practice.http.post(f"{feeds}/{made['feed']['id']}/revoke"))
    assert requests.get(address, timeout=20).status_code == 404


def test_forged_links_all_get_the_same_page(town, practice):
    patient = a_patient(practice)
    practice.book(patient["id"], [practice.soon(8)], ONE)
    link = phone_of(town, patient).link
    answers = [requests.get(one, timeout=20) for one in (f"{link}x", link[:-1], f"{link}/9", f"{link}/1/2")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert "This link does not work" in answers[0].text


def sunday_at_eight(zone: str, after: datetime) -> datetime:
    """Eight o'clock, as an instant, on the next day on which the clocks go forward in a zone."""
    _, changed = next_clock_change(zone, after, forward=True)
    return changed.replace(hour=8, minute=0, tzinfo=ZoneInfo(zone))


def on_the_wall(at: datetime, zone: str) -> str:
    wall = at.astimezone(ZoneInfo(zone))
    return f"{wall:%A}, {wall.hour % 12 or 12}:{wall:%M %p}"


SIX_HOURS_BEFORE_EIGHT = {
    "America/New_York": "1:00 AM",
    "Europe/Berlin": "1:00 AM",
    "Australia/Lord_Howe": "1:30 AM",
}


@pytest.mark.parametrize("zone", SIX_HOURS_BEFORE_EIGHT)
def test_hours_of_fasting_are_elapsed_hours_when_the_clocks_go_forward(town, zone):
    start = sunday_at_eight(zone, town.clock() + timedelta(days=2))
    town.move_near(start)
    practice = open_practice(town, zone=zone, chairs=1, nurses=1, **AWAKE)
    patient = a_patient(practice)
    practice.book(patient["id"], [start.replace(tzinfo=None)], ONE)
    elapsed = start.astimezone(ZoneInfo("UTC"))
    if not 9 <= practice.wall().hour < 20:  # no messages at night
        town.move_to(town.clock() + timedelta(hours=13))

    words = phone_of(town, patient).send(BORN, "/1").words

    assert f"Last food {on_the_wall(elapsed - timedelta(hours=6), zone)} (" in words
    assert f"Last food Sunday, {SIX_HOURS_BEFORE_EIGHT[zone]} (" in words
    assert f"Last drink {on_the_wall(elapsed - timedelta(hours=2), zone)}" in words
