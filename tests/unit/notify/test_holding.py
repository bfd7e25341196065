"""What holds a message back: the clinic's pause, the patient's STOP, the patient's night."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from services.notify.domain.check_in import CheckIn
from services.notify.domain.contact_point import Source
from services.notify.domain.events import MessageSuppressed
from services.notify.domain.ladder import home_safe, reminders
from services.notify.domain.message import ESCORT, Channel, Kind, Message, Status
from services.notify.domain.planning import Meaning, Timing, queued
from services.notify.domain.policy import Policy
from services.notify.domain.series import Series
from services.notify.domain.traits import TRAITS
from services.notify.domain.truth import OF_VISITS
from services.notify.domain.verdict import Cancel, Divert, HandOver, Scene, Send, Suppress, Verdict, Wait, judge
from services.notify.domain.visit import Visit, VisitStatus
from services.notify.jobs.deliver import deliver
from services.notify.operations.check_ins import CheckInClosed, hear_check_in_closed, hear_check_in_opened
from services.notify.operations.consents import opt_in, opt_out
from services.notify.operations.ledger import plan
from services.notify.operations.patients import hear_patient
from services.notify.operations.ports import Claim
from services.notify.operations.sessions import SessionDischarged, hear_session_discharged
from tests.support.notify_builders import (
    BERLIN,
    BOOKED_AT,
    CLINIC,
    LORD_HOWE,
    LOS_ANGELES,
    NEW_YORK,
    PATIENT,
    SERIES,
    a_clinic,
    a_message,
    a_recipient,
    a_visit,
    a_world,
    an_offer,
    at,
    check_in_opened,
    patient_heard,
)
from tests.support.notify_fakes import FakeNotify, providers

VISIT = "2026-03-16 10:00"
PHONE, MAIL = "+12125550123", "ada@example.com"
SMS, EMAIL, DESK = Channel.SMS, Channel.EMAIL, Channel.DESK
STOPPED = frozenset({SMS})
PAUSED = Policy(id=CLINIC, is_paused=True)
NOON = at("2026-03-15 12:00")
A_SERIES = Series(id=f"series/{SERIES}", patient_id=PATIENT)


def a_scene(**changes: Any) -> Scene:
    visit = a_visit(VISIT, discharged_at=NOON)
    return replace(Scene(clinic=a_clinic(), recipient=a_recipient(), visits=[visit]), **changes)


def a_row(kind: Kind, **changes: Any) -> Message:
    ends = at("2026-03-16 10:00")
    return replace(a_message(), kind=kind, offset="", due_at=NOON, expires_at=ends, next_at=NOON, **changes)


def a_world_at(now: str = "2026-03-15 10:00", **patient: Any) -> FakeNotify:
    world = a_world(VISIT, patient=patient_heard(**patient))
    world.drain(providers())
    world.now = at(now)
    world.told.clear()
    return world


def p1d(world: FakeNotify, channel: Channel = SMS) -> Message:
    return world.message(kind=Kind.REMINDER, offset="P1D", channel=channel)


def set_policy(world: FakeNotify, **changes: Any) -> None:
    def change(uow: Any, _: None) -> None:
        uow.policies.save(replace(uow.policies.of_clinic(), **changes))

    world.run(CLINIC, change, None)


def stop(world: FakeNotify, channel: Channel = SMS, address: str = PHONE) -> None:
    world.run(CLINIC, lambda uow, _: opt_out(uow, channel, address, source=Source.SMS, wording="STOP"), None)


def claim_of(world: FakeNotify, message: Message) -> Claim:
    return {found.message_id: found for _, found in world.claim()}[message.id]


# --- the clinic's pause -----------------------------------------------------------------------------------------------


IN_SPITE = sorted(kind for kind in Kind if TRAITS[kind].despite_pause)
OFF = {Kind.CANCELLATION_NOTICE: VisitStatus.CANCELLED, Kind.PAUSE_NOTICE: VisitStatus.PAUSED}
FORM = CheckIn(id="check_in/1", patient_id=PATIENT, link="sealed:x", opened_at=NOON, expires_at=at("2026-03-20 09:00"))


def in_a_pause(kind: Kind) -> Verdict:
    to = "" if kind in OF_VISITS else "sealed:+1"
    row = a_row(kind, channel=TRAITS[kind].first or SMS, to=to, revision=0)
    visit = replace(a_scene().visits[0], status=OFF.get(kind, VisitStatus.BOOKED))
    return judge(row, a_scene(policy=PAUSED, visits=[visit], check_in=FORM, offer=an_offer(), series=A_SERIES), NOON)


@pytest.mark.parametrize("kind", sorted(set(Kind) - set(IN_SPITE)))
def test_a_pause_holds_all_that_does_not_go_in_spite_of_it(kind: Kind):
    assert in_a_pause(kind) == Wait(NOON + timedelta(minutes=1))


@pytest.mark.parametrize("kind", IN_SPITE)
def test_what_goes_in_spite_of_a_pause(kind: Kind):
    assert isinstance(in_a_pause(kind), Send | HandOver)


def test_a_paused_message_goes_out_when_the_clinic_goes_on_and_expires_when_it_does_not():
    world = a_world_at()
    set_policy(world, is_paused=True)
    world.drain(providers())
    assert p1d(world).status is Status.QUEUED
    set_policy(world, is_paused=False)
    world.now += timedelta(minutes=1)
    world.drain(providers())
    assert p1d(world).status is Status.SENT
    world = a_world_at()
    set_policy(world, is_paused=True)
    world.now = at("2026-03-16 04:00")
    world.drain(providers())
    assert p1d(world).status is Status.EXPIRED


def test_a_pause_between_claim_and_send_counts():
    world = a_world_at()
    found = claim_of(world, p1d(world))
    set_policy(world, is_paused=True)
    channels = providers()
    deliver(partial(world.run, CLINIC), channels, found)
    assert channels[SMS].calls == []
    assert p1d(world).next_at == world.now + timedelta(minutes=1)


# --- the patient's STOP -----------------------------------------------------------------------------------------------


def test_stop_between_claim_and_send_counts():
    world = a_world_at()
    found = claim_of(world, p1d(world))
    stop(world)
    channels = providers()
    deliver(partial(world.run, CLINIC), channels, found)
    world.drain(channels)
    assert channels[SMS].calls == []
    assert channels[EMAIL].taken == {}
    assert (p1d(world).status, p1d(world).history[-1].cause) == (Status.SUPPRESSED, "opted-out")
    assert p1d(world, DESK).status is Status.SENT


def test_start_makes_what_comes_later_welcome_again():
    world = a_world_at()
    stop(world)
    world.run(CLINIC, lambda uow, _: opt_in(uow, SMS, PHONE, source=Source.SMS, wording="START"), None)
    world.drain(providers())
    assert p1d(world).status is Status.SENT


def test_e_mail_keeps_its_own_consent():
    world = a_world_at(preferred_channel=EMAIL)
    stop(world)
    channels = providers()
    world.drain(channels)
    assert len(channels[EMAIL].taken) == 1
    stop(world, EMAIL, MAIL)
    world.now = at("2026-03-16 08:00")
    world.drain(channels)
    assert len(channels[EMAIL].taken) == 1
    assert channels[SMS].calls == []


def test_a_number_that_stopped_stops_for_whoever_has_it():
    world = a_world_at(phone="sealed:+12125550888")
    stop(world, address="+12125550888")
    channels = providers()
    world.drain(channels)
    assert channels[SMS].calls == []


def test_a_new_number_has_not_stopped():
    world = a_world_at()
    stop(world)
    world.run(CLINIC, hear_patient, patient_heard(phone="sealed:+12125550888"))
    world.drain(providers())
    assert p1d(world).status is Status.SENT


def test_an_escort_can_stop_too():
    world = a_world_at(escort_phone="sealed:+12125550777")
    stop(world, address="+12125550777")
    channels = providers()
    world.drain(channels)
    assert [letter.to for letter in channels[SMS].taken.values()] == [PHONE]
    assert world.message(kind=Kind.ESCORT_REMINDER, channel=DESK).status is Status.SENT


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (Kind.REMINDER, Divert(DESK, "opted-out")),
        (Kind.HOME_SAFE, Divert(DESK, "opted-out")),
        (Kind.MANUAL, Divert(DESK, "opted-out")),
        (Kind.NO_OPEN_VISIT, Suppress("opted-out")),
        (Kind.TEST, Suppress("opted-out")),
        (Kind.OPT_OUT_CONFIRMATION, Send),
        (Kind.HELP, Send),
        (Kind.STAFF_PAGE, Send),
    ],
)
def test_what_goes_in_spite_of_stop_and_what_a_person_says(kind: Kind, verdict: object):
    found = judge(a_row(kind), a_scene(stopped=STOPPED, check_in=FORM), NOON)
    assert found == verdict or type(found) is verdict


def test_the_one_text_after_stop_goes_to_the_number_that_sent_it():
    world = a_world()
    stop(world, address="+12125550999")
    answer = queued(
        CLINIC,
        Meaning(patient_id="", about="reply/1", kind=Kind.OPT_OUT_CONFIRMATION, channel=SMS),
        Timing(BOOKED_AT, BOOKED_AT + timedelta(hours=1)),
        at=BOOKED_AT,
        to="sealed:+12125550999",
    )
    world.run(CLINIC, plan, [answer])
    channels = providers()
    world.drain(channels)
    [letter] = channels[SMS].taken.values()
    assert letter.to == "+12125550999"
    assert [event for event in world.told if isinstance(event, MessageSuppressed)] == []


# --- the patient's night ----------------------------------------------------------------------------------------------


def verdict_at(row: Message, visit: Visit, now: str, *, zone: str = NEW_YORK, **scene: Any) -> Verdict:
    return judge(row, a_scene(visits=[visit], **scene), at(now, zone))


def a_home_row(discharged: str) -> tuple[Message, Visit]:
    visit = a_visit("2026-03-10 17:00", discharged_at=at(discharged))
    [row] = home_safe(CLINIC, visit, at(discharged))
    return row, visit


@pytest.mark.parametrize(
    ("discharged", "asked_at"),
    [
        ("2026-03-10 12:00", "2026-03-10 14:00"),
        ("2026-03-10 18:59", "2026-03-10 20:59"),
        ("2026-03-10 19:00", "2026-03-10 20:55"),
        ("2026-03-10 19:30", "2026-03-10 20:55"),
        ("2026-03-10 20:54", "2026-03-10 20:55"),
    ],
)
def test_home_safe_comes_just_before_the_night(discharged: str, asked_at: str):
    row, visit = a_home_row(discharged)
    assert verdict_at(row, visit, discharged, check_in=FORM) == Wait(at(asked_at))
    assert isinstance(verdict_at(row, visit, asked_at, check_in=FORM), Send)


@pytest.mark.parametrize(
    ("discharged", "asked_at"),
    [
        ("2026-03-10 12:00", "2026-03-10 14:05"),
        ("2026-03-10 18:54", "2026-03-10 20:59"),
        ("2026-03-10 18:55", "2026-03-10 20:55"),
        ("2026-03-10 19:30", "2026-03-10 20:55"),
    ],
)
def test_home_safe_waits_a_little_for_the_link_to_its_form_unless_the_night_is_near(discharged: str, asked_at: str):
    row, visit = a_home_row(discharged)
    assert verdict_at(row, visit, discharged) == Wait(at(asked_at))
    sent = verdict_at(row, visit, asked_at)
    assert isinstance(sent, Send)
    assert sent.link is None


def test_who_goes_home_at_the_last_minute_is_asked_at_once():
    row, visit = a_home_row("2026-03-10 20:58")
    assert isinstance(verdict_at(row, visit, "2026-03-10 20:58"), Send)


@pytest.mark.parametrize("discharged", ["2026-03-10 21:00", "2026-03-10 22:30"])
def test_who_goes_home_at_night_is_phoned(discharged: str):
    row, visit = a_home_row(discharged)
    assert verdict_at(row, visit, discharged) == Divert(DESK, "quiet-hours")


HOME_AT = at("2026-03-07 16:00")
ASKED_AT = HOME_AT + timedelta(hours=2)
HOME_FORM = check_in_opened(instruments=("home-safe",), opened_at=ASKED_AT, expires_at=ASKED_AT + timedelta(hours=2))


def gone_home() -> FakeNotify:
    """A patient who went home at four."""
    world = a_world("2026-03-07 13:00")
    world.now = HOME_AT
    world.run(CLINIC, hear_session_discharged, SessionDischarged(SERIES, 1, world.now))
    return world


def texts_until_morning(world: FakeNotify) -> list[str]:
    """What is said from now on."""
    channels = providers()
    while world.now < at("2026-03-08 09:00"):
        world.drain(channels)
        world.now += timedelta(minutes=1)
    return [letter.text for provider in channels.values() for letter in provider.taken.values()]


def test_home_safe_says_until_when_not_to_drive_and_where_to_answer_in_one_text():
    world = gone_home()
    world.drain(providers())
    world.now = ASKED_AT
    world.run(CLINIC, hear_check_in_opened, HOME_FORM)
    [text] = texts_until_morning(world)
    assert "Mar 8, 5:00 PM" in text
    assert "https://care.example/c/9KX " in text


def test_a_form_that_is_heard_of_before_its_visit_is_over_is_asked_for_by_one_text_too():
    world = a_world("2026-03-07 13:00")
    world.now = ASKED_AT
    world.run(CLINIC, hear_check_in_opened, HOME_FORM)
    world.run(CLINIC, hear_session_discharged, SessionDischarged(SERIES, 1, HOME_AT))
    [text] = texts_until_morning(world)
    assert "https://care.example/c/9KX " in text


def test_until_when_not_to_drive_is_said_as_it_was_told_with_the_discharge():
    world = a_world("2026-03-07 13:00")
    world.now = HOME_AT
    told = SessionDischarged(SERIES, 1, HOME_AT, no_driving_until=HOME_AT + timedelta(hours=12))
    world.run(CLINIC, hear_session_discharged, told)
    [text] = texts_until_morning(world)
    assert "Mar 8, 5:00 AM" in text


def test_without_a_form_home_safe_is_asked_all_the_same():
    [text] = texts_until_morning(gone_home())
    assert "https" not in text


def test_a_form_that_comes_behind_the_text_brings_its_own_link():
    world = gone_home()
    world.now = ASKED_AT + timedelta(minutes=6)
    world.drain(providers())
    world.run(CLINIC, hear_check_in_opened, HOME_FORM)
    [text] = texts_until_morning(world)
    assert "check-in" in text


def test_who_has_said_that_they_are_safe_is_not_asked():
    world = gone_home()
    world.run(CLINIC, hear_check_in_opened, HOME_FORM)
    world.run(CLINIC, hear_check_in_closed, CheckInClosed(HOME_FORM.check_in_id))
    assert world.message(kind=Kind.HOME_SAFE).history[-1].cause == "check-in-closed"
    assert texts_until_morning(world) == []


def test_a_person_is_asked_to_phone_whom_the_night_is_too_near_for():
    world = a_world("2026-03-07 18:00")
    world.now = at("2026-03-07 21:30")
    world.run(CLINIC, hear_session_discharged, SessionDischarged(SERIES, 1, world.now))
    world.drain(providers())
    assert world.message(kind=Kind.HOME_SAFE, channel=DESK).status is Status.QUEUED
    world.now = at("2026-03-07 23:30")
    world.drain(providers())
    desk = world.message(kind=Kind.HOME_SAFE, channel=DESK)
    assert (desk.status, desk.history[-1].cause) == (Status.SENT, "quiet-hours")


@pytest.mark.parametrize(
    ("visit", "clinic", "patient", "offset", "said"),
    [
        # New York 09:00 the day before is 06:00 in Los Angeles: it comes at 08:00 there.
        ("2026-03-10 09:00", NEW_YORK, LOS_ANGELES, "P1D", "2026-03-09 11:00"),
        ("2026-03-05 09:00", NEW_YORK, BERLIN, "P1D", "2026-03-04 09:00"),
        # 15:00 there in winter, 14:00 between the two changes, 15:00 again.
        ("2026-03-10 09:00", NEW_YORK, BERLIN, "P1D", "2026-03-09 09:00"),
        ("2026-03-31 09:00", NEW_YORK, BERLIN, "P1D", "2026-03-30 09:00"),
        ("2026-10-27 09:00", NEW_YORK, BERLIN, "P1D", "2026-10-26 09:00"),
        ("2026-11-03 09:00", NEW_YORK, BERLIN, "P1D", "2026-11-02 09:00"),
        # Two hours ahead of 16:00 is 20:00 in Berlin in March's gap, 21:00 else: then half an hour before the night.
        ("2026-03-10 17:00", NEW_YORK, BERLIN, "PT2H", "2026-03-10 15:00"),
        ("2026-03-31 17:00", NEW_YORK, BERLIN, "PT2H", "2026-03-31 14:30"),
        # The day before is 01:00 at Lord Howe: it comes at 08:00 there, which is 16:00 the day before in New York.
        ("2026-03-05 09:00", NEW_YORK, LORD_HOWE, "P1D", "2026-03-04 16:00"),
        ("2026-03-10 09:00", NEW_YORK, LORD_HOWE, "P1D", "2026-03-09 17:00"),
        ("2026-11-03 09:00", NEW_YORK, LORD_HOWE, "P1D", "2026-11-02 16:00"),
        # The clinic's own patients, on the days when the clocks change.
        ("2026-03-09 07:30", NEW_YORK, NEW_YORK, "P1D", "2026-03-08 08:00"),
        ("2026-11-02 07:30", NEW_YORK, NEW_YORK, "P1D", "2026-11-01 08:00"),
        ("2026-03-30 07:30", BERLIN, BERLIN, "P1D", "2026-03-29 08:00"),
        ("2026-10-26 07:30", BERLIN, BERLIN, "P1D", "2026-10-25 08:00"),
        ("2026-04-06 07:30", LORD_HOWE, LORD_HOWE, "P1D", "2026-04-05 08:00"),
        ("2026-10-05 07:30", LORD_HOWE, LORD_HOWE, "P1D", "2026-10-04 08:00"),
        # Fasting begins at 02:15, in the night: it is said the day before, at the hour of the visit.
        ("2026-03-17 08:15", NEW_YORK, NEW_YORK, "P1D", "2026-03-16 08:15"),
        # Two hours before it would be 06:15, too late for fasting anyway: the evening before.
        ("2026-03-17 08:15", NEW_YORK, NEW_YORK, "PT2H", "2026-03-16 20:30"),
        ("2026-03-16 10:00", NEW_YORK, NEW_YORK, "PT2H", "2026-03-16 08:00"),
        ("2026-03-09 09:00", NEW_YORK, NEW_YORK, "PT2H", "2026-03-08 20:30"),
        ("2026-10-26 09:00", BERLIN, BERLIN, "PT2H", "2026-10-25 20:30"),
        ("2026-10-05 09:00", LORD_HOWE, LORD_HOWE, "PT2H", "2026-10-04 20:30"),
    ],
)
def test_a_reminder_comes_on_the_patients_day(visit: str, clinic: str, patient: str, offset: str, said: str):
    expected = a_visit(visit, clinic)
    [row] = [
        one
        for one in reminders(CLINIC, expected, BOOKED_AT - timedelta(days=30))
        if (one.kind, one.offset) == (Kind.REMINDER, offset)
    ]
    scene = a_scene(visits=[expected], clinic=a_clinic(zone=clinic), recipient=a_recipient(zone=patient))
    said_at = at(said, clinic)
    assert judge(row, scene, row.next_at) in {Wait(said_at), Wait(row.due_at)}
    assert judge(row, scene, said_at - timedelta(milliseconds=1)) == Wait(said_at)
    assert isinstance(judge(row, scene, said_at), Send)


@pytest.mark.parametrize(
    ("due", "said"),
    [("2026-03-03 06:10", "2026-03-03 09:00"), ("2026-03-03 22:00", "2026-03-04 09:00")],
)
def test_a_chase_in_the_night_comes_at_nine(due: str, said: str):
    row = a_row(Kind.CHECK_IN_CHASE)
    row = replace(row, due_at=at(due), expires_at=at(due) + timedelta(days=2))
    assert judge(row, a_scene(check_in=FORM), at(due)) == Wait(at(said))
    assert judge(row, a_scene(check_in=replace(FORM, is_open=False)), at(due)) == Cancel("check-in-closed")


@pytest.mark.parametrize(
    "kind", [Kind.HELP, Kind.CRISIS, Kind.OPT_OUT_CONFIRMATION, Kind.NO_OPEN_VISIT, Kind.STAFF_PAGE, Kind.TEST]
)
def test_answers_and_pages_come_in_the_night(kind: Kind):
    night = at("2026-03-15 03:00")
    row = replace(a_row(kind, to="sealed:+1"), due_at=night)
    assert isinstance(judge(row, a_scene(), night), Send)


def test_an_answer_to_a_stranger_waits_for_the_clinic_only():
    row = a_row(Kind.HELP, to="sealed:+1", patient_id="")
    assert judge(row, a_scene(clinic=None, recipient=None), NOON) == Wait(NOON + timedelta(minutes=1))
    assert isinstance(judge(row, a_scene(recipient=None), NOON), Send)


def test_what_the_staff_reads_is_not_written_for_the_patient():
    row = a_row(Kind.STAFF_PAGE, to="sealed:+1", reader="staff/1", patient_id=PATIENT)
    found = judge(row, a_scene(recipient=a_recipient(locale="de", zone=BERLIN)), NOON)
    assert isinstance(found, Send)
    assert (found.recipient.id, found.recipient.locale, found.to) == ("", "en", "sealed:+1")


def test_the_escort_is_written_to_at_the_patients_hours():
    row = a_row(Kind.ESCORT_REMINDER, reader=ESCORT, revision=0)
    escorted = a_recipient(escort_phone="sealed:+12125550777", zone=LOS_ANGELES)
    night = at("2026-03-15 10:59")
    row = replace(row, due_at=night, next_at=night)
    assert judge(row, a_scene(recipient=escorted), night) == Wait(at("2026-03-15 11:00"))
