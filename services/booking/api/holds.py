"""Holds over HTTP."""

from typing import Final

from marshmallow import fields, validate

from services.booking.api.scopes import CARE
from services.booking.api.series_schemas import SeriesAnswer, SeriesRequest
from services.booking.operations import holds
from shared.http.cursors import PageQuery, page_schema
from shared.http.routes import Route

HOLD: Final = "/clinics/<clinic_id>/holds/<hold_id>"


class HoldRequest(SeriesRequest):
    """A whole series that keeps its places for a while."""

    class Meta:
        example: Final = {**SeriesRequest.Meta.example, "minutes": 15}

    minutes = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, 1440),
        metadata={"description": "how long; null: as the clinic has set"},
    )


class HoldAnswer(SeriesAnswer):
    """A hold: a series that is not booked yet, under the id that it keeps."""

    held_until = fields.AwareDateTime(required=True, allow_none=True, metadata={"description": "it ends by itself"})


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/clinics/<clinic_id>/holds",
        "Keep all places of a series for a while, or none",
        CARE,
        holds.HoldSeries,
        holds.hold_series,
        HoldAnswer,
        body=HoldRequest,
        status=201,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/holds",
        "List the holds that stand",
        CARE,
        holds.ListHolds,
        holds.list_holds,
        page_schema(HoldAnswer),
        query=PageQuery,
    ),
    Route("GET", HOLD, "Show a hold", CARE, holds.ShowHold, holds.show_hold, HoldAnswer),
    Route("POST", f"{HOLD}/confirm", "Book what is held", CARE, holds.ConfirmHold, holds.confirm_hold, SeriesAnswer),
    Route("POST", f"{HOLD}/release", "Give the places back", CARE, holds.ReleaseHold, holds.release_hold, HoldAnswer),
)
