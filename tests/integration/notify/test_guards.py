"""Rates, gates and questions on a real database."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from deploy.local.waiting import wait_until
from services.notify.channels.guarded import GuardedAskable
from services.notify.channels.rate import COLLECTION as RATES
from services.notify.channels.rate import SharedRate
from services.notify.domain.message import ASK_AFTER, Channel, Kind, Letter, Message, Status
from services.notify.jobs.ask_back import ask_back
from services.notify.jobs.send_due import send_due
from services.notify.operations.ports import Accepted, UnknownOutcome
from tests.integration.notify.notify_host import PHONE, ThisNotify
from tests.support.notify_builders import at
from tests.support.notify_fakes import FakeProvider

VISIT = "2026-03-16 10:00"
DAY_BEFORE = "2026-03-15 10:00"
NO_ANSWER = UnknownOutcome("no-answer")


class Door(FakeProvider):
    """A provider with a gate that the test opens and shuts."""

    shut: Collection[str] = ()
    places: int = 1000

    def closed(self) -> Collection[str]:
        return self.shut

    def admits(self, clinic_id: str) -> bool:
        assert clinic_id
        self.places -= 1
        return self.places >= 0


@dataclass
class Register(FakeProvider):
    """A provider that knows what it took, when it is asked."""

    asked: list[tuple[str, datetime]] = field(default_factory=list)

    def ask(self, letter: Letter, sent_at: datetime) -> Accepted | None:
        self.asked.append((letter.to, sent_at))
        return Accepted("SM1")


def reminder(notify: ThisNotify, clinic_id: str) -> Message:
    rows = notify.messages(clinic_id)
    [row] = [row for row in rows if (row.kind, row.offset, row.channel) == (Kind.REMINDER, "P1D", Channel.SMS)]
    return row


def leased(notify: ThisNotify) -> int:
    return notify.database["messages"].count_documents({"lease.owner": {"$exists": True}})


def open_two_clinics(notify: ThisNotify) -> None:
    for clinic_id in ("clinic-1", "clinic-2"):
        notify.open(clinic_id, VISIT)
    notify.go_to(at(DAY_BEFORE))


def test_all_workers_share_the_rate_of_a_clinic_and_each_clinic_has_its_own(notify: ThisNotify):
    another = notify.another()
    one, two = SharedRate(notify.database, "gateway", 5), SharedRate(another.database, "gateway", 5)
    taken = [rate.take("clinic-1") for _ in range(4) for rate in (one, two)]
    assert taken.count(True) == 5
    assert one.take("clinic-2")
    assert SharedRate(notify.database, "twilio", 5).take("clinic-1")
    assert wait_until(lambda: two.take("clinic-1"), 3.0)


def test_windows_that_are_over_are_forgotten_by_the_database(notify: ThisNotify):
    SharedRate(notify.database, "gateway", 5).take("clinic-1")
    assert any("expireAfterSeconds" in index for index in notify.database[RATES].index_information().values())


def test_a_clinic_whose_circuit_is_open_is_not_claimed_for(notify: ThisNotify):
    open_two_clinics(notify)
    door = Door()
    door.shut = ["clinic-1"]
    send_due(notify.host, {Channel.SMS: door}, Channel.SMS)
    assert reminder(notify, "clinic-1").status is Status.QUEUED
    assert reminder(notify, "clinic-2").status is Status.SENT
    assert leased(notify) == 0


def test_a_letter_without_a_place_is_given_back_at_once_and_untouched(notify: ThisNotify):
    open_two_clinics(notify)
    before = notify.messages("clinic-1") + notify.messages("clinic-2")
    door = Door()
    door.places = 0
    send_due(notify.host, {Channel.SMS: door}, Channel.SMS)
    assert leased(notify) == 0
    assert notify.messages("clinic-1") + notify.messages("clinic-2") == before
    send_due(notify.host, {Channel.SMS: FakeProvider()}, Channel.SMS)
    assert reminder(notify, "clinic-1").status is Status.SENT


def test_a_call_that_is_made_again_later_is_given_back_meanwhile(notify: ThisNotify):
    notify.open("clinic-1", VISIT)
    notify.go_to(at(DAY_BEFORE))
    provider = FakeProvider(repeatable=True, answers=[NO_ANSWER])
    send_due(notify.host, {Channel.SMS: provider}, Channel.SMS)
    row = reminder(notify, "clinic-1")
    assert (row.status, leased(notify)) == (Status.SENDING, 0)
    notify.go_to(row.next_at + timedelta(milliseconds=1))
    send_due(notify.host, {Channel.SMS: provider}, Channel.SMS)
    assert (reminder(notify, "clinic-1").status, len(provider.calls)) == (Status.SENT, 2)


@pytest.mark.parametrize("minutes", [9, 10])
def test_a_provider_is_asked_ten_minutes_after_the_call(notify: ThisNotify, minutes: int):
    notify.open("clinic-1", VISIT)
    notify.go_to(at(DAY_BEFORE))
    register = Register(answers=[NO_ANSWER])
    channels: dict[Channel, Any] = {Channel.SMS: GuardedAskable(register, register), Channel.EMAIL: FakeProvider()}
    send_due(notify.host, channels, Channel.SMS)
    row = reminder(notify, "clinic-1")
    assert row.status is Status.UNKNOWN
    assert row.next_at - ASK_AFTER < notify.host.clock()
    notify.go_to(at(DAY_BEFORE) + timedelta(minutes=minutes, seconds=30))
    ask_back(notify.host, channels)
    if minutes == 9:
        assert (register.asked, reminder(notify, "clinic-1")) == ([], row)
    else:
        assert register.asked == [(PHONE, row.begun_at)]
        assert reminder(notify, "clinic-1").status is Status.SENT
