"""A patient stops automated messages: the desk is told to phone, until messages are welcome again."""

from datetime import timedelta

import pytest

from services.booking.domain.clinic.task import Task, TaskKind, TaskStatus
from services.booking.operations.contacts import HearOptedIn, HearOptedOut, hear_opted_in, hear_opted_out
from services.booking.operations.tasks import CompleteTask, complete_task
from tests.support.booking_builders import CLINIC
from tests.support.booking_pages import a_town_with_a_link

LATER = timedelta(hours=2)


@pytest.fixture
def town():
    return a_town_with_a_link()


def stop(town, at=None, patient_id="patient-1"):
    heard = HearOptedOut("contact-1", patient_id, "sms", at or town.now)
    town.run(CLINIC, hear_opted_out, heard)
    return heard.at


def start(town, stopped_at, patient_id="patient-1"):
    town.run(CLINIC, hear_opted_in, HearOptedIn("contact-1", patient_id, "sms", town.now, stopped_at))


def test_a_stop_leaves_one_task_to_phone(town):
    for _ in range(2):
        stop(town)

    [task] = town.all(Task)
    assert (task.kind, task.patient_id, task.is_open) == (TaskKind.PHONE_PATIENT, "patient-1", True)
    assert "text messages" in task.detail


def test_start_withdraws_the_task_of_the_stop_that_it_ends(town):
    stopped_at = stop(town)
    start(town, stopped_at)

    assert [task.status for task in town.all(Task)] == [TaskStatus.CANCELLED]


def test_a_second_stop_is_a_second_task(town):
    start(town, stop(town))
    stop(town, town.now + LATER)

    assert sorted(task.status for task in town.all(Task)) == [TaskStatus.CANCELLED, TaskStatus.REQUESTED]


def test_a_task_that_somebody_has_seen_to_stays_as_it_is(town):
    stopped_at = stop(town)
    [task] = town.all(Task)
    town.run(CLINIC, complete_task, CompleteTask(task.id, "Phoned."))
    start(town, stopped_at)

    assert [(task.status, task.note) for task in town.all(Task)] == [(TaskStatus.COMPLETED, "Phoned.")]


def test_a_strangers_number_concerns_nobody(town):
    stop(town, patient_id=None)
    start(town, town.now, patient_id=None)

    assert town.all(Task) == []


def test_a_start_without_a_stop_changes_nothing(town):
    start(town, None)
    start(town, town.now)

    assert town.all(Task) == []
