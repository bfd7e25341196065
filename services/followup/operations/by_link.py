"""What a patient can do with the private link. The token is looked up by its digest and never kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from services.followup.domain.check_in import AllAnswers, CheckIn, Instruments, Part, Status
from services.followup.domain.clinic import Clinic
from services.followup.domain.instrument import Instrument
from services.followup.domain.patient import Patient
from services.followup.domain.wording import InstrumentText
from services.followup.operations.check_in import instruments_of
from services.followup.operations.instruments import wording_named
from services.followup.operations.ports import UnitOfWork
from services.followup.operations.raising import keep_answered, keep_draft, raise_pressing
from shared.errors import Forbidden
from shared.private_link import digest


@dataclass(frozen=True)
class ReadSheet:
    """Whoever has the link looks at the page; `pass_token` may be empty."""

    token: str
    pass_token: str


@dataclass(frozen=True)
class ProveYear:
    """Somebody with the link says in which year they were born."""

    token: str
    year: int


@dataclass(frozen=True)
class Proof:
    """What came of it: a pass, or an empty text and the `wrong_years` so far."""

    pass_token: str
    check_in_id: str
    wrong_years: int


@dataclass(frozen=True)
class Answer:
    """`pass_token` shows that the year of birth was known; without `final` the answers are only kept.

    `answers` are by instrument.
    """

    token: str
    pass_token: str
    answers: Mapping[str, Mapping[str, int]]
    final: bool


@dataclass(frozen=True)
class Form:
    """One instrument of the page, in the version and the wording that are asked."""

    part: Part
    instrument: Instrument
    text: InstrumentText


@dataclass(frozen=True)
class Sheet:
    """All that a page about one check-in shows. Answers are only for those who are admitted."""

    check_in: CheckIn
    forms: tuple[Form, ...]
    clinic: Clinic
    patient: Patient
    is_open: bool
    is_admitted: bool


def clinic_of_link(uow: UnitOfWork, token: str) -> str:
    """Whose link it is: the one question that is asked across clinics. Raises `NotFound`."""
    return uow.check_ins.clinic_of_link(digest(token))


def read_sheet(uow: UnitOfWork, command: ReadSheet) -> Sheet:
    """What the page behind the link needs. Raises `NotFound`."""
    check_in = uow.check_ins.by_link(digest(command.token))
    patient = uow.patients.get(check_in.patient_id)
    return Sheet(
        check_in=check_in,
        forms=tuple(_forms(uow, check_in)),
        clinic=uow.clinics.get(uow.clinic_id),
        patient=patient,
        is_open=check_in.is_open(uow.now),
        is_admitted=check_in.admits(command.pass_token),
    )


def prove_year(uow: UnitOfWork, command: ProveYear) -> Proof:
    """A pass for whoever knows the patient's year of birth; the guess of anybody else is counted.

    Raises `NotFound`, `RuleBroken` when the check-in is closed or was guessed wrong too often.
    """
    check_in = uow.check_ins.by_link(digest(command.token))
    born = date.fromisoformat(uow.unseal(uow.patients.get(check_in.patient_id).birth_date))
    pass_token = uow.new_token()
    proven = check_in.prove(command.year, born_in=born.year, pass_digest=digest(pass_token), at=uow.now)
    uow.check_ins.save(proven)
    return Proof(pass_token if proven.admits(pass_token) else "", check_in.id, proven.wrong_years)


def answer(uow: UnitOfWork, command: Answer) -> CheckIn:
    """Take the patient's answers: all of them are scored, some are kept for later even when they were meant as final.

    Sending answers again once they were taken changes nothing, but what must reach a person still does. Raises
    `NotFound`, `Forbidden` without a pass, `Invalid` with every fault, `RuleBroken` when the check-in is closed.
    """
    check_in = uow.check_ins.by_link(digest(command.token))
    if not check_in.admits(command.pass_token):
        raise Forbidden("check-in.no-pass", "Say first in which year you were born.")
    instruments = instruments_of(uow, check_in)
    if check_in.status is Status.ANSWERED:
        raise_pressing(uow, check_in, _legal(command.answers, instruments))
        return check_in
    kept = check_in.draft(command.answers, instruments, at=uow.now)
    if not command.final or kept.blank(instruments):
        return keep_draft(uow, kept)
    on_path = {id: instruments[id].on_path(given) for id, given in kept.all_answers.items()}
    return keep_answered(uow, *kept.answer(on_path, instruments, at=uow.now))


def hear_late(uow: UnitOfWork, command: Answer) -> None:
    """Answers that are not taken any more: what must reach a person still does. Raises `NotFound`."""
    check_in = uow.check_ins.by_link(digest(command.token))
    if check_in.admits(command.pass_token):
        raise_pressing(uow, check_in, _legal(command.answers, instruments_of(uow, check_in)))


def _legal(answers: AllAnswers, instruments: Instruments) -> AllAnswers:
    """Without whatever none of the instruments knows."""
    return {id: instruments[id].legal(given) for id, given in answers.items() if id in instruments}


def _forms(uow: UnitOfWork, check_in: CheckIn) -> Iterator[Form]:
    """What the page asks; what only staff entered is on no page."""
    instruments = instruments_of(uow, check_in)
    for part in check_in.parts:
        if part.text:
            instrument = instruments[part.instrument]
            yield Form(part, instrument, wording_named(uow, instrument, part.text))
