"""What can be done with places that came free: each is offered to those who wait, in the order of rank."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.booking.domain.placement.placement import Placed, Wish, place_again
from services.booking.domain.series.offer import SHORTEST_OFFER, Changed, Offer, OfferedPlace, OfferStatus, answer_by
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session
from services.booking.domain.waiting.opening import (
    ASKED_ELSEWHERE,
    MOST_AT_ONCE,
    Opening,
    OpeningStatus,
    Outcome,
    after_quiet,
)
from services.booking.domain.waiting.suiting import as_wish, first_place, wanted_starts
from services.booking.domain.waiting.waitlist import Entry
from services.booking.operations.calendars import calendar_of
from services.booking.operations.following import give_back, opening_of
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import elsewhere_of, regimen_of
from shared.errors import Conflict, Contended
from shared.localtime import local_date, to_local
from shared.paging import Page, page_of


@dataclass(frozen=True)
class OfferOpening:
    """Ask the next one."""

    opening_id: str


@dataclass(frozen=True)
class AcceptOffer:
    """The patient takes the place."""

    offer_id: str


@dataclass(frozen=True)
class DeclineOffer:
    """The patient does not want the place."""

    offer_id: str


@dataclass(frozen=True)
class ExpireOffer:
    """Nobody answered in time."""

    offer_id: str


@dataclass(frozen=True)
class ShowOffer:
    """One offer."""

    offer_id: str


@dataclass(frozen=True)
class ListOffers:
    """The clinic's offers in the order of making; with one status, or to one series, if given."""

    limit: int
    after: str | None
    status: OfferStatus | None = None
    series_id: str | None = None


def offer_opening(uow: UnitOfWork, command: OfferOpening) -> Opening:
    """Offer the place to the first in rank whom it suits; without anybody it is over.

    It suits whose wishes it meets, and whose spacing and caps it fits. Nobody is asked in the clinic's quiet hours.
    Raises `NotFound`, and `Conflict` when it is not due.
    """
    opening = uow.openings.get(command.opening_id)
    if opening.status is not OpeningStatus.OPEN or opening.next_at > uow.now:
        raise Conflict("opening.not-due", "Nobody is to be asked about this place now.")
    clinic = uow.clinics.get(uow.clinic_id)
    ask_at = after_quiet(uow.now, clinic.zone, clinic.quiet_from, clinic.quiet_until)
    earliest = ask_at + timedelta(minutes=clinic.notice_minutes) + SHORTEST_OFFER
    if not any(opening.starts(earliest)):
        return uow.openings.save(opening.end(Outcome.TOO_LATE))
    if ask_at > uow.now:
        return uow.openings.save(opening.rest_until(ask_at))
    return _ask_first(uow, opening, tuple(opening.starts(earliest)))


def accept_offer(uow: UnitOfWork, command: AcceptOffer) -> Offer:
    """Move the session to the place; its former place is offered to others.

    Raises `NotFound`, `Conflict` when the offer is over, and `RuleBroken` when a rule forbids it by now.
    """
    offer = uow.offers.get(command.offer_id)
    accepted, told = offer.accept(at=uow.now)
    series, kept = _asked_series(uow, offer)
    wish = as_wish(kept.starts_at, series.zone, (claim.resource_id for claim in kept.resource_claims))
    placed = _placed_again(uow, series, offer.number, wish)
    moved, events = replace(series, offered=None).place(placed.sessions, placed.notes)
    uow.series.save(moved, events)
    uow.waitlist.save(_asked_entry(uow, offer).place(at=uow.now))
    uow.openings.save(opening_of(uow, offer).end(Outcome.TAKEN))
    return uow.offers.save(accepted, told)


def decline_offer(uow: UnitOfWork, command: DeclineOffer) -> Offer:
    """The next in rank is asked; this patient waits on. Raises `NotFound`, and `Conflict` when the offer is over."""
    offer = uow.offers.get(command.offer_id)
    return _not_taken(uow, offer, offer.decline(at=uow.now))


def expire_offer(uow: UnitOfWork, command: ExpireOffer) -> Offer:
    """The next in rank is asked; this patient waits on. Raises `NotFound`, `Conflict`, and `RuleBroken` too early."""
    offer = uow.offers.get(command.offer_id)
    return _not_taken(uow, offer, offer.expire(at=uow.now))


def show_offer(uow: UnitOfWork, command: ShowOffer) -> Offer:
    """The offer. Raises `NotFound`."""
    return uow.offers.get(command.offer_id)


