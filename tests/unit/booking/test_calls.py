"""What messages cannot do becomes a task for the desk, once."""

from datetime import UTC, datetime, timedelta

import pytest

from services.booking.domain.clinic.task import TaskKind
from services.booking.operations.calls import HearCallWanted, HearPageUnanswered, hear_call_wanted, hear_page_unanswered
from services.booking.operations.tasks import CompleteTask, ListTasks, complete_task, list_tasks
from tests.support.booking_builders import CLINIC, PATIENT
from tests.support.booking_fakes import FakeBooking

NOW = datetime(2026, 3, 8, 7, tzinfo=UTC)
WANTED = HearCallWanted(
    patient_id=PATIENT,
    about="series/series-1/sessions/3",
    kind="reminder",
    why="no-address",
    due_at=NOW + timedelta(hours=2),
    told_at=NOW,
    message_id="message-1",
)
UNANSWERED = HearPageUnanswered("page-1", PATIENT, "reply/reply-1", "crisis", NOW)


@pytest.fixture
def world():
    return FakeBooking(NOW)


def tasks(world):
    return world.run(CLINIC, list_tasks, ListTasks(10, None)).items


def wanted(world, **changes):
    world.run(CLINIC, hear_call_wanted, HearCallWanted(**{**vars(WANTED), **changes}))


def test_a_call_that_is_wanted_is_a_task_to_phone_about_that_session(world):
    wanted(world)
    [task] = tasks(world)
    assert (task.kind, task.patient_id, task.series_id, task.number) == (
        TaskKind.PHONE_PATIENT,
        PATIENT,
        "series-1",
        3,
    )
    assert (task.made_at, task.due_at) == (NOW, NOW + timedelta(hours=2))
    assert "reminder" in task.detail
    assert "no-address" in task.detail


def test_hearing_it_twice_is_one_task_also_once_it_was_seen_to(world):
    wanted(world)
    world.run(CLINIC, complete_task, CompleteTask(tasks(world)[0].id))
    wanted(world)
    assert len(tasks(world)) == 1


def test_two_messages_that_fail_about_one_session_are_two_tasks(world):
    wanted(world)
    wanted(world, message_id="message-2")
    assert len(tasks(world)) == 2


@pytest.mark.parametrize(
    ("about", "meant"),
    [
        ("series/s-1", ("s-1", None)),
        ("series/s-1/offers/o-1", ("s-1", None)),
        ("check_in/c-1", (None, None)),
        ("page/p-1", (None, None)),
        ("patient/p-1", (None, None)),
        ("series/", (None, None)),
    ],
)
def test_what_it_is_about_is_named_as_far_as_it_is_known(world, about, meant):
    wanted(world, about=about)
    assert [(task.series_id, task.number) for task in tasks(world)] == [meant]


def test_a_page_that_nobody_answered_is_a_task_for_now(world):
    for _ in range(2):
        world.run(CLINIC, hear_page_unanswered, UNANSWERED)
    [task] = tasks(world)
    assert (task.kind, task.patient_id, task.due_at) == (TaskKind.CRISIS, PATIENT, NOW)
