"""Things of notify as tests need them: ordinary unless said otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from services.notify.domain.clinic import Clinic
from services.notify.domain.message import Channel, Kind, Message, Status, Step
from services.notify.domain.offer import Offer, offer_subject
from services.notify.domain.planning import Meaning, Timing, queued
from services.notify.domain.recipient import Privacy, Recipient
from services.notify.domain.visit import Visit, series_subject, visit_subject
from services.notify.operations.check_ins import CheckInOpened, hear_check_in_opened
from services.notify.operations.clinics import ClinicHeard, hear_clinic
from services.notify.operations.offers import OfferMade
from services.notify.operations.patients import PatientHeard, hear_patient
from services.notify.operations.series import BookedSession, SeriesBooked, hear_series_booked
from services.notify.operations.sessions import SessionCancelled, SessionMissed, SessionMoved
from shared.localtime import resolve
from tests.support.notify_fakes import FakeNotify

CLINIC = "clinic-1"
PATIENT = "patient-1"
SERIES = "series-1"
NEW_YORK = "America/New_York"
BERLIN = "Europe/Berlin"
LORD_HOWE = "Australia/Lord_Howe"
LOS_ANGELES = "America/Los_Angeles"
BOOKED_AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""A Monday, 10:00 in New York; the clocks there change on Sunday the 8th."""


LENGTH = timedelta(minutes=130)
LINK = "https://care.example/booking/a/4f0c1f6e8b2d4c7a9e3b5d71"


def at(local: str, zone: str = NEW_YORK) -> datetime:
    """The instant of a wall time: `at("2026-03-09 09:00")`."""
    return resolve(datetime.fromisoformat(local), zone)


def a_clinic(**changes: Any) -> Clinic:
    clinic = Clinic(
        id=CLINIC,
        name="Riverside Infusion Center",
        sender_alias="Riverside Clinic",
        zone=NEW_YORK,
        country="US",
        locale="en",
        phone="555-0100",
        quiet_from=time(21),
        quiet_until=time(8),
    )
    return replace(clinic, **changes)


def a_recipient(**changes: Any) -> Recipient:
    recipient = Recipient(
        id=PATIENT,
        name="sealed:Ada Byron",
        phone="sealed:+12125550123",
        email="sealed:ada@example.com",
        locale="en",
        zone=None,
        country=None,
        privacy=Privacy.STANDARD,
        preferred_channel=Channel.SMS,
    )
    return replace(recipient, **changes)


def a_visit(local: str = "2026-03-09 09:00", zone: str = NEW_YORK, *, number: int = 1, **changes: Any) -> Visit:
    visit = Visit(
        id=visit_subject(SERIES, number),
        series=series_subject(SERIES),
        number=number,
        patient_id=PATIENT,
        zone=zone,
        starts_at=at(local, zone),
        starts_local=datetime.fromisoformat(local),
        ends_at=at(local, zone) + LENGTH,
        revision=0,
    )
    return replace(visit, **changes)


def an_offer(local: str = "2026-03-05 10:30", **changes: Any) -> Offer:
    offer = Offer(
        id=offer_subject(SERIES, "offer-1"),
        patient_id=PATIENT,
        number=1,
        zone=NEW_YORK,
        starts_at=at(local),
        starts_local=datetime.fromisoformat(local),
        made_at=BOOKED_AT,
        expires_at=BOOKED_AT + timedelta(hours=2),
    )
    return replace(offer, **changes)


def a_message(status: Status = Status.QUEUED, **changes: Any) -> Message:
    meaning = Meaning(PATIENT, visit_subject(SERIES, 1), Kind.REMINDER, Channel.SMS, offset="P1D")
    message = queued(CLINIC, meaning, Timing(at("2026-03-08 09:00"), at("2026-03-09 03:00")), at=BOOKED_AT)
    if status is not Status.QUEUED:
        message = replace(message, status=status, history=(*message.history, Step(status, BOOKED_AT, "")))
    return replace(message, **changes)


def clinic_heard(**changes: Any) -> ClinicHeard:
    facts = {name: value for name, value in vars(a_clinic()).items() if name not in {"id", "version"}}
    return ClinicHeard(**facts | {"data_key": "key"} | changes)


def patient_heard(**changes: Any) -> PatientHeard:
    facts = {name: value for name, value in vars(a_recipient()).items() if name not in {"id", "version"}}
    return PatientHeard(**{"patient_id": PATIENT} | facts | changes)


def series_booked(
    *locals: str, zone: str = NEW_YORK, told_at: datetime = BOOKED_AT, series_id: str = SERIES, **changes: Any
) -> SeriesBooked:
    """A series with a session at each of these wall times."""
    command = SeriesBooked(
        series_id=series_id,
        told_at=told_at,
        patient_id=PATIENT,
        zone=zone,
        sessions=tuple(
            BookedSession(number, at(local, zone), datetime.fromisoformat(local), at(local, zone) + LENGTH, revision=0)
            for number, local in enumerate(locals, 1)
        ),
    )
    return replace(command, **changes)


def session_moved(number: int, local: str, *, revision: int = 1, told_at: datetime = BOOKED_AT) -> SessionMoved:
    return SessionMoved(
        series_id=SERIES,
        told_at=told_at,
        number=number,
        zone=NEW_YORK,
        starts_at=at(local),
        starts_local=datetime.fromisoformat(local),
        ends_at=at(local) + LENGTH,
        revision=revision,
    )


def session_cancelled(number: int, **changes: Any) -> SessionCancelled:
    return replace(SessionCancelled(SERIES, BOOKED_AT, number, revision=0, reason="patient"), **changes)


def session_missed(number: int, *, revision: int = 0) -> SessionMissed:
    return SessionMissed(SERIES, number, revision)


def offer_made(local: str = "2026-03-05 10:30", *, number: int = 1, **changes: Any) -> OfferMade:
    command = OfferMade(
        offer_id="offer-1",
        told_at=BOOKED_AT,
        series_id=SERIES,
        patient_id=PATIENT,
        number=number,
        zone=NEW_YORK,
        starts_at=at(local),
        starts_local=datetime.fromisoformat(local),
        expires_at=BOOKED_AT + timedelta(hours=2),
    )
    return replace(command, **changes)


def check_in_opened(**changes: Any) -> CheckInOpened:
    command = CheckInOpened(
        check_in_id="check-in-1",
        patient_id=PATIENT,
        series_id=SERIES,
        session_number=1,
        link="sealed:https://care.example/c/9KX",
        opened_at=BOOKED_AT,
        expires_at=BOOKED_AT + timedelta(days=3),
    )
    return replace(command, **changes)


def a_world(
    *visits: str,
    now: datetime = BOOKED_AT,
    zone: str = NEW_YORK,
    clinic: ClinicHeard | None = None,
    patient: PatientHeard | None = None,
    check_ins: Sequence[CheckInOpened] = (),
) -> FakeNotify:
    """A clinic with a patient, and a series with a session at each of these wall times, booked now."""
    world = FakeNotify(now)
    world.run(CLINIC, hear_clinic, clinic or clinic_heard(zone=zone))
    world.run(CLINIC, hear_patient, patient or patient_heard())
    if visits:
        world.run(CLINIC, hear_series_booked, series_booked(*visits, zone=zone, told_at=now))
    for check_in in check_ins:
        world.run(CLINIC, hear_check_in_opened, check_in)
    return world
