"""One reminder three days ahead for a week of visits."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.message import Channel, Kind, Message, Status
from services.notify.domain.together import is_said_with_another, said_together
from services.notify.domain.visit import VisitStatus
from services.notify.operations.patients import hear_patient
from services.notify.operations.ports import PermanentFailure, TemporaryFailure
from services.notify.operations.sessions import (
    SessionCancelled,
    hear_session_cancelled,
    hear_session_moved,
)
from tests.support.notify_builders import (
    CLINIC,
    LORD_HOWE,
    NEW_YORK,
    SERIES,
    a_message,
    a_visit,
    a_world,
    at,
    patient_heard,
    session_moved,
)
from tests.support.notify_fakes import FakeNotify, FakeProvider, providers

WEEK = ("2026-03-16 10:00", "2026-03-18 10:00", "2026-03-20 10:00")
FIRST = a_visit("2026-03-16 10:00")
P3D = a_message(offset="P3D", about=FIRST.id)


def ticking(world: FakeNotify, channels: dict[Channel, Any], until: str) -> None:
    while world.now < at(until):
        world.drain(channels)
        world.now += timedelta(hours=1)


def p3d(world: FakeNotify, **wanted: Any) -> list[Message]:
    return sorted(world.messages(kind=Kind.REMINDER, offset="P3D", **wanted), key=lambda row: row.about)


@pytest.mark.parametrize(
    ("other", "zone", "is_listed"),
    [
        ("2026-03-16 10:00", NEW_YORK, False),
        ("2026-03-16 16:00", NEW_YORK, True),
        ("2026-03-15 10:00", NEW_YORK, False),
        ("2026-03-22 23:59", NEW_YORK, True),
        ("2026-03-23 00:00", NEW_YORK, False),
        ("2026-03-23 10:00", NEW_YORK, False),
        ("2026-03-22 23:59", LORD_HOWE, True),
    ],
)
def test_seven_local_days_are_a_week(other: str, zone: str, is_listed: object):
    first = a_visit("2026-03-16 10:00", zone)
    listed = said_together(P3D, [first], [a_visit(other, zone, number=2)])
    assert bool(listed) is is_listed


@pytest.mark.parametrize(
    ("first", "last", "is_listed"),
    [
        ("2026-03-03 09:00", "2026-03-09 23:30", True),
        ("2026-03-03 09:00", "2026-03-10 00:00", False),
        ("2026-10-27 09:00", "2026-11-02 23:30", True),
        ("2026-10-27 09:00", "2026-11-03 00:00", False),
    ],
)
def test_a_week_is_local_days_when_the_clocks_change(first: str, last: str, is_listed: object):
    listed = said_together(P3D, [a_visit(first)], [a_visit(last, number=2)])
    assert bool(listed) is is_listed


@pytest.mark.parametrize("status", [VisitStatus.CANCELLED, VisitStatus.PAUSED, VisitStatus.MISSED, VisitStatus.ARRIVED])
def test_a_visit_that_is_not_to_come_is_not_listed(status: VisitStatus):
    assert said_together(P3D, [FIRST], [a_visit("2026-03-18 10:00", number=2, status=status)]) == []


@pytest.mark.parametrize("offset", ["P1D", "PT2H"])
def test_only_the_reminder_three_days_ahead_lists_others(offset: str):
    assert said_together(replace(P3D, offset=offset), [FIRST], [a_visit("2026-03-18 10:00", number=2)]) == []
    assert said_together(replace(P3D, kind=Kind.OFFER), [FIRST], [a_visit("2026-03-18 10:00", number=2)]) == []


def test_a_week_of_visits_is_said_once_and_the_other_reminders_stay_silent():
    world = a_world(*WEEK, "2026-03-23 10:00")
    channels = providers()
    ticking(world, channels, "2026-03-20 12:00")
    rows = p3d(world)
    assert [row.status for row in rows] == [Status.SENT, Status.SUPPRESSED, Status.SUPPRESSED, Status.SENT]
    assert {row.history[-1].cause for row in rows[1:3]} == {"said-with-another"}
    assert rows[0].also == (f"series/{SERIES}/sessions/2@0", f"series/{SERIES}/sessions/3@0")
    text = channels[Channel.SMS].taken[rows[0].id].text
    assert all(day in text for day in ("Mar 16", "Mar 18", "Mar 20"))
    assert "Mar 23" not in text
    assert len(world.messages(kind=Kind.REMINDER, offset="P1D", status=Status.SENT)) == 3


def test_nothing_is_told_of_a_reminder_that_another_one_said():
    world = a_world(*WEEK)
    ticking(world, providers(), "2026-03-20 12:00")
    assert {type(event).__name__ for event in world.told} == {"MessageSent", "CallWanted"}


def test_what_moved_since_is_said_again():
    world = a_world(*WEEK)
    channels = providers()
    ticking(world, channels, "2026-03-13 12:00")
    world.run(CLINIC, hear_session_moved, session_moved(2, "2026-03-18 15:00", told_at=world.now))
    ticking(world, channels, "2026-03-18 12:00")
    moved = p3d(world, about=f"series/{SERIES}/sessions/2", revision=1)
    assert [row.status for row in moved] == [Status.SENT]
    assert "3:00 PM" in channels[Channel.SMS].taken[moved[0].id].text


def test_what_was_called_off_is_not_listed():
    world = a_world(*WEEK)
    world.run(CLINIC, hear_session_cancelled, SessionCancelled(SERIES, world.now, 2, revision=0, reason="patient"))
    channels = providers()
    ticking(world, channels, "2026-03-13 12:00")
    [row] = p3d(world, about=f"series/{SERIES}/sessions/1")
    assert "Mar 18" not in channels[Channel.SMS].taken[row.id].text


def test_what_did_not_go_out_has_said_nothing_for_others():
    world = a_world(*WEEK, patient=patient_heard(email=None))
    broken = providers(sms=FakeProvider(repeatable=True, answers=[TemporaryFailure("429")] * 100_000))
    ticking(world, broken, "2026-03-15 10:00")
    ticking(world, providers(), "2026-03-20 12:00")
    first, second, third = p3d(world)
    assert [row.status for row in (first, second, third)] == [Status.EXPIRED, Status.SENT, Status.SUPPRESSED]
    assert second.also == (f"series/{SERIES}/sessions/3@0",)


@pytest.mark.parametrize(
    ("status", "is_said"),
    [
        (Status.SENDING, True),
        (Status.SENT, True),
        (Status.DELIVERED, True),
        (Status.UNKNOWN, True),
        (Status.UNDELIVERED, False),
        (Status.FAILED, False),
    ],
)
def test_what_came_back_has_said_nothing_for_others(status: Status, is_said: object):
    own = replace(P3D, about=f"series/{SERIES}/sessions/2")
    first = replace(P3D, status=status, also=(f"series/{SERIES}/sessions/2@0",))
    assert is_said_with_another(own, [first]) is is_said
    assert not is_said_with_another(replace(own, revision=1), [first])


def test_what_a_person_is_asked_to_say_is_said_for_all():
    world = a_world(*WEEK, patient=patient_heard(email=None))
    broken = providers(sms=FakeProvider(repeatable=True, answers=[PermanentFailure("30005")] * 100_000))
    ticking(world, broken, "2026-03-20 12:00")
    assert [row.status for row in p3d(world, channel=Channel.DESK)] == [Status.SENT]
    assert [row.status for row in p3d(world, channel=Channel.SMS)] == [
        Status.FAILED,
        Status.SUPPRESSED,
        Status.SUPPRESSED,
    ]


def test_a_patient_by_e_mail_is_told_once_as_well():
    world = a_world(*WEEK)
    world.run(CLINIC, hear_patient, patient_heard(preferred_channel=Channel.EMAIL))
    channels = providers()
    ticking(world, channels, "2026-03-20 12:00")
    rows = p3d(world, channel=Channel.EMAIL)
    assert [row.status for row in rows if row.status is Status.SENT] == [Status.SENT]
    assert {row.history[-1].cause for row in p3d(world)} >= {"said-with-another"}


def test_a_person_phones_once_for_the_week():
    world = a_world(*WEEK, patient=patient_heard(phone=None, email=None))
    ticking(world, providers(), "2026-03-15 09:00")
    assert [row.status for row in p3d(world, channel=Channel.DESK)] == [Status.SENT]
    ticking(world, providers(), "2026-03-17 23:00")
    desk = p3d(world, channel=Channel.DESK)
    assert [row.status for row in desk] == [Status.SENT]
