"""Things of followup as tests need them: ordinary unless said otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from services.followup.domain.check_in import PATH, CheckIn, Part, Status
from services.followup.domain.events import CheckInOpened
from services.followup.domain.instrument import Instrument
from services.followup.domain.plan import Anchor, Point, Questions
from services.followup.domain.rota import Contact, Shift
from services.followup.domain.triggers import Role
from services.followup.operations.check_in import OpenCheckIn, open_check_in
from services.followup.operations.courses import (
    BookedSession,
    SeriesBooked,
    SessionDischarged,
    SessionLost,
    SessionMoved,
    hear_session_discharged,
)
from services.followup.operations.projections import KeepClinic, KeepPatient, keep_clinic, keep_patient
from services.followup.operations.rota import PublishRota
from shared.localtime import resolve
from shared.private_link import digest
from tests.support.followup_fakes import LIBRARY, FakeFollowup

CLINIC = "clinic-1"
PATIENT = "patient-1"
SERIES = "series-1"
NEW_YORK = "America/New_York"
DISCHARGED_AT = datetime(2026, 3, 10, 15, 10, tzinfo=UTC)
PHQ_9: Instrument = LIBRARY.newest("phq-9")
NO_TROUBLE = (0, 0, 0, 0, 0, 0, 0, 0, 0)


def answers_of(values: Sequence[int | None]) -> dict[str, int]:
    """Answers to items 1, 2, 3 …; None leaves one blank."""
    return {str(item): value for item, value in enumerate(values, 1) if value is not None}


def a_plan(*asks: str) -> Questions:
    """One check-in a day after each discharge, open for a week."""
    after_a_day = Point("24h", Anchor.DISCHARGE, asks or ("phq-9",), rank=1, hours=24, open_hours=168)
    return Questions(usual_time=time(10), points=(after_a_day,))


def a_scheduled_check_in(*, discharged_at: datetime = DISCHARGED_AT, **changes: Any) -> CheckIn:
    check_in = CheckIn(
        id="check-in-1",
        patient_id=PATIENT,
        series_id=SERIES,
        session_number=1,
        kind="24h",
        anchor=Anchor.DISCHARGE,
        name=f"{SERIES}/24h/1",
        covers=(f"{SERIES}/24h/1@{discharged_at.date()}",),
        parts=(Part("phq-9", 1),),
        due_at=discharged_at + timedelta(hours=24),
        open_for=timedelta(days=7),
    )
    return replace(check_in, **changes)


def an_open_check_in(**changes: Any) -> CheckIn:
    check_in = a_scheduled_check_in(**{name: changes.pop(name) for name in ("parts", "anchor") if name in changes})
    parts = tuple(replace(part, text=part.text or f"{part.instrument}.1.en.1") for part in check_in.parts)
    opened, _ = check_in.open(parts, link="https://care.example/x", token_digest=digest("token"), at=check_in.due_at)
    return replace(opened, **changes)


def a_check_in(status: Status) -> CheckIn:
    """One that got to `status` by its own moves where there is a way, else forced."""
    if status in {Status.SCHEDULED, Status.UNPLANNED}:
        return a_scheduled_check_in(status=status)
    return an_open_check_in(status=status)


def a_clinic(**changes: Any) -> KeepClinic:
    command = KeepClinic(
        clinic_id=CLINIC,
        sender_alias="Riverside Clinic",
        zone="America/New_York",
        country="US",
        phone="+12125550100",
        data_key="wrapped",
    )
    return replace(command, **changes)


def a_patient(**changes: Any) -> KeepPatient:
    command = KeepPatient(patient_id=PATIENT, locale="en-US", zone=None, country=None, birth_date="sealed:1985-04-12")
    return replace(command, **changes)


def a_discharge(**changes: Any) -> SessionDischarged:
    command = SessionDischarged(
        series_id=SERIES,
        patient_id=PATIENT,
        number=1,
        phase="induction",
        condition="depression",
        zone=NEW_YORK,
        discharged_at=DISCHARGED_AT,
    )
    return replace(command, **changes)


def a_booking(
    *starts: str,
    series_id: str = SERIES,
    condition: str = "depression",
    zone: str = NEW_YORK,
    protocol: str = "mood-iv-6x2w",
    phase: str = "induction",
) -> SeriesBooked:
    """A series with sessions at these wall times (`2026-03-04 09:00`)."""
    sessions = tuple(
        BookedSession(number, phase, resolve(local, zone), local, revision=0)
        for number, local in enumerate(map(datetime.fromisoformat, starts), 1)
    )
    return SeriesBooked(series_id, PATIENT, protocol, condition, zone, sessions)


def a_move(number: int, to: str, *, revision: int = 1, series_id: str = SERIES, zone: str = NEW_YORK) -> SessionMoved:
    local = datetime.fromisoformat(to)
    return SessionMoved(series_id, PATIENT, number, "induction", zone, resolve(local, zone), local, revision)


def a_loss(number: int, *, revision: int = 0, series_id: str = SERIES) -> SessionLost:
    return SessionLost(series_id, PATIENT, number, "induction", revision)


def a_departure(number: int, local: str, *, series_id: str = SERIES, zone: str = NEW_YORK) -> SessionDischarged:
    """Home at that wall time."""
    at = resolve(datetime.fromisoformat(local), zone)
    return a_discharge(number=number, series_id=series_id, zone=zone, discharged_at=at)


def a_world(
    *, clinic: KeepClinic | None = None, patient: KeepPatient | None = None, plan: Questions | None = None
) -> FakeFollowup:
    """A clinic with one patient, at the moment of the discharge."""
    world = FakeFollowup(now=DISCHARGED_AT, default_plan=plan or a_plan())
    world.run(CLINIC, keep_clinic, clinic or a_clinic())
    world.run(CLINIC, keep_patient, patient or a_patient())
    return world


def a_world_with_an_open_check_in(*asks: str, **about: Any) -> tuple[FakeFollowup, str]:
    """The day after the discharge, and the token of the link that the patient was told."""
    world = a_world(plan=a_plan(*asks), **about)
    world.run(CLINIC, hear_session_discharged, a_discharge())
    world.pass_time(hours=24)
    [check_in] = world.all(CheckIn)
    world.run(CLINIC, open_check_in, OpenCheckIn(check_in.id))
    [opened] = world.events(CheckInOpened)
    return world, opened.link.partition(PATH)[2]


def all_week(role: Role, contact_id: str) -> Shift:
    """On call at any time."""
    return Shift(role, contact_id, tuple(range(1, 8)), time(), time())


def a_rota() -> PublishRota:
    """A clinic's first: one contact for each role, named after it."""
    roles = [role for role in Role if role is not Role.CLINIC]
    contacts = tuple(Contact(f"the-{role}", role.title(), phone=f"+1212555018{n}") for n, role in enumerate(roles))
    return PublishRota(0, contacts, tuple(all_week(role, f"the-{role}") for role in roles))
