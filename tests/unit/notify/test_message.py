from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify.domain.events import MessageFailed, MessageSent, MessageSuppressed
from services.notify.domain.message import MOVES, Channel, Kind, Message, Status, Step, on_other_channel, queued
from shared.errors import RuleBroken
from tests.support.notify_builders import BOOKED_AT, CLINIC, PATIENT, a_message

AT = BOOKED_AT + timedelta(hours=1)


def begun(message: Message) -> Message:
    letter = {"subject": "subject", "text": "sealed:text", "address": "fingerprint"}
    return message.begin("call-1", **letter, tells_opt_out=True, at=AT)


CALLS: dict[str, Callable[[Message], Any]] = {
    "begin": begun,
    "repeat": lambda message: message.repeat("call-2", AT),
    "lose_sight": lambda message: message.lose_sight("no-answer", AT),
    "accept": lambda message: message.accept("provider-1", AT),
    "retry": lambda message: message.retry("smtp-451", AT),
    "fail": lambda message: message.fail("smtp-550", AT),
    "suppress": lambda message: message.suppress("no-contact-point", AT),
    "divert": lambda message: message.divert("no-contact-point", AT),
    "expire": lambda message: message.expire(AT),
    "cancel": lambda message: message.cancel("visit-moved", AT),
}
LEGAL = {
    ("begin", Status.QUEUED): Status.SENDING,
    ("suppress", Status.QUEUED): Status.SUPPRESSED,
    ("divert", Status.QUEUED): Status.SUPPRESSED,
    ("expire", Status.QUEUED): Status.EXPIRED,
    ("cancel", Status.QUEUED): Status.CANCELLED,
    ("repeat", Status.SENDING): Status.SENDING,
    ("lose_sight", Status.SENDING): Status.UNKNOWN,
    ("accept", Status.SENDING): Status.SENT,
    ("retry", Status.SENDING): Status.QUEUED,
    ("fail", Status.SENDING): Status.FAILED,
    ("accept", Status.UNKNOWN): Status.SENT,
    ("retry", Status.UNKNOWN): Status.QUEUED,
    ("fail", Status.UNKNOWN): Status.FAILED,
}


def changed(result: Any) -> Message:
    return result if isinstance(result, Message) else result[0]


def test_every_move_of_the_table_is_walked():
    assert CALLS.keys() == MOVES.keys()
    assert {(move, source): target for move, (sources, target) in MOVES.items() for source in sources} == LEGAL


@pytest.mark.parametrize("move", CALLS)
@pytest.mark.parametrize("status", Status)
def test_a_message_moves_only_as_the_table_says(status: Status, move: str):
    message = a_message(status, attempts=1)
    target = LEGAL.get((move, status))
    if target is None:
        with pytest.raises(RuleBroken) as refusal:
            CALLS[move](message)
        assert refusal.value.code == "message.wrong-status"
        assert refusal.value.faults[0].context == {"status": status, "move": move}
    else:
        after = changed(CALLS[move](message))
        assert after.status is target
        assert after.history[:-1] == message.history
        assert after.history[-1].status is target
        assert after.history[-1].at == AT


MEANING: dict[str, Any] = {
    "clinic_id": CLINIC,
    "patient_id": PATIENT,
    "about": "series/series-1/sessions/1",
    "kind": Kind.REMINDER,
    "offset": "P1D",
    "revision": 0,
    "channel": Channel.SMS,
}


def planned(at: datetime, **changes: Any) -> Message:
    return queued(**MEANING | changes, due_at=at, expires_at=at, at=at)


def test_the_same_meaning_is_the_same_row_whenever_it_is_planned():
    assert planned(AT).id == planned(BOOKED_AT).id


@pytest.mark.parametrize(
    "other",
    [
        {"clinic_id": "clinic-2"},
        {"patient_id": "patient-2"},
        {"about": "series/series-1/sessions/2"},
        {"kind": Kind.CHANGE_NOTICE},
        {"offset": "P3D"},
        {"revision": 1},
        {"channel": Channel.EMAIL},
    ],
)
def test_another_meaning_is_another_row(other: dict[str, Any]):
    assert planned(AT, **other).id != planned(AT).id


def test_diverting_back_leads_to_the_row_it_came_from():
    message = a_message()
    there = on_other_channel(message, CLINIC, AT)
    assert there.channel is Channel.EMAIL
    assert there.id != message.id
    assert on_other_channel(there, CLINIC, AT).id == message.id


def test_a_reminder_is_looked_at_a_day_ahead_and_all_else_when_it_is_due():
    assert a_message().next_at == a_message().due_at - timedelta(hours=24)
    assert a_message(kind=Kind.CONFIRMATION).look_at == a_message().due_at


def test_beginning_keeps_the_call_and_what_will_be_read():
    message = begun(a_message())
    assert (message.request_id, message.attempts, message.begun_at) == ("call-1", 1, AT)
    assert (message.subject, message.text, message.address) == ("subject", "sealed:text", "fingerprint")
    assert message.history[-1] == Step(Status.SENDING, AT, "")


def test_a_retry_waits_and_forgets_what_was_not_read():
    again = begun(a_message()).retry("smtp-451", AT)
    assert AT <= again.next_at <= AT + timedelta(seconds=2)
    assert (again.subject, again.text, again.address, again.begun_at, again.tells_opt_out) == ("", "", "", None, False)
    assert again.attempts == 1
    assert again.history[-1] == Step(Status.QUEUED, AT, "smtp-451")


@pytest.mark.parametrize(
    ("end", "event"),
    [
        (
            lambda: a_message(Status.SENDING).accept("provider-1", AT),
            MessageSent(PATIENT, "reminder", "sms", "series/series-1/sessions/1", AT),
        ),
        (
            lambda: a_message(Status.SENDING).fail("smtp-550", AT),
            MessageFailed(PATIENT, "reminder", "sms", "series/series-1/sessions/1", "smtp-550", AT),
        ),
        (
            lambda: a_message().suppress("no-contact-point", AT),
            MessageSuppressed(PATIENT, "reminder", "sms", "series/series-1/sessions/1", "no-contact-point", AT),
        ),
    ],
)
def test_an_end_that_others_need_to_know_is_told(end: Callable[[], Any], event: object):
    assert end()[1] == (event,)
