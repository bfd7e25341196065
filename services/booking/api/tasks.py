"""Tasks over HTTP."""

from typing import Final

from marshmallow import Schema, fields

from services.booking.api.request_fields import an_id
from services.booking.api.scopes import CARE
from services.booking.domain.clinic.task import TaskKind, TaskStatus
from services.booking.operations import tasks
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import Text
from shared.http.routes import Route


class ClosingRequest(Schema):
    """What a person has to say when closing a task."""

    note = Text(500, load_default=None, allow_none=True)


class ProposedPlanAnswer(Schema):
    """A body for `POST …/plans`."""

    patient_id = fields.String(required=True)
    protocol = fields.String(required=True, metadata={"description": "its slug"})
    condition = fields.String(required=True)


class TaskAnswer(Schema):
    """Something that a person at the desk must see to."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    kind = fields.Enum(TaskKind, by_value=True, required=True)
    status = fields.Enum(TaskStatus, by_value=True, required=True)
    patient_id = fields.String(required=True)
    series_id = fields.String(required=True, allow_none=True)
    number = fields.Integer(required=True, allow_none=True, metadata={"description": "of the session meant"})
    detail = fields.String(required=True)
    words = fields.String(required=True, allow_none=True, metadata={"description": "what the patient wrote"})
    plan = fields.Nested(
        ProposedPlanAnswer,
        required=True,
        allow_none=True,
        metadata={"description": "sent to plans, it finds places for what is proposed"},
    )
    made_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_by = fields.String(required=True, allow_none=True, metadata={"description": "the access key's id"})


class TaskQuery(PageQuery):
    """Which tasks."""

    status = fields.Enum(TaskStatus, by_value=True, load_default=None)
    kind = fields.Enum(TaskKind, by_value=True, load_default=None)
    patient_id = an_id(load_default=None)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/tasks",
        "List what the desk must see to",
        CARE,
        tasks.ListTasks,
        tasks.list_tasks,
        page_schema(TaskAnswer),
        query=TaskQuery,
        description="The oldest first. What patients asked to change: `kind=change-requested`.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/tasks/<task_id>/complete",
        "Note that a task was seen to",
        CARE,
        tasks.CompleteTask,
        tasks.complete_task,
        TaskAnswer,
        body=ClosingRequest,
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/tasks/<task_id>/cancel",
        "Drop a task that is void",
        CARE,
        tasks.CancelTask,
        tasks.cancel_task,
        TaskAnswer,
        body=ClosingRequest,
    ),
)
