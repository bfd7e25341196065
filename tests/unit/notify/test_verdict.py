from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from services.notify.domain.check_in import CheckIn
from services.notify.domain.ladder import reminders
from services.notify.domain.message import Channel, Kind, Message, Status, Step
from services.notify.domain.planning import on_channel
from services.notify.domain.verdict import Cancel, Divert, Expire, Scene, Send, Suppress, Wait, judge
from services.notify.domain.visit import VisitStatus
from tests.support.notify_builders import (
    BOOKED_AT,
    CLINIC,
    LOS_ANGELES,
    PATIENT,
    a_clinic,
    a_message,
    a_recipient,
    a_visit,
    at,
)

VISIT = a_visit("2026-03-16 10:00")
LADDER = {row.offset: row for row in reminders(CLINIC, VISIT, BOOKED_AT) if row.kind is Kind.REMINDER}
P1D = LADDER["P1D"]
PT2H = LADDER["PT2H"]


def a_scene(**changes: Any) -> Scene:
    return replace(Scene(clinic=a_clinic(), recipient=a_recipient(), visits=[VISIT]), **changes)


def sent(message: Message, local: str) -> Message:
    return replace(message, status=Status.SENT, history=(*message.history, Step(Status.SENT, at(local), "")))


@pytest.mark.parametrize("message", LADDER.values(), ids=LADDER.keys())
def test_a_reminder_goes_out_at_its_time_and_not_before(message: Message):
    assert isinstance(judge(message, a_scene(), message.due_at), Send)
    before = message.due_at - timedelta(milliseconds=1)
    assert judge(message, a_scene(), before) == Wait(message.due_at)


@pytest.mark.parametrize("message", LADDER.values(), ids=LADDER.keys())
def test_a_reminder_that_is_of_no_use_any_more_expires(message: Message):
    assert judge(message, a_scene(), message.expires_at) == Expire()


@pytest.mark.parametrize(
    "change",
    [
        {"revision": 1},
        {"status": VisitStatus.CANCELLED},
        {"status": VisitStatus.ARRIVED},
        {"status": VisitStatus.MISSED},
    ],
)
def test_a_reminder_of_a_visit_that_is_not_as_it_was_is_cancelled(change: dict[str, Any]):
    assert judge(P1D, a_scene(visits=[replace(VISIT, **change)]), P1D.due_at) == Cancel("visit-changed")


@pytest.mark.parametrize("unknown", ["clinic", "recipient"])
def test_a_message_waits_for_clinic_and_patient_to_be_heard_of(unknown: str):
    scene = a_scene(**{unknown: None})
    assert judge(P1D, scene, P1D.due_at) == Wait(P1D.due_at + timedelta(minutes=1))
    assert judge(P1D, scene, P1D.expires_at) == Expire()


def test_two_hours_before_an_early_visit_nothing_is_said_when_the_day_before_was():
    visit = a_visit("2026-03-16 09:00")
    rows = {row.offset: row for row in reminders(CLINIC, visit, BOOKED_AT)[:3]}
    evening = at("2026-03-15 20:30")
    scene = a_scene(visits=[visit], ledger=[sent(rows["P1D"], "2026-03-15 09:00"), rows["PT2H"]])
    assert judge(rows["PT2H"], scene, rows["PT2H"].next_at) == Wait(evening)
    assert judge(rows["PT2H"], scene, evening) == Suppress("said-already")


@pytest.mark.parametrize(
    ("said", "is_dropped"),
    [("2026-03-15 08:29", False), ("2026-03-15 08:30", True), ("2026-03-15 20:29", True)],
)
def test_said_lately_means_twelve_hours(said: str, is_dropped: object):
    visit = a_visit("2026-03-16 09:00")
    rows = {row.offset: row for row in reminders(CLINIC, visit, BOOKED_AT)[:3]}
    verdict = judge(rows["PT2H"], a_scene(visits=[visit], ledger=[sent(rows["P1D"], said)]), at("2026-03-15 20:30"))
    assert isinstance(verdict, Suppress) is is_dropped


@pytest.mark.parametrize(
    "status", [Status.SUPPRESSED, Status.EXPIRED, Status.CANCELLED, Status.FAILED, Status.UNDELIVERED]
)
def test_what_did_not_go_out_was_not_said(status: Status):
    visit = a_visit("2026-03-16 09:00")
    rows = {row.offset: row for row in reminders(CLINIC, visit, BOOKED_AT)[:3]}
    other = replace(sent(rows["P1D"], "2026-03-15 09:00"), status=status)
    verdict = judge(rows["PT2H"], a_scene(visits=[visit], ledger=[other]), at("2026-03-15 20:30"))
    assert isinstance(verdict, Send)


