"""Offers over HTTP."""

from typing import Final

from marshmallow import Schema, fields

from services.booking.api.request_fields import LocalMoment, an_id
from services.booking.api.scopes import CARE
from services.booking.domain.series.offer import OfferStatus
from services.booking.operations import offers
from shared.http.cursors import PageQuery, page_schema
from shared.http.routes import Route

OFFER: Final = "/clinics/<clinic_id>/offers/<offer_id>"


class OfferAnswer(Schema):
    """A place that came free, kept for one patient until they answer or the time is over."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    series_id = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "which session of the series would move there"})
    entry_id = fields.String(required=True, metadata={"description": "of the waitlist"})
    zone = fields.String(required=True)
    starts_local = LocalMoment(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    made_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    status = fields.Enum(OfferStatus, by_value=True, required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class OffersQuery(PageQuery):
    """Which offers."""

    status = fields.Enum(OfferStatus, by_value=True, load_default=None)
    series_id = an_id(load_default=None)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/offers",
        "List offers",
        CARE,
        offers.ListOffers,
        offers.list_offers,
        page_schema(OfferAnswer),
        query=OffersQuery,
    ),
    Route("GET", OFFER, "Show an offer", CARE, offers.ShowOffer, offers.show_offer, OfferAnswer),
    Route("POST", f"{OFFER}/accept", "Take the place", CARE, offers.AcceptOffer, offers.accept_offer, OfferAnswer),
    Route(
        "POST",
        f"{OFFER}/decline",
        "Leave the place to others",
        CARE,
        offers.DeclineOffer,
        offers.decline_offer,
        OfferAnswer,
    ),
)
