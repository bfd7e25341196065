"""What does not reach its reader goes on: by the other channel, at last by a person who phones."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.contact_point import ContactPoint
from services.notify.domain.events import CallWanted, MessageFailed, MessageSuppressed
from services.notify.domain.message import ESCORT, Channel, Kind, Message, Status
from services.notify.domain.planning import Meaning, Timing, queued
from services.notify.domain.reach import next_channel
from services.notify.operations.check_ins import hear_check_in_opened
from services.notify.operations.ledger import bounce, plan
from services.notify.operations.patients import hear_patient
from services.notify.operations.ports import (
    NotDelivered,
    OptedOut,
    PermanentFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from services.notify.operations.sessions import SessionConfirmed, hear_session_confirmed
from tests.support.notify_builders import (
    BOOKED_AT,
    CLINIC,
    PATIENT,
    SERIES,
    a_message,
    a_recipient,
    a_world,
    at,
    check_in_opened,
    patient_heard,
)
from tests.support.notify_fakes import FakeNotify, FakeProvider, providers

VISIT = "2026-03-16 10:00"
ABOUT = f"series/{SERIES}/sessions/1"
SMS, EMAIL, DESK = Channel.SMS, Channel.EMAIL, Channel.DESK
BY_EMAIL = a_recipient(preferred_channel=EMAIL)


def a_world_at(now: str = "2026-03-15 10:00", **patient: Any) -> FakeNotify:
    """The day before a visit; what was due before has gone out or is over."""
    world = a_world(VISIT, patient=patient_heard(**patient))
    world.drain(providers())
    world.now = at(now)
    world.told.clear()
    return world


def failing(*answers: NotDelivered) -> FakeProvider:
    return FakeProvider(repeatable=True, answers=list(answers) * 20)


def rows(world: FakeNotify, **wanted: Any) -> dict[Channel, Status]:
    asked = {"kind": Kind.REMINDER, "offset": "P1D"} | wanted
    return {row.channel: row.status for row in world.messages(**asked)}


@pytest.mark.parametrize(
    ("reader", "channels"),
    [
        (a_recipient(), [SMS, EMAIL, DESK]),
        (BY_EMAIL, [EMAIL, SMS, DESK]),
        (a_recipient(email=None), [SMS, DESK]),
        (replace(BY_EMAIL, phone=None), [EMAIL, DESK]),
    ],
)
def test_the_preferred_channel_then_the_other_then_a_person(reader: Any, channels: list[Channel]):
    row: Message = replace(a_message(), channel=channels[0])
    walked = [row]
    while (channel := next_channel(walked[-1], reader, walked)) is not None:
        walked.append(replace(row, channel=channel))
    assert [one.channel for one in walked] == channels


@pytest.mark.parametrize(
    ("changes", "channel"),
    [
        ({"reader": ESCORT}, DESK),
        ({"to": "sealed:+1"}, DESK),
        ({"kind": Kind.HELP, "to": "sealed:+1"}, None),
        ({"kind": Kind.STAFF_PAGE, "reader": "staff/1", "to": "sealed:+1"}, None),
        ({"kind": Kind.CHECK_IN_CHASE}, EMAIL),
        ({"kind": Kind.CHECK_IN_CHASE, "channel": EMAIL}, SMS),
        ({"kind": Kind.CONFIRMATION, "channel": EMAIL}, SMS),
    ],
)
def test_an_address_that_was_fixed_has_no_other_channel(changes: dict[str, Any], channel: Channel | None):
    assert next_channel(a_message(**changes), a_recipient(), []) is channel


def test_a_refused_text_is_said_by_e_mail_and_a_refused_e_mail_by_phone():
    world = a_world_at()
    refusal = PermanentFailure("refused")
    world.drain(providers(sms=failing(refusal), email=failing(refusal)))
    assert rows(world) == {SMS: Status.FAILED, EMAIL: Status.FAILED, DESK: Status.SENT}
    assert [event for event in world.told if getattr(event, "kind", "") == "reminder"] == [
        MessageFailed(PATIENT, "reminder", "sms", ABOUT, "refused", world.now),
        MessageFailed(PATIENT, "reminder", "email", ABOUT, "refused", world.now),
        CallWanted(PATIENT, ABOUT, "reminder", "refused", at("2026-03-15 10:00")),
    ]


def test_a_text_that_came_back_is_said_by_e_mail():
    world = a_world_at()
    world.drain(providers())
    world.run(CLINIC, lambda uow, row: bounce(uow, uow.messages.get(row), "30005"), p1d(world).id)
    assert rows(world) == {SMS: Status.UNDELIVERED, EMAIL: Status.QUEUED}
    channels = providers()
    world.drain(channels)
    [letter] = channels[EMAIL].taken.values()
    assert "Mar 16" in letter.text


def test_a_text_that_came_back_too_late_is_not_said_again():
    world = a_world_at()
    world.drain(providers())
    world.now = at("2026-03-16 04:00")
    world.run(CLINIC, lambda uow, row: bounce(uow, uow.messages.get(row), "30005"), p1d(world).id)
    assert rows(world) == {SMS: Status.UNDELIVERED}


def test_nobody_knows_is_never_said_by_another_channel():
    world = a_world_at()
    sms = FakeProvider(answers=[UnknownOutcome("no-answer")])
    world.drain(providers(sms=sms))
    assert rows(world) == {SMS: Status.UNKNOWN}


def test_what_may_still_go_out_is_not_said_by_another_channel():
    world = a_world_at()
    world.drain(providers(sms=failing(TemporaryFailure("429"))))
    assert rows(world) == {SMS: Status.QUEUED}


def test_without_any_address_a_person_is_asked_once_for_each_visit():
    world = a_world_at("2026-03-13 10:00", phone=None, email=None)
    while world.now < at("2026-03-16 10:00"):
        world.drain(providers())
        world.now += timedelta(minutes=30)
    assert rows(world, offset="P3D") == {SMS: Status.SUPPRESSED, DESK: Status.SENT}
    assert rows(world) == {SMS: Status.SUPPRESSED, DESK: Status.SUPPRESSED}
    assert world.message(offset="P1D", channel=DESK, kind=Kind.REMINDER).history[-1].cause == "said-already"
    assert [event.kind for event in world.told if isinstance(event, CallWanted)] == ["reminder", "unconfirmed"]
    assert [event for event in world.told if isinstance(event, MessageSuppressed)] == []


def test_the_channel_that_was_tried_is_not_tried_again_when_the_patient_prefers_it_now():
    world = a_world_at(phone=None)
    world.send_due(providers())
    world.run(CLINIC, hear_patient, patient_heard(email=None))
    world.drain(providers())
    assert rows(world) == {SMS: Status.SUPPRESSED, EMAIL: Status.SUPPRESSED, DESK: Status.SENT}


def test_a_person_is_asked_about_a_visit_that_nobody_confirmed():
    world = a_world_at("2026-03-15 04:00")
    world.drain(providers())
    assert world.told == [CallWanted(PATIENT, ABOUT, "unconfirmed", "unconfirmed", at("2026-03-15 04:00"))]
    assert world.message(kind=Kind.UNCONFIRMED).status is Status.SENT


def test_nobody_is_asked_about_a_visit_that_was_confirmed():
    world = a_world_at("2026-03-14 10:00")
    world.run(CLINIC, hear_session_confirmed, SessionConfirmed(SERIES, 1, world.now))
    world.now = at("2026-03-15 04:00")
    world.drain(providers())
    assert [event for event in world.told if isinstance(event, CallWanted)] == []
    assert world.message(kind=Kind.UNCONFIRMED).status is Status.CANCELLED


def test_who_takes_the_patient_home_is_written_to_only_if_there_is_somebody():
    world = a_world_at()
    world.drain(providers())
    row = world.message(kind=Kind.ESCORT_REMINDER)
    assert (row.status, row.history[-1].cause) == (Status.CANCELLED, "no-escort")
    world = a_world_at(escort_phone="sealed:+12125550777")
    channels = providers()
    world.drain(channels)
    letter = channels[SMS].taken[row.id]
    assert letter.to == "+12125550777"
    assert "STOP" not in letter.text


def test_an_escort_who_cannot_be_reached_by_text_is_phoned():
    world = a_world_at(escort_phone="sealed:+12125550777")
    world.drain(providers(sms=failing(PermanentFailure("30003"))))
    assert rows(world, kind=Kind.ESCORT_REMINDER) == {SMS: Status.FAILED, DESK: Status.SENT}


def test_a_form_is_asked_for_again_by_the_channel_that_works_and_nobody_phones_for_that():
    world = a_world(patient=patient_heard(phone=None, email=None))
    world.run(CLINIC, hear_check_in_opened, check_in_opened(expires_at=BOOKED_AT + timedelta(days=7)))
    for _ in range(80):
        world.drain(providers())
        world.now += timedelta(hours=1)
    assert rows(world, kind=Kind.CHECK_IN_LINK, offset="") == {SMS: Status.SUPPRESSED, DESK: Status.SENT}
    chases = world.messages(kind=Kind.CHECK_IN_CHASE)
    assert [(row.channel, row.status, row.history[-1].cause) for row in chases] == [
        (SMS, Status.SUPPRESSED, "no-contact-point")
    ] * 2


# --- who stopped at the provider --------------------------------------------------------------------------------------


def test_a_number_that_stopped_at_the_provider_is_learnt_and_a_person_phones():
    world = a_world_at()
    channels = providers(sms=failing(OptedOut("21610")))
    world.drain(channels)
    assert rows(world) == {SMS: Status.FAILED, DESK: Status.SENT}
    [point] = [point for point in world.rows[ContactPoint].values() if point.is_stopped]
    assert point.contact == "+12125550123"
    assert channels[EMAIL].taken == {}


def test_what_comes_after_is_not_even_tried():
    world = a_world_at()
    world.drain(providers(sms=failing(OptedOut("21610"))))
    world.now = at("2026-03-16 08:00")
    channels = providers()
    world.drain(channels)
    assert channels[SMS].calls == []
    row = world.message(kind=Kind.REMINDER, offset="PT2H", channel=SMS)
    assert (row.status, row.history[-1].cause) == (Status.SUPPRESSED, "opted-out")


def test_a_stranger_who_stopped_at_the_provider_is_learnt_as_well():
    world = a_world()
    answer = queued(
        CLINIC,
        Meaning(patient_id="", about="reply/1", kind=Kind.HELP, channel=SMS),
        Timing(BOOKED_AT, BOOKED_AT + timedelta(hours=1)),
        at=BOOKED_AT,
        to="sealed:+12125550999",
    )
    world.run(CLINIC, plan, [answer])
    world.drain(providers(sms=failing(OptedOut("21610"))))
    assert world.message(kind=Kind.HELP).status is Status.FAILED
    assert [point.contact for point in world.rows[ContactPoint].values() if point.is_stopped] == ["+12125550999"]


def p1d(world: FakeNotify) -> Message:
    return world.message(kind=Kind.REMINDER, offset="P1D", channel=SMS)
