"""What becomes of an alert: the next one is paged by the clock, until somebody has taken it on."""

from dataclasses import dataclass

from services.followup.domain.alert import Alert, AlertStatus
from services.followup.domain.triggers import Role
from services.followup.operations.ports import UnitOfWork
from shared.paging import Page

_ALERT = "alert/"
"""What the subject of an alert begins with."""


@dataclass(frozen=True)
class PageNext:
    """Page the next one, if somebody is to be paged."""

    alert_id: str


@dataclass(frozen=True)
class ListAlerts:
    """The clinic's alerts; without a filter all of them."""

    limit: int
    after: str | None
    status: AlertStatus | None = None
    tier: int | None = None
    patient_id: str | None = None


@dataclass(frozen=True)
class ShowAlert:
    alert_id: str


@dataclass(frozen=True)
class AcknowledgeAlert:
    """Somebody at the clinic takes it on."""

    alert_id: str


@dataclass(frozen=True)
class NoteContact:
    """Somebody at the clinic has reached the patient."""

    alert_id: str
    note: str = ""


@dataclass(frozen=True)
class RegradeAlert:
    """A clinician finds it less urgent."""

    alert_id: str
    tier: int
    reason: str


@dataclass(frozen=True)
class CloseAlert:
    """Nothing is left to do."""

    alert_id: str
    reason: str


@dataclass(frozen=True)
class PageAcknowledged:
    """A page was taken on; `about` says what it is about, which need not be an alert."""

    about: str
    by: str


@dataclass(frozen=True)
class PageContacted:
    """Whoever took a page on has reached the patient."""

    about: str
    by: str


def page_next(uow: UnitOfWork, command: PageNext) -> Alert:
    """Page whoever has the next role now. Raises `NotFound`."""
    alert = uow.alerts.get(command.alert_id)
    if not alert.is_due(uow.now):
        return alert
    role = alert.next_role
    zone = uow.clinics.get(uow.clinic_id).zone
    contact = None if role is Role.CLINIC else uow.rotas.of_clinic().who(role, uow.now, zone)
    return uow.alerts.save(*alert.page(contact, uow.now))


def list_alerts(uow: UnitOfWork, query: ListAlerts) -> Page[Alert]:
    """The clinic's alerts, by the time they were raised."""
    return uow.alerts.page(
        status=query.status, tier=query.tier, patient_id=query.patient_id, after=query.after, limit=query.limit
    )


def show_alert(uow: UnitOfWork, command: ShowAlert) -> Alert:
    """Raises `NotFound`."""
    return uow.alerts.get(command.alert_id)


def acknowledge_alert(uow: UnitOfWork, command: AcknowledgeAlert) -> Alert:
    """Take it on; once more changes nothing. Raises `NotFound`."""
    return _acknowledge(uow, uow.alerts.get(command.alert_id), _caller(uow))


def contact_alert(uow: UnitOfWork, command: NoteContact) -> Alert:
    """The patient was reached; once more changes nothing. Raises `NotFound`, `Conflict` when it is closed."""
    return _contact(uow, uow.alerts.get(command.alert_id), _caller(uow), command.note)


def regrade_alert(uow: UnitOfWork, command: RegradeAlert) -> Alert:
    """Raises `NotFound`, `RuleBroken` for a tier that is not lower, `Conflict` when it is closed."""
    alert = uow.alerts.get(command.alert_id)
    return uow.alerts.save(alert.regrade(command.tier, _caller(uow), command.reason, uow.now))


def close_alert(uow: UnitOfWork, command: CloseAlert) -> Alert:
    """Raises `NotFound`, `Conflict` when nobody has taken it on, or when it is closed."""
    alert = uow.alerts.get(command.alert_id)
    return uow.alerts.save(alert.close(_caller(uow), command.reason, uow.now))


def hear_page_acknowledged(uow: UnitOfWork, command: PageAcknowledged) -> None:
    """Whoever took the page on has taken the alert on."""
    if (alert := _meant(uow, command.about)) is not None:
        _acknowledge(uow, alert, command.by)


def hear_page_contacted(uow: UnitOfWork, command: PageContacted) -> None:
    """The patient was reached. Of an alert that was closed meanwhile it says nothing new."""
    alert = _meant(uow, command.about)
    if alert is not None and alert.status is not AlertStatus.CLOSED:
        _contact(uow, alert, command.by, "")


def _meant(uow: UnitOfWork, about: str) -> Alert | None:
    return uow.alerts.get(about.removeprefix(_ALERT)) if about.startswith(_ALERT) else None


def _acknowledge(uow: UnitOfWork, alert: Alert, by: str) -> Alert:
    taken, told = alert.acknowledge(by, uow.now)
    return uow.alerts.save(taken, told) if told else alert


def _contact(uow: UnitOfWork, alert: Alert, by: str, note: str) -> Alert:
    reached = alert.contact(by, note, uow.now)
    return alert if reached is alert else uow.alerts.save(reached)


def _caller(uow: UnitOfWork) -> str:
    return f"key/{uow.actor.id}"
