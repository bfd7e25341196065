"""What receipts do to the ledger, in whatever order they come."""

from itertools import permutations

import pytest

from services.notify.domain.contact_point import ContactPoint, Source
from services.notify.domain.events import MessageFailed, MessageSent
from services.notify.domain.message import Channel, Kind, Message, Status
from services.notify.operations.patients import hear_patient
from services.notify.operations.ports import TemporaryFailure, UnknownOutcome
from services.notify.operations.receipts import STOPPED, Arrival, TakeReceipt, take_receipt
from services.notify.operations.sending import BeginSending, begin_sending
from shared.errors import Contended
from tests.support.notify_builders import CLINIC, a_message, a_world, at, patient_heard
from tests.support.notify_fakes import FakeNotify, FakeProvider, FakeUnitOfWork, providers

FINAL = {Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.SUPPRESSED, Status.EXPIRED, Status.CANCELLED}


def reminded(sms: FakeProvider | None = None) -> tuple[FakeNotify, Message]:
    """The reminder of three days ahead went out by SMS."""
    world = a_world("2026-03-16 10:00")
    world.drain(providers())
    world.now = at("2026-03-13 10:00")
    world.drain(providers(sms=sms) if sms else providers())
    return world, world.message(kind=Kind.REMINDER, offset="P3D")


def receipt(world: FakeNotify, message: Message, arrival: Arrival, **more: str) -> Message | None:
    command = TakeReceipt(message.id, arrival, more.get("provider_id", "SM-1"), more.get("code", ""))
    found: Message | None = world.run(more.get("clinic", CLINIC), take_receipt, command)
    return found


def test_delivered_and_lost_messages_are_known_as_such():
    world, message = reminded()
    assert message.status is Status.SENT
    found = receipt(world, message, Arrival.DELIVERED)
    assert found is not None
    assert found.status is Status.DELIVERED


@pytest.mark.parametrize("arrival", [Arrival.UNDELIVERED, Arrival.FAILED])
def test_what_is_lost_goes_by_the_next_channel(arrival: Arrival):
    world, message = reminded()
    found = receipt(world, message, arrival, code="30003")
    assert found is not None
    assert (found.status, found.history[-1].cause) == (Status.UNDELIVERED, "30003")
    [other] = world.messages(kind=Kind.REMINDER, offset="P3D", channel=Channel.EMAIL)
    assert other.status is Status.QUEUED


@pytest.mark.parametrize(
    ("arrival", "status"),
    [
        (Arrival.ACCEPTED, Status.SENT),
        (Arrival.SENT, Status.SENT),
        (Arrival.DELIVERED, Status.DELIVERED),
        (Arrival.UNDELIVERED, Status.UNDELIVERED),
        (Arrival.FAILED, Status.UNDELIVERED),
    ],
)
def test_a_receipt_proves_that_a_call_without_answer_was_taken(arrival: Arrival, status: Status):
    world, message = reminded(FakeProvider(answers=[UnknownOutcome("no-answer")]))
    assert message.status is Status.UNKNOWN
    found = receipt(world, message, arrival)
    assert found is not None
    assert found.status is status


@pytest.mark.parametrize(
    ("arrival", "status", "told"),
    [
        (Arrival.ACCEPTED, Status.SENT, [MessageSent]),
        (Arrival.DELIVERED, Status.DELIVERED, [MessageSent]),
        (Arrival.UNDELIVERED, Status.UNDELIVERED, [MessageFailed]),
    ],
)
def test_what_waits_to_be_sent_again_and_went_out_after_all_is_not_sent_again(
    arrival: Arrival, status: Status, told: list[type]
):
    sms = FakeProvider(answers=[TemporaryFailure("gateway-408")])
    world, message = reminded(sms)
    assert message.status is Status.QUEUED
    world.told.clear()
    found = receipt(world, message, arrival)
    assert found is not None
    assert (found.status, found.text) == (status, message.text)
    assert message.text
    assert [type(event) for event in world.told] == told
    world.now = message.next_at
    world.drain(providers(sms=sms))
    assert sms.calls == [message.id]