def test_what_was_said_of_the_old_time_does_not_count():
    visit = a_visit("2026-03-16 09:00", revision=1)
    old = replace(a_message(revision=0), status=Status.SENT, history=(Step(Status.SENT, at("2026-03-15 19:00"), ""),))
    row = {row.offset: row for row in reminders(CLINIC, visit, BOOKED_AT)[:3]}["PT2H"]
    assert isinstance(judge(row, a_scene(visits=[visit], ledger=[old]), at("2026-03-15 20:30")), Send)


def test_two_hours_before_a_visit_at_ten_is_said_when_the_phone_may_ring_again():
    scene = a_scene(ledger=[sent(P1D, "2026-03-15 10:00")])
    assert PT2H.due_at == at("2026-03-16 08:00")
    assert isinstance(judge(PT2H, scene, PT2H.due_at), Send)


def test_a_reminder_held_up_into_quiet_hours_waits_until_they_end_or_is_dropped():
    visit = a_visit("2026-03-16 09:00")
    row = {row.offset: row for row in reminders(CLINIC, visit, BOOKED_AT)[:3]}["PT2H"]
    assert judge(row, a_scene(visits=[visit]), at("2026-03-15 22:00")) == Wait(at("2026-03-16 08:00"))
    early = a_visit("2026-03-16 08:00")
    row = {row.offset: row for row in reminders(CLINIC, early, BOOKED_AT)[:3]}["PT2H"]
    assert judge(row, a_scene(visits=[early]), at("2026-03-15 22:00")) == Suppress("quiet-hours")


def test_quiet_hours_are_those_of_the_patient():
    scene = a_scene(visits=[a_visit("2026-03-10 09:00")], recipient=a_recipient(zone=LOS_ANGELES))
    row = {row.offset: row for row in reminders(CLINIC, a_visit("2026-03-10 09:00"), BOOKED_AT)[:3]}["P1D"]
    assert judge(row, scene, row.due_at) == Wait(at("2026-03-09 11:00"))
    assert isinstance(judge(row, scene, at("2026-03-09 11:00")), Send)


def test_a_clinic_chooses_its_quiet_hours():
    scene = a_scene(clinic=a_clinic(quiet_from=time(9), quiet_until=time(12)))
    assert judge(P1D, scene, P1D.due_at) == Wait(at("2026-03-15 12:00"))


@pytest.mark.parametrize(
    ("booked", "sent_at"),
    [
        ("2026-03-03 07:59", "2026-03-03 08:00"),
        ("2026-03-03 21:00", "2026-03-04 08:00"),
        ("2026-03-03 23:59", "2026-03-04 08:00"),
    ],
)
def test_a_booking_made_at_night_is_confirmed_at_eight(booked: str, sent_at: str):
    row = a_message(
        kind=Kind.CONFIRMATION, channel=Channel.EMAIL, due_at=at(booked), expires_at=at(booked) + timedelta(days=1)
    )
    assert judge(row, a_scene(), at(booked)) == Wait(at(sent_at))


def a_link(due: str, expires: str = "2026-03-20 09:00", **check_in: Any) -> tuple[Message, Scene]:
    subject = CheckIn(
        id="check_in/1", patient_id=PATIENT, link="sealed:x", opened_at=at(due), expires_at=at(expires), **check_in
    )
    row = a_message(kind=Kind.CHECK_IN_LINK, about=subject.id, offset="", due_at=at(due), expires_at=at(expires))
    return row, a_scene(visits=[], check_in=subject)


@pytest.mark.parametrize(
    ("due", "sent_at"), [("2026-03-03 06:10", "2026-03-03 09:00"), ("2026-03-03 22:00", "2026-03-04 09:00")]
)
def test_a_questionnaire_due_at_night_comes_at_nine(due: str, sent_at: str):
    row, scene = a_link(due)
    assert judge(row, scene, at(due)) == Wait(at(sent_at))
    assert isinstance(judge(row, scene, at(sent_at)), Send)


def test_a_questionnaire_that_would_be_over_by_nine_is_dropped():
    row, scene = a_link("2026-03-03 22:00", expires="2026-03-04 09:00")
    assert judge(row, scene, row.due_at) == Suppress("quiet-hours")


