from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.events import ReplyReceived
from services.notify.domain.message import Channel
from services.notify.domain.reply import Answer, Reply
from services.notify.operations.check_ins import hear_check_in_opened
from services.notify.operations.offers import hear_offer_made
from services.notify.operations.patients import hear_patient
from services.notify.operations.replies import (
    FinishReply,
    ListReplies,
    ReceiveReply,
    finish_reply,
    list_replies,
    receive_reply,
)
from services.notify.operations.series import hear_series_booked
from services.notify.operations.sessions import (
    SessionArrived,
    SessionConfirmed,
    hear_session_arrived,
    hear_session_cancelled,
    hear_session_confirmed,
    hear_session_moved,
)
from shared.actor import Actor
from shared.errors import NotFound
from tests.support.notify_builders import (
    CLINIC,
    PATIENT,
    SERIES,
    a_world,
    at,
    check_in_opened,
    offer_made,
    patient_heard,
    series_booked,
    session_cancelled,
    session_moved,
)
from tests.support.notify_fakes import FakeNotify, providers

PHONE = "+12125550123"
FIRST = f"series/{SERIES}/sessions/1"
SECOND = f"series/{SERIES}/sessions/2"


def reply(world: FakeNotify, text: str, *, clinic: str = CLINIC, **changes: Any) -> Reply:
    command = ReceiveReply(PHONE, text, f"provider-{len(world.rows[Reply])}", world.now)
    found: Reply = world.run(clinic, receive_reply, replace(command, **changes))
    return found


def reminded(now: str = "2026-03-13 10:00", *visits: str) -> FakeNotify:
    """Everything that is due by `now` was said."""
    world = a_world(*(visits or ("2026-03-16 10:00", "2026-03-30 10:00")))
    world.drain(providers())
    world.now = at(now)
    world.drain(providers())
    world.told.clear()
    return world


@pytest.mark.parametrize(("text", "answer"), [("1", "confirm"), ("2", "change"), ("3", "late")])
def test_a_digit_answers_the_last_reminder_sent_to_that_phone(text: str, answer: str):
    world = reminded()
    kept = reply(world, text)
    assert (kept.patient_id, kept.about, kept.answer) == (PATIENT, FIRST, Answer(answer))
    assert world.told == [ReplyReceived(PATIENT, FIRST, answer, world.now)]


def test_the_later_of_two_reminders_is_answered():
    world = reminded("2026-03-13 10:00", "2026-03-14 10:00", "2026-03-18 10:00")
    assert reply(world, "1").about == FIRST
    world.now = at("2026-03-15 10:00")
    world.drain(providers())
    assert reply(world, "1").about == SECOND


def test_a_reply_handed_in_late_answers_what_was_said_before_it_came():
    world = reminded("2026-03-13 10:00", "2026-03-16 10:00", "2026-03-18 10:00")
    came = world.now + timedelta(minutes=5)
    world.now = at("2026-03-15 10:00")
    world.drain(providers())
    assert reply(world, "1", received_at=came).about == FIRST
    assert reply(world, "1").about == FIRST
    world.now = at("2026-03-15 12:00")
    world.drain(providers())
    world.now = at("2026-03-17 10:00")
    world.drain(providers())
    assert reply(world, "1", received_at=came).about == FIRST
    assert reply(world, "1").about == SECOND


def test_the_same_reply_handed_in_again_is_one_reply():
    world = reminded()
    first = reply(world, "1", provider_id="SM-1")
    again = reply(world, "2", provider_id="SM-1")
    assert again == first
    assert len(world.rows[Reply]) == len(world.told) == 1
    assert reply(world, "1", provider_id="SM-1", clinic="clinic-2").id != first.id


@pytest.mark.parametrize("text", ["I can't stop crying", "running a bit late, sorry", "4"])
def test_any_other_text_is_kept_for_a_person(text: str):
    world = reminded()
    kept = reply(world, text)
    assert (kept.text, kept.answer, kept.about) == (text, Answer.OTHER, FIRST)
    assert world.told == [ReplyReceived(PATIENT, FIRST, "other", world.now)]


def test_a_strangers_text_is_kept_and_not_told():
    world = reminded()
    kept = reply(world, "1", sender="+12125550199")
    assert (kept.patient_id, kept.about, kept.answer, kept.phone) == (None, None, Answer.OTHER, "+12125550199")
    assert world.told == []


def test_a_phone_that_is_not_that_patients_any_more_speaks_for_nobody():
    world = reminded()
    world.run(CLINIC, hear_patient, patient_heard(phone="sealed:+12125550777"))
    kept = reply(world, "1")
    assert (kept.patient_id, kept.answer) == (None, Answer.OTHER)
    assert world.told == []


