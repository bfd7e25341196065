"""Pages to the staff over HTTP."""

from typing import Final

from marshmallow import Schema, fields

from services.notify.api.scopes import STAFF
from services.notify.domain.page import PageStatus
from services.notify.operations import pages
from shared.http.cursors import PageQuery, page_schema
from shared.http.routes import Route


class PagedAnswer(Schema):
    """One of the staff who was paged."""

    contact_id = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class StaffPageAnswer(Schema):
    """Something that cannot wait, and who has taken it on."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    reason = fields.String(required=True, metadata={"example": "crisis"})
    patient_id = fields.String(required=True, metadata={"description": "empty: a stranger wrote"})
    about = fields.String(required=True, metadata={"description": "what led to it", "example": "reply/0199b1de"})
    status = fields.Enum(PageStatus, by_value=True, required=True)
    raised_at = fields.AwareDateTime(required=True)
    paged = fields.List(fields.Nested(PagedAnswer), required=True)
    next_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "when the next one is paged, if nobody answers"}
    )
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_by = fields.String(
        required=True, metadata={"description": "staff/<contact id> or key/<access key id>; may be empty"}
    )
    contacted_at = fields.AwareDateTime(required=True, allow_none=True)
    contacted_by = fields.String(required=True)


class StaffPageQuery(PageQuery):
    """Which pages."""

    is_open = fields.Boolean(
        load_default=None, metadata={"description": "whether the patient was not reached yet; without it: all"}
    )


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/pages",
        "List pages to the staff",
        STAFF,
        pages.ListPages,
        pages.list_pages,
        page_schema(StaffPageAnswer),
        query=StaffPageQuery,
        description="By the time they were raised. `unanswered`: everybody was paged and nobody has taken it on.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/pages/<page_id>/acknowledge",
        "Take on what a page is about",
        STAFF,
        pages.AcknowledgePage,
        pages.acknowledge_page,
        StaffPageAnswer,
        description="Nobody else is paged from then on. Who was first stays.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/pages/<page_id>/contacted",
        "Note that the patient was reached",
        STAFF,
        pages.NoteReached,
        pages.note_reached,
        StaffPageAnswer,
        description="Taking it on and reaching the patient are separate facts.",
    ),
)
