"""What a person does with messages: sends one again, writes one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.notify.domain.call import DealtWith
from services.notify.domain.contact_point import Source
from services.notify.domain.message import Channel, Kind, Message, Status, Step
from services.notify.operations.by_hand import ResendMessage, WriteToPatient, resend_message, write_to_patient
from services.notify.operations.consents import opt_in, opt_out
from services.notify.operations.patients import hear_patient
from services.notify.operations.policy import PauseMessaging, pause_messaging
from services.notify.operations.sessions import hear_session_cancelled
from shared.errors import NotFound, RuleBroken
from tests.support.notify_builders import CLINIC, PATIENT, a_world, at, patient_heard, session_cancelled
from tests.support.notify_fakes import providers

PHONE, EMAIL = "+12125550123", "ada@example.com"
FIRST = "2026-03-09 09:00"


@pytest.fixture
def world():
    """A day before the visit; the reminder of that day went out."""
    world = a_world(FIRST)
    world.now = at("2026-03-08 09:00")
    world.drain(providers())
    return world


def the_reminder(world):
    return world.message(offset="P1D", kind=Kind.REMINDER, channel=Channel.SMS)


def stands(world, status, cause=""):
    """The reminder's status, as if that had become of it."""
    message = the_reminder(world)
    world.rows[Message][CLINIC, message.id] = replace(
        message, status=status, history=(*message.history, Step(status, world.now, cause))
    )
    return message.id


def resend(world, id, **said):
    return world.run(CLINIC, resend_message, ResendMessage(id, **said))


def write(world, text="Please bring your new card.", **said):
    return world.run(CLINIC, write_to_patient, WriteToPatient(PATIENT, text, **said))


def stop(world, channel=Channel.SMS, address=PHONE):
    world.run(CLINIC, lambda uow, _: opt_out(uow, channel, address, source=Source.SMS, wording="STOP"), None)


def codes(refusal):
    return [fault.code for fault in refusal.value.faults]


def test_a_message_that_is_sent_again_is_a_row_of_its_own_with_the_same_words(world):
    first = the_reminder(world)
    sent = providers()
    again = resend(world, first.id)
    world.drain(sent)

    assert (again.offset, again.kind, again.about, again.expires_at) == (
        "P1D again-1",
        first.kind,
        first.about,
        first.expires_at,
    )
    assert sent[Channel.SMS].texts() == [first_words(world, first)]
    assert resend(world, first.id).offset == resend(world, again.id).offset.replace("3", "2") == "P1D again-2"


def first_words(world, first):
    """As the patient read them; how to stop is not said a second time."""
    return world.rows[Message][CLINIC, first.id].text.removeprefix("sealed:").partition(" STOP ")[0]


def test_what_may_have_arrived_is_sent_again_only_on_purpose_and_with_a_reason(world):
    id = stands(world, Status.UNKNOWN, "no-answer")
    with pytest.raises(RuleBroken) as refusal:
        resend(world, id)
    assert codes(refusal) == ["message.may-have-arrived"]
    with pytest.raises(RuleBroken) as refusal:
        resend(world, id, despite_unknown=True)
    assert codes(refusal) == ["message.reason-missing"]

    assert resend(world, id, despite_unknown=True, reason="She phoned: nothing came.").offset == "P1D again-1"
    assert [dealt.note for dealt in world.rows[DealtWith].values()] == ["She phoned: nothing came."]


def test_what_has_not_gone_out_is_not_sent_again(world):
    with pytest.raises(RuleBroken) as refusal:
        resend(world, world.message(offset="PT2H", channel=Channel.SMS).id)
    assert codes(refusal) == ["message.still-waiting"]


def test_what_is_of_no_use_any_more_and_goes_to_somebody_who_stopped_is_refused_with_both_reasons(world):
    id = the_reminder(world).id
    stop(world)
    world.now = at(FIRST)
    with pytest.raises(RuleBroken) as refusal:
        resend(world, id)
    assert codes(refusal) == ["message.too-late", "contact.opted-out"]


def test_what_is_not_true_any_more_is_not_sent_again(world):
    world.run(CLINIC, hear_session_cancelled, session_cancelled(1))
    with pytest.raises(RuleBroken) as refusal:
        resend(world, the_reminder(world).id)
    assert codes(refusal) == ["message.not-true"]


def test_a_call_cannot_be_sent_again(world):
    desk = next(row for row in world.messages() if row.channel is Channel.DESK)
    with pytest.raises(RuleBroken) as refusal:
        resend(world, desk.id)
    assert "message.not-for-patients" in codes(refusal)


def test_another_clinics_message_is_not_there(world):
    with pytest.raises(NotFound):
        world.run("clinic-2", resend_message, ResendMessage(the_reminder(world).id))


# --- written by hand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hour", ["2026-03-08 09:00", "2026-03-08 23:30"])
def test_what_a_person_writes_goes_at_once_at_any_hour_and_while_messages_rest(world, hour):
    world.now = at(hour)
    world.run(CLINIC, pause_messaging, PauseMessaging("storm"))
    sent = providers()
    row = write(world)
    world.drain(sent)

    assert (row.kind, row.about, row.channel, row.body) == (
        Kind.MANUAL,
        f"patient/{PATIENT}",
        Channel.SMS,
        "sealed:Please bring your new card.",
    )
    [letter] = sent[Channel.SMS].taken.values()
    assert letter.to == PHONE
    assert "Riverside Clinic: Please bring your new card." in letter.text


def test_the_same_words_twice_are_two_messages(world):
    assert write(world).id != write(world).id


def test_it_goes_by_the_channel_that_is_asked_for_preferred_or_there(world):
    assert write(world, channel=Channel.EMAIL).channel is Channel.EMAIL
    world.run(CLINIC, hear_patient, patient_heard(phone=None))
    assert write(world).channel is Channel.EMAIL
    with pytest.raises(RuleBroken) as refusal:
        write(world, channel=Channel.SMS)
    assert codes(refusal) == ["contact.missing"]


def test_words_and_stop_are_refused_together(world):
    stop(world)
    with pytest.raises(RuleBroken) as refusal:
        write(world, "Ada Byron, your ketamine infusion is at https://evil.example/x")
    assert {fault.pointer for fault in refusal.value.faults} == {"/text", "/channel"}
    assert {"contact.opted-out", "template.forbidden-word", "template.foreign-link", "template.full-name"} <= set(
        codes(refusal)
    )
    assert not world.messages(kind=Kind.MANUAL)


def test_stop_between_writing_and_sending_holds(world):
    write(world)
    stop(world)
    sent = providers()
    world.drain(sent)
    assert not sent[Channel.SMS].taken
    world.now += timedelta(minutes=1)
    world.run(CLINIC, lambda uow, _: opt_in(uow, Channel.SMS, PHONE, source=Source.SMS, wording="START"), None)
    assert write(world).status is Status.QUEUED


def test_a_patient_that_is_not_here_is_not_written_to(world):
    with pytest.raises(NotFound):
        world.run(CLINIC, write_to_patient, WriteToPatient("nobody", "Hello"))
    with pytest.raises(NotFound):
        world.run("clinic-2", write_to_patient, WriteToPatient(PATIENT, "Hello"))
