"""A patient's text that calls for a person at once is a task that is due at once."""

from datetime import UTC, datetime

from services.booking.domain.clinic.task import TaskKind
from services.booking.operations.flagged_replies import HearReplyFlagged, hear_reply_flagged
from services.booking.operations.tasks import ListTasks, list_tasks
from tests.support.booking_builders import CLINIC, PATIENT
from tests.support.booking_fakes import FakeBooking

NOW = datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_it_becomes_one_task_however_often_it_is_heard():
    world = FakeBooking(NOW)
    for reply in ("reply-1", "reply-1", "reply-2"):
        world.run(CLINIC, hear_reply_flagged, HearReplyFlagged(reply, PATIENT, "crisis", NOW))
    tasks = world.run(CLINIC, list_tasks, ListTasks(10, None)).items
    assert [(task.kind, task.patient_id, task.due_at) for task in tasks] == [(TaskKind.CRISIS, PATIENT, NOW)] * 2
    assert "crisis" in tasks[0].detail
