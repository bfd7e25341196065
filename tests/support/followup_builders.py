"""Things of followup as tests need them: ordinary unless said otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.followup.domain.check_in import CheckIn, Status, schedule
from services.followup.domain.events import CheckInOpened
from services.followup.domain.instrument import Instrument
from services.followup.domain.plan import AFTER_DISCHARGE
from services.followup.domain.private_link import PATH
from services.followup.operations.check_in import OpenCheckIn, ScheduleCheckIns, open_check_in, schedule_check_ins
from services.followup.operations.projections import KeepClinic, KeepPatient, keep_clinic, keep_patient
from shared.private_link import digest
from tests.support.followup_fakes import LIBRARY, FakeFollowup

CLINIC = "clinic-1"
PATIENT = "patient-1"
SERIES = "series-1"
DISCHARGED_AT = datetime(2026, 3, 10, 15, 10, tzinfo=UTC)
PHQ_9: Instrument = LIBRARY.newest("phq-9")
NO_TROUBLE = (0, 0, 0, 0, 0, 0, 0, 0, 0)


def answers_of(values: Sequence[int | None]) -> dict[str, int]:
    """Answers to items 1, 2, 3 …; None leaves one blank."""
    return {str(item): value for item, value in enumerate(values, 1) if value is not None}


def a_scheduled_check_in(*, discharged_at: datetime = DISCHARGED_AT, **changes: Any) -> CheckIn:
    check_in = schedule(
        "check-in-1",
        AFTER_DISCHARGE[0],
        PHQ_9,
        patient_id=PATIENT,
        series_id=SERIES,
        number=1,
        discharged_at=discharged_at,
    )
    return replace(check_in, **changes)


def an_open_check_in(**changes: Any) -> CheckIn:
    check_in = a_scheduled_check_in()
    opened, _ = check_in.open(link="https://care.example/x", token_digest=digest("token"), at=check_in.due_at)
    return replace(opened, **changes)


def a_check_in(status: Status) -> CheckIn:
    """One that got to `status` by its own moves where there is a way, else forced."""
    return a_scheduled_check_in() if status is Status.SCHEDULED else an_open_check_in(status=status)


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


def a_discharge(**changes: Any) -> ScheduleCheckIns:
    command = ScheduleCheckIns(patient_id=PATIENT, series_id=SERIES, number=1, discharged_at=DISCHARGED_AT)
    return replace(command, **changes)


def a_world(*, clinic: KeepClinic | None = None, patient: KeepPatient | None = None) -> FakeFollowup:
    """A clinic with one patient, at the moment of the discharge."""
    world = FakeFollowup(now=DISCHARGED_AT)
    world.run(CLINIC, keep_clinic, clinic or a_clinic())
    world.run(CLINIC, keep_patient, patient or a_patient())
    return world


def a_world_with_an_open_check_in(**about: Any) -> tuple[FakeFollowup, str]:
    """The day after the discharge, and the token of the link that the patient was told."""
    world = a_world(**about)
    world.run(CLINIC, schedule_check_ins, a_discharge())
    world.pass_time(hours=24)
    [check_in] = world.all(CheckIn)
    world.run(CLINIC, open_check_in, OpenCheckIn(check_in.id))
    [opened] = world.events(CheckInOpened)
    return world, opened.link.partition(PATH)[2]
