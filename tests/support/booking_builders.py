"""Things of booking as tests need them: ordinary unless said otherwise."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from services.booking.domain.calendar.resource import Hours, Resource, ResourceKind
from services.booking.domain.calendar.slots import Weekday, patient_key
from services.booking.domain.clinic.clinic import Clinic
from services.booking.domain.page.private_link import PATH
from services.booking.domain.patient.patient import Patient
from services.booking.domain.placement.availability import Calendar
from services.booking.domain.placement.placement import Wish
from services.booking.domain.protocol.protocol import Condition, Regimen
from services.booking.domain.protocol.spacing import Course
from services.booking.domain.protocol.templates import TEMPLATES, default_protocols
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import Session, SessionStatus
from services.booking.operations.clearance import HearMeasureScored, hear_measure_scored
from services.booking.operations.series import BookSeries, book_series
from shared.localtime import resolve
from shared.private_link import NewLink, new_link
from tests.support.booking_fakes import FakeBooking
from tests.support.cleared import cleared

CLINIC = "clinic-1"
OTHER_CLINIC = "clinic-2"
PATIENT = "patient-1"
NEW_YORK = "America/New_York"
NOW = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
MOOD: Regimen = TEMPLATES["mood-iv-6x2w"]
_PAIN: Regimen = TEMPLATES["pain-iv-single"]
ONE_DOSE: Regimen = replace(_PAIN, phases=(replace(_PAIN.phases[0], per_seven_days=7),))
"""One dose, to which nothing but the caps (five in seven days) sets a limit."""
MONDAY_TO_FRIDAY = tuple(Weekday)[:5]
CASE_A = tuple(date(2026, 3, day) for day in (4, 6, 9, 11, 13, 16))
"""Monday, Wednesday and Friday from 4 March 2026 on, across the clock change in New York."""


def hours(opens: str = "08:00", closes: str = "17:00", days: Iterable[Weekday] = MONDAY_TO_FRIDAY) -> tuple[Hours, ...]:
    return tuple(Hours(day, time.fromisoformat(opens), time.fromisoformat(closes)) for day in days)


def a_resource(kind: ResourceKind, id: str = "", **fields: Any) -> Resource:
    name = id or f"{kind}-1"
    return Resource(**{"id": name, "kind": kind, "name": name.title(), "hours": hours(), **fields})


def a_chair(id: str = "chair-1", **fields: Any) -> Resource:
    return a_resource(ResourceKind.CHAIR, id, **fields)


def a_nurse(id: str = "nurse-1", **fields: Any) -> Resource:
    return a_resource(ResourceKind.NURSE, id, **fields)


def a_calendar(*resources: Resource, zone: str = NEW_YORK, now: datetime = NOW, busy: Iterable[str] = ()) -> Calendar:
    return Calendar(zone, now, PATIENT, resources or (a_chair(), a_nurse()), frozenset(busy))


def a_course(regimen: Regimen, dates: Sequence[date], *, elsewhere: tuple[date, ...] = ()) -> Course:
    """Sessions 1, 2, 3 … of a regimen on these dates."""
    course = Course(regimen, (), elsewhere)
    for number, on in enumerate(dates, 1):
        course = course.with_session(number, on)
    return course


def wishes(dates: Iterable[date], at: str = "09:00", *resource_ids: str) -> tuple[Wish, ...]:
    return tuple(Wish(datetime.combine(on, time.fromisoformat(at)), resource_ids=resource_ids) for on in dates)


def a_session(number: int = 1, status: SessionStatus = SessionStatus.BOOKED, **fields: Any) -> Session:
    """On a day of case A, at 09:00 in New York, taking nothing."""
    local = datetime.combine(CASE_A[number - 1], time(9))
    starts_at = resolve(local, NEW_YORK)
    session = Session(
        number=number,
        phase="induction",
        doses=True,
        starts_at=starts_at,
        starts_local=local,
        ends_at=starts_at + timedelta(minutes=130),
        claims=(),
        status=status,
    )
    return replace(session, **fields)


def a_series(*sessions: Session, **fields: Any) -> Series:
    series = Series(
        id="series-1",
        patient_id=PATIENT,
        person=f"person of {PATIENT}",
        protocol="mood-iv-6x2w",
        edition=1,
        condition=Condition.DEPRESSION,
        zone=NEW_YORK,
        sessions=sessions or tuple(a_session(number) for number in range(1, 7)),
        status=SeriesStatus.ACTIVE,
    )
    return replace(series, **fields)


def a_held_series(**fields: Any) -> Series:
    """Not booked yet: every session is pending."""
    sessions = tuple(a_session(number, SessionStatus.PENDING) for number in range(1, 7))
    return a_series(*sessions, status=SeriesStatus.HELD, **fields)


def a_patient(id: str = PATIENT, **fields: Any) -> Patient:
    person = Patient(
        id=id,
        name="Ada Example",
        birth_date=date(1980, 5, 17),
        phone="+12025550143",
        email=None,
        locale="en",
        person=f"person of {id}",
    )
    return replace(person, **fields)


def a_clinic(id: str = CLINIC, zone: str = NEW_YORK) -> Clinic:
    return Clinic(
        id=id,
        name="Lakeside Ketamine Center",
        sender_alias="Lakeside Clinic",
        zone=zone,
        country="US",
        locale="en",
        phone="555-0100",
        quiet_from=time(21),
        quiet_until=time(8),
    )


def a_world(*resources: Resource, zone: str = NEW_YORK, now: datetime = NOW) -> FakeBooking:
    """A clinic with the default protocols, two patients who are cleared for every course, and (unless said otherwise)
    one chair and one nurse.
    """
    world = FakeBooking(now)
    unit = world.unit(CLINIC)
    unit.clinics.save(a_clinic(zone=zone))
    for patient_id in (PATIENT, "patient-2"):
        unit.patients.save(a_patient(patient_id))
        cleared(unit, patient_id, zone)
    for protocol in default_protocols():
        unit.protocols.save(protocol)
    for resource in resources or (a_chair(), a_nurse()):
        unit.resources.save(resource)
    unit.commit()
    return world


def a_booking(dates: Iterable[date] = CASE_A, at: str = "09:00", **fields: Any) -> BookSeries:
    return BookSeries(**{"patient_id": PATIENT, "protocol": "mood-iv-6x2w", "sessions": wishes(dates, at), **fields})


def booked(world: FakeBooking, command: BookSeries | None = None) -> Series:
    series: Series = world.run(CLINIC, book_series, command or a_booking())
    return series


def measured(world: FakeBooking, patient_id: str = PATIENT, instrument: str = "phq-9", **fields: Any) -> None:
    """The patient answers an instrument, now unless said otherwise."""
    told = {"total": 14, "band": "moderate", "scored_at": world.now, **fields}
    world.run(CLINIC, hear_measure_scored, HearMeasureScored(patient_id, instrument, **told))


def slots_of_patient(series: Series) -> set[str]:
    return {slot for slot in series.slots if slot.startswith(patient_key(series.patient_id))}


def a_link(of: str = "series-1") -> NewLink:
    """A patient's link, another one for each series."""
    return new_link("https://care.example", PATH, f"token of {of}")
