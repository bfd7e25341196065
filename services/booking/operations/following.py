"""What a change of a series brings with it, in the same commit.

The store of series calls this at every save of a series that was there before, so no operation can forget it: a place
on offer is given up when its session goes another way, nobody waits for a session that has moved on, a place that came
free is offered to those who wait, and the treatment of a dose that is called off behind the patient's arrival is over.
"""

from dataclasses import replace
from datetime import timedelta

from services.booking.domain.series.offer import Changed, Offer
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import SessionStatus
from services.booking.domain.treatment.treatment import treatment_id
from services.booking.domain.waiting.opening import Opening, OpeningStatus, given_up, opening_at
from services.booking.operations.ports import UnitOfWork
from shared.errors import Contended


def follow(uow: UnitOfWork, before: Series, after: Series) -> Series:
    """Save what follows from `before` becoming `after`; the series as it is then to be saved."""
    if before.sessions == after.sessions and before.status is after.status:
        return after
    kept = _without_void_offer(uow, after)
    _end_waiting(uow, before, after)
    _open_places(uow, before, after)
    _give_up_treatments(uow, before, after)
    return kept


def give_back(uow: UnitOfWork, over: Changed) -> Offer:
    """Save an offer that is over and was not accepted; the next in rank is asked."""
    offer, told = over
    uow.openings.save(opening_of(uow, offer).reopen(at=uow.now))
    return uow.offers.save(offer, told)


def opening_of(uow: UnitOfWork, offer: Offer) -> Opening:
    """The opening that is offered. Raises `Contended` when the two were read while somebody changed both."""
    opening = uow.openings.get(offer.opening_id)
    if opening.offer_id != offer.id or opening.status is not OpeningStatus.OFFERED:
        raise Contended(f"offer {offer.id} has ended meanwhile")
    return opening


def _without_void_offer(uow: UnitOfWork, series: Series) -> Series:
    if series.offered is None or series.offer_stands:
        return series
    offer = uow.offers.get(series.offered.offer_id)
    if not offer.is_open:
        raise Contended(f"offer {offer.id} has ended meanwhile")
    give_back(uow, offer.withdraw(at=uow.now))
    entry = uow.waitlist.get(offer.entry_id)
    if series.stands(entry.position):
        uow.waitlist.save(entry.answered())
    return replace(series, offered=None)


def _end_waiting(uow: UnitOfWork, before: Series, after: Series) -> None:
    # Who takes an offer away from the series sees to the entry as well.
    answered = before.offered.offer_id if before.offered and after.offered is None else None
    for entry in uow.waitlist.of_series(after.id):
        if not after.stands(entry.position) and (answered is None or entry.offer_id != answered):
            uow.waitlist.save(entry.withdraw(at=uow.now))


def _give_up_treatments(uow: UnitOfWork, before: Series, after: Series) -> None:
    """Who had arrived for a dose that is called off was given nothing."""
    for session in before.sessions:
        is_off = after.session(session.number).status is SessionStatus.CANCELLED
        if session.doses and session.status is SessionStatus.CHECKED_IN and is_off:
            treatment = uow.treatments.find(treatment_id(after.id, session.number, session.revision))
            if treatment is not None:
                uow.treatments.save(treatment.given_up())


def _open_places(uow: UnitOfWork, before: Series, after: Series) -> None:
    gone = given_up(before, after)
    if not gone or not uow.waitlist.is_anybody_waiting():
        return
    earliest = uow.now + timedelta(minutes=uow.clinics.get(uow.clinic_id).notice_minutes)
    for session in gone:
        opening = opening_at(session, before, uow.now)
        if any(opening.starts(earliest)):
            uow.openings.save(opening)
