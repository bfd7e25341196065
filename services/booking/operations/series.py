"""What can be done with series and their sessions."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from services.booking.domain.calendar import patient_key
from services.booking.domain.first_fit import first_fit, longest_course
from services.booking.domain.placement import Calendar, Wish, place_again, place_series
from services.booking.domain.protocol import Condition, Regimen
from services.booking.domain.series import Series, doses_on
from services.booking.domain.session import CancelReason, MissReason, Session
from services.booking.domain.spacing import Finding
from services.booking.operations.ports import UnitOfWork
from shared.errors import Fault, RuleBroken
from shared.localtime import local_date, resolve_forward

_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class FirstFit:
    """The earliest series from a local date on (default today), each session at or after a wall time."""

    from_date: date | None = None
    time_of_day: time = time()


@dataclass(frozen=True)
class BookSeries:
    """A whole series: at the times of `sessions`, or wherever it fits first when there are none.

    Without `edition` the latest counts; `condition` may be left out when the protocol treats only one.
    """

    patient_id: str
    protocol: str
    edition: int | None = None
    condition: Condition | None = None
    sessions: tuple[Wish, ...] = ()
    first_fit: FirstFit | None = None


@dataclass(frozen=True)
class MoveSession:
    """One session to another wall time; `second` and `resource_ids` as in `Wish`."""

    series_id: str
    number: int
    version: int
    local: datetime
    second: bool = False
    resource_ids: tuple[str, ...] = ()


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
class CheckInSession:
    """The patient is there."""

    series_id: str
    number: int


@dataclass(frozen=True)
class StartSession:
    """The treatment begins."""

    series_id: str
    number: int


@dataclass(frozen=True)
class DischargeSession:
    """The patient goes home."""

    series_id: str
    number: int


@dataclass(frozen=True)
class MarkMissed:
    """The patient did not come in time."""

    series_id: str
    number: int
    reason: MissReason


def book_series(uow: UnitOfWork, command: BookSeries) -> Series:
    """Book all sessions or none.

    Raises `NotFound` for a patient or a protocol that is not there, `RuleBroken` when a rule forbids it and `Conflict`
    when somebody has the time, each with every reason.
    """
    uow.patients.get(command.patient_id)
    zone = uow.clinics.get(uow.clinic_id).zone
    protocol = uow.protocols.get(command.protocol, command.edition)
    condition = _condition(protocol.regimen, command.condition)
    sessions, notes = _placed(uow, command, protocol.regimen, zone)
    series = Series(
        id=uow.new_id(),
        patient_id=command.patient_id,
        protocol=protocol.slug,
        edition=protocol.edition,
        condition=condition,
        zone=zone,
        sessions=sessions,
        notes=tuple(notes),
    )
    return uow.series.save(*series.book())


def move_session(uow: UnitOfWork, command: MoveSession) -> Series:
    """Move one session; the others stay.

    Raises `NotFound`, `Stale`, `RuleBroken` when a rule forbids it, and `Conflict` when somebody has the time or the
    session is past moving, each with every reason.
    """
    series = uow.series.get(command.series_id, command.version)
    regimen = uow.protocols.get(series.protocol, series.edition).regimen
    others = (one for one in uow.series.of_patient(series.patient_id) if one.id != series.id)
    day = command.local.date()
    calendar = _calendar(uow, series.patient_id, series.zone, day, day)
    session, notes = place_again(
        series,
        regimen,
        command.number,
        Wish(command.local, command.second, command.resource_ids),
        calendar=replace(calendar, busy=calendar.busy - series.slots),
        elsewhere=doses_on(others),
    )
    return uow.series.save(*series.move(session, notes))


def cancel_session(uow: UnitOfWork, command: CancelSession) -> Series:
    """Call one session off; its slots are free. Raises `NotFound`, and `Conflict` when it is past that."""
    series = uow.series.get(command.series_id)
    return uow.series.save(*series.cancel(command.number, reason=command.reason, at=uow.now))


def cancel_series(uow: UnitOfWork, command: CancelSeries) -> Series:
    """Call off what is still open. Raises `NotFound`, and `Conflict` when nothing is, or a session has begun."""
    series = uow.series.get(command.series_id)
    return uow.series.save(*series.cancel_rest(reason=command.reason, at=uow.now))


def check_in_session(uow: UnitOfWork, command: CheckInSession) -> Series:
    """Note the arrival. Raises `NotFound`, `Conflict`, and `RuleBroken` on another day than the session's."""
    series = uow.series.get(command.series_id)
    return uow.series.save(*series.check_in(command.number, at=uow.now))


def start_session(uow: UnitOfWork, command: StartSession) -> Series:
    """Note the begin of the treatment. Raises `NotFound` and `Conflict`."""
    series = uow.series.get(command.series_id)
    return uow.series.save(*series.start(command.number, at=uow.now))


def discharge_session(uow: UnitOfWork, command: DischargeSession) -> Series:
    """Note that the patient went home; the last session completes the series. Raises `NotFound` and `Conflict`."""
    series = uow.series.get(command.series_id)
    return uow.series.save(*series.discharge(command.number, at=uow.now))


def mark_missed(uow: UnitOfWork, command: MarkMissed) -> Series:
    """Note that the patient did not come. Raises `NotFound`, `Conflict`, and `RuleBroken` before the start."""
    series = uow.series.get(command.series_id)
    return uow.series.save(*series.miss(command.number, reason=command.reason, at=uow.now))


def _placed(
    uow: UnitOfWork, command: BookSeries, regimen: Regimen, zone: str
) -> tuple[tuple[Session, ...], list[Finding]]:
    elsewhere = doses_on(uow.series.of_patient(command.patient_id))
    if command.sessions:
        dates = [wish.local.date() for wish in command.sessions]
        calendar = _calendar(uow, command.patient_id, zone, min(dates), max(dates))
        return place_series(regimen, command.sessions, calendar, elsewhere)
    wanted = command.first_fit or FirstFit()
    from_date = max(wanted.from_date or date.min, local_date(uow.now, zone))
    calendar = _calendar(uow, command.patient_id, zone, from_date, from_date + longest_course(regimen))
    return first_fit(regimen, calendar, elsewhere, from_date, wanted.time_of_day), []


def _condition(regimen: Regimen, wanted: Condition | None) -> Condition:
    if wanted is None and len(regimen.conditions) == 1:
        return regimen.conditions[0]
    if wanted in regimen.conditions:
        return wanted
    detail = f"Say which condition is treated: {', '.join(regimen.conditions)}."
    raise RuleBroken(
        "series.condition-not-treated", detail, [Fault("series.condition-not-treated", detail, "/condition")]
    )


def _calendar(uow: UnitOfWork, patient_id: str, zone: str, first: date, last: date) -> Calendar:
    """What is free on these dates. Only advice: the database decides when the series is written."""
    resources = tuple(uow.resources.all())
    ids = [*(resource.id for resource in resources), patient_key(patient_id)]
    from_at = resolve_forward(datetime.combine(first, time()), zone)
    until_at = resolve_forward(datetime.combine(last + _A_DAY, time()), zone)
    return Calendar(zone, uow.now, patient_id, resources, uow.series.busy(ids, from_at - _A_DAY, until_at + _A_DAY))
