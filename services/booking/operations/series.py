"""What can be done with series and their sessions."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Final

from services.booking.domain.clinic.task import TaskKind, new_task
from services.booking.domain.events import SeriesEvent
from services.booking.domain.placement.alternatives import DAYS, with_alternatives
from services.booking.domain.placement.placement import Placed, Wish, course_of, place_series
from services.booking.domain.planning.cost import FIRST_FIT_RATES
from services.booking.domain.planning.plan import Planner, Wanted
from services.booking.domain.planning.reasons import in_any_case
from services.booking.domain.planning.wishes import TimeOfDay, Wishes
from services.booking.domain.protocol.protocol import Condition, Regimen, condition_of
from services.booking.domain.series.override import Asked, allowed_codes, overrides_of
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import CancelReason, MissReason
from services.booking.domain.series.standing import TOO_OFTEN, let_down_in_a_row
from services.booking.operations.audit import audited, note, sets_rules_aside
from services.booking.operations.calendars import calendar_on
from services.booking.operations.clearing import require_cleared
from services.booking.operations.free_time import free_time_of
from services.booking.operations.local_days import today_of
from services.booking.operations.misuse import watch
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import regimen_of
from shared.errors import Conflict, Contended, Fault

COORDINATE_WITHIN: Final = timedelta(hours=24)
"""How soon somebody calls a patient who did not come twice. Clinic default."""
CALL_WITHIN: Final = timedelta(hours=2)
"""How soon somebody calls a patient who did not come and may be in danger. Clinic default."""
FIRST_FIT_WITHIN: Final = timedelta(weeks=8)
"""How long after the wanted date the first session may lie at most. Clinic default."""


@dataclass(frozen=True)
class FirstFit:
    """The earliest series from a local date on (default today), each session at or after a wall time."""

    from_date: date | None = None
    time_of_day: time = time()


@dataclass(frozen=True)
class BookSeries:
    """A whole series: at the times of `sessions`, or wherever it fits first when there are none.

    Without `edition` the latest counts; `condition` may be left out when the protocol treats only one. `overrides` are
    the rules that a clinician sets aside.
    """

    patient_id: str
    protocol: str
    edition: int | None = None
    condition: Condition | None = None
    sessions: tuple[Wish, ...] = ()
    first_fit: FirstFit | None = None
    overrides: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class CancelSession:
    """Call one session off."""

    series_id: str
    number: int
    reason: CancelReason


@dataclass(frozen=True)
class CancelSeries:
    """Call off every session that is still open."""

    series_id: str
    reason: CancelReason


@dataclass(frozen=True)
class MarkMissed:
    """The patient did not come in time."""

    series_id: str
    number: int
    reason: MissReason


@dataclass(frozen=True)
class CarryOn:
    """Something about the series is due."""

    series_id: str


@audited("rule.set-aside", when=sets_rules_aside)
def book_series(uow: UnitOfWork, command: BookSeries) -> Series:
    """Book all sessions or none.

    Raises `NotFound` for a patient or a protocol that is not there, `Forbidden` for overrides without the scope,
    `RuleBroken` when a rule forbids it and `Conflict` when somebody has the time, or the patient is not cleared for a
    dose, each with every reason.
    """
    series = new_series(uow, command)
    require_cleared(uow, series)
    booked = uow.series.save(*series.book(uow.new_link(), regimen_of(uow, series).care))
    watch(uow, booked.patient_id, booked)
    return booked


def new_series(uow: UnitOfWork, command: BookSeries) -> Series:
    """The series in its places, not booked yet, nothing written. Raises as `book_series` does."""
    person = uow.patients.get(command.patient_id).person
    zone = uow.clinics.get(uow.clinic_id).zone
    protocol = uow.protocols.get(command.protocol, command.edition)
    condition = condition_of(protocol.regimen, command.condition)
    placed = _placed(uow, replace(command, condition=condition), protocol.regimen, uow.exposures.of(person).dates)
    return Series(
        id=uow.new_id(),
        patient_id=command.patient_id,
        person=person,
        protocol=protocol.slug,
        edition=protocol.edition,
        condition=condition,
        zone=zone,
        sessions=placed.sessions,
        notes=placed.notes,
        overrides=overrides_of(command.overrides, placed.allowed, by=uow.actor.id, at=uow.now),
        grace=timedelta(minutes=protocol.regimen.missed_after_minutes),
    )


@audited("session.cancel")
def cancel_session(uow: UnitOfWork, command: CancelSession) -> Series:
    """Call one session off; its slots are free. Raises `NotFound`, and `Conflict` when it is past that."""
    series = uow.series.get(command.series_id)
    changed, told = series.cancel(command.number, reason=command.reason, at=uow.now)
    _ask_to_coordinate(uow, changed, command.number)
    return uow.series.save(changed, told)


@audited("series.cancel")
def cancel_series(uow: UnitOfWork, command: CancelSeries) -> Series:
    """Call off what is still open. Raises `NotFound`, and `Conflict` when nothing is, or a session has begun."""
    series = uow.series.get(command.series_id)
    return uow.series.save(*series.cancel_rest(reason=command.reason, at=uow.now))


def mark_missed(uow: UnitOfWork, command: MarkMissed) -> Series:
    """Note that the patient did not come. Raises `NotFound`, `Conflict`, and `RuleBroken` before the start."""
    series = uow.series.get(command.series_id)
    changed, told = series.miss(command.number, reason=command.reason, at=uow.now)
    _ask_to_coordinate(uow, changed, command.number)
    _ask_to_call(uow, changed, command.number)
    return uow.series.save(changed, told)


def carry_on(uow: UnitOfWork, command: CarryOn) -> Series:
    """Do what is due: nobody came to a session, somebody came for a dose and was given nothing all day, or nothing can
    happen any more. Raises `Conflict` when nothing is.
    """
    series = uow.series.get(command.series_id)
    if series.next_at is None or uow.now < series.next_at:
        raise Conflict("series.not-due", "There is nothing to do about this series now.")
    overdue, forgotten = series.overdue(uow.now), series.forgotten(uow.now)
    if not overdue and not forgotten:
        return uow.series.save(*series.close(at=uow.now))
    told: list[SeriesEvent] = []
    for session in overdue:
        series, events = series.miss(session.number, reason=MissReason.NO_SHOW, at=uow.now)
        told += events
        _ask_to_coordinate(uow, series, session.number)
        _ask_to_call(uow, series, session.number)
    for session in forgotten:
        series, events = series.cancel(session.number, reason=CancelReason.CLINICAL, at=uow.now)
        told += events
        note(uow, "session.give-up", command, series)
        _coordinate(uow, series, session.number, "The patient came for a dose and was given nothing: ask why.")
    return uow.series.save(series, told)


def _ask_to_coordinate(uow: UnitOfWork, series: Series, number: int) -> None:
    """Two attempts in a row have failed on the patient's side: somebody talks to them before the next one."""
    session = series.session(number)
    if not session.attempts[-1].was_let_down or let_down_in_a_row(series.sessions) < TOO_OFTEN:
        return
    detail = "Two sessions in a row were missed or called off at short notice: call the patient before booking on."
    _coordinate(uow, series, number, detail)


