"""Other places for sessions, over HTTP."""

from typing import Final

from services.booking.api import move_schemas as schemas
from services.booking.api.scopes import CARE
from services.booking.api.series import SESSION
from services.booking.api.series_schemas import CancelRequest, MoveRequest, SeriesAnswer
from services.booking.operations import moves
from shared.http.routes import Route

SERIES: Final = "/clinics/<clinic_id>/series/<series_id>"

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "PATCH",
        SESSION,
        "Move a session",
        CARE,
        moves.MoveSession,
        moves.move_session,
        SeriesAnswer,
        body=MoveRequest,
    ),
    Route(
        "POST",
        f"{SESSION}/rebook",
        "Give a lost session another place",
        CARE,
        moves.RebookSession,
        moves.rebook_session,
        SeriesAnswer,
        body=MoveRequest,
    ),
    Route(
        "POST",
        f"{SERIES}/moves",
        "Move several sessions, or none",
        CARE,
        moves.MoveSessions,
        moves.move_sessions,
        SeriesAnswer,
        body=schemas.MovesRequest,
    ),
    Route(
        "POST",
        f"{SERIES}/shift",
        "Move a session and all that follow",
        CARE,
        moves.ShiftSeries,
        moves.shift_series,
        SeriesAnswer,
        body=schemas.ShiftRequest,
    ),
    Route(
        "POST",
        f"{SERIES}/replan",
        "Ask how a lost session could be fitted in",
        CARE,
        moves.ReplanSession,
        moves.replan_session,
        schemas.ReplanAnswer,
        body=schemas.ReplanRequest,
        only_asks=True,
    ),
    Route(
        "POST",
        f"{SERIES}/pause",
        "Let the treatment rest",
        CARE,
        moves.PauseSeries,
        moves.pause_series,
        SeriesAnswer,
        body=CancelRequest,
    ),
    Route(
        "POST",
        f"{SERIES}/resume",
        "Go on after a rest",
        CARE,
        moves.ResumeSeries,
        moves.resume_series,
        SeriesAnswer,
        body=schemas.ResumeRequest,
    ),
)
