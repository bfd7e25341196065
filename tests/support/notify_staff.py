"""A clinic whose staff can be paged, and their browsers."""

from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.notify.domain.message import Kind, Message
from services.notify.domain.page import PATH, StaffPage
from services.notify.domain.policy import StaffContact
from services.notify.operations.pages import raise_page
from services.notify.operations.policy import ChangeMessaging, ContactWanted, change_messaging
from services.notify.pages.acknowledge import staff_pages
from tests.support.notify_builders import CLINIC, PATIENT, a_world, at
from tests.support.notify_fakes import PUBLIC_URL, FakeNotify
from tests.support.pages_app import pages_app

NIGHT = at("2026-03-03 02:00")
ON_CALL = ContactWanted("Dr. Grace Hopper", phone="+12125550180", email="grace@example.com")
BACKUP = ContactWanted("Dr. Alan Turing", phone="+12125550181")
DIRECTOR = ContactWanted("Dr. Edsger Dijkstra", email="edsger@example.com")


def a_staffed_world(*contacts: ContactWanted, now: datetime = NIGHT) -> FakeNotify:
    """Two o'clock at night, at a clinic that pages these one after the other."""
    world = a_world(now=now)
    world.run(CLINIC, change_messaging, ChangeMessaging(0, {"contacts": contacts or (ON_CALL, BACKUP, DIRECTOR)}))
    return world


def contacts_of(world: FakeNotify) -> tuple[StaffContact, ...]:
    contacts: tuple[StaffContact, ...] = world.run(CLINIC, lambda uow, _: uow.policies.of_clinic().contacts, None)
    return contacts


def raised(world: FakeNotify, **said: Any) -> StaffPage:
    """The page that a crisis text leads to."""
    wanted = {"reason": "crisis", "patient_id": PATIENT, "about": "reply/reply-1", **said}
    page: StaffPage = world.run(CLINIC, lambda uow, _: raise_page(uow, **wanted), None)
    return page


def letters(world: FakeNotify, page: StaffPage) -> list[Message]:
    """What was planned for the staff because of it, as it was planned."""
    rows = world.messages(about=page.subject, kind=Kind.STAFF_PAGE)
    return sorted(rows, key=lambda row: (row.history[0].at, row.channel.value), reverse=False)


def link_of(row: Message) -> str:
    return row.body[row.body.index(f"{PUBLIC_URL}{PATH}") :]


class Browser:
    """That of one of the staff: follows redirects, as phones do."""

    def __init__(self, world: FakeNotify) -> None:
        self.client: FlaskClient = pages_app(staff_pages(world.run)).test_client()

    def read(self, address: str) -> TestResponse:
        return self.client.get(address.removeprefix(PUBLIC_URL), base_url=PUBLIC_URL)

    def press(self, address: str, button: str) -> TestResponse:
        path = address.removeprefix(PUBLIC_URL)
        return self.client.post(path, data={"do": button}, base_url=PUBLIC_URL, follow_redirects=True)
