"""What each outcome of a call leads to."""

from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.contact_point import ConsentStatus
from services.notify.domain.message import Channel, Message, Status
from services.notify.operations.ports import (
    Accepted,
    NotDelivered,
    NotNow,
    OptedOut,
    PermanentFailure,
    TemporaryFailure,
    Throttled,
    UnknownOutcome,
    Unreachable,
)
from tests.support.notify_builders import CLINIC, a_world, at
from tests.support.notify_fakes import FakeNotify, FakeProvider, FakeUnitOfWork, providers

VISIT = "2026-03-16 10:00"
NO_ANSWER = UnknownOutcome("no-answer")


def a_reminder_is_due() -> FakeNotify:
    world = a_world(VISIT)
    world.drain(providers())
    world.now = at("2026-03-15 10:00")
    return world


def after(*outcomes: NotDelivered, repeatable: bool = False) -> tuple[FakeNotify, FakeProvider, Message]:
    """The reminder behind these outcomes of the first calls, each made as soon as the row is due again."""
    world = a_reminder_is_due()
    provider = FakeProvider(repeatable=repeatable, answers=list(outcomes))
    while provider.answers:
        world.drain(providers(sms=provider))
        if provider.answers:
            world.now = reminder(world).next_at
    return world, provider, reminder(world)


def reminder(world: FakeNotify) -> Message:
    return world.message(offset="P1D", channel=Channel.SMS, reader="patient", about="series/series-1/sessions/1")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (TemporaryFailure("450"), Status.QUEUED),
        (Unreachable("refused"), Status.QUEUED),
        (Throttled("429", 30.0), Status.QUEUED),
        (NotNow("circuit-open", 30.0), Status.QUEUED),
        (PermanentFailure("550"), Status.FAILED),
        (OptedOut("21610"), Status.FAILED),
        (UnknownOutcome("no-answer"), Status.UNKNOWN),
    ],
)
def test_each_outcome_has_its_status_and_keeps_its_cause(outcome: NotDelivered, status: Status):
    _, _, row = after(outcome)
    assert (row.status, row.history[-1].cause) == (status, outcome.cause)


def test_the_provider_says_how_long_to_wait():
    world, _, row = after(Throttled("429", 120.0))
    assert row.next_at == world.now + timedelta(seconds=120)
    assert row.attempts == 1


def test_no_call_is_no_attempt():
    world, _, row = after(NotNow("circuit-open", 30.0))
    assert (row.attempts, row.next_at) == (0, world.now + timedelta(seconds=30))


def test_who_stopped_at_the_provider_is_opted_out_here():
    world, _, _ = after(OptedOut("twilio-21610"))
    point = FakeUnitOfWork(world, CLINIC).contact_points.of(Channel.SMS, "+12125550123")
    assert point.status is ConsentStatus.OPTED_OUT


def test_a_call_without_end_is_made_again_with_the_same_words_after_a_pause():
    world, provider, row = after(NO_ANSWER, repeatable=True)
    assert row.status is Status.SENDING
    assert world.now < row.next_at < world.now + timedelta(seconds=2.001)
    assert not world.claim()
    world.now = row.next_at
    world.drain(providers(sms=provider))
    assert reminder(world).status is Status.SENT
    assert [f"sealed:{letter.text}" for letter in provider.taken.values()] == [row.text]


@pytest.mark.parametrize("failure", [Unreachable("refused"), TemporaryFailure("401"), Throttled("429", 90.0)])
def test_what_may_have_gone_out_is_not_written_anew_because_a_later_call_failed(failure: NotDelivered):
    world, provider, row = after(NO_ANSWER, failure, repeatable=True)
    assert (row.status, row.text) == (Status.SENDING, reminder(world).text)
    assert row.text
    world.now = row.next_at
    world.drain(providers(sms=provider))
    assert (reminder(world).status, reminder(world).text) == (Status.SENT, row.text)


def test_a_provider_that_wants_less_waits_for_the_repeated_call_as_well():
    world, _, row = after(NO_ANSWER, Throttled("429", 90.0), repeatable=True)
    assert row.next_at == world.now + timedelta(seconds=90)


def test_calls_that_have_no_end_are_made_at_growing_intervals_until_quiet_hours_begin():
    world = a_reminder_is_due()
    provider = FakeProvider(repeatable=True, answers=[NO_ANSWER] * 10_000)
    while reminder(world).status is not Status.UNKNOWN:
        world.drain(providers(sms=provider))
        world.now = max(world.now, reminder(world).next_at)
    row = reminder(world)
    assert at("2026-03-15 21:00") <= row.history[-1].at < at("2026-03-15 21:10")
    assert 100 < len(provider.calls) < 200


def test_an_answer_is_kept_whatever_came_before() -> None:
    world, provider, _ = after(Unreachable("refused"), Throttled("429", 1.0), NotNow("rate", 0.25))
    world.now = reminder(world).next_at
    world.drain(providers(sms=provider))
    sent: Any = reminder(world)
    assert (sent.status, sent.provider_id) == (Status.SENT, Accepted(f"provider-{sent.id}").provider_id)
