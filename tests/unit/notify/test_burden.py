"""How many texts a patient gets: two a local day, eight in seven, by the clinic's policy."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from services.notify.domain.burden import counted_since, free_place, is_full, tomorrow
from services.notify.domain.check_in import CheckIn
from services.notify.domain.message import Channel, Kind, Message
from services.notify.domain.policy import Policy
from services.notify.domain.verdict import Divert, Scene, Send, Suppress, Verdict, Wait, judge
from shared.errors import Contended
from tests.support.notify_builders import (
    BOOKED_AT,
    CLINIC,
    LORD_HOWE,
    LOS_ANGELES,
    NEW_YORK,
    PATIENT,
    a_clinic,
    a_message,
    a_recipient,
    a_visit,
    at,
)
from tests.support.notify_fakes import FakeNotify, FakeUnitOfWork

TODAY = date(2026, 3, 15)
VISIT = a_visit("2026-03-16 10:00")
NOW = at("2026-03-15 10:00")
P1D = a_message(due_at=NOW, expires_at=at("2026-03-16 04:00"))
NO_EMAIL = a_recipient(email=None)


def places(*days: str) -> list[str]:
    return [f"{PATIENT} {day} {number}" for day in sorted(set(days)) for number in range(1, days.count(day) + 1)]


TWO_TODAY = places("2026-03-15", "2026-03-15")
EIGHT_A_WEEK = places(*(f"2026-03-{day:02}" for day in (9, 10, 11, 12) for _ in range(2)))


def verdict(message: Message = P1D, *, now: datetime = NOW, **scene: Any) -> Verdict:
    facts: dict[str, Any] = {"clinic": a_clinic(), "recipient": NO_EMAIL, "visits": [VISIT], "places": TWO_TODAY}
    return judge(message, Scene(**facts | scene), now)


@pytest.mark.parametrize(
    ("taken", "full"),
    [
        ([], False),
        (places("2026-03-15"), False),
        (TWO_TODAY, True),
        (places("2026-03-14", "2026-03-14"), False),
        (EIGHT_A_WEEK[:7], False),
        (EIGHT_A_WEEK, True),
    ],
)
def test_two_texts_a_day_and_eight_a_week_are_enough(taken: list[str], *, full: bool):
    assert is_full(taken, PATIENT, TODAY, Policy(id=CLINIC)) is full


def test_a_clinic_chooses_how_many():
    assert is_full(places("2026-03-15"), PATIENT, TODAY, Policy(id=CLINIC, per_day=1))
    assert not is_full(TWO_TODAY, PATIENT, TODAY, Policy(id=CLINIC, per_day=3))
    assert not is_full(EIGHT_A_WEEK, PATIENT, TODAY, Policy(id=CLINIC, per_week=9))


@pytest.mark.parametrize(
    ("now", "zone", "since"),
    [
        ("2026-03-15 00:00", NEW_YORK, "2026-03-09"),
        ("2026-03-15 23:59", NEW_YORK, "2026-03-09"),
        ("2026-03-16 00:00", NEW_YORK, "2026-03-10"),
        ("2026-03-16 02:59", LOS_ANGELES, "2026-03-09"),
        ("2026-03-16 03:00", LOS_ANGELES, "2026-03-10"),
        ("2026-04-05 12:00", LORD_HOWE, "2026-03-31"),
    ],
)
def test_seven_local_days_are_looked_back(now: str, zone: str, since: str):
    assert counted_since(at(now), zone) == date.fromisoformat(since)


@pytest.mark.parametrize(
    ("now", "zone", "hours"),
    [
        ("2026-03-07 00:00", NEW_YORK, 24),
        ("2026-03-08 00:00", NEW_YORK, 23),
        ("2026-11-01 00:00", NEW_YORK, 25),
        ("2026-04-05 00:00", LORD_HOWE, 24.5),
        ("2026-10-04 00:00", LORD_HOWE, 23.5),
    ],
)
def test_a_local_day_is_as_long_as_it_is_there(now: str, zone: str, hours: float):
    midnight = at(now, zone)
    assert tomorrow(midnight, zone) - midnight == timedelta(hours=hours)


def test_a_text_takes_the_first_free_place_of_its_day():
    assert free_place([], PATIENT, TODAY) == "patient-1 2026-03-15 1"
    assert free_place(places("2026-03-15"), PATIENT, TODAY) == "patient-1 2026-03-15 2"
    assert free_place(TWO_TODAY[1:], PATIENT, TODAY) == "patient-1 2026-03-15 1"


def test_within_the_caps_a_text_goes_out_and_takes_its_place():
    found = verdict(places=places("2026-03-15"))
    assert isinstance(found, Send)
    assert found.place == "patient-1 2026-03-15 2"


@pytest.mark.parametrize("taken", [TWO_TODAY, EIGHT_A_WEEK])
def test_over_the_cap_an_e_mail_says_it(taken: list[str]):
    assert verdict(recipient=a_recipient(), places=taken) == Divert(Channel.EMAIL, "cap")


def test_e_mails_are_not_counted():
    found = verdict(replace(P1D, channel=Channel.EMAIL), recipient=a_recipient(preferred_channel=Channel.EMAIL))
    assert isinstance(found, Send)
    assert found.place == ""


@pytest.mark.parametrize(
    "scene",
    [
        {"recipient": a_recipient(), "stopped": frozenset({Channel.EMAIL})},
        {
            "recipient": a_recipient(preferred_channel=Channel.EMAIL),
            "ledger": [replace(P1D, id="other", channel=Channel.EMAIL)],
        },
    ],
)
def test_over_the_cap_an_e_mail_that_stopped_or_failed_says_nothing(scene: dict[str, Any]):
    assert verdict(**scene) == Suppress("cap")


def a_notice(expires: str) -> Message:
    return a_message(kind=Kind.CHANGE_NOTICE, offset="", due_at=NOW, expires_at=at(expires))


def test_over_the_cap_what_is_still_of_use_waits_for_tomorrow():
    assert verdict(a_notice("2026-03-16 10:00")) == Wait(at("2026-03-16 08:00"))
    assert verdict(a_notice("2026-03-16 08:00")) == Suppress("cap")
    assert verdict() == Suppress("cap")


def test_over_the_cap_a_form_waits_for_nine():
    ends = at("2026-03-18 10:00")
    form = CheckIn(id="check_in/1", patient_id=PATIENT, link="sealed:x", opened_at=NOW, expires_at=ends)
    link = a_message(kind=Kind.CHECK_IN_LINK, about=form.id, offset="", due_at=NOW, expires_at=form.expires_at)
    assert verdict(link, visits=[], check_in=form) == Wait(at("2026-03-16 09:00"))


def test_a_clinic_without_quiet_nights_goes_on_at_midnight():
    siesta = a_clinic(quiet_from=time(13), quiet_until=time(15))
    assert verdict(a_notice("2026-03-16 10:00"), clinic=siesta) == Wait(at("2026-03-16 00:00"))


@pytest.mark.parametrize("kind", [Kind.HOME_SAFE, Kind.MANUAL, Kind.HELP, Kind.CRISIS, Kind.OPT_OUT_CONFIRMATION])
def test_safety_answers_and_people_are_not_counted(kind: Kind):
    gone = replace(VISIT, discharged_at=NOW)
    form = CheckIn(id="check_in/1", patient_id=PATIENT, link="sealed:x", opened_at=NOW, expires_at=NOW)
    scene: dict[str, Any] = {"visits": [gone], "check_in": form, "places": TWO_TODAY + EIGHT_A_WEEK}
    found = verdict(replace(P1D, kind=kind, offset=""), **scene)
    assert isinstance(found, Send)
    assert found.place == ""


def test_the_patients_day_counts_not_the_clinics():
    west = replace(NO_EMAIL, zone=LOS_ANGELES)
    late = at("2026-03-16 01:00")
    siesta = a_clinic(quiet_from=time(13), quiet_until=time(15))
    row = a_notice("2026-03-16 09:00")
    assert verdict(row, now=late, recipient=west, clinic=siesta) == Wait(at("2026-03-16 03:00"))
    assert isinstance(verdict(row, now=late, clinic=siesta), Send)


def test_two_workers_never_fill_the_same_place():
    world = FakeNotify(BOOKED_AT)
    first, second = FakeUnitOfWork(world, CLINIC), FakeUnitOfWork(world, CLINIC)
    first.messages.save(replace(P1D, id="a", about="a", place=TWO_TODAY[0]))
    second.messages.save(replace(P1D, id="b", about="b", place=TWO_TODAY[0]))
    first.commit()
    with pytest.raises(Contended):
        second.commit()
    assert FakeUnitOfWork(world, CLINIC).messages.places_taken(PATIENT, TODAY) == [TWO_TODAY[0]]
    assert FakeUnitOfWork(world, CLINIC).messages.places_taken(PATIENT, TODAY + timedelta(days=1)) == []
