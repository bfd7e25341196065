"""Messages in doubt, and providers that can be asked what became of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import pytest

from services.notify.domain.message import ASK_AFTER, ASK_TIMES, ASK_WITHIN, Channel, Letter, Message, Status
from services.notify.jobs.ask_back import ask_about
from services.notify.operations.patients import hear_patient
from services.notify.operations.ports import (
    Accepted,
    Claim,
    NotDelivered,
    PermanentFailure,
    Throttled,
    UnknownOutcome,
    Unreachable,
)
from tests.support.notify_builders import CLINIC, a_world, at, patient_heard
from tests.support.notify_fakes import LEASE, FakeNotify, FakeProvider, providers

VISIT = "2026-03-16 10:00"


@dataclass
class Register:
    """What a provider knows; an exception is raised."""

    knows: Accepted | NotDelivered | None = None
    asked: list[tuple[str, str, datetime]] = field(default_factory=list)

    def ask(self, letter: Letter, sent_at: datetime) -> Accepted | None:
        self.asked.append((letter.to, letter.text, sent_at))
        if isinstance(self.knows, NotDelivered):
            raise self.knows
        return self.knows


def in_doubt() -> tuple[FakeNotify, Message]:
    """A reminder by SMS whose call had no answer."""
    world = a_world(VISIT)
    world.drain(providers())
    world.now = at("2026-03-15 10:00")
    channels = providers(sms=FakeProvider(answers=[UnknownOutcome("twilio-no-answer")]))
    world.drain(channels)
    return world, world.message(status=Status.UNKNOWN, channel=Channel.SMS)


def ask(world: FakeNotify, row: Message, register: Register) -> Message:
    world.leases[row.id] = ("asker", 7, world.real_time + LEASE)
    ask_about(partial(world.run, CLINIC), register, Claim(row.id, "asker", 7))
    return world.message(id=row.id)


def test_it_is_asked_ten_minutes_after_the_call():
    world, row = in_doubt()
    assert row.next_at == world.now + ASK_AFTER


def test_what_the_provider_knows_of_was_sent():
    world, row = in_doubt()
    register = Register(Accepted("SM1"))
    sent = ask(world, row, register)
    assert (sent.status, sent.provider_id) == (Status.SENT, "SM1")
    [(to, text, sent_at)] = register.asked
    assert (to, sent_at) == ("+12125550123", row.begun_at)
    assert row.text == f"sealed:{text}"


def test_what_the_provider_took_and_gave_up_has_failed():
    world, row = in_doubt()
    assert ask(world, row, Register(PermanentFailure("twilio-30003"))).status is Status.FAILED


def test_what_the_provider_does_not_know_stays_unknown_after_the_second_question():
    world, row = in_doubt()
    register = Register()
    for _ in range(ASK_TIMES):
        asked = ask(world, row, register)
        assert asked.status is Status.UNKNOWN
        if asked.asked < ASK_TIMES:
            assert asked.next_at == world.now + ASK_AFTER
            world.now = asked.next_at
    assert asked.next_at.year == 9999
    assert len(register.asked) == ASK_TIMES


@pytest.mark.parametrize("silence", [Unreachable("down"), UnknownOutcome("500"), Throttled("429", 5)])
def test_a_provider_that_does_not_answer_is_asked_again_for_a_day(silence: NotDelivered):
    world, row = in_doubt()
    asked = row
    while asked.next_at.year < 9999:
        world.now = asked.next_at
        asked = ask(world, asked, Register(silence))
        assert (asked.status, asked.asked) == (Status.UNKNOWN, 0)
    assert asked.begun_at is not None
    assert timedelta() <= world.now - (asked.begun_at + ASK_WITHIN) < ASK_AFTER


def test_nobody_is_asked_about_an_address_that_is_not_known_any_more():
    world, row = in_doubt()
    world.run(CLINIC, hear_patient, patient_heard(phone="sealed:+12125550999"))
    register = Register(Accepted("SM1"))
    left = ask(world, row, register)
    assert (left.status, left.next_at.year, register.asked) == (Status.UNKNOWN, 9999, [])


def test_a_receipt_that_comes_meanwhile_is_the_last_word():
    world, row = in_doubt()

    class Late(Register):
        def ask(self, letter: Letter, sent_at: datetime) -> Accepted | None:
            del letter, sent_at
            world.rows[Message][CLINIC, row.id] = row.deliver(world.now)[0]
            return None

    assert ask(world, row, Late()).status is Status.DELIVERED


def test_who_lost_the_claim_asks_nobody():
    world, row = in_doubt()
    register = Register(Accepted("SM1"))
    world.leases[row.id] = ("another", 8, world.real_time + LEASE)
    ask_about(partial(world.run, CLINIC), register, Claim(row.id, "asker", 7))
    assert (register.asked, world.message(id=row.id)) == ([], row)
