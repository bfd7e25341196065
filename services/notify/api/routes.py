"""All of notify's routes; reads like a contents page."""

from services.notify.api import schemas
from services.notify.operations import queries
from shared.cursors import page_schema
from shared.routes import Route

CARE = frozenset({"front_desk", "clinician", "admin", "integration"})

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/messages",
        "List the clinic's messages to patients",
        CARE,
        queries.ListMessages,
        queries.list_messages,
        page_schema(schemas.MessageAnswer),
        query=schemas.MessageQuery,
        description="By the time they are due, with what the patients read.",
    ),
)
