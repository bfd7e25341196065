from dataclasses import replace
from datetime import timedelta

import pytest

from services.booking.domain.clinic.task import MOVES, TaskKind, TaskMove, TaskStatus, new_task
from services.booking.operations.tasks import (
    CancelTask,
    CompleteTask,
    ContactLost,
    ListTasks,
    cancel_task,
    complete_task,
    hear_contact_lost,
    list_tasks,
)
from shared.errors import Conflict, NotFound
from tests.support.booking_builders import CLINIC, NOW, OTHER_CLINIC, PATIENT, a_world

OTHER_PATIENT = "patient-2"


def a_task(kind=TaskKind.CHANGE_REQUESTED, patient_id=PATIENT, reason="reply-1", **fields):
    said = {"at": NOW, "series_id": "series-1", "number": 3, **fields}
    return new_task(kind, patient_id, "Session 3: another time is wanted.", reason=reason, **said)


def added(world, *tasks, clinic=CLINIC):
    def add_all(uow, wanted):
        for task in wanted:
            uow.tasks.add(task)

    world.run(clinic, add_all, tasks)


def listed(world, clinic=CLINIC, **wanted):
    return world.run(clinic, list_tasks, ListTasks(**{"limit": 50, "after": None, **wanted}))


@pytest.mark.parametrize("status", TaskStatus)
@pytest.mark.parametrize("move", TaskMove)
def test_a_task_goes_only_the_ways_of_the_table(status, move):
    task = replace(a_task(), status=status)
    step = {TaskMove.COMPLETE: task.complete, TaskMove.CANCEL: task.cancel}[move]
    if (status, move) not in MOVES:
        with pytest.raises(Conflict, match=r"task\.illegal-move"):
            step("done", by="key-1", at=NOW)
        return
    closed = step("phoned", by="key-1", at=NOW)
    assert (closed.status, closed.is_open) == (MOVES[status, move], False)
    assert (closed.note, closed.closed_at, closed.closed_by) == ("phoned", NOW, "key-1")


def test_the_same_reason_makes_the_same_task():
    assert a_task().id == a_task(at=NOW + timedelta(hours=1)).id


@pytest.mark.parametrize(
    "other",
    [
        a_task(TaskKind.RUNNING_LATE),
        a_task(patient_id=OTHER_PATIENT),
        a_task(reason="reply-2"),
        a_task(number=4),
        a_task(number=None),
        a_task(series_id="series-2"),
        a_task(series_id=None, number=None),
    ],
)
def test_whatever_it_is_about_makes_another_task(other):
    assert other.id != a_task().id


def test_adding_a_task_twice_makes_one_in_one_commit_and_in_two():
    world = a_world()
    added(world, a_task(), a_task())
    added(world, a_task())
    assert [task.version for task in listed(world).items] == [1]


def test_a_closed_task_is_not_opened_again_by_the_same_reason():
    world = a_world()
    added(world, a_task())
    world.run(CLINIC, complete_task, CompleteTask(a_task().id, "moved to Friday"))
    added(world, a_task())
    assert [(one.status, one.note) for one in listed(world).items] == [(TaskStatus.COMPLETED, "moved to Friday")]


def test_tasks_are_listed_by_age_whatever_their_ids():
    world = a_world()
    ages = [3, 1, 5, 2, 4, 0]
    added(world, *(a_task(reason=str(age), at=NOW - timedelta(hours=age)) for age in ages))
    found, after = [], None
    while True:
        page = listed(world, limit=2, after=after)
        found += [(NOW - task.made_at) // timedelta(hours=1) for task in page.items]
        after = page.after
        if after is None:
            break
    assert found == [5, 4, 3, 2, 1, 0]


def test_tasks_are_listed_by_status_kind_and_patient():
    world = a_world()
    late, other, done = a_task(TaskKind.RUNNING_LATE), a_task(patient_id=OTHER_PATIENT), a_task()
    added(world, late, other, done)
    world.run(CLINIC, cancel_task, CancelTask(done.id))

    def ids(**wanted):
        return {task.id for task in listed(world, **wanted).items}

    assert ids(status=TaskStatus.REQUESTED) == {late.id, other.id}
    assert ids(status=TaskStatus.CANCELLED) == {done.id}
    assert ids(kind=TaskKind.RUNNING_LATE) == {late.id}
    assert ids(patient_id=OTHER_PATIENT) == {other.id}
    assert ids(kind=TaskKind.CALL_NOW) == set()


def test_another_clinics_task_is_not_there():
    world = a_world()
    added(world, a_task())
    assert list(listed(world, OTHER_CLINIC).items) == []
    for operation, command in ((complete_task, CompleteTask(a_task().id)), (cancel_task, CancelTask(a_task().id))):
        with pytest.raises(NotFound):
            world.run(OTHER_CLINIC, operation, command)


def test_lost_contact_leaves_one_task_to_phone_however_often_it_is_heard():
    world = a_world()
    lost = ContactLost("check-in-1", PATIENT, "series-1", missed=2, missed_at=NOW)
    for _ in range(2):
        world.run(CLINIC, hear_contact_lost, lost)
    [task] = listed(world, kind=TaskKind.CALL_PATIENT).items
    assert (task.patient_id, task.series_id, task.made_at) == (PATIENT, "series-1", NOW)
    assert "2 check-ins" in task.detail
