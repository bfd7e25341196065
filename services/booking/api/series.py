"""Series and their sessions over HTTP."""

from typing import Final

from services.booking.api import series_schemas as schemas
from services.booking.api.scopes import CARE, NURSING
from services.booking.api.treatment_schemas import CheckInRequest, DischargeRequest
from services.booking.operations import queries, series, visits
from shared.http.cursors import page_schema
from shared.http.routes import Route

SESSION: Final = "/clinics/<clinic_id>/series/<series_id>/sessions/<int:number>"

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/clinics/<clinic_id>/series",
        "Book a whole series, or nothing",
        CARE,
        series.BookSeries,
        series.book_series,
        schemas.SeriesAnswer,
        body=schemas.SeriesRequest,
        status=201,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/series",
        "List series",
        CARE,
        queries.ListSeries,
        queries.list_series,
        page_schema(schemas.SeriesAnswer),
        query=schemas.SeriesQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/series/<series_id>",
        "Show a series",
        CARE,
        queries.ShowSeries,
        queries.show_series,
        schemas.SeriesAnswer,
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/series/<series_id>/cancel",
        "Call off what is still open",
        CARE,
        series.CancelSeries,
        series.cancel_series,
        schemas.SeriesAnswer,
        body=schemas.CancelRequest,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/sessions",
        "List the sessions of some dates",
        CARE,
        queries.ListSessions,
        queries.list_sessions,
        page_schema(schemas.AgendaRow),
        query=schemas.AgendaQuery,
    ),
    Route(
        "POST",
        f"{SESSION}/cancel",
        "Call a session off",
        CARE,
        series.CancelSession,
        series.cancel_session,
        schemas.SeriesAnswer,
        body=schemas.CancelRequest,
    ),
    Route(
        "POST",
        f"{SESSION}/check-in",
        "Note the arrival",
        CARE,
        visits.CheckInSession,
        visits.check_in_session,
        schemas.SeriesAnswer,
        body=CheckInRequest,
    ),
    Route(
        "POST",
        f"{SESSION}/start",
        "Note the start",
        NURSING,
        visits.StartSession,
        visits.start_session,
        schemas.SeriesAnswer,
    ),
    Route(
        "POST",
        f"{SESSION}/discharge",
        "Note the discharge",
        NURSING,
        visits.DischargeSession,
        visits.discharge_session,
        schemas.SeriesAnswer,
        body=DischargeRequest,
    ),
    Route(
        "POST",
        f"{SESSION}/miss",
        "Note that nobody came",
        CARE,
        series.MarkMissed,
        series.mark_missed,
        schemas.SeriesAnswer,
        body=schemas.MissRequest,
    ),
)