def list_offers(uow: UnitOfWork, command: ListOffers) -> Page[Offer]:
    """A page of the clinic's offers."""
    found = uow.offers.list(
        after=command.after, limit=command.limit + 1, status=command.status, series_id=command.series_id
    )
    return page_of(found, command.limit)


def _not_taken(uow: UnitOfWork, offer: Offer, over: Changed) -> Offer:
    series, _ = _asked_series(uow, offer)
    uow.series.save(replace(series, offered=None))
    uow.waitlist.save(_asked_entry(uow, offer).answered())
    return give_back(uow, over)


def _ask_first(uow: UnitOfWork, opening: Opening, starts: Sequence[datetime]) -> Opening:
    is_asked_elsewhere = False
    unsuited: list[str] = []
    for entry in uow.waitlist.waiting():
        if entry.id in opening.passed or not any(entry.wishes.allow(to_local(at, opening.zone)) for at in starts):
            continue
        if len(unsuited) == MOST_AT_ONCE:
            return uow.openings.save(opening.pass_over(unsuited))
        series = uow.series.get(entry.series_id)
        if not series.stands(entry.position):
            uow.waitlist.save(entry.withdraw(at=uow.now))
        elif series.offered is not None:
            is_asked_elsewhere = True
        elif session := _place_for(uow, opening, entry, series, wanted_starts(entry, series, starts)):
            return _ask(uow, opening.pass_over(unsuited), entry, series, session)
        else:
            unsuited.append(entry.id)
    if is_asked_elsewhere:
        return uow.openings.save(opening.rest_until(uow.now + ASKED_ELSEWHERE))
    return uow.openings.save(opening.end(Outcome.NOBODY))


def _place_for(
    uow: UnitOfWork, opening: Opening, entry: Entry, series: Series, starts: Sequence[datetime]
) -> Session | None:
    if not starts:
        return None
    first, last = (local_date(at, series.zone) for at in (starts[0], starts[-1]))
    return first_place(
        entry,
        series,
        opening,
        starts=starts,
        regimen=regimen_of(uow, series),
        calendar=calendar_of(uow, series.patient_id, first, last, but=series.id),
        elsewhere=elsewhere_of(uow, series),
    )


def _offer(uow: UnitOfWork, opening: Opening, entry: Entry, session: Session) -> Offer:
    clinic = uow.clinics.get(uow.clinic_id)
    stands, notice = timedelta(minutes=clinic.offer_minutes), timedelta(minutes=clinic.notice_minutes)
    return Offer(
        id=uow.new_id(),
        opening_id=opening.id,
        entry_id=entry.id,
        patient_id=entry.patient_id,
        series_id=entry.series_id,
        number=entry.number,
        zone=opening.zone,
        starts_at=session.starts_at,
        starts_local=session.starts_local,
        ends_at=session.ends_at,
        made_at=uow.now,
        expires_at=answer_by(uow.now, session.starts_at, stands=stands, notice=notice),
    )


def _ask(uow: UnitOfWork, opening: Opening, entry: Entry, series: Series, session: Session) -> Opening:
    """Keep the place for the patient and tell them, all in one commit."""
    offer = _offer(uow, opening, entry, session)
    uow.series.save(replace(series, offered=OfferedPlace(offer.id, entry.position, session)))
    uow.waitlist.save(entry.asked(offer.id))
    uow.offers.save(*offer.make())
    return uow.openings.save(opening.offer(offer.id, entry.id))


def _placed_again(uow: UnitOfWork, series: Series, number: int, wish: Wish) -> Placed:
    day = wish.local.date()
    return place_again(
        series,
        regimen_of(uow, series),
        {number: wish},
        calendar=calendar_of(uow, series.patient_id, day, day, but=series.id),
        elsewhere=elsewhere_of(uow, series),
    )


def _asked_series(uow: UnitOfWork, offer: Offer) -> tuple[Series, Session]:
    """The series of whom is asked, and the place that it keeps.

    Raises `Contended` when the two were read while somebody changed both.
    """
    series = uow.series.get(offer.series_id)
    if series.offered is None or series.offered.offer_id != offer.id:
        raise Contended(f"offer {offer.id} has ended meanwhile")
    return series, series.offered.session


def _asked_entry(uow: UnitOfWork, offer: Offer) -> Entry:
    entry = uow.waitlist.get(offer.entry_id)
    if entry.offer_id != offer.id:
        raise Contended(f"offer {offer.id} has ended meanwhile")
    return entry
