from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify.domain.events import CallWanted, MessageFailed, MessageSent, MessageSuppressed
from services.notify.domain.message import COMES_EARLIER, ESCORT, MOVES, Channel, Kind, Message, Status, Step
from services.notify.domain.planning import Meaning, Timing, on_channel, queued
from services.notify.domain.traits import TRAITS, Quiet
from shared.errors import RuleBroken
from tests.support.notify_builders import BOOKED_AT, CLINIC, PATIENT, a_message

AT = BOOKED_AT + timedelta(hours=1)


def begun(message: Message) -> Message:
    letter: dict[str, Any] = {"subject": "subject", "text": "sealed:text", "address": "fingerprint"}
    return message.begin("call-1", **letter, tells_opt_out=True, at=AT)


CALLS: dict[str, Callable[[Message], Any]] = {
    "begin": begun,
    "repeat": lambda message: message.repeat("call-2", AT),
    "lose_sight": lambda message: message.lose_sight("no-answer", AT),
    "forget": lambda message: message.forget(AT),
    "accept": lambda message: message.accept("provider-1", AT),
    "deliver": lambda message: message.deliver(AT),
    "bounce": lambda message: message.bounce("30005", AT),
    "hand_over": lambda message: message.hand_over("unconfirmed", AT),
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
    ("forget", Status.QUEUED): Status.UNKNOWN,
    ("repeat", Status.SENDING): Status.SENDING,
    ("lose_sight", Status.SENDING): Status.UNKNOWN,
    ("accept", Status.SENDING): Status.SENT,
    ("retry", Status.SENDING): Status.QUEUED,
    ("fail", Status.SENDING): Status.FAILED,
    ("accept", Status.UNKNOWN): Status.SENT,
    ("retry", Status.UNKNOWN): Status.QUEUED,
    ("fail", Status.UNKNOWN): Status.FAILED,
    ("hand_over", Status.QUEUED): Status.SENT,
    ("accept", Status.QUEUED): Status.SENT,
    ("deliver", Status.QUEUED): Status.DELIVERED,
    ("bounce", Status.QUEUED): Status.UNDELIVERED,
    ("deliver", Status.SENDING): Status.DELIVERED,
    ("deliver", Status.SENT): Status.DELIVERED,
    ("deliver", Status.UNKNOWN): Status.DELIVERED,
    ("bounce", Status.SENDING): Status.UNDELIVERED,
    ("bounce", Status.SENT): Status.UNDELIVERED,
    ("bounce", Status.UNKNOWN): Status.UNDELIVERED,
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


MEANING = Meaning(PATIENT, "series/series-1/sessions/1", Kind.REMINDER, Channel.SMS, offset="P1D")


def planned(at: datetime, clinic_id: str = CLINIC, needed_at: datetime | None = None, **meaning: Any) -> Message:
    return queued(clinic_id, replace(MEANING, **meaning), Timing(at, at, needed_at), at=at)


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
        {"channel": Channel.DESK},
        {"reader": ESCORT},
        {"reader": "staff/1"},
    ],
)
def test_another_meaning_is_another_row(other: dict[str, Any]):
    assert planned(AT, **other).id != planned(AT).id


@pytest.mark.parametrize(
    ("reader", "id"),
    [("patient", "8e77612f-3e9d-5e5f-b8f9-91e0e6852aac"), (ESCORT, "8693918e-2642-5786-92be-71510e3537dd")],
)
def test_a_row_that_an_older_program_planned_is_found_again(reader: str, id: str):
    assert planned(AT, revision=2, reader=reader).id == id


def test_an_address_and_a_text_are_no_part_of_the_meaning():
    sealed = queued(CLINIC, MEANING, Timing(AT, AT), at=AT, to="sealed:somewhere", body="sealed:something")
    assert sealed.id == planned(AT).id


def test_diverting_back_leads_to_the_row_it_came_from():
    timing = Timing(AT, AT, needed_at=BOOKED_AT)
    message = queued(CLINIC, replace(MEANING, reader=ESCORT), timing, at=AT, to="sealed:+1", body="sealed:text")
    there = on_channel(message, Channel.DESK, CLINIC, AT)
    assert (there.channel, there.reader, there.body, there.needed_at) == (
        Channel.DESK,
        ESCORT,
        "sealed:text",
        BOOKED_AT,
    )
    assert there.id != message.id
    assert there.to == ""
    assert on_channel(there, Channel.SMS, CLINIC, AT).id == message.id


