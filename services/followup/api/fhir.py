"""The routes by which other systems read FHIR R4; everything is read only."""

from collections.abc import Callable
from typing import Any, Final

from marshmallow import Schema

from services.followup.api.scopes import CARE
from services.followup.fhir import MEDIA_TYPE, Resource, as_json
from services.followup.fhir.bundle import bundle, capabilities
from services.followup.fhir.observation import observation
from services.followup.fhir.questionnaire import questionnaire
from services.followup.fhir.response import response
from services.followup.operations import exchange
from shared.http.fields import Text
from shared.http.routes import File, Route

_AT: Final = "/clinics/<clinic_id>/fhir"


class ResponsesQuery(Schema):
    """Whose."""

    patient = Text(80, required=True, metadata={"description": "the id, or `Patient/` and the id"})


class ObservationsQuery(ResponsesQuery):
    """Whose, and which."""

    code = Text(80, load_default=None, metadata={"example": "44261-6", "description": "also with `system|` before it"})


def _one(make: Callable[[Any], Resource]) -> File:
    return File(MEDIA_TYPE, lambda found: as_json(make(found)))


def _many(make: Callable[[Any], Resource]) -> File:
    return File(MEDIA_TYPE, lambda found: as_json(bundle(found.base, map(make, found.items))))


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        f"{_AT}/metadata",
        "Show what can be read as FHIR",
        CARE,
        exchange.ShowCapabilities,
        exchange.show_capabilities,
        _one(capabilities),
    ),
    Route(
        "GET",
        f"{_AT}/Questionnaire",
        "List the instruments as FHIR questionnaires",
        CARE,
        exchange.SearchQuestionnaires,
        exchange.search_questionnaires,
        _many(questionnaire),
    ),
    Route(
        "GET",
        f"{_AT}/Questionnaire/<questionnaire_id>",
        "Show an instrument as a FHIR questionnaire",
        CARE,
        exchange.ShowQuestionnaire,
        exchange.show_questionnaire,
        _one(questionnaire),
        description="The id is the instrument's code and its version: `phq-9.1`.",
    ),
    Route(
        "GET",
        f"{_AT}/QuestionnaireResponse",
        "List a patient's answers as FHIR resources",
        CARE,
        exchange.SearchResponses,
        exchange.search_responses,
        _many(response),
        query=ResponsesQuery,
    ),
    Route(
        "GET",
        f"{_AT}/QuestionnaireResponse/<response_id>",
        "Show the answers to one instrument as a FHIR resource",
        CARE,
        exchange.ShowResponse,
        exchange.show_response,
        _one(response),
        description="The id is that of the check-in and the instrument's code, with a full stop between.",
    ),
    Route(
        "GET",
        f"{_AT}/Observation",
        "List a patient's scores as FHIR observations",
        CARE,
        exchange.SearchObservations,
        exchange.search_observations,
        _many(observation),
        query=ObservationsQuery,
    ),
    Route(
        "GET",
        f"{_AT}/Observation/<observation_id>",
        "Show one score as a FHIR observation",
        CARE,
        exchange.ShowObservation,
        exchange.show_observation,
        _one(observation),
        description="The id is that of the check-in and the instrument's code, with a full stop between.",
    ),
)
