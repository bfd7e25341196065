"""What goes out: the page and the calendar that a message gives, and whom it asks for an answer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.message import Channel, Kind, Status
from services.notify.domain.verdict import LOOK_SOON
from services.notify.domain.visit import VisitStatus
from services.notify.operations.offers import hear_offer_made
from services.notify.operations.series import SeriesPaused, hear_series_booked, hear_series_paused
from services.notify.operations.sessions import (
    SessionConfirmed,
    SessionMoved,
    hear_session_cancelled,
    hear_session_confirmed,
    hear_session_moved,
)
from tests.support.notify_builders import (
    BOOKED_AT,
    CLINIC,
    LINK,
    SERIES,
    a_world,
    at,
    offer_made,
    patient_heard,
    series_booked,
    session_cancelled,
    session_moved,
)
from tests.support.notify_fakes import FakeNotify, FakeProvider, providers

VISIT = "2026-03-16 10:00"


def a_world_at(now: str, *visits: str, **changes: Any) -> FakeNotify:
    """Booked long before; the confirmation is out, and only what is due by `now` is open."""
    world = a_world(*(visits or (VISIT,)), **changes)
    world.drain(providers())
    world.now = at(now)
    return world


def test_a_reminder_leads_to_the_page_of_its_session_and_asks_for_an_answer_where_one_is_read():
    world = a_world()
    world.run(CLINIC, hear_series_booked, series_booked("2026-03-09 10:00", VISIT, link=f"sealed:{LINK}"))
    for now in ("2026-03-13 10:00", "2026-03-15 10:00"):
        world.now = at(now)
        answered, mute = FakeProvider(answered=True), FakeProvider()
        before = {kind: dict(rows) for kind, rows in world.rows.items()}
        world.drain(providers(sms=answered))
        world.rows |= before
        world.drain(providers(sms=mute))
        assert f"Reply 1 to confirm, 2 to change, or see {LINK}/2 Call" in answered.texts()[-1]
        assert f"See, confirm or change: {LINK}/2 Call" in mute.texts()[-1]


def test_the_fasting_hours_told_with_the_booking_are_the_ones_that_go_out_and_outlast_a_move():
    world = a_world(patient=patient_heard(email=None))
    channels = providers()
    world.run(CLINIC, hear_series_booked, series_booked(VISIT, solids_hours=3, fluids_minutes=45))
    world.drain(channels)
    world.run(CLINIC, hear_session_moved, session_moved(1, "2026-03-17 10:00", told_at=world.now))
    world.now += timedelta(minutes=1)
    world.drain(channels)

    booked, moved = channels[Channel.SMS].texts()
    assert "No solid food 3 h, no fluids 0:45 h before." in booked
    assert "No solid food after 7:00 AM, clear fluids till 9:15 AM." in moved


def test_who_confirmed_is_not_asked_again():
    world = a_world_at("2026-03-13 10:00")
    world.run(CLINIC, hear_session_confirmed, SessionConfirmed(SERIES, 1, world.now))
    channels = providers()
    world.drain(channels)
    [text] = channels[Channel.SMS].texts()
    assert "confirm" not in text


def test_a_confirmation_carries_all_visits_and_the_page_of_the_series():
    world = a_world()
    world.run(CLINIC, hear_series_booked, series_booked("2026-03-09 10:00", VISIT, link=f"sealed:{LINK}"))
    channels = providers()
    world.drain(channels)
    [letter] = channels[Channel.EMAIL].taken.values()
    assert f"See all, confirm or change: {LINK}\n" in letter.text
    assert [(visit.number, visit.revision, visit.status) for visit in letter.visits] == [
        (1, 0, VisitStatus.BOOKED),
        (2, 0, VisitStatus.BOOKED),
    ]


def test_a_patient_without_e_mail_is_told_of_the_booking_by_sms_with_the_page():
    world = a_world(patient=patient_heard(email=None))
    world.run(CLINIC, hear_series_booked, series_booked("2026-03-09 10:00", VISIT, link=f"sealed:{LINK}"))
    channels = providers()
    world.drain(channels)
    [text] = channels[Channel.SMS].texts()
    assert text == (
        "Riverside Clinic: booked. First visit Mon Mar 9, 10:00 AM EDT. No solid food 6 h, no fluids 2 h before. "
        f"Bring your driver. See all, confirm or change: {LINK} Call 555-0100. STOP to opt out, HELP for help."
    )


@pytest.mark.parametrize(
    ("change", "revision", "status"),
    [
        (session_moved(1, "2026-03-17 10:00"), 1, VisitStatus.BOOKED),
        (session_cancelled(1), 0, VisitStatus.CANCELLED),
    ],
)
def test_a_notice_by_e_mail_carries_the_visit_as_it_now_is(change: Any, revision: int, status: VisitStatus):
    world = a_world_at("2026-03-13 12:00", patient=patient_heard(preferred_channel=Channel.EMAIL))
    hear = hear_session_moved if isinstance(change, SessionMoved) else hear_session_cancelled
    world.run(CLINIC, hear, replace(change, told_at=world.now))
    world.now += timedelta(minutes=1)
    channels = providers()
    world.drain(channels)
    [visit] = list(channels[Channel.EMAIL].taken.values())[-1].visits
    assert (visit.revision, visit.status) == (revision, status)


def test_a_reminder_carries_nothing_for_the_calendar():
    world = a_world_at("2026-03-13 10:00", patient=patient_heard(preferred_channel=Channel.EMAIL))
    channels = providers()
    world.drain(channels)
    [letter] = channels[Channel.EMAIL].taken.values()
    assert letter.visits == ()


def test_an_offer_leads_to_the_page_of_its_session():
    world = a_world()
    world.run(CLINIC, hear_series_booked, series_booked("2026-03-09 10:00", VISIT, link=f"sealed:{LINK}"))
    world.run(CLINIC, hear_offer_made, offer_made(number=2))
    channels = providers()
    world.drain(channels)
    [text] = channels[Channel.SMS].texts()
    assert text == (
        "Riverside Clinic: an earlier time is free: Thu Mar 5, 10:30 AM. "
        f"Answer until Mon Mar 2, 12:00 PM: {LINK}/2 or call 555-0100. STOP to opt out, HELP for help."
    )


def test_an_offer_waits_for_its_series_and_ends_with_its_time():
    world = a_world()
    world.run(CLINIC, hear_offer_made, offer_made())
    channels = providers()
    world.drain(channels)
    assert world.message(kind=Kind.OFFER).next_at == BOOKED_AT + LOOK_SOON
    world.now = offer_made().expires_at
    world.drain(channels)
    assert world.message(kind=Kind.OFFER).status is Status.EXPIRED
    assert channels[Channel.SMS].taken == {}


def test_a_series_that_goes_on_is_not_told_any_more_that_it_is_put_off():
    world = a_world("2026-03-16 10:00", "2026-03-18 10:00")
    world.drain(providers())
    for number in (1, 2):
        world.run(CLINIC, hear_session_cancelled, session_cancelled(number, reason="paused"))
    world.run(CLINIC, hear_series_paused, SeriesPaused(SERIES, BOOKED_AT))
    world.run(CLINIC, hear_session_moved, session_moved(1, "2026-03-20 10:00"))
    world.now += timedelta(minutes=1)
    channels = providers()
    world.drain(channels)
    assert world.message(kind=Kind.PAUSE_NOTICE).status is Status.CANCELLED
    assert ["new time" in text for text in channels[Channel.SMS].texts()] == [True]