def _coordinate(uow: UnitOfWork, series: Series, number: int, detail: str) -> None:
    session = series.session(number)
    task = new_task(
        TaskKind.COORDINATE,
        series.patient_id,
        detail,
        reason=f"revision {session.revision}",
        at=uow.now,
        series_id=series.id,
        number=number,
        due_at=uow.now + COORDINATE_WITHIN,
    )
    uow.tasks.add(task)


def _ask_to_call(uow: UnitOfWork, series: Series, number: int) -> None:
    """Whose answers lately spoke of suicide, and who does not come, is phoned at once."""
    if not uow.clearances.of(series.patient_id).is_of_concern(uow.now):
        return
    session = series.session(number)
    task = new_task(
        TaskKind.CALL_NOW,
        series.patient_id,
        "The patient did not come, and an alert of the last 30 days spoke of suicide: call now.",
        reason=f"revision {session.revision}",
        at=uow.now,
        series_id=series.id,
        number=number,
        due_at=uow.now + CALL_WITHIN,
    )
    uow.tasks.add(task)


def _placed(uow: UnitOfWork, command: BookSeries, regimen: Regimen, elsewhere: tuple[date, ...]) -> Placed:
    allowed = allowed_codes(command.overrides, uow.actor.scopes)
    if command.sessions:
        return _placed_as_wished(uow, command, regimen, elsewhere, allowed)
    found = replace(command, sessions=_first_fit(uow, command, regimen, elsewhere))
    try:
        return _placed_as_wished(uow, found, regimen, elsewhere, allowed)
    except Conflict as refusal:
        # Free when it was found, and taken meanwhile: whoever takes whatever fits has the next place that does.
        raise Contended(f"somebody was faster: {refusal}") from refusal


def _first_fit(uow: UnitOfWork, command: BookSeries, regimen: Regimen, elsewhere: tuple[date, ...]) -> tuple[Wish, ...]:
    """The best plan that begins as soon as possible. Raises `Conflict` with the reasons when nothing fits."""
    asked = command.first_fit or FirstFit()
    from_date = max(asked.from_date or date.min, today_of(uow))
    wanted = Wanted(
        regimen,
        from_date,
        from_date + FIRST_FIT_WITHIN,
        condition=command.condition,
        wishes=Wishes(times=(TimeOfDay(asked.time_of_day),), as_soon_as_possible=True),
        elsewhere=elsewhere,
    )
    planner = Planner(free_time_of(uow, command.patient_id, from_date, wanted.last_date), FIRST_FIT_RATES)
    if plans := planner.best(wanted, most=1):
        return plans[0].wishes
    faults = [Fault(reason.code, reason.detail) for reason in in_any_case(planner, wanted)]
    raise Conflict("series.no-fit", f"No series that starts by {wanted.until_date} fits.", faults)


def _placed_as_wished(
    uow: UnitOfWork, command: BookSeries, regimen: Regimen, elsewhere: tuple[date, ...], allowed: Collection[str]
) -> Placed:
    dates = [wish.local.date() for wish in command.sessions]
    calendar = calendar_on(uow, command.patient_id, dates)
    try:
        return place_series(
            regimen, command.sessions, calendar, elsewhere, condition=command.condition, allowed=allowed
        )
    except Conflict as refusal:
        longer = calendar_on(uow, command.patient_id, dates, days_behind=DAYS)
        course = course_of(regimen, command.sessions, elsewhere, command.condition)
        raise with_alternatives(refusal, dict(enumerate(command.sessions, 1)), course, longer) from refusal
