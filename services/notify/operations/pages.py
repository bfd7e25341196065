"""Pages to the staff: raised when somebody must act now, at any hour, and passed on until somebody takes it on."""

from dataclasses import dataclass
from typing import Final

from services.notify.domain.clinic import Clinic
from services.notify.domain.message import Channel, Kind, Message
from services.notify.domain.page import LINK_GOOD_FOR, StaffPage, new_page
from services.notify.domain.planning import Meaning, Timing, queued
from services.notify.domain.policy import StaffContact
from services.notify.operations.ledger import call_off, plan
from services.notify.operations.ports import UnitOfWork
from shared.errors import NotFound
from shared.paging import Page
from shared.private_link import digest

TAKEN_ON: Final = "page-acknowledged"
"""Why messages about a page that are not out yet are called off."""


@dataclass(frozen=True)
class EscalatePage:
    """Call the next one, if nobody has taken it on in time."""

    page_id: str


@dataclass(frozen=True)
class ListPages:
    """The clinic's pages; those that are still open, or all others, when asked."""

    limit: int
    after: str | None
    is_open: bool | None = None


@dataclass(frozen=True)
class AcknowledgePage:
    """Somebody at the clinic takes it on."""

    page_id: str


@dataclass(frozen=True)
class NoteReached:
    """Somebody at the clinic has reached the patient."""

    page_id: str


@dataclass(frozen=True)
class ByLink:
    """Whoever holds the link that one of the staff got."""

    token: str


@dataclass(frozen=True)
class OpenedPage:
    """A page as one of the staff sees it. Whom to phone is there only for the one who has taken it on."""

    page: StaffPage
    clinic: Clinic
    is_mine: bool
    name: str = ""
    phones: tuple[str, ...] = ()


def raise_page(uow: UnitOfWork, *, reason: str, patient_id: str, about: str, phone: str = "") -> StaffPage:
    """Call the first of the staff at once. The same within an hour, while the patient was not reached, is one page.

    `phone` is the plain number that a text came from; for a stranger (empty `patient_id`) it is all that is known.
    """
    whose = patient_id or (uow.fingerprint(phone) if phone else about)
    last = uow.pages.last(whose, reason)
    if last is not None and last.covers(uow.now):
        return last
    sealed = uow.seal(phone) if phone else ""
    page = new_page(
        uow.clinic_id,
        last,
        reason=reason,
        patient_id=patient_id,
        about=about,
        whose=whose,
        phone=sealed,
        at=uow.now,
    )
    return _call_next(uow, page)


def escalate_page(uow: UnitOfWork, command: EscalatePage) -> StaffPage:
    """Call the next of the staff; behind the last one the front desk has to act. Raises `NotFound`."""
    page = uow.pages.get(command.page_id)
    return _call_next(uow, page) if page.is_due(uow.now) else page


def list_pages(uow: UnitOfWork, query: ListPages) -> Page[StaffPage]:
    """The clinic's pages, by the time they were raised."""
    return uow.pages.page(is_open=query.is_open, after=query.after, limit=query.limit)


def acknowledge_page(uow: UnitOfWork, command: AcknowledgePage) -> StaffPage:
    """Take it on; once more changes nothing. Raises `NotFound`."""
    return take_on(uow, uow.pages.get(command.page_id), f"key/{uow.actor.id}")


def note_reached(uow: UnitOfWork, command: NoteReached) -> StaffPage:
    """The patient was reached. Raises `NotFound`, and `Conflict` when nobody has taken it on."""
    return _reach(uow, uow.pages.get(command.page_id), f"key/{uow.actor.id}")


def clinic_of_page(uow: UnitOfWork, token: str) -> str:
    """The clinic that a link belongs to; asked of all clinics. Raises `NotFound`."""
    return uow.pages.clinic_of_link(digest(token))


def read_page(uow: UnitOfWork, command: ByLink) -> OpenedPage:
    """The page as it now stands; reading it changes nothing. Raises `NotFound`, for links that are over as well."""
    page, reader = _opened(uow, command.token)
    return _seen_by(uow, page, reader)


def acknowledge_by_link(uow: UnitOfWork, command: ByLink) -> OpenedPage:
    """Take it on; who was first stays. Raises `NotFound`."""
    page, reader = _opened(uow, command.token)
    return _seen_by(uow, take_on(uow, page, reader), reader)


def reach_by_link(uow: UnitOfWork, command: ByLink) -> OpenedPage:
    """The patient was reached by the one who has taken it on; from all others it changes nothing."""
    page, reader = _opened(uow, command.token)
    if page.acknowledged_by == reader:
        page = _reach(uow, page, reader)
    return _seen_by(uow, page, reader)


def _call_next(uow: UnitOfWork, page: StaffPage) -> StaffPage:
    policy = uow.policies.of_clinic()
    contact = policy.next_contact(page.contacts)
    if contact is None:
        return uow.pages.save(*page.give_up(uow.now))
    link = uow.new_page_link()
    called = page.call(contact.id, link.digest, at=uow.now, next_at=uow.now + policy.page_after)
    plan(uow, letters_to(uow, called, contact, link.url))
    return uow.pages.save(called)


def letters_to(uow: UnitOfWork, page: StaffPage, contact: StaffContact, url: str) -> list[Message]:
    """By every way at once: it is not known which of them wakes somebody up. Their text is the link.

    Whoever is called once more gets them once more.
    """
    ways = ((Channel.SMS, contact.phone), (Channel.EMAIL, contact.email))
    timing = Timing(uow.now, uow.now + LINK_GOOD_FOR, needed_at=uow.now)
    return [
        queued(
            uow.clinic_id,
            Meaning(
                page.patient_id,
                page.subject,
                Kind.STAFF_PAGE,
                channel,
                revision=len(page.paged),
                reader=f"staff/{contact.id}",
            ),
            timing,
            at=uow.now,
            to=uow.seal(address),
            body=uow.seal(url),
        )
        for channel, address in ways
        if address
    ]


def _opened(uow: UnitOfWork, token: str) -> tuple[StaffPage, str]:
    """The page and its reader. Raises `NotFound`, alike for links of nobody and links that are over."""
    kept = digest(token)
    page = uow.pages.by_link(kept)
    contact_id = page.opened_by(kept, uow.now)
    if contact_id is None:
        raise NotFound("page")
    return page, f"staff/{contact_id}"


def take_on(uow: UnitOfWork, page: StaffPage, by: str) -> StaffPage:
    """Nobody else is called; who was first stays."""
    taken, told = page.acknowledge(by, uow.now)
    if not told:
        return page
    call_off(uow, [page.subject], TAKEN_ON)
    return uow.pages.save(taken, told)


def _reach(uow: UnitOfWork, page: StaffPage, by: str) -> StaffPage:
    reached, told = page.reach(by, uow.now)
    return uow.pages.save(reached, told) if told else page


def _seen_by(uow: UnitOfWork, page: StaffPage, reader: str) -> OpenedPage:
    clinic = uow.clinics.find(uow.clinic_id)
    if clinic is None:
        raise NotFound("page")
    is_mine = page.acknowledged_by == reader
    if not (is_mine and page.is_open):
        return OpenedPage(page, clinic, is_mine)
    patient = uow.recipients.find(page.patient_id)
    sealed = [page.phone, patient.phone if patient else None]
    phones = dict.fromkeys(uow.unseal(phone) for phone in sealed if phone)
    return OpenedPage(page, clinic, is_mine, uow.unseal(patient.name) if patient else "", tuple(phones))
