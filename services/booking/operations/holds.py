"""What can be done with holds: whole series that keep their places for a while before they are booked, or not."""

from dataclasses import dataclass
from datetime import timedelta

from services.booking.domain.series import hold
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.operations.audit import audited, sets_rules_aside
from services.booking.operations.clearing import require_cleared
from services.booking.operations.misuse import watch
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import regimen_of
from services.booking.operations.series import BookSeries, new_series
from shared.errors import NotFound
from shared.paging import Page, page_of


@dataclass(frozen=True)
class HoldSeries(BookSeries):
    """A whole series, kept for `minutes`; the clinic says how long when there are none."""

    minutes: int | None = None


@dataclass(frozen=True)
class ShowHold:
    """One hold."""

    hold_id: str


@dataclass(frozen=True)
class ListHolds:
    """The clinic's holds that stand."""

    limit: int
    after: str | None


@dataclass(frozen=True)
class ConfirmHold:
    """Book it."""

    hold_id: str


@dataclass(frozen=True)
class ReleaseHold:
    """Give its places back."""

    hold_id: str


@dataclass(frozen=True)
class ExpireHold:
    """Its time is over."""

    hold_id: str


@audited("rule.set-aside", when=sets_rules_aside)
def hold_series(uow: UnitOfWork, command: HoldSeries) -> Series:
    """Keep all places of a series or none. Raises as `book_series` does."""
    minutes = command.minutes or uow.clinics.get(uow.clinic_id).hold_minutes
    return uow.series.save(new_series(uow, command).hold(uow.now + timedelta(minutes=minutes)))


def show_hold(uow: UnitOfWork, command: ShowHold) -> Series:
    """The hold, standing or lapsed. Raises `NotFound`, too, for what is booked by now."""
    found = uow.series.get(command.hold_id)
    if found.status not in hold.HOLDS:
        raise NotFound("hold")
    return found


def list_holds(uow: UnitOfWork, command: ListHolds) -> Page[Series]:
    """A page of the holds that stand."""
    found = uow.series.list(after=command.after, limit=command.limit + 1, patient_id=None, status=SeriesStatus.HELD)
    return page_of(found, command.limit)


def confirm_hold(uow: UnitOfWork, command: ConfirmHold) -> Series:
    """Book what is held, under the same id.

    Raises `NotFound`, and `Conflict` when it is over or booked already, or the patient is not cleared for a dose.
    """
    held = uow.series.get(command.hold_id)
    series, events = hold.confirm(held, uow.new_link(), regimen_of(uow, held).care, at=uow.now)
    require_cleared(uow, series)
    booked = uow.series.save(series, events)
    watch(uow, booked.patient_id, booked)
    return booked


def release_hold(uow: UnitOfWork, command: ReleaseHold) -> Series:
    """Give the places back. Raises `NotFound`, and `Conflict` when it is over or booked already."""
    return uow.series.save(hold.release(uow.series.get(command.hold_id), at=uow.now))


def expire_hold(uow: UnitOfWork, command: ExpireHold) -> Series:
    """Give the places back when nobody confirmed in time. Raises `NotFound`, `Conflict` and `RuleBroken`."""
    return uow.series.save(hold.expire(uow.series.get(command.hold_id), at=uow.now))