@pytest.mark.parametrize("kind", Kind)
def test_what_may_have_to_come_earlier_is_looked_at_a_day_ahead_and_all_else_when_it_is_due(kind: Kind):
    message = replace(a_message(), kind=kind)
    is_early = TRAITS[kind].quiet is Quiet.EARLIER
    assert message.look_at == message.due_at - timedelta(hours=24 if is_early else 0)
    assert (kind in COMES_EARLIER) == is_early


def test_what_is_of_use_until_a_visit_is_needed_for_the_visit_and_all_else_until_its_end():
    assert planned(AT).needed_at == AT
    assert planned(AT, needed_at=BOOKED_AT).needed_at == BOOKED_AT


def test_beginning_keeps_the_call_and_what_will_be_read():
    message = begun(a_message())
    assert (message.request_id, message.attempts, message.begun_at) == ("call-1", 1, AT)
    assert (message.subject, message.text, message.address) == ("subject", "sealed:text", "fingerprint")
    assert message.history[-1] == Step(Status.SENDING, AT, "")


def test_a_retry_waits_and_keeps_what_was_handed_over_for_a_receipt_that_may_still_come():
    first = begun(a_message())
    again = first.retry("smtp-451", AT)
    assert AT <= again.next_at <= AT + timedelta(seconds=2)
    assert (again.text, again.address, again.begun_at) == (first.text, first.address, first.begun_at)
    assert again.attempts == 1
    assert again.history[-1] == Step(Status.QUEUED, AT, "smtp-451")


def test_a_retry_waits_as_long_as_the_provider_says():
    assert begun(a_message()).retry("429", AT, after=timedelta(seconds=90)).next_at == AT + timedelta(seconds=90)


def test_what_was_never_tried_was_no_attempt():
    again = begun(a_message(attempts=3)).retry("rate", AT, after=timedelta(seconds=1), is_attempt=False)
    assert (again.attempts, again.next_at) == (3, AT + timedelta(seconds=1))


@pytest.mark.parametrize("end", ["retry", "fail", "bounce"])
def test_what_the_patient_did_not_get_counts_to_no_cap(end: str):
    message = replace(begun(a_message()), place="patient-1 2026-03-02 1")
    assert changed(CALLS[end](message)).place == ""
    assert changed(CALLS["accept"](message)).place == message.place


@pytest.mark.parametrize("move", ["accept", "deliver", "bounce"])
def test_a_receipt_is_of_a_message_that_a_provider_was_called_for(move: str):
    assert not a_message().takes_receipt(move)
    assert begun(a_message()).retry("smtp-451", AT).takes_receipt(move)
    assert not begun(a_message()).retry("rate", AT, is_attempt=False).takes_receipt(move)


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
            lambda: a_message(Status.SENT).bounce("30005", AT),
            MessageFailed(PATIENT, "reminder", "sms", "series/series-1/sessions/1", "30005", AT),
        ),
        (
            lambda: a_message(Status.UNKNOWN).deliver(AT),
            MessageSent(PATIENT, "reminder", "sms", "series/series-1/sessions/1", AT),
        ),
        (
            lambda: a_message(Status.SENDING).deliver(AT),
            MessageSent(PATIENT, "reminder", "sms", "series/series-1/sessions/1", AT),
        ),
        (
            lambda: a_message(channel=Channel.DESK).hand_over("smtp-550", AT),
            CallWanted(PATIENT, "series/series-1/sessions/1", "reminder", "smtp-550", a_message().due_at),
        ),
        (
            lambda: a_message().suppress("no-contact-point", AT),
            MessageSuppressed(PATIENT, "reminder", "sms", "series/series-1/sessions/1", "no-contact-point", AT),
        ),
    ],
)
def test_an_end_that_others_need_to_know_is_told(end: Callable[[], Any], event: object):
    assert end()[1] == (event,)


def test_that_it_arrived_is_no_news_once_it_was_told_that_it_was_sent():
    assert a_message(Status.SENT).deliver(AT)[1] == ()
