"""Patients' phones and what is on them, as tests of booking's pages need them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from icalendar import Calendar
from werkzeug.test import TestResponse

from services.booking.domain.calendar.slots import PATIENT as PATIENT_KIND
from services.booking.domain.calendar.slots import Claim, patient_key
from services.booking.domain.page.private_link import PATH
from services.booking.domain.protocol.templates import default_protocols
from services.booking.domain.series.session import Session
from services.booking.pages.appointment import appointment_pages
from shared.localtime import to_local
from shared.private_link import digest
from tests.support.booking_builders import CLINIC, NEW_YORK, PATIENT, a_clinic, a_patient, a_series, a_session
from tests.support.booking_fakes import PUBLIC_URL, FakeBooking
from tests.support.pages_app import pages_app

TOKEN = "token-of-the-link"
BORN = "1980"


class Phone:
    """A patient's browser: follows redirects, keeps its cookie."""

    def __init__(self, world: FakeBooking, token: str = TOKEN) -> None:
        self.client: FlaskClient = pages_app(appointment_pages(world.run, public_url=PUBLIC_URL)).test_client()
        self.address = f"{PATH}{token}"

    def read(self, of: str = "", **headers: str) -> TestResponse:
        return self.client.get(f"{self.address}{of}", base_url=PUBLIC_URL, headers=headers)

    def send(self, of: str = "", **fields: str) -> TestResponse:
        address = f"{self.address}{of}"
        return self.client.post(address, data=fields, base_url=PUBLIC_URL, follow_redirects=True)

    def admitted(self) -> "Phone":
        assert self.send(year=BORN).status_code == 200
        return self


def calendar_of(answer: TestResponse) -> Any:
    """The calendar in an answer."""
    return Calendar.from_ical(answer.data)


def a_visit(number: int = 1, starts_at: datetime | None = None, **fields: Any) -> Session:
    """A booked session; the patient comes a quarter of an hour before its start."""
    session = a_session(number, **fields)
    starts_at = starts_at or session.starts_at
    ends_at = starts_at + timedelta(minutes=130)
    claim = Claim(PATIENT_KIND, patient_key(PATIENT), starts_at - timedelta(minutes=15), ends_at)
    local = to_local(starts_at, NEW_YORK)
    return replace(session, starts_at=starts_at, starts_local=local, ends_at=ends_at, claims=(claim,))


def a_town_with_a_link(
    *visits: Session,
    now: datetime = datetime(2026, 3, 1, 15, tzinfo=UTC),
    clinic: Any = None,
    patient: Any = None,
    **series: Any,
) -> FakeBooking:
    """A clinic, a patient and their booked series, whose link holds `TOKEN`."""
    world = FakeBooking(now)
    unit = world.unit(CLINIC)
    unit.clinics.save(clinic or a_clinic())
    unit.patients.save(patient or a_patient())
    for protocol in default_protocols():
        unit.protocols.save(protocol)
    sessions = visits or tuple(a_visit(number) for number in range(1, 7))
    unit.series.save(a_series(*sessions, **{"link_digest": digest(TOKEN), **series}))
    unit.commit()
    return world
