"""The watch for misuse: what staff note of it, and what follows from the record whenever that changes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from services.booking.domain.chart.assessment import Assessment
from services.booking.domain.chart.dose_order import DoseOrder
from services.booking.domain.chart.misuse import (
    HOLD_FROM,
    PRIMARY,
    REVIEW_FROM,
    TRIGGER,
    Amount,
    Flag,
    Record,
    Signal,
    SignalKind,
    flags,
    noted,
    positive_exams,
)
from services.booking.domain.clinic.task import Task, TaskKind, new_task
from services.booking.domain.patient.clearance import Clearance, ClinicalHold
from services.booking.domain.patient.exposure import Exposure, Source
from services.booking.domain.patient.patient import Patient
from services.booking.domain.protocol.templates import BOOSTER
from services.booking.domain.series.series import OVER, Series
from services.booking.domain.treatment.adverse_event import AdverseEventKind, Severity
from services.booking.domain.treatment.treatment import EndKind, Treatment, TreatmentStatus
from services.booking.operations.audit import audited
from services.booking.operations.clearance import task_of_hold
from services.booking.operations.local_days import today_of
from services.booking.operations.ports import UnitOfWork
from shared.localtime import local_date

_TIER = 3
"""Of a hold that is made here: for the care team, whom nobody pages. Clinic default."""
_ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class NoteSignal:
    """Somebody of the staff noticed something, on a local date (None: today)."""

    patient_id: str
    kind: SignalKind
    on: date | None = None
    note: str | None = None


@dataclass(frozen=True)
class ShowMisuseWatch:
    """The signs that there are of one patient."""

    patient_id: str


@dataclass(frozen=True)
class MisuseWatch:
    """The flags on local date `on`, and all that was ever noted."""

    patient_id: str
    on: date
    flags: tuple[Flag, ...]
    signals: tuple[Signal, ...]

    @property
    def asks_for_review(self) -> bool:
        """Whether there are so many that a clinician reviews the treatment."""
        return len(self.flags) >= REVIEW_FROM

    @property
    def holds_treatment(self) -> bool:
        """Whether there are so many that nothing is given before a clinician's release."""
        return len(self.flags) >= HOLD_FROM


@audited("misuse-signal.note")
def note_signal(uow: UnitOfWork, command: NoteSignal) -> Signal:
    """Keep what was noticed, and see what follows. Raises `NotFound`, and `RuleBroken` for a date to come."""
    patient, today = uow.patients.get(command.patient_id), today_of(uow)
    on = command.on or today
    signal = Signal(uow.new_id(), patient.id, command.kind, on, command.note, uow.actor.id, uow.now)
    saved = uow.signals.save(noted(signal, today))
    watch(uow, patient.id, saved)
    return saved


def show_misuse_watch(uow: UnitOfWork, command: ShowMisuseWatch) -> MisuseWatch:
    """The flags as of today, each with its figures. Raises `NotFound`."""
    patient = uow.patients.get(command.patient_id)
    record = _record_of(uow, patient, uow.clearances.of(patient.id), ())
    return MisuseWatch(patient.id, record.on, flags(record), tuple(uow.signals.of_patient(patient.id)))


def watch(uow: UnitOfWork, patient_id: str, *fresh: object) -> None:
    """Look at the record once more: a flag that is new makes two a task, and three hold the treatment.

    `fresh` are the aggregates that this unit has saved, which the database does not show yet. While such a hold stands
    nothing more is asked for.
    """
    patient, clearance = uow.patients.get(patient_id), uow.clearances.of(patient_id)
    record = _record_of(uow, patient, clearance, fresh)
    codes = tuple(flag.code for flag in flags(record))
    if codes == clearance.misuse_flags:
        return
    changed = clearance.flagged(codes)
    if not set(codes) <= set(clearance.misuse_flags):
        changed = _follow(uow, changed, record.on)
    uow.clearances.save(changed)


def _follow(uow: UnitOfWork, clearance: Clearance, on: date) -> Clearance:
    codes = clearance.misuse_flags
    if len(codes) < REVIEW_FROM or any(hold.trigger == TRIGGER and hold.stands for hold in clearance.holds):
        return clearance
    if len(codes) < HOLD_FROM:
        uow.tasks.add(_review(uow, clearance.id, codes, on))
        return clearance
    hold = ClinicalHold(f"misuse-{on}-{'.'.join(code.removeprefix('DW-') for code in codes)}", TRIGGER, _TIER, uow.now)
    uow.tasks.add(task_of_hold(clearance.id, hold))
    return clearance.hold(hold)


