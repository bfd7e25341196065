"""Notify's ways in and out: its API, and a real mail server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask.testing import FlaskClient
from icalendar import Calendar
from openapi_spec_validator import validate

from deploy.local.mail_catcher import caught, keep
from deploy.local.ports import HOST, free_port
from services.notify.channels.email import EmailChannel, smtp_session
from services.notify.domain.message import Channel, Letter
from services.notify.domain.visit import VisitStatus
from services.notify.operations.ports import Accepted, PermanentFailure, TemporaryFailure
from shared.http.auth import as_key
from shared.http.key_ring import KeyIssued, hear_key_issued
from shared.ids import new_id
from shared.private_link import digest
from tests.integration.notify.notify_host import EMAIL, ThisNotify
from tests.support.notify_builders import a_visit
from tests.support.notify_fakes import providers

LETTER = Letter("message-1", "clinic-1", Channel.EMAIL, "Riverside Clinic", EMAIL, "your visits", "booked.\n\nCall.\n")


class Catcher:
    """Takes mail, but none for `nobody`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        keep(self.folder, str(envelope.mail_from), envelope.rcpt_tos, envelope.original_content or b"")
        return "250 taken"


@pytest.fixture
def mail_port(tmp_path: Path) -> Iterator[int]:
    controller = Controller(Catcher(tmp_path), hostname=HOST, port=free_port())
    controller.start()
    yield controller.port
    controller.stop()


def a_channel(port: int) -> EmailChannel:
    return EmailChannel(
        lambda: smtp_session(HOST, port, user="", password="", starttls=False), "no-reply@kadence.example"
    )


def test_a_mail_server_takes_the_letter(mail_port: int, tmp_path: Path):
    assert a_channel(mail_port).send(LETTER) == Accepted("<message-1@kadence.example>")
    [mail] = caught(tmp_path)
    assert (mail.recipients, mail.subject) == ((EMAIL,), "your visits")
    assert mail.text.splitlines() == ["booked.", "", "Call."]


def test_a_mail_server_takes_the_calendar_file_with_it(mail_port: int, tmp_path: Path):
    visits = (a_visit(), a_visit("2026-03-11 09:00", number=2, status=VisitStatus.CANCELLED))
    a_channel(mail_port).send(replace(LETTER, visits=visits))
    [mail] = caught(tmp_path)
    [file] = mail.message.iter_attachments()
    calendar: Any = Calendar.from_ical(file.get_content())
    assert mail.text.splitlines() == ["booked.", "", "Call."]
    assert [event["UID"] for event in calendar.events] == [
        "series-series-1-sessions-1@kadence",
        "series-series-1-sessions-2@kadence",
    ]


def test_a_mail_server_refuses_an_address_for_good(mail_port: int, tmp_path: Path):
    with pytest.raises(PermanentFailure, match="smtp-550"):
        a_channel(mail_port).send(replace(LETTER, to="nobody@example.com"))
    assert caught(tmp_path) == []


def test_a_mail_server_that_is_away_may_come_back():
    with pytest.raises(TemporaryFailure, match="smtp-unreachable"):
        a_channel(free_port()).send(LETTER)


@pytest.fixture
def api(notify: ThisNotify) -> FlaskClient:
    return notify.host.app().test_client()


def a_key(notify: ThisNotify, clinic_id: str, *scopes: str) -> dict[str, str]:
    key_id = new_id()
    notify.run(clinic_id, hear_key_issued, KeyIssued(key_id, digest("secret"), scopes, None))
    return {"Authorization": f"Bearer {as_key(key_id, 'secret')}"}


def test_the_api_lists_what_the_clinics_patients_read(notify: ThisNotify, api: FlaskClient):
    notify.open("clinic-1", "2026-03-16 10:00")
    notify.open("clinic-2", "2026-03-16 10:00")
    notify.send(providers())
    key = a_key(notify, "clinic-1", "front_desk")
    seen: list[dict[str, Any]] = []
    query: dict[str, str] = {"limit": "3"}
    while True:
        page = api.get("/notify/v1/clinics/clinic-1/messages", query_string=query, headers=key).get_json()
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert [(one["kind"], one["offset"]) for one in seen] == [
        ("confirmation", ""),
        ("reminder", "P3D"),
        ("unconfirmed", "PT30H"),
        ("reminder", "P1D"),
        ("escort-reminder", "P1D"),
        ("reminder", "PT2H"),
    ]
    assert seen[0]["text"].startswith("Riverside Clinic: booked. First visit Mon Mar 16")
    assert [step["status"] for step in seen[0]["history"]] == ["queued", "sending", "sent"]
    sent = api.get("/notify/v1/clinics/clinic-1/messages?status=sent", headers=key).get_json()["items"]
    assert sent == seen[:1]


def test_the_api_shows_a_clinic_to_its_own_keys_only(notify: ThisNotify, api: FlaskClient):
    notify.open("clinic-1", "2026-03-16 10:00")
    path = "/notify/v1/clinics/clinic-1/messages"
    assert api.get(path).status_code == 401
    assert api.get(path, headers=a_key(notify, "clinic-2", "admin")).status_code == 404
    assert api.get(f"{path}?status=lost", headers=a_key(notify, "clinic-1", "admin")).status_code == 422
    assert api.get(f"{path}?page=2", headers=a_key(notify, "clinic-1", "admin")).status_code == 422


def test_the_api_is_described(api: FlaskClient):
    description = api.get("/notify/openapi.json").get_json()
    validate(description)
    assert "/notify/v1/clinics/{clinic_id}/messages" in description["paths"]
