"""The read side: the day sheet, a patient's time line, how resources are used."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.booking.domain.calendar.resource import Resource, ResourceKind
from services.booking.domain.clinic.clinic import Clinic
from services.booking.domain.placement.at_risk import at_risk
from services.booking.domain.views.day_sheet import Column, Mark, SessionOfSeries, column
from services.booking.domain.views.utilisation import ResourceUse, Taken, Use, taken_by, use_of
from services.booking.operations.local_days import LocalDays, local_days
from services.booking.operations.ports import UnitOfWork
from shared.paging import Page, page_from, page_of


@dataclass(frozen=True)
class ShowDaySheet:
    """One local date of the clinic, resource by resource; only of one kind, if given."""

    on: date
    limit: int
    after: str | None
    kind: ResourceKind | None = None


@dataclass(frozen=True)
class ShowTimeline:
    """A patient's sessions of all series, in the order of time."""

    patient_id: str
    limit: int
    after: str | None


@dataclass(frozen=True)
class ShowUtilisation:
    """From one local date to another, both included, resource by resource; only of one kind, if given."""

    from_date: date
    until_date: date
    limit: int
    after: str | None
    kind: ResourceKind | None = None


@dataclass(frozen=True)
class SumUtilisation:
    """From one local date to another, both included."""

    from_date: date
    until_date: date


@dataclass(frozen=True)
class Milestone:
    """A session in a patient's time line; what became of its earlier places is its history."""

    protocol: str
    placed: SessionOfSeries


@dataclass(frozen=True)
class KindUse:
    """All resources of one kind together."""

    kind: ResourceKind
    resources: int
    use: Use


@dataclass(frozen=True)
class UseOfKinds:
    """Every kind of which the clinic has a resource."""

    items: tuple[KindUse, ...]


def show_day_sheet(uow: UnitOfWork, command: ShowDaySheet) -> Page[Column]:
    """A page of the day's columns in the order of the resources' ids. Raises `NotFound` without such a clinic."""
    day = local_days(uow, command.on, command.on)
    resources = {one.id: one for one in uow.resources.all()}
    sessions = uow.series.sessions_between(day.from_at, day.until_at)
    held = uow.clearances.held()
    marked = {
        Mark.AT_RISK: {one.place for one in sessions if _is_at_risk(one, resources, day.clinic)},
        Mark.ON_HOLD: {one.place for one in sessions if one.patient_id in held and one.session.is_dose_to_come},
    }
    of_resource = _by_resource(sessions)
    wanted = (one for one in resources.values() if command.kind in {None, one.kind})
    page = page_from(wanted, after=command.after, limit=command.limit, place=lambda one: one.id)
    columns = [
        column(one, day.openings(one)[command.on], of_resource.get(one.id, ()), marked, uow.now) for one in page.items
    ]
    return Page(columns, page.after)


def show_timeline(uow: UnitOfWork, command: ShowTimeline) -> Page[Milestone]:
    """A page of the patient's sessions. Raises `NotFound`."""
    uow.patients.get(command.patient_id)
    milestones = (
        Milestone(series.protocol, SessionOfSeries(series.id, series.patient_id, series.zone, session))
        for series in uow.series.of_patient(command.patient_id)
        for session in series.sessions
    )
    return page_from(milestones, after=command.after, limit=command.limit, place=lambda one: one.placed.place)


def show_utilisation(uow: UnitOfWork, command: ShowUtilisation) -> Page[ResourceUse]:
    """A page of resources with their days. Raises `Invalid` when the dates are too many or the wrong way round."""
    days = local_days(uow, command.from_date, command.until_date)
    taken = _taken(uow, days)
    found = uow.resources.list(after=command.after, limit=command.limit + 1, kind=command.kind)
    page = page_of(found, command.limit)
    return Page([use_of(one, days.openings(one), taken) for one in page.items], page.after)


def sum_utilisation(uow: UnitOfWork, command: SumUtilisation) -> UseOfKinds:
    """The use of each kind of resource. Raises `Invalid` when the dates are too many or the wrong way round."""
    days = local_days(uow, command.from_date, command.until_date)
    taken = _taken(uow, days)
    totals: dict[ResourceKind, list[Use]] = defaultdict(list)
    for resource in uow.resources.all():
        totals[resource.kind].append(use_of(resource, days.openings(resource), taken).total)
    return UseOfKinds(tuple(KindUse(kind, len(uses), sum(uses, Use())) for kind, uses in sorted(totals.items())))


def _taken(uow: UnitOfWork, days: LocalDays) -> Taken:
    return taken_by(uow.series.sessions_between(days.from_at, days.until_at), days.clinic.zone)


def _by_resource(sessions: Iterable[SessionOfSeries]) -> Mapping[str, list[SessionOfSeries]]:
    found: dict[str, list[SessionOfSeries]] = defaultdict(list)
    for one in sessions:
        for resource_id in _resource_ids(one):
            found[resource_id].append(one)
    return found


def _is_at_risk(one: SessionOfSeries, resources: Mapping[str, Resource], clinic: Clinic) -> bool:
    mine = [resources[id] for id in _resource_ids(one) if id in resources]
    return bool(at_risk(one.session, mine, clinic.holidays, clinic.zone))


def _resource_ids(one: SessionOfSeries) -> set[str]:
    return {claim.resource_id for claim in one.session.resource_claims}