def _review(uow: UnitOfWork, patient_id: str, codes: tuple[str, ...], on: date) -> Task:
    return new_task(
        TaskKind.MISUSE_REVIEW,
        patient_id,
        f"Review the treatment: the watch for misuse shows {', '.join(codes)}.",
        reason=f"{' '.join(codes)} {on}",
        at=uow.now,
        due_at=uow.now,
    )


def _record_of(uow: UnitOfWork, patient: Patient, clearance: Clearance, fresh: Iterable[object]) -> Record:
    zone, on = uow.clinics.get(uow.clinic_id).zone, today_of(uow)
    treatments = _with(Treatment, uow.treatments.of_patient(patient.id), fresh)
    orders = _with(DoseOrder, uow.dose_orders.of_patient(patient.id), fresh)
    series = _with(Series, uow.series.of_patient(patient.id), fresh)
    exposure = uow.exposures.of(patient.person)
    signals: dict[SignalKind, list[date]] = {}
    for signal in _with(Signal, uow.signals.of_patient(patient.id), fresh):
        signals.setdefault(signal.kind, []).append(signal.on)
    return Record(
        on,
        signals=signals,
        doses=[day for day in exposure.dates if day <= on],
        amounts=[*_given(treatments, orders, series, zone), *_ordered(orders, series, on)],
        sites=_sites(exposure),
        positive=positive_exams(_with(Assessment, uow.assessments.of_patient(patient.id), fresh)),
        urinary_events=[local_date(at, zone) for one in treatments for at in _urinary(one)],
        low_since=_low_since(clearance, series, zone),
        wants_booster=any(one.is_dose_to_come for of in series if of.protocol == BOOSTER for one in of.sessions),
        without_escort=[local_date(one.arrived_at, zone) for one in treatments if _lacked_escort(one)],
    )


class _Named(Protocol):
    @property
    def id(self) -> str: ...


A = TypeVar("A", bound=_Named)


def _with(kind: type[A], found: Iterable[A], fresh: Iterable[object]) -> list[A]:
    """What the database shows of a kind, and what this unit has made of it."""
    mine = (one for one in fresh if isinstance(one, kind))
    return list({one.id: one for one in [*found, *mine]}.values())


def _given(
    treatments: Iterable[Treatment], orders: Iterable[DoseOrder], series: Iterable[Series], zone: str
) -> Iterator[Amount]:
    """What was given in full."""
    conditions, routes = {one.id: one.condition for one in series}, {one.id: one.route for one in orders}
    for one in treatments:
        if one.start and one.end and one.end.kind is EndKind.COMPLETED:
            course = f"{conditions[one.series_id]} {routes[one.start.order_id]}"
            yield Amount(local_date(one.end.at, zone), one.end.given_mg, course)


def _ordered(orders: Iterable[DoseOrder], series: Iterable[Series], on: date) -> Iterator[Amount]:
    """What is ordered for courses that go on."""
    running = {one.id: one.condition for one in series if one.status not in OVER}
    for order in orders:
        if order.superseded_by is None and order.series_id in running:
            yield Amount(on, order.dose_mg, f"{running[order.series_id]} {order.route}")


def _sites(exposure: Exposure) -> dict[str, list[date]]:
    sites: dict[str, list[date]] = {}
    for share in exposure.shares:
        site = share.clinic_id if share.source is Source.SERIES else _ELSEWHERE
        sites.setdefault(site, []).extend(share.dates)
    return sites


def _low_since(clearance: Clearance, series: Iterable[Series], zone: str) -> date | None:
    """Since when each disorder that is treated is in remission; None where one is not, or nobody can say."""
    since = {one.instrument: one.since for one in clearance.remissions}
    begun = [since.get(PRIMARY.get(condition, "")) for condition in {one.condition for one in series}]
    known = [at for at in begun if at is not None]
    return local_date(max(known), zone) if known and len(known) == len(begun) else None


def _urinary(treatment: Treatment) -> Iterator[datetime]:
    for event in treatment.adverse_events:
        if event.kind is AdverseEventKind.URINARY_SYMPTOMS and event.severity > Severity.NONE:
            yield event.onset_at


def _lacked_escort(treatment: Treatment) -> bool:
    """Whether nobody was there who could take the patient home; not while nobody has asked.

    Who came, was asked, and was then given nothing counts, too, as does an escort who was absent at the discharge.
    """
    is_over = treatment.was_infused or (treatment.status is TreatmentStatus.NOT_INFUSED and bool(treatment.said))
    was_absent = any(one.code == "discharge.escort-absent" for one in treatment.set_aside)
    return was_absent or (not treatment.has_escort and (is_over or treatment.answers.escort is not None))