def test_a_link_to_a_closed_form_is_cancelled():
    row, scene = a_link("2026-03-03 10:00", is_open=False)
    assert judge(row, scene, row.due_at) == Cancel("check-in-closed")


def test_a_confirmation_speaks_of_the_visits_still_to_come():
    past = a_visit("2026-03-03 09:00", number=1)
    lost = a_visit("2026-03-09 09:00", number=2, status=VisitStatus.CANCELLED)
    row = a_message(kind=Kind.CONFIRMATION, channel=Channel.EMAIL, due_at=BOOKED_AT)
    now = at("2026-03-04 10:00")
    verdict = judge(row, a_scene(visits=[past, lost, VISIT]), now)
    assert isinstance(verdict, Send)
    assert verdict.visits == [VISIT]
    assert judge(row, a_scene(visits=[past, lost]), now) == Cancel("visit-changed")


def test_a_cancellation_is_not_told_of_a_visit_that_is_booked_again():
    row = a_message(kind=Kind.CANCELLATION_NOTICE, offset="", due_at=BOOKED_AT, expires_at=VISIT.starts_at)
    off = replace(VISIT, status=VisitStatus.CANCELLED)
    assert isinstance(judge(row, a_scene(visits=[off]), BOOKED_AT), Send)
    assert judge(row, a_scene(visits=[VISIT]), BOOKED_AT) == Cancel("visit-changed")


@pytest.mark.parametrize(
    ("recipient", "verdict"),
    [
        ({}, Send),
        ({"phone": None}, Divert(Channel.EMAIL, "no-contact-point")),
        ({"phone": None, "email": None}, Divert(Channel.DESK, "no-contact-point")),
        ({"preferred_channel": Channel.EMAIL}, Divert(Channel.EMAIL, "other-channel-preferred")),
        ({"preferred_channel": Channel.EMAIL, "email": None}, Send),
    ],
)
def test_a_reminder_goes_where_the_patient_wants_it_or_where_they_can_be_reached(
    recipient: dict[str, Any], verdict: object
):
    found = judge(P1D, a_scene(recipient=a_recipient(**recipient)), P1D.due_at)
    assert found == verdict or type(found) is verdict


@pytest.mark.parametrize(
    ("recipient", "verdict"),
    [
        ({}, Send),
        ({"preferred_channel": Channel.SMS}, Send),
        ({"email": None}, Divert(Channel.SMS, "no-contact-point")),
        ({"phone": None, "email": None}, Divert(Channel.DESK, "no-contact-point")),
    ],
)
def test_a_confirmation_goes_by_e_mail_where_there_is_one(recipient: dict[str, Any], verdict: object):
    row = a_message(kind=Kind.CONFIRMATION, channel=Channel.EMAIL, due_at=BOOKED_AT)
    found = judge(row, a_scene(recipient=a_recipient(**recipient)), BOOKED_AT)
    assert found == verdict or type(found) is verdict


@pytest.mark.parametrize(
    ("recipient", "verdict"),
    [
        ({"preferred_channel": Channel.SMS}, Send),
        ({"email": None}, Divert(Channel.DESK, "no-contact-point")),
    ],
)
def test_a_message_is_never_diverted_back(recipient: dict[str, Any], verdict: object):
    diverted = P1D.divert("other-channel-preferred", BOOKED_AT)
    row = on_channel(diverted, Channel.EMAIL, CLINIC, BOOKED_AT)
    found = judge(row, a_scene(recipient=a_recipient(**recipient), ledger=[diverted, row]), row.due_at)
    assert found == verdict or type(found) is verdict


def test_the_time_is_right_before_the_address_is_looked_at():
    nobody = a_recipient(phone=None, email=None)
    assert judge(P1D, a_scene(recipient=nobody), P1D.next_at) == Wait(P1D.due_at)


def test_the_same_facts_always_lead_to_the_same_verdict():
    instants = [BOOKED_AT + timedelta(hours=hours) for hours in range(400)]
    first: list[object] = [judge(PT2H, a_scene(), now) for now in instants]
    assert first == [judge(PT2H, a_scene(), now) for now in instants]
    assert {type(verdict) for verdict in first} == {Wait, Send, Expire}
    assert isinstance(first[0], Wait)
    assert isinstance(first[0].until, datetime)
