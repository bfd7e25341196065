"""What a patient can do with the private link to their appointments. The token is looked up by its digest."""

from dataclasses import dataclass
from datetime import datetime

from services.booking.domain.clinic.clinic import Clinic
from services.booking.domain.clinic.task import Task, TaskKind, TaskStatus
from services.booking.domain.page.education import require_present, topic_of
from services.booking.domain.page.private_link import Visitors, is_open
from services.booking.domain.page.wish_to_change import Asked, DayPart, Delay, change_wanted, occasion_of, running_late
from services.booking.domain.patient.patient import Patient
from services.booking.domain.protocol.care import Care
from services.booking.domain.series.confirmation import ConfirmedBy, confirm, is_awaited
from services.booking.domain.series.offer import Offer, OfferStatus
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session, SessionStatus
from services.booking.operations.education import Reading, readings
from services.booking.operations.offers import AcceptOffer, DeclineOffer, accept_offer, decline_offer
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import regimen_of
from shared.errors import Conflict, Forbidden, RuleBroken
from shared.localtime import local_date
from shared.private_link import digest

_TASKS_LOOKED_AT = 100


@dataclass(frozen=True)
class ReadAppointments:
    """Whoever has the link looks at the page; `pass_token` may be empty."""

    token: str
    pass_token: str


@dataclass(frozen=True)
class ProveYear:
    """Somebody with the link says in which year they were born."""

    token: str
    year: int


@dataclass(frozen=True)
class ConfirmAppointment:
    """The patient will come."""

    token: str
    pass_token: str
    number: int


@dataclass(frozen=True)
class AskForChange:
    """The patient wants another time, or does not want to come: in their own words."""

    token: str
    pass_token: str
    number: int
    words: str
    parts: tuple[DayPart, ...] = ()


@dataclass(frozen=True)
class SayLate:
    """The patient is on the way and comes late."""

    token: str
    pass_token: str
    number: int
    delay: Delay


@dataclass(frozen=True)
class AnswerOffer:
    """The patient takes the place on offer, or does not want it."""

    token: str
    pass_token: str
    offer_id: str
    takes: bool


@dataclass(frozen=True)
class NoteRead:
    """The patient says that they have read a version of a text."""

    token: str
    pass_token: str
    topic: str
    version: int


@dataclass(frozen=True)
class Proof:
    """What became of a guess: `pass_token` is empty when it was wrong."""

    series_id: str
    pass_token: str
    wrong_years: int


@dataclass(frozen=True)
class Appointments:
    """All that the pages of one link show. Only those who are admitted see more than times and the clinic's alias."""

    series: Series
    clinic: Clinic
    patient: Patient
    care: Care
    visitors: Visitors
    is_open: bool
    is_admitted: bool
    at: datetime
    asked: dict[int, Asked]
    offer: Offer | None = None
    readings: tuple[Reading, ...] = ()


def clinic_of_link(uow: UnitOfWork, token: str) -> str:
    """Whose link it is: the one question that is asked across clinics. Raises `NotFound`."""
    return uow.series.clinic_of_link(digest(token))


def read_appointments(uow: UnitOfWork, command: ReadAppointments) -> Appointments:
    """What the pages behind the link need. Raises `NotFound`."""
    link = digest(command.token)
    series, visitors = uow.series.by_link(link), uow.visitors.of(link)
    is_admitted = visitors.admit(command.pass_token)
    return Appointments(
        series=series,
        clinic=uow.clinics.get(uow.clinic_id),
        patient=uow.patients.get(series.patient_id),
        care=regimen_of(uow, series).care,
        visitors=visitors,
        is_open=is_open(series, uow.now),
        is_admitted=is_admitted,
        at=uow.now,
        asked=_asked(uow, series),
        offer=_offer_to(uow, series) if is_admitted else None,
        readings=readings(uow, series.patient_id) if is_admitted else (),
    )


def prove_year(uow: UnitOfWork, command: ProveYear) -> Proof:
    """A pass for whoever knows the patient's year of birth; the guess of anybody else is counted.

    Raises `NotFound`, and `RuleBroken` when the link is closed or was guessed wrong too often.
    """
    link = digest(command.token)
    series = uow.series.by_link(link)
    _require_open(uow, series)
    born = uow.patients.get(series.patient_id).birth_date
    pass_token, pass_digest = uow.new_secret()
    proven = uow.visitors.of(link).prove(command.year, born_in=born.year, pass_digest=pass_digest)
    uow.visitors.save(proven)
    return Proof(series.id, "" if proven.factor.wrong_years else pass_token, proven.factor.wrong_years)


def confirm_appointment(uow: UnitOfWork, command: ConfirmAppointment) -> None:
    """Note that the patient will come; once more changes nothing.

    Raises `NotFound`, `Forbidden` without a pass, `RuleBroken` when the link is closed, `Conflict` when it is too late.
    """
    series = _admitted(uow, command.token, command.pass_token)
    confirmed, told = confirm(series, command.number, by=ConfirmedBy.PATIENT, at=uow.now)
    if told:
        uow.series.save(confirmed, told)


