"""All of notify's routes; reads like a contents page."""

from services.notify.api import schemas
from services.notify.operations import queries, replies
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
    Route(
        "POST",
        "/clinics/<clinic_id>/replies",
        "Hand in what a patient wrote back",
        frozenset({"integration"}),
        replies.ReceiveReply,
        replies.receive_reply,
        schemas.ReplyAnswer,
        body=schemas.ReplyBody,
        status=201,
        description="1 confirms, 2 asks for a change, 3 says that the patient is late; all else is kept for a person. "
        "The digits speak of the session of the last message about one to that phone. "
        "The same `provider_id` again is the same reply.",
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/replies",
        "List what patients wrote back",
        CARE,
        replies.ListReplies,
        replies.list_replies,
        page_schema(schemas.ReplyAnswer),
        query=schemas.ReplyQuery,
        description="By the time they came.",
    ),
)
