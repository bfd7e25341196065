"""The day of a dose over HTTP: from the arrival until the patient goes home."""

from typing import Final

from services.booking.api import treatment_schemas as schemas
from services.booking.api.scopes import CLINICIAN, NURSING, PEOPLE
from services.booking.api.series import SESSION
from services.booking.api.series_schemas import SeriesAnswer
from services.booking.api.treatment_answers import GateAnswer, TreatmentAnswer
from services.booking.operations import treatments, visits
from shared.routes import Route

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        f"{SESSION}/treatment",
        "Show everything that was found and done at a dose",
        PEOPLE,
        treatments.ShowTreatment,
        treatments.show_treatment,
        TreatmentAnswer,
    ),
    Route(
        "GET",
        f"{SESSION}/gate",
        "Show all that speaks against beginning a dose now",
        PEOPLE,
        treatments.ShowGate,
        treatments.show_gate,
        GateAnswer,
    ),
    Route(
        "POST",
        f"{SESSION}/preparation",
        "Keep what was asked on the day",
        NURSING,
        treatments.PrepareSession,
        treatments.prepare_session,
        TreatmentAnswer,
        body=schemas.PreparationRequest,
    ),
    Route(
        "POST",
        f"{SESSION}/overrides",
        "Let a reason against the start give way",
        CLINICIAN,
        treatments.OverrideGate,
        treatments.override_gate,
        TreatmentAnswer,
        body=schemas.GateOverrideRequest,
    ),
    Route(
        "POST",
        f"{SESSION}/readings",
        "Keep what was measured",
        NURSING,
        treatments.AddReading,
        treatments.add_reading,
        TreatmentAnswer,
        body=schemas.ReadingRequest,
        status=201,
    ),
    Route(
        "POST",
        f"{SESSION}/dissociation",
        "Keep a score of dissociation",
        NURSING,
        treatments.AddScore,
        treatments.add_score,
        TreatmentAnswer,
        body=schemas.ScoreRequest,
        status=201,
    ),
    Route(
        "POST",
        f"{SESSION}/adverse-events",
        "Keep what happened to the patient",
        NURSING,
        treatments.AddAdverseEvent,
        treatments.add_adverse_event,
        TreatmentAnswer,
        body=schemas.AdverseEventRequest,
        status=201,
    ),
    Route(
        "POST",
        f"{SESSION}/adverse-events/<event_id>/resolve",
        "Note that an adverse event is over",
        NURSING,
        treatments.ResolveAdverseEvent,
        treatments.resolve_adverse_event,
        TreatmentAnswer,
        body=schemas.ResolutionRequest,
    ),
    Route(
        "POST",
        f"{SESSION}/left",
        "Note that the patient left before they were let go",
        CLINICIAN,
        visits.NoteLeft,
        visits.note_left,
        SeriesAnswer,
        body=schemas.LeftRequest,
    ),
    Route(
        "POST",
        f"{SESSION}/continue",
        "Go on with an infusion against advice",
        CLINICIAN,
        treatments.ContinueInfusion,
        treatments.continue_infusion,
        TreatmentAnswer,
        body=schemas.ContinueRequest,
    ),
    Route(
        "POST",
        f"{SESSION}/end",
        "End the infusion",
        NURSING,
        treatments.EndInfusion,
        treatments.end_infusion,
        TreatmentAnswer,
        body=schemas.EndRequest,
    ),
)
