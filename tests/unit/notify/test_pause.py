"""A clinic pauses its messages: nothing automated goes out, nothing is lost, and nothing late comes in a heap."""

from datetime import timedelta

import pytest

from services.notify.domain.message import Channel, Kind, Status
from services.notify.operations.policy import PauseMessaging, ResumeMessaging, pause_messaging, resume_messaging
from tests.support.notify_builders import CLINIC, a_world, at
from tests.support.notify_fakes import providers

FIRST = "2026-03-09 14:00"


@pytest.fixture
def world():
    world = a_world(FIRST)
    world.run(CLINIC, pause_messaging, PauseMessaging("storm"))
    return world


def go_on(world, until, sent):
    """A worker looks every half minute."""
    while world.now < until:
        world.now += timedelta(minutes=30)
        world.drain(sent)


def said(sent):
    return [letter for provider in sent.values() for letter in provider.taken.values()]


def test_nothing_automated_goes_out_while_messages_rest(world):
    sent = providers()
    go_on(world, at("2026-03-08 18:00"), sent)
    assert said(sent) == []


def test_what_is_still_of_use_goes_out_after_the_pause_and_the_rest_expires(world):
    sent = providers()
    go_on(world, at("2026-03-08 18:00"), sent)
    world.run(CLINIC, resume_messaging, ResumeMessaging())
    go_on(world, at("2026-03-08 19:00"), sent)

    assert [(row.offset, row.status) for row in world.messages(kind=Kind.REMINDER, channel=Channel.SMS)] == [
        ("P3D", Status.EXPIRED),
        ("P1D", Status.SENT),
        ("PT2H", Status.QUEUED),
    ]
    assert [row.status for row in world.messages(kind=Kind.CONFIRMATION)] == [Status.EXPIRED]
    assert len(said(sent)) == 1


def test_what_would_be_said_too_late_is_not_said_after_the_pause(world):
    sent = providers()
    go_on(world, at(FIRST), sent)
    world.run(CLINIC, resume_messaging, ResumeMessaging())
    go_on(world, at("2026-03-10 14:00"), sent)
    assert said(sent) == []