def ask_for_change(uow: UnitOfWork, command: AskForChange) -> None:
    """Pass the wish on to the desk; the appointment stays as it is. The same words once more change nothing.

    Raises `NotFound`, `Forbidden` without a pass, `RuleBroken` when the link is closed or too much has been asked,
    `Conflict` when it is too late.
    """
    series = _admitted(uow, command.token, command.pass_token)
    session = _awaited(series, command.number, uow.now)
    if _asked(uow, series).get(command.number, Asked()).is_enough:
        raise RuleBroken("appointment.asked-enough", "The desk has several of your wishes to look at already.")
    occasion = occasion_of(session)
    uow.tasks.add(change_wanted(series, session.number, command.words, command.parts, occasion=occasion, at=uow.now))


def say_late(uow: UnitOfWork, command: SayLate) -> None:
    """Tell the desk that the patient comes late.

    Raises `NotFound`, `Forbidden` without a pass, `RuleBroken` when the link is closed, and on any other day.
    """
    series = _admitted(uow, command.token, command.pass_token)
    session = series.session(command.number)
    if not may_be_late(series, session, uow.now):
        raise RuleBroken("appointment.not-today", f"Session {session.number} is not today, or nobody waits any more.")
    uow.tasks.add(running_late(series, session.number, command.delay, occasion=occasion_of(session), at=uow.now))


def may_be_late(series: Series, session: Session, at: datetime) -> bool:
    """Whether somebody could be on the way: on the session's date, before its end, as long as they have not come."""
    is_expected = session.status is SessionStatus.BOOKED and at < session.ends_at
    return is_expected and local_date(at, series.zone) == session.on


def answer_offer(uow: UnitOfWork, command: AnswerOffer) -> None:
    """Take the place on offer, or leave it to somebody else.

    Raises `NotFound`, `Forbidden` without a pass, `Conflict` when the offer is over, `RuleBroken`.
    """
    series = _admitted(uow, command.token, command.pass_token)
    offer = _offer_to(uow, series)
    if offer is None or offer.id != command.offer_id:
        raise Conflict("offer.expired", "The time to answer this offer is over.")
    if command.takes:
        accept_offer(uow, AcceptOffer(offer.id))
    else:
        decline_offer(uow, DeclineOffer(offer.id))


def note_read(uow: UnitOfWork, command: NoteRead) -> None:
    """Note that the patient has read a text that is shown to them; once more changes nothing.

    Raises `NotFound`, `Forbidden` without a pass, `RuleBroken` when the link is closed, `Conflict` for a text that is
    not shown, or whose version is another one by now.
    """
    patient_id, topic = _admitted(uow, command.token, command.pass_token).patient_id, topic_of(command.topic)
    require_present(topic, command.version)
    if topic not in [reading.review.topic for reading in readings(uow, patient_id)]:
        raise Conflict("education.not-shown", f"The text of {topic} is not shown any more.")
    receipts = uow.education_receipts.of(patient_id)
    if not receipts.of(topic):
        uow.education_receipts.save(receipts.noted(topic, uow.now))


def _admitted(uow: UnitOfWork, token: str, pass_token: str) -> Series:
    link = digest(token)
    series = uow.series.by_link(link)
    if not uow.visitors.of(link).admit(pass_token):
        raise Forbidden("appointment.no-pass", "Say first in which year you were born.")
    _require_open(uow, series)
    return series


def _require_open(uow: UnitOfWork, series: Series) -> None:
    if not is_open(series, uow.now):
        raise RuleBroken("appointment.closed", "This page is closed.")


def _awaited(series: Series, number: int, at: datetime) -> Session:
    session = series.session(number)
    if not is_awaited(session, at):
        raise Conflict("session.not-ahead", f"Session {number} is {session.status} and not ahead.")
    return session


def _offer_to(uow: UnitOfWork, series: Series) -> Offer | None:
    if series.offered is None or not series.offer_stands:
        return None
    offer = uow.offers.get(series.offered.offer_id)
    return offer if offer.status is OfferStatus.MADE and uow.now < offer.expires_at else None


def _asked(uow: UnitOfWork, series: Series) -> dict[int, Asked]:
    """What the desk has still to see to, by the number of the session."""
    page = uow.tasks.page(
        after=None, limit=_TASKS_LOOKED_AT, status=TaskStatus.REQUESTED, kind=None, patient_id=series.patient_id
    )
    found: dict[int, list[Task]] = {}
    for task in page.items:
        if task.series_id == series.id and task.number is not None:
            found.setdefault(task.number, []).append(task)
    return {number: _of(tasks) for number, tasks in found.items()}


def _of(tasks: list[Task]) -> Asked:
    kinds = [task.kind for task in tasks]
    return Asked(kinds.count(TaskKind.CHANGE_REQUESTED), TaskKind.RUNNING_LATE in kinds)
