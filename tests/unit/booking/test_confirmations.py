"""A patient's word that they will come, and their replies, in any order with what happens to the session."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from services.booking.domain.clinic.task import Task, TaskKind
from services.booking.domain.events import SessionConfirmed
from services.booking.domain.series.confirmation import ConfirmedBy, confirm
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import CancelReason, SessionStatus
from services.booking.operations.confirmations import (
    ConfirmSession,
    HearReply,
    ShowAppointment,
    confirm_session,
    hear_reply,
    show_appointment,
)
from shared.errors import Conflict, NotFound
from tests.support.booking_builders import CLINIC, OTHER_CLINIC, a_series
from tests.support.booking_pages import a_town_with_a_link, a_visit

HOUR = timedelta(hours=1)


@pytest.fixture
def town():
    return a_town_with_a_link()


def the_session(town, number=2):
    [series] = town.all(Series)
    return series.session(number)


def reply(town, answer="confirm", about="series/series-1/sessions/2", at=None):
    return HearReply(about, answer, at or town.now)


def test_the_desk_notes_a_confirmation_once(town):
    for _ in range(2):
        town.run(CLINIC, confirm_session, ConfirmSession("series-1", 2))

    assert the_session(town).confirmed_at == town.now
    assert town.events(SessionConfirmed) == [SessionConfirmed("patient-1", 2, town.now, "desk")]


@pytest.mark.parametrize("status", [status for status in SessionStatus if status is not SessionStatus.BOOKED])
def test_only_what_is_booked_and_ahead_can_be_confirmed(status):
    series, at = a_series(a_visit(1, status=status)), a_visit(1).starts_at - HOUR
    with pytest.raises(Conflict, match="nothing to confirm"):
        confirm(series, 1, by=ConfirmedBy.DESK, at=at)


def test_a_session_that_has_begun_is_not_confirmed():
    series = a_series(a_visit(1))
    assert confirm(series, 1, by=ConfirmedBy.DESK, at=a_visit(1).starts_at - HOUR)[1] != []
    with pytest.raises(Conflict):
        confirm(series, 1, by=ConfirmedBy.DESK, at=a_visit(1).starts_at)


def test_a_session_of_another_clinic_or_of_none_is_not_there(town):
    for clinic, series_id, number in ((OTHER_CLINIC, "series-1", 1), (CLINIC, "series-9", 1), (CLINIC, "series-1", 9)):
        for operation, command in ((confirm_session, ConfirmSession), (show_appointment, ShowAppointment)):
            with pytest.raises(NotFound):
                town.run(clinic, operation, command(series_id, number))


def test_a_reply_confirms(town):
    town.run(CLINIC, hear_reply, reply(town))
    assert town.events(SessionConfirmed) == [SessionConfirmed("patient-1", 2, town.now, "patient")]


@pytest.mark.parametrize(("answer", "kind"), [("change", TaskKind.CHANGE_REQUESTED), ("late", TaskKind.RUNNING_LATE)])
def test_another_reply_becomes_one_task(town, answer, kind):
    for _ in range(2):
        town.run(CLINIC, hear_reply, reply(town, answer))

    [task] = town.all(Task)
    assert (task.kind, task.patient_id, task.series_id, task.number) == (kind, "patient-1", "series-1", 2)


@pytest.mark.parametrize(
    "about",
    [
        "series/series-1",
        "series/series-1/sessions/99",
        "series/series-9/sessions/1",
        "check_in/c-1",
        "series/series-1/sessions/2/more",
        "series/series-1/sessions/²",
        "",
    ],
)
@pytest.mark.parametrize("answer", ["confirm", "change", "late", "other", "YES"])
def test_a_reply_about_nothing_that_is_here_is_dropped(town, about, answer):
    town.run(CLINIC, hear_reply, reply(town, answer, about))
    assert town.all(Task) == []
    assert town.told == []


@pytest.mark.parametrize("status", SessionStatus)
@pytest.mark.parametrize("series_status", SeriesStatus)
@pytest.mark.parametrize("answer", ["confirm", "change", "late", "other"])
def test_no_reply_is_an_error_whatever_became_of_the_session(status, series_status, answer):
    town = a_town_with_a_link(a_visit(1), a_visit(2, status=status), status=series_status)
    town.run(CLINIC, hear_reply, reply(town, answer))
    assert len(town.all(Task)) == (answer in {"change", "late"})


def test_a_confirmation_that_was_given_before_a_move_is_none_of_the_new_time(town):
    """In whichever order the two are heard: the state is the same."""
    answered_at = town.now
    moved_at = answered_at + timedelta(minutes=5)
    later = replace(a_visit(2, a_visit(2).starts_at + HOUR), placed_at=moved_at)

    def answer(world):
        world.run(CLINIC, hear_reply, reply(world, at=answered_at))

    def move(world):
        [series] = world.all(Series)
        world.run(CLINIC, lambda uow, _: uow.series.save(*series.move(later, ())), None)

    for order in permutations([answer, move]):
        world = a_town_with_a_link()
        for step in order:
            step(world)
        assert the_session(world).confirmed_at is None
        assert the_session(world).starts_at == later.starts_at


def test_a_confirmation_that_is_heard_after_the_start_counts_from_when_it_was_given(town):
    given_at = the_session(town).starts_at - HOUR
    town.now = given_at + 2 * HOUR
    town.run(CLINIC, hear_reply, reply(town, at=given_at))
    assert the_session(town).confirmed_at == given_at


def test_a_cancelled_session_in_a_calendar_file_is_called_off(town):
    [series] = town.all(Series)
    cancelled, told = series.cancel(2, reason=CancelReason.PATIENT, at=town.now)
    town.run(CLINIC, lambda uow, _: uow.series.save(cancelled, told), None)
    found = town.run(CLINIC, show_appointment, ShowAppointment("series-1", 2))
    assert found.session.status is SessionStatus.CANCELLED
