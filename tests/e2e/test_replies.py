"""The small loop: a reminder goes out, the patient answers by text, and the session and the desk know it."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from deploy.local.mail_catcher import CaughtMail, caught
from shared.ids import new_id
from shared.localtime import same_wall_clock
from tests.e2e.practice import ONE, Practice, open_practice
from tests.e2e.town import SERVICES, Http, Town, eventually, ok


@pytest.fixture
def own(town: Town) -> Practice:
    """A clinic with one chair and one nurse, with nothing booked."""
    return open_practice(town)


def reply(practice: Practice, phone: str, text: str) -> dict[str, Any]:
    received_at = practice.town.clock().isoformat()
    body = {"from": phone, "text": text, "provider_id": new_id(), "received_at": received_at}
    kept: dict[str, Any] = ok(practice.http.post(practice.at("notify", "/replies"), body))
    return kept


def session_of(practice: Practice, series_id: str) -> dict[str, Any]:
    session: dict[str, Any] = ok(practice.http.get(practice.at("booking", f"/series/{series_id}")))["sessions"][0]
    return session


def reminded(practice: Practice, series: dict[str, Any], offset: str, days: int) -> dict[str, Any]:
    """The reminder so many days ahead of the first session, sent."""
    about = f"series/{series['id']}/sessions/1"

    def found(*statuses: str) -> dict[str, Any]:
        rows = practice.messages(about=about)
        return next((row for row in rows if (row["offset"], row["status"]) in {(offset, one) for one in statuses}), {})

    eventually(lambda: found("queued", "sent"), "planning the reminder")
    starts_at = datetime.fromisoformat(session_of(practice, series["id"])["starts_at"])
    practice.town.move_to(same_wall_clock(starts_at, practice.zone, days=-days) + timedelta(seconds=1))
    return eventually(lambda: found("sent"), "sending the reminder")


def tasks(practice: Practice, kind: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ok(practice.http.get(practice.at("booking", "/tasks"), kind=kind))["items"]
    return items


def test_a_patient_confirms_by_text_and_later_asks_for_a_change(own):
    patient = own.register(preferred_channel="sms")
    series = own.book(patient["id"], [own.soon(hour=12)], ONE)

    first = reminded(own, series, "P3D", 3)
    page = re.findall(r"https?://\S+", first["text"])[0]
    assert f"Reply 1 to confirm, 2 to change, or see {page} Call" in first["text"]
    assert page.endswith("/1")
    assert Http("", None).get(page).status_code == 200

    kept = reply(own, patient["phone"], " 1. ")
    assert (kept["answer"], kept["about"]) == ("confirm", f"series/{series['id']}/sessions/1")
    eventually(lambda: session_of(own, series["id"])["confirmed_at"], "confirming the session")
    visit = {"_id": f"series/{series['id']}/sessions/1", "confirmed_at": {"$ne": None}}
    eventually(lambda: own.town.databases()[SERVICES.index("notify")]["visits"].find_one(visit), "telling who reminds")

    second = reminded(own, series, "P1D", 1)
    assert "confirm" not in second["text"]
    assert f"See or change: {page} Call" in second["text"]

    assert reply(own, patient["phone"], "2")["answer"] == "change"
    [task] = eventually(lambda: tasks(own, "change-requested"), "passing the wish on to the desk")
    assert (task["series_id"], task["number"]) == (series["id"], 1)


def test_what_no_digit_says_reaches_the_desk_and_changes_nothing(own):
    patient = own.register(preferred_channel="sms")
    series = own.book(patient["id"], [own.soon(hour=12)], ONE)
    reminded(own, series, "P3D", 3)

    reply(own, patient["phone"], "I can't stop crying")
    reply(own, "+12125550000", "1")

    found = ok(own.http.get(own.at("notify", "/replies"), answer="other", is_open="true"))["items"]
    assert [(one["text"], one["patient_id"]) for one in found] == [("I can't stop crying", patient["id"]), ("1", None)]
    assert session_of(own, series["id"])["confirmed_at"] is None


def test_the_calendar_in_the_mail_follows_the_session(own, mail_folder):
    patient = own.register(email=f"{new_id()}@example.com", preferred_channel="email")
    start = own.soon(hour=12)
    series = own.book(patient["id"], [start], ONE)
    path = f"/series/{series['id']}"

    booked = entry(mails(own, mail_folder, patient["email"], 1)[-1])
    version = ok(own.http.get(own.at("booking", path)))["version"]
    moved_to = {"starts_local": f"{start + timedelta(days=1):%Y-%m-%dT%H:%M}"}
    ok(own.http.patch(own.at("booking", f"{path}/sessions/1"), moved_to, version))
    moved = entry(mails(own, mail_folder, patient["email"], 2)[-1])
    ok(own.http.post(own.at("booking", f"{path}/sessions/1/cancel"), {"reason": "patient"}))
    cancelled = entry(mails(own, mail_folder, patient["email"], 3)[-1])

    assert booked["UID"] == moved["UID"] == cancelled["UID"]
    assert booked["SEQUENCE"] < moved["SEQUENCE"] < cancelled["SEQUENCE"]
    assert moved["DTSTART"].dt - booked["DTSTART"].dt == timedelta(days=1)
    assert [one["STATUS"] for one in (booked, moved, cancelled)] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


def mails(practice: Practice, folder: Path, address: str, count: int) -> list[CaughtMail]:
    """The first so many mails to this address; while one waits for its time, the clock is moved there."""

    def found() -> list[CaughtMail]:
        for row in practice.messages(status="queued"):
            if row["kind"] in {"confirmation", "change-notice", "cancellation-notice"}:
                practice.town.move_to(datetime.fromisoformat(row["next_at"]))
        mine = [mail for mail in caught(folder) if mail.recipients == (address,)]
        here = [mail for mail in mine if any(mail.message.iter_attachments())]
        return here if len(here) >= count else []

    return eventually(found, "sending the mail")


def entry(mail: CaughtMail) -> Any:
    [file] = mail.message.iter_attachments()
    [event] = Calendar.from_ical(file.get_content()).events
    return event