def test_another_clinics_reminder_is_not_answered():
    world = reminded()
    assert reply(world, "1", clinic="clinic-2").patient_id is None


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        (hear_session_moved, session_moved(1, "2026-03-17 10:00")),
        (hear_session_cancelled, session_cancelled(1)),
        (hear_session_arrived, SessionArrived(SERIES, 1)),
    ],
)
def test_a_digit_does_not_speak_of_a_session_that_is_not_as_the_reminder_said(operation: Any, change: Any):
    world = reminded()
    world.run(CLINIC, operation, change)
    assert reply(world, "1").answer is Answer.OTHER


def test_a_digit_answers_the_notice_of_a_new_time():
    world = reminded()
    world.run(CLINIC, hear_session_moved, session_moved(2, "2026-03-31 10:00", told_at=world.now))
    world.now += timedelta(minutes=1)
    world.drain(providers())
    kept = reply(world, "1")
    assert (kept.about, kept.answer) == (SECOND, Answer.CONFIRM)


@pytest.mark.parametrize(
    ("operation", "news"),
    [
        (hear_session_cancelled, session_cancelled(2, told_at=at("2026-03-13 10:00"))),
        (
            hear_offer_made,
            offer_made("2026-03-14 10:00", told_at=at("2026-03-13 10:00"), expires_at=at("2026-03-13 12:00")),
        ),
    ],
)
def test_a_digit_after_news_that_it_cannot_answer_is_read_by_a_person(operation: Any, news: Any):
    world = reminded()
    world.run(CLINIC, operation, news)
    world.now += timedelta(minutes=1)
    world.drain(providers())
    assert reply(world, "1").answer is Answer.OTHER


def test_a_form_sent_meanwhile_does_not_come_between_a_reminder_and_its_answer():
    world = reminded()
    opened = check_in_opened(opened_at=world.now, expires_at=world.now + timedelta(days=1))
    world.run(CLINIC, hear_check_in_opened, opened)
    world.drain(providers())
    assert reply(world, "1").about == FIRST
    assert reply(world, "hello").about == "check_in/check-in-1"


def test_a_reminder_by_e_mail_is_not_answered_by_phone_and_a_person_sees_who_wrote():
    world = a_world(patient=patient_heard(preferred_channel=Channel.EMAIL))
    world.run(CLINIC, hear_series_booked, series_booked("2026-03-16 10:00"))
    world.now = at("2026-03-13 10:00")
    world.drain(providers())
    kept = reply(world, "1")
    assert (kept.patient_id, kept.about, kept.answer, kept.is_open) == (PATIENT, None, Answer.OTHER, True)


def test_replies_are_listed_by_the_time_they_came_and_are_the_clinics_own():
    world = reminded()
    world.now += timedelta(minutes=10)
    for number, text in enumerate(("1", "hello", "2")):
        reply(world, text, received_at=world.now - timedelta(minutes=number))

    def ask(clinic: str = CLINIC, **wanted: Any) -> Any:
        return world.run(clinic, list_replies, ListReplies(**{"limit": 2, "after": None} | wanted))

    first = ask()
    assert [one.text for one in first.items] == ["2", "hello"]
    assert [one.text for one in ask(after=first.after).items] == ["1"]
    assert [one.text for one in ask(answer=Answer.OTHER).items] == ["hello"]
    assert [one.text for one in ask(is_open=True).items] == ["hello"]
    assert [one.text for one in ask(is_open=False).items] == ["2", "1"]
    assert len(ask(patient_id=PATIENT, limit=9).items) == 3
    assert ask(patient_id="patient-2").items == []
    assert ask("clinic-2").items == []
    assert {one.phone for one in world.rows[Reply].values()} == {f"sealed:{PHONE}"}


def test_a_reply_is_dealt_with_once_by_whoever_was_first():
    world = reminded()
    kept = reply(world, "could you call me?")
    world.actor = Actor("ann", frozenset({"front_desk"}))
    done = world.run(CLINIC, finish_reply, FinishReply(kept.id))
    assert (done.is_open, done.done_by, done.done_at, done.text) == (False, "key/ann", world.now, "could you call me?")
    first_at = world.now
    world.now += timedelta(hours=1)
    world.actor = Actor("bob", frozenset({"front_desk"}))
    again = world.run(CLINIC, finish_reply, FinishReply(kept.id))
    assert (again.done_by, again.done_at, again.version) == ("key/ann", first_at, done.version)
    with pytest.raises(NotFound):
        world.run("clinic-2", finish_reply, FinishReply(kept.id))


def test_of_several_visits_with_new_times_the_next_unconfirmed_one_is_meant():
    world = reminded("2026-03-05 10:00", "2026-03-16 10:00", "2026-03-18 10:00", "2026-03-20 10:00")
    for number, local in ((1, "2026-03-17 10:00"), (2, "2026-03-19 10:00")):
        world.run(CLINIC, hear_session_moved, session_moved(number, local, told_at=world.now))
    world.now += timedelta(minutes=2)
    world.drain(providers())
    assert reply(world, "1").about == FIRST
    world.run(CLINIC, hear_session_confirmed, SessionConfirmed(SERIES, 1, world.now))
    assert reply(world, "1").about == SECOND
