"""What happens to one row, or to one patient's day, from two sides at once."""

from dataclasses import replace
from functools import partial

import pytest

from services.notify.domain.message import Channel, Kind, Message, Status
from services.notify.jobs import send_due as job
from services.notify.jobs.deliver import deliver
from services.notify.operations.ports import Accepted, Claim, TemporaryFailure
from services.notify.operations.receipts import Arrival, TakeReceipt, take_receipt
from services.notify.operations.sending import BeginSending, RecordOutcome, begin_sending, record_outcome
from services.notify.store.message import COLLECTION, claim_of, due_by
from shared.persistence.leases import RELEASE, claim_batch
from tests.integration.notify.notify_host import SharedProvider, ThisNotify
from tests.support.at_once import at_once
from tests.support.notify_builders import at
from tests.support.notify_fakes import FakeProvider

CLINIC = "clinic-1"
HOURS = tuple(f"2026-03-16 {hour:02}:00" for hour in range(9, 15))


@pytest.fixture
def due(notify: ThisNotify) -> list[Claim]:
    """Six reminders of one patient, claimed, all due on one day."""
    notify.open(CLINIC, *HOURS)
    notify.go_to(at("2026-03-15 14:00"))
    return claimed(notify)


def claimed(notify: ThisNotify) -> list[Claim]:
    due = {**due_by(notify.host.clock(), Channel.SMS), "kind": Kind.REMINDER.value, "offset": "P1D"}
    return [claim_of(row) for row in claim_batch(notify.database[COLLECTION], due, order_by=job.FIRST)]


def reminders(notify: ThisNotify, channel: Channel = Channel.SMS) -> list[Message]:
    rows = notify.messages(CLINIC)
    return [row for row in rows if (row.kind, row.offset, row.channel) == (Kind.REMINDER, "P1D", channel)]


def without_caps(notify: ThisNotify) -> None:
    wide = {"per_day": 100, "per_week": 100}
    notify.run(CLINIC, lambda uow, _: uow.policies.save(replace(uow.policies.of_clinic(), **wide)), None)


def told(notify: ThisNotify, id: str) -> list[str]:
    document = notify.database["messages"].find_one({"_id": id}) or {}
    return [entry["type"] for entry in document["outbox"]]


def test_six_workers_at_once_send_a_patient_two_texts_of_a_day(notify: ThisNotify, due: list[Claim]):
    assert len(due) == len(HOURS)
    sms = SharedProvider()
    channels = {Channel.SMS: sms}
    run = partial(notify.run, CLINIC)
    at_once(*(partial(deliver, run, channels, claim) for claim in due))
    assert len(sms.calls) == 2
    assert sorted(row.place[-2:] for row in reminders(notify) if row.status is Status.SENT) == [" 1", " 2"]
    assert [row.status for row in reminders(notify, Channel.EMAIL)] == [Status.QUEUED] * 4


def test_what_a_tick_has_no_time_for_is_given_back_at_once(
    notify: ThisNotify, due: list[Claim], monkeypatch: pytest.MonkeyPatch
):
    notify.database[COLLECTION].update_many({}, RELEASE)
    monkeypatch.setattr(job, "BATCH_SECONDS", -1.0)
    sms = SharedProvider()
    job.send_due(notify.host, {Channel.SMS: sms}, Channel.SMS)
    assert sms.calls == []
    assert len(claimed(notify)) == len(due)


def test_the_receipt_and_the_answer_at_once_end_in_delivered_and_are_told_once(notify: ThisNotify, due: list[Claim]):
    without_caps(notify)
    for claim in due:
        begun = notify.run(CLINIC, begin_sending, BeginSending(claim, frozenset()))
        answer = RecordOutcome(claim.message_id, begun.message.request_id, Accepted("provider-1"))
        receipt = TakeReceipt(claim.message_id, Arrival.DELIVERED)
        at_once(partial(notify.run, CLINIC, record_outcome, answer), partial(notify.run, CLINIC, take_receipt, receipt))
        assert told(notify, claim.message_id) == ["message.sent.v1"]
    assert {row.status for row in reminders(notify)} == {Status.DELIVERED}


def test_a_receipt_of_what_is_about_to_be_sent_again_is_the_last_word(notify: ThisNotify, due: list[Claim]):
    without_caps(notify)
    failing = FakeProvider(answers=[TemporaryFailure("gateway-408")] * len(due))
    for claim in due:
        deliver(partial(notify.run, CLINIC), {Channel.SMS: failing}, claim)
    waits = reminders(notify)
    assert {row.status for row in waits} == {Status.QUEUED}
    notify.go_to(max(row.next_at for row in waits))
    sms = SharedProvider()
    for claim in claimed(notify):
        send = partial(deliver, partial(notify.run, CLINIC), {Channel.SMS: sms}, claim)
        receipt = TakeReceipt(claim.message_id, Arrival.DELIVERED)
        at_once(send, partial(notify.run, CLINIC, take_receipt, receipt))
        assert told(notify, claim.message_id) == ["message.sent.v1"]
    assert {row.status for row in reminders(notify)} == {Status.DELIVERED}
    assert all(row.text for row in reminders(notify))
    assert claimed(notify) == []
