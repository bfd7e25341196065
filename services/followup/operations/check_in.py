"""What becomes of a check-in: planned, opened, closed, cancelled, answered by staff on the patient's behalf."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.followup.domain.check_in import CancelReason, CheckIn, schedule
from services.followup.domain.plan import AFTER_DISCHARGE
from services.followup.domain.private_link import PATH
from services.followup.operations.ports import UnitOfWork
from shared.errors import TransientFailure
from shared.private_link import address, digest


@dataclass(frozen=True)
class ScheduleCheckIns:
    """Session `number` has ended: plan what is asked after it."""

    patient_id: str
    series_id: str
    number: int
    discharged_at: datetime


@dataclass(frozen=True)
class OpenCheckIn:
    check_in_id: str


@dataclass(frozen=True)
class CloseMissed:
    check_in_id: str


@dataclass(frozen=True)
class CancelCheckIn:
    """Staff want it asked no more."""

    check_in_id: str
    reason: CancelReason


@dataclass(frozen=True)
class EnterAnswers:
    """Answers that staff took down; `entered_by` says who did, in the clinic's own words."""

    check_in_id: str
    answers: Mapping[str, int]
    entered_by: str
    notes: str = ""


def schedule_check_ins(uow: UnitOfWork, command: ScheduleCheckIns) -> None:
    """Plan every check-in that follows a session; one that is planned already stays as it is."""
    planned = {each.kind for each in uow.check_ins.of_session(command.series_id, command.number)}
    for ask in AFTER_DISCHARGE:
        if ask.kind not in planned:
            check_in = schedule(
                uow.new_id(),
                ask,
                uow.instruments.newest(ask.instrument),
                patient_id=command.patient_id,
                series_id=command.series_id,
                number=command.number,
                discharged_at=command.discharged_at,
            )
            uow.check_ins.save(check_in)


def open_check_in(uow: UnitOfWork, command: OpenCheckIn) -> CheckIn:
    """Make the private link and tell it. Raises `RuleBroken` when it is not due or was opened before.

    Raises `TransientFailure` as long as its clinic or its patient has not been heard of: without them the page could
    neither name a crisis line nor tell the patient from a stranger.
    """
    check_in = uow.check_ins.get(command.check_in_id)
    if uow.clinics.find(uow.clinic_id) is None or uow.patients.find(check_in.patient_id) is None:
        raise TransientFailure(f"clinic or patient of check-in {check_in.id} has not been heard of yet")
    token = uow.new_token()
    opened, events = check_in.open(link=address(uow.public_url, PATH, token), token_digest=digest(token), at=uow.now)
    return uow.check_ins.save(opened, events)


def close_missed(uow: UnitOfWork, command: CloseMissed) -> CheckIn:
    """Close a check-in that nobody answered in time. Raises `RuleBroken` when it has ended or still takes answers."""
    missed, events = uow.check_ins.get(command.check_in_id).miss(uow.now)
    return uow.check_ins.save(missed, events)


def cancel_check_in(uow: UnitOfWork, command: CancelCheckIn) -> CheckIn:
    """Ask no more. Raises `NotFound`, `RuleBroken` when it has ended."""
    check_in = uow.check_ins.get(command.check_in_id)
    cancelled, events = check_in.cancel(command.reason, uow.now)
    return uow.check_ins.save(cancelled, events)


def enter_answers(uow: UnitOfWork, command: EnterAnswers) -> CheckIn:
    """Take all answers from staff. Raises `NotFound`, `Invalid` with every fault, `RuleBroken`."""
    check_in = uow.check_ins.get(command.check_in_id)
    instrument = uow.instruments.get(check_in.instrument, check_in.instrument_version)
    answered, events = check_in.answer(
        command.answers, instrument, at=uow.now, entered_by=command.entered_by, notes=command.notes
    )
    return uow.check_ins.save(answered, events)
