"""What becomes of a check-in: opened, closed, cancelled, answered by staff on the patient's behalf."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.followup.domain.asking import reasons_against
from services.followup.domain.check_in import BY_PATIENT, CancelReason, CheckIn, Happened, Instruments, Part, Taken
from services.followup.domain.clinic import Clinic
from services.followup.domain.patient import Patient
from services.followup.domain.plan import Anchor
from services.followup.domain.reconciling import missed_in_a_row
from services.followup.operations.instruments import wording_for
from services.followup.operations.planning import replan_after
from services.followup.operations.ports import UnitOfWork
from services.followup.operations.raising import keep_answered, raise_missed
from shared.errors import Fault, Invalid, RuleBroken, TransientFailure


@dataclass(frozen=True)
class OpenCheckIn:
    check_in_id: str


@dataclass(frozen=True)
class CloseMissed:
    check_in_id: str


class StaffReason(StrEnum):
    """Why staff cancel a check-in; a code, because the reason is told."""

    NOT_WANTED = "not-wanted"
    NOT_SUITABLE = "not-suitable"
    MISTAKE = "mistake"


@dataclass(frozen=True)
class CancelCheckIn:
    """Staff want it asked no more."""

    check_in_id: str
    reason: StaffReason


@dataclass(frozen=True)
class EnterAnswers:
    """Answers that staff took down, by instrument; `entered_by` says who did, in the clinic's own words.

    `answered_at`: when the patient gave them, if that was earlier.
    """

    check_in_id: str
    answers: Mapping[str, Mapping[str, int]]
    entered_by: str
    taken: Taken | None = None
    notes: str = ""
    answered_at: datetime | None = None


def open_check_in(uow: UnitOfWork, command: OpenCheckIn) -> CheckIn:
    """Make the private link and tell it; what came too late to be asked leaves the plan instead.

    Asked is what may be put before the patient, in the newest version; when that is nothing, the check-in is cancelled.
    Raises `RuleBroken` when it is not due or was opened before. Raises `TransientFailure` as long as its clinic or its
    patient has not been heard of: without them the page could neither name a crisis line nor tell the patient from a
    stranger.
    """
    check_in = uow.check_ins.get(command.check_in_id)
    clinic, patient = uow.clinics.find(uow.clinic_id), uow.patients.find(check_in.patient_id)
    if clinic is None or patient is None:
        raise TransientFailure(f"clinic or patient of check-in {check_in.id} has not been heard of yet")
    if check_in.is_over(uow.now):
        return uow.check_ins.save(check_in.unplanned())
    parts = tuple(_askable(uow, check_in, clinic, patient))
    if not parts:
        return _ended(uow, *check_in.cancel(CancelReason.NOTHING_TO_ASK, uow.now))
    link = uow.new_link()
    opened, events = check_in.open(parts, link=link.url, token_digest=link.digest, at=uow.now)
    return uow.check_ins.save(opened, events)


def close_missed(uow: UnitOfWork, command: CloseMissed) -> CheckIn:
    """Close a check-in that nobody answered in time. Raises `RuleBroken` when it has ended or still takes answers.

    What it would have asked may be asked again sooner. After a series, the second one in a row is told as lost contact.
    """
    check_in = uow.check_ins.get(command.check_in_id)
    in_a_row = 1
    if check_in.anchor is Anchor.SERIES:
        in_a_row = missed_in_a_row(check_in, uow.check_ins.of_patient(check_in.patient_id))
    missed = check_in.miss(uow.now, in_a_row=in_a_row)
    raise_missed(uow, check_in, in_a_row)
    return _ended(uow, *missed)


def cancel_check_in(uow: UnitOfWork, command: CancelCheckIn) -> CheckIn:
    """Ask no more. Raises `NotFound`, `RuleBroken` when it has ended."""
    check_in = uow.check_ins.get(command.check_in_id)
    return _ended(uow, *check_in.cancel(CancelReason(command.reason), uow.now))


def enter_answers(uow: UnitOfWork, command: EnterAnswers) -> CheckIn:
    """Take all answers from staff, also to instruments that only staff can ask.

    Raises `NotFound`, `Invalid` with every fault, `RuleBroken`.
    """
    if command.answered_at is not None and command.answered_at > uow.now:
        detail = "The answers cannot have been given later than now."
        raise RuleBroken("answers.not-yet", detail, [Fault("answers.not-yet", detail, "/answered_at")])
    if command.entered_by.casefold() == BY_PATIENT:
        detail = "Say who of the staff took the answers down; the patient answers on the page."
        raise RuleBroken("answers.not-by-staff", detail, [Fault("answers.not-by-staff", detail, "/entered_by")])
    check_in = uow.check_ins.get(command.check_in_id)
    whole = check_in.with_parts(_brought(uow, check_in, command.answers))
    answered, events = whole.answer(
        command.answers,
        instruments_of(uow, whole),
        at=uow.now,
        entered_by=command.entered_by,
        taken=command.taken,
        notes=command.notes,
    )
    return keep_answered(uow, answered, events, answered_at=command.answered_at)


def instruments_of(uow: UnitOfWork, check_in: CheckIn) -> Instruments:
    """The instruments of its parts, each in the version that is asked."""
    return {part.instrument: uow.instruments.get(part.instrument, part.instrument_version) for part in check_in.parts}


def _ended(uow: UnitOfWork, check_in: CheckIn, events: Happened) -> CheckIn:
    """Keep one that ended without answers: its instruments are free for others."""
    saved = uow.check_ins.save(check_in, events)
    replan_after(uow, saved)
    return saved


def _askable(uow: UnitOfWork, check_in: CheckIn, clinic: Clinic, patient: Patient) -> Iterator[Part]:
    for part in check_in.parts:
        instrument = uow.instruments.newest(part.instrument)
        text = wording_for(uow, instrument, patient.locale)
        if text is not None and not reasons_against(instrument, text, patient.country or clinic.country):
            yield replace(part, instrument_version=instrument.version, text=text.name)


def _brought(uow: UnitOfWork, check_in: CheckIn, answers: Mapping[str, object]) -> Iterator[Part]:
    """Parts for the instruments that staff bring. Raises `Invalid` with every unknown one."""
    mine = {part.instrument for part in check_in.parts}
    found = {id: uow.instruments.find(id) for id in answers if id not in mine}
    faults = [
        Fault("answer.unknown-instrument", f"There is no instrument {id}.", f"/answers/{id}")
        for id, instrument in found.items()
        if instrument is None
    ]
    if faults:
        raise Invalid("answers.invalid", f"{len(faults)} of the answers cannot be taken.", faults)
    yield from (Part(id, instrument.version) for id, instrument in found.items() if instrument is not None)
