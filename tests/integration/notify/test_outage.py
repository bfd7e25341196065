"""Eight hours without a sender, five thousand messages due, on a real database."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.notify.domain.ladder import reminders
from services.notify.domain.message import Channel, Kind, Letter, Message, Status
from services.notify.domain.visit import Visit
from services.notify.jobs.expire import OVERDUE, expire_overdue
from services.notify.jobs.send_due import PER_CLINIC, send_due
from services.notify.operations.ports import Accepted
from services.notify.operations.sessions import hear_session_cancelled, hear_session_moved
from shared.converters import to_document
from tests.integration.notify.notify_host import ThisNotify
from tests.support.notify_builders import a_visit, at, session_cancelled, session_moved

CLINICS = tuple(f"clinic-{number}" for number in range(5))
NOW = at("2026-03-15 17:00")
"""The sender stood still since nine in the morning."""
USEFUL, OVER = 120, 880
"""Rows of each clinic that are still of use, and that are not any more."""


class Listener:
    """Takes every letter and remembers which, in which tick."""

    repeatable = True
    answered = False

    def __init__(self, while_sending: Callable[[Letter], None] = lambda _: None) -> None:
        self.ticks: list[list[Letter]] = []
        self._while_sending = while_sending

    def send(self, letter: Letter) -> Accepted:
        self._while_sending(letter)
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


def statuses(notify: ThisNotify, **wanted: Any) -> Counter[str]:
    return Counter(row["status"] for row in notify.database["messages"].find(wanted, {"status": 1}))


def soonest(clinic: str) -> list[int]:
    """Numbers of the visits that are still to come, in the order in which they begin."""
    return sorted(range(OVER, OVER + USEFUL), key=lambda number: visit_of(clinic, number).starts_at)


def drain(notify: ThisNotify, sms: Listener) -> None:
    """Tick until there is nothing left to say or to let go."""
    channels: dict[Channel, Any] = {Channel.SMS: sms}
    gone = 1
    while gone or sms.ticks[-1]:
        sms.ticks.append([])
        send_due(notify.host, channels, Channel.SMS)
        gone = expire_overdue(notify.host)
        assert gone <= OVERDUE


@pytest.mark.timeout(240)
def test_the_backlog_of_an_outage_goes_out_in_order_and_in_steps_and_follows_what_changes_meanwhile(notify: ThisNotify):
    for clinic in CLINICS:
        owe(notify, clinic)
    assert statuses(notify) == {Status.QUEUED: 5000}
    notify.go_to(NOW)
    clinic, *others = CLINICS
    place = 5 * PER_CLINIC
    at_hand, *next_ones = soonest(clinic)[place:][: 2 * PER_CLINIC + 1]
    moved, cancelled = [at_hand, *next_ones[::2]], next_ones[1::2]
    sms = Listener(partial(change_meanwhile, notify, clinic, at_hand, moved=moved, cancelled=cancelled))
    before = expired()
    drain(notify, sms)

    for other in others:
        steps = said(sms, other)
        assert [id for step in steps for id in step] == [id_of(other, number) for number in soonest(other)]
        # A tick ends early when its time is up; it never takes more.
        assert max(map(len, steps)) == PER_CLINIC
    steps = said(sms, clinic)
    still = [id_of(clinic, number) for number in soonest(clinic) if number not in next_ones]
    assert [id for step in steps for id in step] == still
    assert max(map(len, steps)) == PER_CLINIC

    assert expired() - before == len(CLINICS) * OVER
    assert statuses(notify, offset="PT2H", revision=0) == {
        Status.SENT: len(CLINICS) * USEFUL - len(next_ones),
        Status.EXPIRED: len(CLINICS) * OVER,
        Status.CANCELLED: len(next_ones),
    }
    check_notices(notify, sms, clinic, moved=moved, cancelled=cancelled)


def change_meanwhile(
    notify: ThisNotify, clinic: str, at_hand: int, letter: Letter, *, moved: Sequence[int], cancelled: Sequence[int]
) -> None:
    """While the letter `at_hand` is at the provider, its visit and some behind it move, others are called off."""
    if letter.message_id != id_of(clinic, at_hand):
        return
    for number in moved:
        move = session_moved(1, "2026-03-18 10:00", told_at=NOW)
        notify.run(clinic, hear_session_moved, replace(move, series_id=f"{clinic}-{number}"))
    for number in cancelled:
        command = session_cancelled(1, series_id=f"{clinic}-{number}", told_at=NOW)
        notify.run(clinic, hear_session_cancelled, command)


def check_notices(
    notify: ThisNotify, sms: Listener, clinic: str, *, moved: Sequence[int], cancelled: Sequence[int]
) -> None:
    """Whoever changed is told so, and once; the new times have reminders of their own."""
    notify.go_to(NOW + timedelta(minutes=2))
    drain(notify, sms)
    for kind, numbers in ((Kind.CHANGE_NOTICE, moved), (Kind.CANCELLATION_NOTICE, cancelled)):
        rows = notify.database["messages"].find({"kind": kind.value, "status": Status.SENT.value})
        assert {row["patient_id"] for row in rows} == {f"patient-{clinic}-{number}" for number in numbers}
    assert statuses(notify, offset="PT2H", revision=1) == {Status.QUEUED: len(moved)}
    assert max(Counter(letter.message_id for letter in sms.letters).values()) == 1


def said(sms: Listener, clinic: str) -> list[list[str]]:
    """Which of the overdue reminders of a clinic went out, in their order, by the ticks that had any."""
    owed = {id_of(clinic, number) for number in range(OVER + USEFUL)}
    ticks = [[letter.message_id for letter in tick if letter.message_id in owed] for tick in sms.ticks]
    return [tick for tick in ticks if tick]


def id_of(clinic: str, number: int) -> str:
    return a_row(visit_of(clinic, number), clinic).id


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