def test_a_worker_that_has_the_claim_begins_nothing_behind_such_a_receipt():
    world, message = reminded(FakeProvider(answers=[TemporaryFailure("gateway-408")]))
    world.now = message.next_at
    [(_, claim)] = world.claim()
    unit = FakeUnitOfWork(world, CLINIC)
    begin_sending(unit, BeginSending(claim, frozenset()))
    receipt(world, message, Arrival.DELIVERED)
    with pytest.raises(Contended):
        unit.commit()
    assert world.run(CLINIC, begin_sending, BeginSending(claim, frozenset())) is None


def test_what_delivered_after_all_listed_other_visits_is_not_said_again():
    world = a_world("2026-03-16 10:00", "2026-03-18 10:00")
    world.drain(providers())
    world.now = at("2026-03-13 10:00")
    world.drain(providers(sms=FakeProvider(answers=[TemporaryFailure("gateway-408")])))
    first = world.messages(kind=Kind.REMINDER, offset="P3D")[0]
    receipt(world, first, Arrival.DELIVERED)
    world.now = at("2026-03-15 10:00")
    world.drain(providers())
    second = world.messages(kind=Kind.REMINDER, offset="P3D")[1]
    assert (second.status, second.history[-1].cause) == (Status.SUPPRESSED, "said-with-another")


def test_a_receipt_that_comes_before_the_answer_to_the_call_counts_once():
    def told_first(_: object) -> None:
        receipt(world, world.message(kind=Kind.REMINDER, offset="P3D"), Arrival.DELIVERED)

    world = a_world("2026-03-16 10:00")
    world.drain(providers())
    world.now = at("2026-03-13 10:00")
    world.told.clear()
    world.drain(providers(sms=FakeProvider(after=told_first)))
    assert world.message(kind=Kind.REMINDER, offset="P3D").status is Status.DELIVERED
    assert len(world.told) == 1


@pytest.mark.parametrize("order", list(permutations([Arrival.ACCEPTED, Arrival.SENT, Arrival.DELIVERED])))
def test_in_whatever_order_they_come_delivered_stays_delivered(order: tuple[Arrival, ...]):
    world, message = reminded()
    for arrival in (*order, *order):
        receipt(world, message, arrival)
    assert world.message(kind=Kind.REMINDER, offset="P3D").status is Status.DELIVERED


@pytest.mark.parametrize("arrival", list(Arrival))
@pytest.mark.parametrize("status", sorted({*FINAL, Status.QUEUED}))
def test_what_comes_late_never_moves_a_message_back(status: Status, arrival: Arrival):
    world = a_world()
    message = a_message(status, version=1, attempts=int(status in FINAL))
    world.rows[Message][CLINIC, message.id] = message
    assert receipt(world, message, arrival) == message
    assert world.told == []


def test_no_message_and_another_clinics_message_are_nothing():
    world, message = reminded()
    assert world.run(CLINIC, take_receipt, TakeReceipt("nobody", Arrival.DELIVERED)) is None
    assert receipt(world, message, Arrival.DELIVERED, clinic="clinic-2") is None
    assert world.message(kind=Kind.REMINDER, offset="P3D").status is Status.SENT


@pytest.mark.parametrize("code", sorted(STOPPED))
def test_a_number_that_stopped_at_the_provider_has_stopped_here(code: str):
    world, message = reminded()
    receipt(world, message, Arrival.UNDELIVERED, code=code)
    [point] = [one for one in world.rows[ContactPoint].values() if one.channel is Channel.SMS]
    assert point.is_stopped
    assert (point.history[-1].source, point.history[-1].wording) == (Source.PROVIDER, code)


def test_an_escort_who_stopped_at_the_provider_has_stopped_here():
    world = a_world("2026-03-16 10:00", patient=patient_heard(escort_phone="sealed:+12125550188"))
    world.drain(providers())
    world.now = at("2026-03-15 10:00")
    world.drain(providers())
    receipt(world, world.message(kind=Kind.ESCORT_REMINDER, channel=Channel.SMS), Arrival.UNDELIVERED, code="21610")
    assert [one.contact for one in world.rows[ContactPoint].values() if one.is_stopped] == ["+12125550188"]


def test_a_new_number_has_not_stopped():
    world, message = reminded()
    world.run(CLINIC, hear_patient, patient_heard(phone="sealed:+12125550777"))
    receipt(world, message, Arrival.UNDELIVERED, code="21610")
    assert not any(point.is_stopped for point in world.rows[ContactPoint].values())
