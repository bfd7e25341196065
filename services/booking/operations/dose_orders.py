"""What can be done with dose orders."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from services.booking.domain.chart.dose_order import Basis, DoseOrder, History, Signature, Wanted, order_faults, sign
from services.booking.domain.chart.weight import Weight
from services.booking.domain.series.series import Series
from services.booking.operations.audit import audited
from services.booking.operations.misuse import watch
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import regimen_of
from shared.errors import Conflict, Fault, NotFound
from shared.localtime import local_date


@dataclass(frozen=True)
class SignDoseOrder:
    """What is to be given from now on at each dose of a series; `minutes` None: as the protocol says."""

    series_id: str
    basis: Basis
    amount: Decimal
    minutes: int | None = None
    weight: Weight | None = None
    reason: str | None = None


@dataclass(frozen=True)
class CountersignDoseOrder:
    """Another clinician agrees with an order."""

    series_id: str
    order_id: str


@dataclass(frozen=True)
class ListDoseOrders:
    """All orders of a series."""

    series_id: str


@dataclass(frozen=True)
class ShowDoseOrder:
    """One order of a series."""

    series_id: str
    order_id: str


@dataclass(frozen=True)
class DoseOrders:
    """Orders by the time of signing, the one in force last."""

    items: tuple[DoseOrder, ...]


@audited("dose-order.sign")
def sign_dose_order(uow: UnitOfWork, command: SignDoseOrder) -> DoseOrder:
    """Order what each dose of the series to come gives; it takes the place of the order before, which is kept.

    Raises `NotFound`, `Conflict` when no dose is to come, and `RuleBroken` with every reason why it cannot be ordered.
    """
    series, before = uow.series.get(command.series_id), uow.dose_orders.in_force(command.series_id)
    regimen, dose_on = regimen_of(uow, series), _next_dose(series)
    regimen = replace(regimen, care=regimen.care_for(series.condition))
    order = sign(
        Wanted(
            command.basis,
            command.amount,
            regimen.care.infusion_minutes if command.minutes is None else command.minutes,
            command.weight,
            command.reason,
        ),
        regimen,
        _history(uow, series, dose_on),
        patient_id=series.patient_id,
        series_id=series.id,
        before=before,
        today=local_date(uow.now, series.zone),
        dose_on=dose_on,
        signature=_signature(uow),
    )
    retired = [] if before is None else [replace(before, superseded_by=order.id)]
    saved = [uow.dose_orders.save(one) for one in (*retired, order)]
    watch(uow, series.patient_id, *saved)
    return saved[-1]


@audited("dose-order.countersign")
def countersign_dose_order(uow: UnitOfWork, command: CountersignDoseOrder) -> DoseOrder:
    """Sign an order as the second clinician.

    Raises `NotFound`, `Forbidden` for the clinician who signed it, and `Conflict` when it is not wanted any more.
    """
    order = show_dose_order(uow, ShowDoseOrder(command.series_id, command.order_id))
    return uow.dose_orders.save(order.countersigned(_signature(uow)))


def list_dose_orders(uow: UnitOfWork, command: ListDoseOrders) -> DoseOrders:
    """What was ever ordered for a series. Raises `NotFound`."""
    return DoseOrders(tuple(uow.dose_orders.of_series(uow.series.get(command.series_id).id)))


def show_dose_order(uow: UnitOfWork, command: ShowDoseOrder) -> DoseOrder:
    """The order. Raises `NotFound`."""
    order = uow.dose_orders.get(command.order_id)
    if order.series_id != command.series_id:
        raise NotFound("dose order")
    return order


def missing_order(uow: UnitOfWork, series: Series, number: int, order: DoseOrder | None) -> list[Fault]:
    """Why dose `number` of a series is not given by `order`, the one in force; nothing when it is good on that date."""
    on = series.session(number).on
    care = regimen_of(uow, series).care_for(series.condition)
    return order_faults(order, care, on, _history(uow, series, on))


def _next_dose(series: Series) -> date:
    """The local date of the first dose to come. Raises `Conflict` when there is none."""
    dates = [session.on for session in series.sessions if session.is_dose_to_come]
    if not dates:
        raise Conflict("dose-order.no-dose-to-come", "No dose of this series is to come: there is nothing to order.")
    return min(dates)


def _history(uow: UnitOfWork, series: Series, on: date) -> History:
    """Whether it is the first dose that anybody knows of, in all clinics, and what was given last in this one."""
    doses = uow.exposures.of(series.person).dates
    return History(not any(day < on for day in doses), uow.treatments.last_dose(series.patient_id))


def _signature(uow: UnitOfWork) -> Signature:
    return Signature(uow.actor.id, uow.now)
