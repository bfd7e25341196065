"""Booking's due work."""

from functools import partial
from typing import Any, Final

from services.booking.jobs.review_people import review_people
from services.booking.operations.consents import WarnOfExpiry, warn_of_expiry
from services.booking.operations.holds import ExpireHold, expire_hold
from services.booking.operations.offers import ExpireOffer, OfferOpening, expire_offer, offer_opening
from services.booking.operations.series import CarryOn, carry_on
from services.booking.operations.treatments import WatchObservations, watch_observations
from services.booking.store.consent import CONSENTS, running_out
from services.booking.store.offer import OFFERS, OPENINGS, to_offer, unanswered
from services.booking.store.series import SERIES, due, outlived
from services.booking.store.treatment import TREATMENTS, unwatched
from shared.process.due import DueWork
from shared.process.host import Host
from shared.process.jobs import Job

DUE: Final[tuple[DueWork, ...]] = (
    DueWork("carry-on", SERIES, due, "next_at", carry_on, CarryOn),
    DueWork("expire-holds", SERIES, outlived, "held_until", expire_hold, ExpireHold),
    DueWork("expire-offers", OFFERS, unanswered, "expires_at", expire_offer, ExpireOffer),
    DueWork("offer-openings", OPENINGS, to_offer, "next_at", offer_opening, OfferOpening),
    DueWork("watch-observations", TREATMENTS, unwatched, "next_at", watch_observations, WatchObservations),
    DueWork("warn-of-expiry", CONSENTS, running_out, "next_at", warn_of_expiry, WarnOfExpiry),
)


def jobs(host: Host[Any, Any]) -> tuple[Job, ...]:
    """What is looked for at each tick."""
    review = Job("review-people", host.settings.tick_seconds, partial(review_people, host))
    return (*(work.job(host) for work in DUE), review)
