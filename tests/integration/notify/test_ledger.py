"""The ledger on a real database: what unique keys, versions and leases promise."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pymongo.errors import DuplicateKeyError

from services.notify.channels.sandbox import SandboxChannel
from services.notify.domain.clinic import Clinic
from services.notify.domain.message import Channel, Kind, Letter, Message, Status
from services.notify.domain.recipient import Recipient
from services.notify.domain.visit import Visit
from services.notify.jobs.deliver import deliver
from services.notify.operations.ledger import plan
from services.notify.operations.ports import TemporaryFailure
from services.notify.operations.queries import ListMessages, list_messages
from services.notify.operations.sending import BeginSending, begin_sending
from services.notify.operations.sessions import hear_session_cancelled
from services.notify.store.message import claim_of
from shared.errors import Contended
from tests.integration.notify.notify_host import PHONE, SharedProvider, ThisNotify
from tests.support.at_once import at_once
from tests.support.notify_builders import BOOKED_AT, at, session_cancelled
from tests.support.notify_fakes import FakeNotify, FakeProvider, Killed, providers
from tests.support.notify_news import AGGREGATES, turns

SIX = tuple(f"2026-03-{day:02} 10:00" for day in (9, 11, 13, 16, 18, 20))


def test_every_row_comes_back_as_it_was_planned(notify: ThisNotify):
    notify.open("clinic-1", *SIX)
    rows = notify.messages("clinic-1")
    assert len(rows) == 31
    assert rows[0].history[0].at.tzinfo is not None
    assert all(row.next_at == row.look_at for row in rows)
    assert {row.version for row in rows} == {1}


def test_planning_again_changes_nothing_and_the_index_refuses_a_second_row_of_one_meaning(notify: ThisNotify):
    notify.open("clinic-1", *SIX)
    rows = notify.messages("clinic-1")
    notify.run("clinic-1", plan, [replace(row, version=0) for row in rows])
    assert notify.messages("clinic-1") == rows
    document = notify.database["messages"].find_one({}) or {}
    with pytest.raises(DuplicateKeyError):
        notify.database["messages"].insert_one({**document, "_id": "another"})


def test_clinics_do_not_see_each_other(notify: ThisNotify):
    notify.open("clinic-1", *SIX)
    notify.open("clinic-2", SIX[0])
    assert len(notify.messages("clinic-1")) == 31
    assert len(notify.messages("clinic-2")) == 6
    assert notify.messages("clinic-3") == []


def test_pages_join_without_gap_or_overlap(notify: ThisNotify):
    notify.open("clinic-1", *SIX)
    seen: list[str] = []
    after = None
    for _ in range(10):
        page = notify.run("clinic-1", list_messages, ListMessages(limit=4, after=after))
        seen += [row.id for row in page.items]
        after = page.after
        if after is None:
            break
    assert seen == [row.id for row in notify.messages("clinic-1")]


def test_eight_workers_send_each_message_once(notify: ThisNotify):
    for number in range(3):
        notify.open(f"clinic-{number}", *SIX)
    channels = {Channel.SMS: SharedProvider(), Channel.EMAIL: SharedProvider()}
    workers = [notify.another() for _ in range(8)]
    for days in range(20):
        notify.go_to(BOOKED_AT + timedelta(days=days, hours=2))
        for _ in range(3):
            at_once(*(partial(worker.send, channels) for worker in workers))
    for channel in channels.values():
        assert sorted(channel.calls) == sorted(set(channel.calls))
    assert len(channels[Channel.EMAIL].calls) == 3
    sent = [row for number in range(3) for row in notify.messages(f"clinic-{number}", status=Status.SENT)]
    by_wire = [row for row in sent if row.channel is not Channel.DESK]
    assert len(by_wire) == sum(len(channel.calls) for channel in channels.values())
    assert len(channels[Channel.SMS].calls) >= 24
    assert len(sent) - len(by_wire) == 3 * len(SIX)


def test_a_claim_keeps_others_away_and_looking_gives_it_back(notify: ThisNotify):
    notify.open("clinic-1", "2026-03-16 09:00")
    notify.go_to(at("2026-03-15 09:00"))
    claimed = notify.claim(Channel.SMS)
    assert len(claimed) == 3
    assert notify.claim(Channel.SMS) == []
    for document in claimed:
        deliver(partial(notify.run, "clinic-1"), providers(), claim_of(document))
    waits = [row for row in notify.messages("clinic-1", status=Status.QUEUED) if row.channel is Channel.SMS]
    waiting = [row for row in waits if row.expires_at > notify.host.clock()]
    assert [row.offset for row in waiting] == ["PT2H"]
    notify.go_to(waiting[0].next_at)
    assert [row["offset"] for row in notify.claim(Channel.SMS)] == ["PT2H"]


def test_who_lost_the_claim_writes_nothing(notify: ThisNotify):
    notify.open("clinic-1", "2026-03-16 10:00")
    [lost] = notify.claim(Channel.EMAIL, seconds=0.0)
    uow, technical = notify.unit("clinic-1")
    looked = begin_sending(uow, BeginSending(claim_of(lost), frozenset()))
    assert looked is not None
    assert looked.letter is not None
    [held] = notify.claim(Channel.EMAIL)
    with pytest.raises(Contended):
        technical.commit()
    assert held["lease"]["fence"] == lost["lease"]["fence"] + 1
    uow, _ = notify.unit("clinic-1")
    assert begin_sending(uow, BeginSending(claim_of(lost), frozenset())) is None


def test_a_cancel_between_judgement_and_commit_wins(notify: ThisNotify):
    notify.open("clinic-1", "2026-03-16 10:00")
    notify.go_to(at("2026-03-15 10:00"))
    document = next(row for row in notify.claim(Channel.SMS) if (row["kind"], row["offset"]) == ("reminder", "P1D"))
    uow, technical = notify.unit("clinic-1")
    begin_sending(uow, BeginSending(claim_of(document), frozenset()))
    cancelled = session_cancelled(1, series_id="series-of-clinic-1", told_at=notify.host.clock())
    notify.run("clinic-1", hear_session_cancelled, cancelled)
    with pytest.raises(Contended):
        technical.commit()
    [row] = [row for row in notify.messages("clinic-1") if (row.kind, row.offset) == (Kind.REMINDER, "P1D")]
    assert row.status is Status.CANCELLED


def test_a_worker_that_dies_after_the_call_leaves_it_unknown(notify: ThisNotify):
    notify.open("clinic-1", "2026-03-16 10:00")

    def die(_: Letter) -> None:
        raise Killed

    email = FakeProvider(after=die)
    [document] = notify.claim(Channel.EMAIL, seconds=0.0)
    with pytest.raises(Killed):
        deliver(partial(notify.run, "clinic-1"), providers(email=email), claim_of(document))
    notify.send(providers(email=email))
    [row] = notify.messages("clinic-1", about="series/series-of-clinic-1")
    assert (row.status, row.history[-1].cause) == (Status.UNKNOWN, "no-answer")
    assert len(email.calls) == 1


def test_a_failed_call_is_tried_again_soon_not_when_the_lease_is_over(notify: ThisNotify):
    notify.open("clinic-1", "2026-03-16 10:00")
    email = FakeProvider(answers=[TemporaryFailure("smtp-451")])
    notify.send(providers(email=email))
    [row] = notify.messages("clinic-1", about="series/series-of-clinic-1")
    assert row.status is Status.QUEUED
    notify.go_to(row.next_at)
    notify.send(providers(email=email))
    [row] = notify.messages("clinic-1", about="series/series-of-clinic-1")
    assert (row.status, row.attempts) == (Status.SENT, 2)


def test_what_patients_read_and_where_it_went_rests_sealed(notify: ThisNotify):
    notify.open("clinic-1", "2026-03-16 10:00")
    channels = {
        Channel.SMS: SandboxChannel(notify.database, notify.host.sealer, notify.host.clock),
        Channel.EMAIL: FakeProvider(),
    }
    notify.go_to(at("2026-03-15 10:00"))
    notify.send(channels)
    kept = [*notify.database["messages"].find(), *notify.database["sandbox_messages"].find()]
    assert "see you" not in str(kept)
    assert PHONE not in str(kept)
    [sms] = notify.database["sandbox_messages"].find()
    assert notify.host.sealer.unseal(sms["to"]) == PHONE
    [read] = [row for row in notify.run("clinic-1", list_messages, ListMessages(50, None)).items if row.text]
    assert read.text == notify.host.sealer.unseal(sms["text"])
    assert read.text.startswith("Riverside Clinic: see you Mon Mar 16, 10:00 AM.")


def test_the_sandbox_takes_each_message_once(notify: ThisNotify):
    notify.open("clinic-1")
    sandbox = SandboxChannel(notify.database, notify.host.sealer, notify.host.clock)
    letter = Letter("message-1", "clinic-1", Channel.SMS, "Riverside Clinic", PHONE, "", "text")
    assert sandbox.send(letter) == sandbox.send(replace(letter, text="another text"))
    [sms] = notify.database["sandbox_messages"].find()
    assert notify.host.sealer.unseal(sms["text"]) == "text"


def test_the_events_of_a_message_ride_with_it(notify: ThisNotify):
    notify.open("clinic-1", "2026-03-16 10:00")
    notify.send(providers())
    [row] = notify.database["messages"].find({"outbox.0": {"$exists": True}})
    assert [(entry["type"], entry["subject"]) for entry in row["outbox"]] == [
        ("message.sent.v1", f"message/{row['_id']}")
    ]


def test_finding_what_is_due_uses_its_index(notify: ThisNotify):
    notify.open("clinic-1", *SIX)
    due = {"status": {"$in": ["queued", "sending"]}, "channel": "sms", "next_at": {"$lte": notify.host.clock()}}
    explained = notify.database["messages"].find(due).explain()
    assert "status_channel_next_at" in str(explained["queryPlanner"]["winningPlan"])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns)
def test_the_real_store_and_the_fake_end_in_the_same_state(notify: ThisNotify, turns: list[int]):
    for collection in ("clinics", "recipients", "series", "visits", "check_ins", "offers", "messages"):
        notify.database[collection].delete_many({})
    notify.go_to(BOOKED_AT)
    fake = FakeNotify(BOOKED_AT)
    waiting = [iter(events) for events in AGGREGATES]
    for turn in turns:
        operation, command = next(waiting[turn])
        fake.run("clinic-1", operation, command)
        real = replace(command, data_key=None) if hasattr(command, "data_key") else command
        notify.run("clinic-1", operation, real)
    assert of(notify.messages("clinic-1")) == of(fake.messages())
    assert notify.database["visits"].count_documents({}) == len(fake.rows[Visit])
    assert notify.database["recipients"].count_documents({}) == len(fake.rows[Recipient])
    assert notify.database["clinics"].count_documents({}) == len(fake.rows[Clinic])


def of(rows: list[Message]) -> dict[str, tuple[Any, ...]]:
    return {row.id: (row.status, row.about, row.due_at, row.expires_at, row.version) for row in rows}
