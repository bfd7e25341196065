"""What the front desk looks at: conversations, whom to phone, who has not confirmed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.notify.domain.call import LISTED_FOR, NOT_SAID
from services.notify.domain.contact_point import Source
from services.notify.domain.message import Channel, Kind, Message, Status, Step
from services.notify.domain.planning import Meaning, Timing, on_channel, queued
from services.notify.domain.visit import visit_subject
from services.notify.operations.by_hand import DealWithMessage, deal_with_message
from services.notify.operations.consents import opt_out
from services.notify.operations.desk import (
    ListCalls,
    ListUnconfirmed,
    ShowConversation,
    list_calls,
    list_unconfirmed,
    show_conversation,
)
from services.notify.operations.patients import hear_patient
from services.notify.operations.replies import ReceiveReply, receive_reply
from services.notify.operations.sessions import (
    SessionConfirmed,
    hear_session_cancelled,
    hear_session_confirmed,
    hear_session_moved,
)
from shared.actor import Actor
from shared.errors import Conflict, NotFound
from tests.support.notify_builders import (
    BOOKED_AT,
    CLINIC,
    PATIENT,
    SERIES,
    a_world,
    at,
    patient_heard,
    session_cancelled,
    session_moved,
)
from tests.support.notify_fakes import providers

FIRST, SECOND = "2026-03-09 09:00", "2026-03-11 09:00"


@pytest.fixture
def world():
    return a_world(FIRST, SECOND)


def row(number=1, status=Status.FAILED, cause="smtp-550", *, visit=FIRST, **changes):
    """A message about a visit, as it stands a day ahead."""
    planned = queued(
        CLINIC,
        Meaning(
            PATIENT,
            visit_subject(SERIES, number),
            kind=changes.pop("kind", Kind.REMINDER),
            channel=changes.pop("channel", Channel.SMS),
            offset=changes.pop("offset", "P1D"),
            reader=changes.pop("reader", "patient"),
        ),
        Timing(at(visit) - timedelta(days=1), at(visit), needed_at=at(visit)),
        at=BOOKED_AT,
    )
    return reached(replace(planned, **changes), status, cause)


def reached(message, status, cause="", at=BOOKED_AT):
    return replace(message, status=status, history=(*message.history, Step(status, at, cause)))


def keep(world, *messages):
    for message in messages:
        world.rows[Message][CLINIC, message.id] = replace(message, version=1)


def only(world, *messages):
    world.rows[Message].clear()
    keep(world, *messages)


def calls(world, **asked):
    return world.run(CLINIC, list_calls, ListCalls(**{"limit": 50, "after": None, **asked}))


def listed(world):
    return [(call.message.id, call.why) for call in calls(world).items]


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNDELIVERED, Status.UNKNOWN, Status.SUPPRESSED])
def test_what_was_not_said_is_listed_with_its_reason(world, status):
    message = row(status=status, cause="opted-out")
    only(world, message)
    assert listed(world) == [(message.id, "opted-out")]


@pytest.mark.parametrize("status", sorted(set(Status) - NOT_SAID))
def test_what_was_said_waits_or_is_over_is_not_listed(world, status):
    only(world, row(status=status))
    assert listed(world) == []


@pytest.mark.parametrize("cause", ["said-with-another", "said-already"])
def test_what_another_message_says_is_not_listed(world, cause):
    only(world, row(status=Status.SUPPRESSED, cause=cause))
    assert listed(world) == []


@pytest.mark.parametrize("kind", [Kind.STAFF_PAGE, Kind.TEST, Kind.HELP, Kind.OPT_OUT_CONFIRMATION])
def test_nobody_phones_for_answers_and_pages(world, kind):
    only(world, row(kind=kind))
    assert listed(world) == []


def test_the_soonest_visit_comes_first(world):
    later, sooner = row(2, visit=SECOND), row(1)
    only(world, later, sooner)
    assert [id for id, _ in listed(world)] == [sooner.id, later.id]


@pytest.mark.parametrize(
    ("status", "is_listed"),
    [(Status.QUEUED, False), (Status.SENDING, False), (Status.SENT, False), (Status.DELIVERED, False),
     (Status.EXPIRED, True), (Status.CANCELLED, True)],
)  # fmt: skip
def test_what_the_next_channel_says_or_is_about_to_say_is_not_listed(world, status, is_listed):
    failed = row()
    only(world, failed, reached(on_channel(failed, Channel.EMAIL, CLINIC, BOOKED_AT), status))
    assert (listed(world) == [(failed.id, "smtp-550")]) is is_listed


def test_of_all_channels_that_failed_the_last_one_is_listed(world):
    text = row(channel=Channel.SMS)
    by_mail = on_channel(text, Channel.EMAIL, CLINIC, BOOKED_AT)
    mail = reached(by_mail, Status.FAILED, "smtp-550", BOOKED_AT + LISTED_FOR)
    only(world, text, mail)
    assert listed(world) == [(mail.id, "smtp-550")]


def test_what_was_handed_over_to_the_desk_is_listed_in_the_place_of_what_failed(world):
    failed = row()
    handed = reached(on_channel(failed, Channel.DESK, CLINIC, BOOKED_AT), Status.SENT, "smtp-550")
    only(world, failed, handed)
    assert listed(world) == [(handed.id, "smtp-550")]


def test_what_is_not_true_any_more_is_not_listed(world):
    first, second = row(1), row(2, visit=SECOND)
    only(world, first, second)
    assert [id for id, _ in listed(world)] == [first.id, second.id]
    world.run(CLINIC, hear_session_cancelled, session_cancelled(1))
    assert [id for id, _ in listed(world)] == [second.id]
    world.run(CLINIC, hear_session_moved, session_moved(2, "2026-03-12 09:00"))
    assert listed(world) == []


def test_nobody_is_phoned_about_a_visit_that_has_begun(world):
    only(world, row())
    world.now = at(FIRST)
    assert listed(world) == []


def test_what_is_of_no_visit_leaves_the_list_after_three_days(world):
    meaning = Meaning(PATIENT, f"patient/{PATIENT}", Kind.MANUAL, Channel.SMS)
    planned = queued(CLINIC, meaning, Timing(BOOKED_AT, BOOKED_AT), at=BOOKED_AT)
    only(world, reached(planned, Status.FAILED, "no"))
    world.now = BOOKED_AT + LISTED_FOR - timedelta(seconds=1)
    assert len(listed(world)) == 1
    world.now += timedelta(seconds=1)
    assert listed(world) == []


def test_what_was_dealt_with_leaves_the_list_and_who_was_first_stays(world):
    world.actor = Actor("key-1", frozenset())
    message = row()
    only(world, message)

    dealt = world.run(CLINIC, deal_with_message, DealWithMessage(message.id, "phoned"))
    world.actor = Actor("key-2", frozenset())

    assert listed(world) == []
    assert (dealt.by, dealt.note, dealt.at) == ("key/key-1", "phoned", BOOKED_AT)
    assert world.run(CLINIC, deal_with_message, DealWithMessage(message.id, "me too")) == dealt


def test_what_asks_for_no_call_cannot_be_dealt_with(world):
    only(world, row(status=Status.DELIVERED))
    [message] = world.messages()
    with pytest.raises(Conflict, match=r"message.no-call"):
        world.run(CLINIC, deal_with_message, DealWithMessage(message.id))
    with pytest.raises(NotFound):
        world.run("clinic-2", deal_with_message, DealWithMessage(message.id))


def test_the_list_of_calls_goes_on_behind_its_last_place(world):
    visits = ((1, FIRST), (2, SECOND))
    only(world, *(row(one, visit=visit, offset=offset) for one, visit in visits for offset in ("P3D", "P1D")))
    whole = [call.message.id for call in calls(world).items]
    found, after = [], None
    while True:
        page = calls(world, limit=1, after=after)
        found += [call.message.id for call in page.items]
        after = page.after
        if after is None:
            break
    assert (found, len(found)) == (whole, 4)


def test_visits_that_nobody_confirmed_are_listed_within_thirty_elapsed_hours():
    world = a_world("2026-03-08 09:00", "2026-03-10 09:00")

    def numbers(hours=30):
        return [visit.number for visit in world.run(CLINIC, list_unconfirmed, ListUnconfirmed(50, None, hours)).items]

    # The clocks change between: thirty elapsed hours before 09:00 on Sunday is 02:00 on Saturday.
    world.now = at("2026-03-07 01:59")
    assert numbers() == []
    world.now = at("2026-03-07 02:00")
    assert numbers() == [1]
    assert numbers(hours=168) == [1, 2]
    world.run(CLINIC, hear_session_confirmed, SessionConfirmed(SERIES, 1, world.now))
    assert numbers() == []


# --- a conversation -------------------------------------------------------------------------------------------------


def conversation(world, patient_id=PATIENT, **asked):
    return world.run(CLINIC, show_conversation, ShowConversation(patient_id, **{"limit": 50, "after": None, **asked}))


def talk(world):
    """A confirmation and a reminder went out, the patient confirmed and then said STOP."""
    world.drain(providers())
    world.now = at("2026-03-06 09:00")
    sent = providers()
    world.drain(sent)
    world.now += timedelta(minutes=5)
    world.run(CLINIC, receive_reply, ReceiveReply("+12125550123", "1", "r-1", world.now))
    world.now += timedelta(minutes=5)
    phone = "+12125550123"
    world.run(CLINIC, lambda uow, _: opt_out(uow, Channel.SMS, phone, source=Source.SMS, wording="STOP"), None)


def test_a_conversation_shows_messages_replies_and_consent_by_time(world):
    talk(world)
    said = conversation(world).items
    assert [(one.at, one.id) for one in said] == sorted((one.at, one.id) for one in said)
    assert {one.message.kind for one in said if one.message} >= {Kind.CONFIRMATION, Kind.REMINDER}
    assert [one.reply.text for one in said if one.reply] == ["1"]
    assert [one.consent.status for one in said if one.consent][-1] == "opted-out"
    reminder = next(one.message for one in said if one.message and one.message.status is Status.SENT)
    assert reminder.text
    assert "sealed" not in reminder.text


def test_a_conversation_is_the_same_in_pages_of_any_length(world):
    talk(world)
    whole = [one.id for one in conversation(world).items]
    for limit in range(1, len(whole) + 2):
        found, after = [], None
        while True:
            page = conversation(world, limit=limit, after=after)
            found += [one.id for one in page.items]
            after = page.after
            if after is None:
                break
        assert found == whole


def test_another_patients_words_are_not_in_it_and_strangers_have_none(world):
    talk(world)
    world.run(CLINIC, hear_patient, patient_heard(patient_id="patient-2", phone="sealed:+12125550188", email=None))
    said = conversation(world, "patient-2").items
    assert [(one.channel, one.consent and one.consent.wording) for one in said] == [
        (Channel.SMS, "number given at registration")
    ]
    with pytest.raises(NotFound):
        conversation(world, "nobody")
    with pytest.raises(NotFound):
        world.run("clinic-2", show_conversation, ShowConversation(PATIENT, 50, None))
