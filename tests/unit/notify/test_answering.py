"""What follows from a text at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.contact_point import ContactPoint, Source
from services.notify.domain.events import CallWanted, ContactOptedIn, ContactOptedOut, ReplyFlagged, ReplyReceived
from services.notify.domain.message import Channel, Kind, Message, Status
from services.notify.domain.page import StaffPage
from services.notify.domain.reply import Answer, Reply
from services.notify.operations.patients import hear_patient
from services.notify.operations.replies import ReceiveReply, receive_reply
from services.notify.operations.series import hear_series_booked
from shared.errors import Contended
from tests.support.notify_builders import CLINIC, PATIENT, SERIES, a_world, at, patient_heard, series_booked
from tests.support.notify_fakes import FakeNotify, FakeUnitOfWork, providers

PHONE = "+12125550123"
STRANGER = "+12125550199"
FIRST = f"series/{SERIES}/sessions/1"
ANSWERS = {
    Kind.OPT_OUT_CONFIRMATION,
    Kind.OPT_IN_CONFIRMATION,
    Kind.HELP,
    Kind.CRISIS,
    Kind.NO_OPEN_VISIT,
}


def reminded() -> FakeNotify:
    """The reminder of the first visit was said; three in the night is quiet in New York."""
    world = a_world("2026-03-16 10:00", "2026-03-30 10:00")
    world.drain(providers())
    world.now = at("2026-03-13 10:00")
    world.drain(providers())
    world.now = at("2026-03-14 03:00")
    world.told.clear()
    return world


def nothing_booked() -> FakeNotify:
    world = a_world()
    world.told.clear()
    return world


def text(world: FakeNotify, said: str, *, clinic: str = CLINIC, **changes: Any) -> Reply:
    command = ReceiveReply(PHONE, said, f"provider-{len(world.rows[Reply])}", world.now)
    found: Reply = world.run(clinic, receive_reply, replace(command, **changes))
    return found


def answers(world: FakeNotify) -> list[Kind]:
    """Automatic answers that wait."""
    return [row.kind for row in world.messages(status=Status.QUEUED) if row.kind in ANSWERS]


def point(world: FakeNotify, number: str = PHONE) -> ContactPoint | None:
    return next((one for one in world.rows[ContactPoint].values() if one.contact == number), None)


def is_stopped(world: FakeNotify, number: str = PHONE) -> bool:
    found = point(world, number)
    return found is not None and found.is_stopped


def test_stop_stops_at_once_and_is_confirmed_once():
    world = reminded()
    kept = text(world, "Stop")
    assert (kept.answer, kept.is_open, kept.answered_by) == (Answer.OPT_OUT, False, ("opt-out-confirmation",))
    assert is_stopped(world)
    assert answers(world) == [Kind.OPT_OUT_CONFIRMATION]
    assert world.told == [ContactOptedOut(PATIENT, "sms", "sms", world.now)]
    said = point(world)
    assert said is not None
    assert (said.history[-1].wording, said.history[-1].source) == ("Stop", Source.SMS)
    assert text(world, "STOP").answered_by == ()
    assert len(answers(world)) == 1


def test_the_confirmation_goes_to_the_number_at_once_in_the_night_and_despite_the_stop():
    world = reminded()
    text(world, "Stop")
    there = providers()
    world.drain(there)
    [letter] = there[Channel.SMS].taken.values()
    assert letter.to == PHONE
    [row] = world.messages(kind=Kind.OPT_OUT_CONFIRMATION)
    assert (row.status, row.patient_id, row.to) == (Status.SENT, PATIENT, f"sealed:{PHONE}")
    assert row.expires_at - row.due_at == timedelta(minutes=5)


def test_nothing_automated_goes_to_a_number_that_stopped():
    world = reminded()
    text(world, "please stop texting me")
    world.drain(providers())
    there = providers()
    world.now = at("2026-03-15 12:00")
    world.drain(there)
    assert there[Channel.SMS].texts() == []


def test_start_restores_and_is_confirmed():
    world = reminded()
    text(world, "STOP")
    world.now += timedelta(minutes=1)
    kept = text(world, "start")
    assert (kept.answer, kept.answered_by, is_stopped(world)) == (Answer.OPT_IN, ("opt-in-confirmation",), False)
    assert isinstance(world.told[-1], ContactOptedIn)


def test_yes_starts_where_texts_were_stopped_and_gets_help_elsewhere():
    world = reminded()
    kept = text(world, "YES")
    assert (kept.answer, kept.is_open, kept.answered_by) == (Answer.HELP, True, ("help",))
    text(world, "STOP")
    world.now += timedelta(minutes=1)
    kept = text(world, "YES")
    assert (kept.answer, kept.is_open, is_stopped(world)) == (Answer.OPT_IN, False, False)


def test_a_start_that_is_handed_in_behind_a_later_stop_restores_nothing():
    world = reminded()
    text(world, "STOP")
    text(world, "START", received_at=world.now - timedelta(minutes=2))
    assert is_stopped(world)


def test_a_stop_that_is_handed_in_behind_a_later_start_stops_nothing():
    world = reminded()
    text(world, "STOP")
    world.now += timedelta(minutes=5)
    text(world, "START")
    text(world, "STOP", received_at=world.now - timedelta(minutes=2))
    assert not is_stopped(world)


def test_a_stop_from_a_clock_that_is_ahead_counts_now():
    world = reminded()
    text(world, "STOP", received_at=world.now + timedelta(days=1))
    assert is_stopped(world)
    world.now += timedelta(minutes=1)
    text(world, "START")
    assert not is_stopped(world)


def test_a_number_that_two_patients_share_is_stopped_for_both():
    world = reminded()
    world.run(CLINIC, hear_patient, patient_heard(patient_id="patient-2"))
    text(world, "STOP")
    assert is_stopped(world)
    assert {event.patient_id for event in world.told if isinstance(event, ContactOptedOut)} == {PATIENT, "patient-2"}


@pytest.mark.parametrize(("said", "kind"), [("STOP", Kind.OPT_OUT_CONFIRMATION), ("HELP", Kind.HELP)])
def test_a_strangers_stop_and_help_work_too(said: str, kind: Kind):
    world = reminded()
    kept = text(world, said, sender=STRANGER)
    assert kept.patient_id is None
    assert is_stopped(world, STRANGER) is (said == "STOP")
    there = providers()
    world.drain(there)
    assert [letter.to for letter in there[Channel.SMS].taken.values()] == [STRANGER]
    assert world.message(kind=kind).patient_id == ""


def test_cancel_stops_and_asks_the_desk_about_the_visit_that_is_coming():
    world = reminded()
    kept = text(world, "cancel")
    assert (kept.answer, kept.is_open) == (Answer.OPT_OUT, True)
    assert is_stopped(world)
    assert CallWanted(PATIENT, FIRST, "opt-out", "may-have-meant-the-visit", world.now) in world.told


@pytest.mark.parametrize(("world", "said"), [(nothing_booked, "cancel"), (reminded, "stop")])
def test_the_desk_is_not_asked_where_no_visit_can_be_meant(world: Callable[[], FakeNotify], said: str):
    here = world()
    assert text(here, said).is_open is False
    assert not [event for event in here.told if isinstance(event, CallWanted)]


def test_words_of_danger_call_a_person_and_are_answered_in_the_night():
    world = reminded()
    kept = text(world, "I want to die")
    assert (kept.answer, kept.is_open, kept.answered_by) == (Answer.CRISIS, True, ("crisis",))
    [page] = world.rows[StaffPage].values()
    assert (page.reason, page.patient_id, page.about) == ("crisis-text", PATIENT, f"reply/{kept.id}")
    assert ReplyFlagged(PATIENT, "crisis", world.now) in world.told
    there = providers()
    world.drain(there)
    assert PHONE in [letter.to for letter in there[Channel.SMS].taken.values()]
    assert world.message(kind=Kind.CRISIS).status is Status.SENT


def test_words_of_danger_from_a_number_that_stopped_are_answered_all_the_same():
    world = reminded()
    text(world, "STOP")
    world.drain(providers())
    text(world, "I want to die")
    world.drain(providers())
    assert world.message(kind=Kind.CRISIS).status is Status.SENT


def test_danger_goes_first_and_the_stop_in_it_is_honoured():
    world = reminded()
    kept = text(world, "stop texting me, I want to die")
    assert (kept.answer, is_stopped(world)) == (Answer.CRISIS, True)
    rows = [row for row in world.messages() if row.kind in ANSWERS]
    assert [row.kind for row in rows] == [Kind.CRISIS, Kind.OPT_OUT_CONFIRMATION]
    assert rows[0].due_at < rows[1].due_at


def test_a_strangers_words_of_danger_call_a_person_too():
    world = reminded()
    kept = text(world, "I want to die", sender=STRANGER)
    [page] = world.rows[StaffPage].values()
    assert (page.patient_id, page.about) == ("", f"reply/{kept.id}")
    assert answers(world) == [Kind.CRISIS]
    assert not [event for event in world.told if isinstance(event, ReplyFlagged)]


def test_words_of_danger_that_are_handed_in_late_still_call_a_person():
    world = reminded()
    text(world, "I want to die", received_at=world.now - timedelta(hours=6))
    assert answers(world) == [Kind.CRISIS]
    assert len(world.rows[StaffPage]) == 1


@pytest.mark.parametrize("said", ["STOP", "HELP", "START"])
def test_what_is_handed_in_an_hour_late_gets_no_answer_any_more(said: str):
    world = reminded()
    text(world, said, received_at=world.now - timedelta(hours=1, seconds=1))
    assert answers(world) == []
    assert is_stopped(world) is (said == "STOP")


def test_a_digit_without_any_visit_to_come_is_answered():
    world = nothing_booked()
    kept = text(world, "1")
    assert (kept.answer, kept.is_open, kept.answered_by) == (Answer.OTHER, True, ("no-open-visit",))


def test_a_digit_that_fits_nothing_while_a_visit_is_coming_is_for_a_person():
    world = nothing_booked()
    world.run(CLINIC, hear_series_booked, series_booked("2026-03-16 10:00"))
    kept = text(world, "1")
    assert (kept.answer, kept.is_open, kept.answered_by) == (Answer.OTHER, True, ())


def test_a_digit_confirms_one_visit_and_is_not_answered():
    world = reminded()
    kept = text(world, "1")
    assert (kept.about, kept.is_open, kept.answered_by) == (FIRST, False, ())
    assert world.told == [ReplyReceived(PATIENT, FIRST, "confirm", world.now)]


def test_two_machines_do_not_talk_for_ever():
    world = reminded()
    for _ in range(100):
        text(world, "HELP", sender=STRANGER)
        world.now += timedelta(minutes=1)
    assert len([row for row in world.messages() if row.kind is Kind.HELP]) == 2
    assert len(world.rows[Reply]) == 100


def test_another_kind_of_answer_is_not_held_back():
    world = reminded()
    text(world, "HELP")
    text(world, "STOP")
    assert answers(world) == [Kind.HELP, Kind.OPT_OUT_CONFIRMATION]


def test_two_texts_of_one_moment_have_one_answer():
    world = reminded()
    units = [FakeUnitOfWork(world, CLINIC) for _ in range(2)]
    for number, unit in enumerate(units):
        receive_reply(unit, ReceiveReply(STRANGER, "HELP", f"at-once-{number}", world.now))
    units[0].commit()
    with pytest.raises((Contended, AssertionError)):
        units[1].commit()
    text(world, "HELP", sender=STRANGER, provider_id="at-once-1")
    assert len([row for row in world.messages() if row.kind is Kind.HELP]) == 1


def test_the_same_text_handed_in_again_has_no_second_effect():
    world = reminded()
    text(world, "STOP", provider_id="SM-1")
    told, rows = len(world.told), len(world.rows[Message])
    world.now += timedelta(minutes=1)
    text(world, "START")
    text(world, "STOP", provider_id="SM-1")
    assert not is_stopped(world)
    assert (len(world.told), len(world.rows[Message])) == (told + 1, rows + 1)


def test_a_stop_at_one_clinic_is_none_at_another():
    world = reminded()
    text(world, "STOP", clinic="clinic-2")
    stopped = {clinic: one.is_stopped for (clinic, _), one in world.rows[ContactPoint].items() if one.contact == PHONE}
    assert stopped == {CLINIC: False, "clinic-2": True}
