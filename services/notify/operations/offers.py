"""What booking tells of offers: a place that came free is kept for a patient who wants an earlier time."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.notify.domain.ladder import offer
from services.notify.domain.offer import Offer, offer_subject
from services.notify.operations.ledger import call_off, plan
from services.notify.operations.ports import UnitOfWork
from shared.errors import NotFound


@dataclass(frozen=True)
class OfferMade:
    """A place for session `number` of a series, kept until `expires_at`."""

    offer_id: str
    told_at: datetime
    series_id: str
    patient_id: str
    number: int
    zone: str
    starts_at: datetime
    starts_local: datetime
    expires_at: datetime


@dataclass(frozen=True)
class OfferClosed:
    """It was accepted, declined or withdrawn, or nobody answered in time."""

    offer_id: str
    series_id: str


def hear_offer_made(uow: UnitOfWork, command: OfferMade) -> None:
    """Tell the patient."""
    made = Offer(
        id=offer_subject(command.series_id, command.offer_id),
        patient_id=command.patient_id,
        number=command.number,
        zone=command.zone,
        starts_at=command.starts_at,
        starts_local=command.starts_local,
        made_at=command.told_at,
        expires_at=command.expires_at,
    )
    uow.offers.save(made)
    plan(uow, offer(uow.clinic_id, made, uow.now))


def hear_offer_closed(uow: UnitOfWork, command: OfferClosed) -> None:
    """An offer that cannot be answered any more is not told."""
    found = uow.offers.find(offer_subject(command.series_id, command.offer_id))
    if found is None:
        raise NotFound("offer")
    uow.offers.save(replace(found, is_open=False))
    call_off(uow, [found.id], "offer-closed")
