"""Eight hours without a sender, five thousand messages due, on a real database."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.notify.domain.ladder import reminders
from services.notify.domain.message import Channel, Kind, Letter, Message, Status
from services.notify.domain.visit import Visit
from services.notify.jobs.expire import OVERDUE, expire_overdue
from services.notify.jobs.send_due import PER_CLINIC, send_due
from services.notify.operations.ledger import call_off
from services.notify.operations.ports import Accepted
from shared.converters import to_document
from tests.integration.notify.notify_host import ThisNotify
from tests.support.notify_builders import a_visit, at

CLINICS = tuple(f"clinic-{number}" for number in range(5))
NOW = at("2026-03-15 17:00")
"""The sender stood still since nine in the morning."""
USEFUL, OVER = 700, 300
"""Rows of each clinic that are still of use, and that are not any more."""


class Listener:
    """Takes every letter and remembers which, in which tick."""

    repeatable = True
    answered = False

    def __init__(self) -> None:
        self.ticks: list[list[Letter]] = []

    def send(self, letter: Letter) -> Accepted:
        self.ticks[-1].append(letter)
        return Accepted(f"provider-{letter.message_id}")

    @property
    def letters(self) -> list[Letter]:
        return [letter for tick in self.ticks for letter in tick]


def visit_of(clinic: str, number: int) -> Visit:
    """Those that are over began at noon; the others begin tomorrow, one each minute, in no order of their numbers."""
    starts_at = at("2026-03-15 12:00") if number < OVER else at("2026-03-16 00:00") + minutes(number * 37 % 701)
    visit = a_visit("2026-03-16 00:00", patient_id=f"patient-{clinic}-{number}")
    series = f"series/{clinic}-{number}"
    ends_at = starts_at + minutes(130)
    return replace(visit, id=f"{series}/sessions/1", series=series, starts_at=starts_at, ends_at=ends_at)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def owe(notify: ThisNotify, clinic: str) -> None:
    """A thousand patients with one reminder each that should have gone out during the outage."""
    notify.open(clinic, now=at("2026-03-01 10:00"))
    person = notify.database["recipients"].find_one({"clinic_id": clinic}) or {}
    visits = [visit_of(clinic, number) for number in range(OVER + USEFUL)]
    rows = [a_row(visit, clinic) for visit in visits]
    kept = {"clinic_id": clinic, "version": 1, "told": 0, "outbox": []}
    notify.database["recipients"].insert_many({**person, "_id": visit.patient_id} for visit in visits)
    notify.database["visits"].insert_many({**as_stored(visit), **kept} for visit in visits)
    notify.database["messages"].insert_many({**as_stored(row), **kept} for row in rows)


def a_row(visit: Visit, clinic: str) -> Message:
    [row] = [row for row in reminders(clinic, visit, at("2026-03-01 10:00")) if row.offset == "PT2H"]
    due_at = at("2026-03-15 10:00")
    return replace(row, due_at=due_at, next_at=due_at)


def as_stored(aggregate: Any) -> dict[str, Any]:
    document = {name: value for name, value in to_document(aggregate).items() if value != []}
    return {"_id": document.pop("id"), **document}


def expired() -> float:
    labels = {"kind": "reminder", "channel": "sms", "outcome": "expired"}
    return REGISTRY.get_sample_value("kadence_messages_total", labels) or 0.0


def statuses(notify: ThisNotify) -> Counter[str]:
    return Counter(row["status"] for row in notify.database["messages"].find({}, {"status": 1}))


def test_after_an_outage_the_soonest_visit_is_first_in_steps_and_what_is_over_is_let_go(notify: ThisNotify):
    for clinic in CLINICS:
        owe(notify, clinic)
    assert statuses(notify) == {Status.QUEUED: 5000}
    notify.go_to(NOW)
    before, sms = expired(), Listener()
    channels: dict[Channel, Any] = {Channel.SMS: sms}
    for _ in range(4):
        sms.ticks.append([])
        send_due(notify.host, channels, Channel.SMS)
    for tick in sms.ticks:
        assert Counter(letter.clinic_id for letter in tick) == dict.fromkeys(CLINICS, PER_CLINIC)
    for clinic in CLINICS:
        own = [letter.message_id for letter in sms.letters if letter.clinic_id == clinic]
        assert own == soonest(clinic, len(own))
    assert [expire_overdue(notify.host) for _ in range(3)] == [OVERDUE, len(CLINICS) * OVER - OVERDUE, 0]
    assert expired() - before == len(CLINICS) * OVER
    assert "too-late" in str(notify.database["messages"].find_one({"status": "expired"}))
    assert statuses(notify) == {
        Status.SENT: 4 * PER_CLINIC * len(CLINICS),
        Status.EXPIRED: len(CLINICS) * OVER,
        Status.QUEUED: 5000 - 4 * PER_CLINIC * len(CLINICS) - len(CLINICS) * OVER,
    }


def soonest(clinic: str, many: int) -> list[str]:
    visits = sorted((visit_of(clinic, number) for number in range(OVER, OVER + USEFUL)), key=starts_at)
    return [a_row(visit, clinic).id for visit in visits[:many]]


def starts_at(visit: Visit) -> datetime:
    return visit.starts_at


def test_what_is_called_off_while_the_backlog_goes_out_is_not_said(notify: ThisNotify):
    notify.open("clinic-1", *(f"2026-03-{day:02} 10:00" for day in range(16, 20)))
    notify.go_to(at("2026-03-15 17:00"))
    sms = Listener()

    def call_off_the_rest(letter: Letter) -> Accepted:
        """While the first letter is at the provider, everything else is called off."""
        row = next(row for row in notify.messages("clinic-1") if row.id == letter.message_id)
        rest = {other.about for other in notify.messages("clinic-1")} - {row.about}
        notify.run("clinic-1", partial(_cancel, sorted(rest)), None)
        return Listener.send(sms, letter)

    calling: Any = type("Calling", (), {"repeatable": True, "answered": False, "send": staticmethod(call_off_the_rest)})
    sms.ticks.append([])
    send_due(notify.host, {Channel.SMS: calling()}, Channel.SMS)
    assert len(sms.letters) == 1
    rows = [row for row in notify.messages("clinic-1") if row.kind is Kind.REMINDER]
    assert Counter(row.status for row in rows)[Status.CANCELLED] >= 9


class Shut(Listener):
    """A provider that wants nothing of `clinic-1` now; whether that is known before a claim or found out behind it."""

    def __init__(self, *, is_known: bool) -> None:
        super().__init__()
        self.is_known = is_known
        self.ticks.append([])

    def closed(self) -> set[str]:
        return {"clinic-1"} if self.is_known else set()

    def admits(self, clinic_id: str) -> bool:
        return clinic_id != "clinic-1"


@pytest.mark.parametrize("is_known", [True, False])
def test_a_clinic_that_has_to_wait_keeps_no_other_waiting_and_its_messages_stay_free(
    notify: ThisNotify,
    is_known: bool,  # noqa: FBT001 -- pytest passes it by name
):
    for clinic in CLINICS[:3]:
        notify.open(clinic, "2026-03-16 10:00")
    notify.go_to(at("2026-03-15 10:00"))
    sms = Shut(is_known=is_known)
    send_due(notify.host, {Channel.SMS: sms}, Channel.SMS)
    assert {letter.clinic_id for letter in sms.letters} == {"clinic-0", "clinic-2"}
    assert {row["clinic_id"] for row in notify.claim(Channel.SMS)} == {"clinic-1"}
    assert {row.attempts for row in notify.messages("clinic-1")} == {0}


def _cancel(subjects: list[str], uow: Any, _: None) -> None:
    call_off(uow, subjects, "visit-cancelled")
