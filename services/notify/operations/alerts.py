"""What followup tells of its alerts: whom to page for one, and that somebody has taken it on.

Its pages are pages like all others, but followup has their clock: they are passed on when it says so, and not before.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notify.domain.page import PageStatus, StaffPage, new_page
from services.notify.domain.policy import StaffContact
from services.notify.operations.ledger import plan
from services.notify.operations.pages import letters_to, take_on
from services.notify.operations.ports import UnitOfWork

ALERT: Final = "alert"
"""The reason of such a page."""


@dataclass(frozen=True)
class PageWanted:
    """The next one is to be paged; `step` counts an alert's pages. Name and addresses are sealed; without `contact_id`
    the clinic's own contacts are meant.
    """

    patient_id: str
    alert_id: str
    step: int
    contact_id: str
    contact_name: str | None
    contact_phone: str | None
    contact_email: str | None
    raised_at: datetime


@dataclass(frozen=True)
class AlertAcknowledged:
    """Somebody has taken the alert on, through a page or at the clinic."""

    alert_id: str
    by: str


def hear_page_wanted(uow: UnitOfWork, command: PageWanted) -> None:
    """Page exactly this one, at any hour. Heard again, or after somebody has taken it on, it changes nothing."""
    page = _page_of(uow, command.alert_id) or _new(uow, command)
    if page.acknowledged_at is not None or command.step < len(page.paged):
        return
    contact = _contact(uow, command, page)
    if contact is not None:
        link = uow.new_page_link()
        called = page.call(contact.id, link.digest, at=uow.now, next_at=None)
        plan(uow, letters_to(uow, called, contact, link.url))
        uow.pages.save(called)
    elif page.status is PageStatus.OPEN:
        uow.pages.save(*page.leave_to_desk(uow.now))


def hear_alert_acknowledged(uow: UnitOfWork, command: AlertAcknowledged) -> None:
    """Nobody is paged for it any more."""
    page = _page_of(uow, command.alert_id)
    if page is not None:
        take_on(uow, page, command.by)


def _page_of(uow: UnitOfWork, alert_id: str) -> StaffPage | None:
    return uow.pages.last(_about(alert_id), ALERT)


def _new(uow: UnitOfWork, command: PageWanted) -> StaffPage:
    """A page of which nobody knows yet; an alert has one of its own, whoever else is paged for the same patient."""
    about = _about(command.alert_id)
    return new_page(
        uow.clinic_id,
        None,
        reason=ALERT,
        patient_id=command.patient_id,
        about=about,
        whose=about,
        phone="",
        at=command.raised_at,
    )


def _contact(uow: UnitOfWork, command: PageWanted, page: StaffPage) -> StaffContact | None:
    """Whom followup names, or the next of the clinic's own contacts, the last one again and again."""
    if command.contact_id:
        opened = [value and uow.unseal(value) for value in (command.contact_phone, command.contact_email)]
        return StaffContact(command.contact_id, uow.unseal(command.contact_name or ""), *opened)
    policy = uow.policies.of_clinic()
    return policy.next_contact(page.contacts) or next(iter(policy.contacts[-1:]), None)


def _about(alert_id: str) -> str:
    return f"alert/{alert_id}"
