from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.notify.domain import ladder
from services.notify.domain.check_in import CheckIn
from services.notify.domain.message import ESCORT, Channel, Kind
from services.notify.domain.preparation import Fasting, no_driving_until
from shared.localtime import to_local
from tests.support.notify_builders import (
    BERLIN,
    BOOKED_AT,
    CLINIC,
    LORD_HOWE,
    NEW_YORK,
    PATIENT,
    a_visit,
    an_offer,
    at,
    check_in_opened,
)

LONG_AGO = datetime.fromisoformat("2025-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("zone", "visit", "utc", "three_days_before", "one_day_before"),
    [
        (NEW_YORK, "2026-03-09 09:00", "2026-03-09T13:00Z", "2026-03-06 09:00", "2026-03-08 09:00"),
        (NEW_YORK, "2026-11-02 09:00", "2026-11-02T14:00Z", "2026-10-30 09:00", "2026-11-01 09:00"),
        (BERLIN, "2026-03-30 09:00", "2026-03-30T07:00Z", "2026-03-27 09:00", "2026-03-29 09:00"),
        (BERLIN, "2026-10-26 09:00", "2026-10-26T08:00Z", "2026-10-23 09:00", "2026-10-25 09:00"),
        (BERLIN, "2027-03-29 09:00", "2027-03-29T07:00Z", "2027-03-26 09:00", "2027-03-28 09:00"),
        (LORD_HOWE, "2026-04-06 09:00", "2026-04-05T22:30Z", "2026-04-03 09:00", "2026-04-05 09:00"),
        (LORD_HOWE, "2026-10-05 09:00", "2026-10-04T22:00Z", "2026-10-02 09:00", "2026-10-04 09:00"),
    ],
)
def test_days_count_on_the_wall_clock_and_hours_are_elapsed(
    zone: str, visit: str, utc: str, three_days_before: str, one_day_before: str
):
    expected = a_visit(visit, zone)
    assert expected.starts_at == datetime.fromisoformat(utc)
    rows = ladder.reminders(CLINIC, expected, LONG_AGO)
    due = {row.offset: row.due_at for row in rows if row.kind is Kind.REMINDER}
    assert due["P3D"] == at(three_days_before, zone)
    assert due["P1D"] == at(one_day_before, zone)
    assert to_local(due["PT2H"], zone).hour == 7
    assert expected.starts_at - due["PT2H"] == timedelta(hours=2)


@pytest.mark.parametrize(
    ("zone", "visit", "hours"),
    [
        (NEW_YORK, "2026-03-09 09:00", 71),
        (NEW_YORK, "2026-11-02 09:00", 73),
        (LORD_HOWE, "2026-04-06 09:00", 72.5),
        (LORD_HOWE, "2026-10-05 09:00", 71.5),
    ],
)
def test_three_days_across_a_change_are_not_72_hours(zone: str, visit: str, hours: float):
    expected = a_visit(visit, zone)
    row = ladder.reminders(CLINIC, expected, LONG_AGO)[0]
    assert expected.starts_at - row.due_at == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "visit", "solids", "clear"),
    [
        (NEW_YORK, "2026-03-08 08:00", "01:00", "06:00"),
        (NEW_YORK, "2026-11-01 08:00", "02:00", "06:00"),
        (BERLIN, "2026-03-29 08:00", "01:00", "06:00"),
        (LORD_HOWE, "2026-10-04 08:00", "01:30", "06:00"),
    ],
)
def test_fasting_hours_are_elapsed_when_the_clocks_change(zone: str, visit: str, solids: str, clear: str):
    starts_at = a_visit(visit, zone).starts_at
    assert f"{to_local(Fasting().solids_stop_at(starts_at), zone):%H:%M}" == solids
    assert f"{to_local(Fasting().clear_liquids_stop_at(starts_at), zone):%H:%M}" == clear


def test_each_reminder_is_of_use_until_the_next_one_or_until_it_cannot_be_followed():
    rows = ladder.reminders(CLINIC, a_visit("2026-03-19 09:00"), BOOKED_AT)
    until = {row.offset: row.expires_at for row in rows if row.kind is Kind.REMINDER}
    assert until == {"P3D": at("2026-03-18 09:00"), "P1D": at("2026-03-19 03:00"), "PT2H": at("2026-03-19 09:00")}


@pytest.mark.parametrize(
    ("solids_hours", "due", "until"),
    [
        (3, "2026-03-18 09:00", "2026-03-19 06:00"),
        (22, "2026-03-18 09:00", "2026-03-18 11:00"),
        (24, "2026-03-18 07:00", "2026-03-18 09:00"),
    ],
)
def test_fasting_of_another_length_is_said_before_it_begins(solids_hours: int, due: str, until: str):
    rows = ladder.reminders(CLINIC, a_visit("2026-03-19 09:00", fasting=Fasting(solids_hours)), BOOKED_AT)
    [reminder] = [row for row in rows if (row.kind, row.offset) == (Kind.REMINDER, "P1D")]
    assert (reminder.due_at, reminder.expires_at) == (at(due), at(until))


@pytest.mark.parametrize(
    ("visit", "planned"),
    [
        ("2026-03-05 10:00", ["P3D", "P1D", "PT2H"]),
        ("2026-03-05 09:59", ["P1D", "PT2H"]),
        ("2026-03-04 09:00", ["P1D", "PT2H"]),
        ("2026-03-03 09:59", ["PT2H"]),
        ("2026-03-02 11:00", []),
        ("2026-03-01 09:00", []),
    ],
)
def test_a_reminder_whose_time_is_over_is_not_planned(visit: str, planned: list[str]):
    rows = ladder.reminders(CLINIC, a_visit(visit), BOOKED_AT)
    assert [row.offset for row in rows if row.kind is Kind.REMINDER] == planned
    assert [row.offset for row in rows if row.kind is Kind.ESCORT_REMINDER] == [one for one in planned if one == "P1D"]


@pytest.mark.parametrize(
    ("visit", "zone", "listed_at"),
    [
        ("2026-03-09 09:00", NEW_YORK, "2026-03-08 03:00"),
        ("2026-03-08 12:00", NEW_YORK, "2026-03-07 05:00"),
        ("2026-11-01 12:00", NEW_YORK, "2026-10-31 07:00"),
        ("2026-03-29 12:00", BERLIN, "2026-03-28 05:00"),
        ("2026-10-04 12:00", LORD_HOWE, "2026-10-03 05:30"),
        ("2026-04-05 12:00", LORD_HOWE, "2026-04-04 06:30"),
    ],
)
def test_a_visit_is_on_the_front_desks_list_thirty_elapsed_hours_ahead(visit: str, zone: str, listed_at: str):
    [row] = [row for row in ladder.reminders(CLINIC, a_visit(visit, zone), LONG_AGO) if row.kind is Kind.UNCONFIRMED]
    assert (row.channel, row.offset) == (Channel.DESK, "PT30H")
    assert row.due_at == at(listed_at, zone)
    assert row.expires_at == at(visit, zone)


def test_who_takes_the_patient_home_is_reminded_the_day_before():
    visit = a_visit("2026-03-09 09:00")
    [row] = [row for row in ladder.reminders(CLINIC, visit, BOOKED_AT) if row.reader == ESCORT]
    assert (row.kind, row.channel, row.due_at) == (Kind.ESCORT_REMINDER, Channel.SMS, at("2026-03-08 09:00"))
    assert row.expires_at == row.needed_at == visit.starts_at


@pytest.mark.parametrize(
    ("zone", "discharged", "until"),
    [
        (NEW_YORK, "2026-03-07 16:00", "2026-03-08 17:00"),
        (NEW_YORK, "2026-10-31 16:00", "2026-11-01 15:00"),
        (BERLIN, "2026-03-28 16:00", "2026-03-29 17:00"),
        (LORD_HOWE, "2026-04-04 16:00", "2026-04-05 15:30"),
    ],
)
def test_until_when_not_to_drive_is_elapsed_hours_when_the_clocks_change(zone: str, discharged: str, until: str):
    assert no_driving_until(at(discharged, zone)) == at(until, zone)


def test_home_safe_is_asked_two_hours_after_going_home_and_of_use_for_two_more():
    visit = a_visit("2026-03-07 13:00", discharged_at=at("2026-03-07 16:00"), revision=2)
    [row] = ladder.home_safe(CLINIC, visit, at("2026-03-07 16:01"))
    assert (row.due_at, row.expires_at) == (at("2026-03-07 18:00"), at("2026-03-07 20:00"))
    assert (row.about, row.revision) == (visit.id, 2)
    assert ladder.home_safe(CLINIC, visit, at("2026-03-07 20:00")) == []
    assert ladder.home_safe(CLINIC, a_visit(), BOOKED_AT) == []
    assert ladder.home_safe(CLINIC, replace(visit, doses=False), at("2026-03-07 16:01")) == []


def test_a_talk_has_no_escort_and_its_reminders_end_with_it():
    dose, talk = a_visit(), a_visit(doses=False)
    rows = {visit: ladder.reminders(CLINIC, visit, LONG_AGO) for visit in (dose, talk)}
    kinds = {visit: [(row.kind, row.offset) for row in rows[visit]] for visit in rows}
    assert kinds[talk] == [row for row in kinds[dose] if row[0] is not Kind.ESCORT_REMINDER]
    (day_before,) = [row for row in rows[talk] if row.offset == "P1D"]
    assert day_before.expires_at == talk.starts_at


@pytest.mark.parametrize(
    ("open_for", "chases"),
    [
        (timedelta(hours=24), []),
        (timedelta(hours=36), [("PT24H", 24, 36)]),
        (timedelta(hours=72), [("PT24H", 24, 72)]),
        (timedelta(days=7), [("PT24H", 24, 72), ("PT72H", 72, 168)]),
    ],
)
def test_an_open_form_is_asked_for_again_while_it_can_be_filled_in(open_for: timedelta, chases: list[object]):
    check_in = a_check_in(expires_at=BOOKED_AT + open_for)
    rows = ladder.check_in_chases(CLINIC, check_in, BOOKED_AT)
    hour = timedelta(hours=1)
    assert [
        (row.offset, (row.due_at - BOOKED_AT) / hour, (row.expires_at - BOOKED_AT) / hour) for row in rows
    ] == chases


def test_a_form_heard_of_late_is_not_asked_for_twice_at_once():
    check_in = a_check_in(expires_at=BOOKED_AT + timedelta(days=7))
    rows = ladder.check_in_chases(CLINIC, check_in, BOOKED_AT + timedelta(hours=30))
    assert [row.offset for row in rows] == ["PT72H"]


def a_check_in(**changes: datetime) -> CheckIn:
    opened = check_in_opened(**changes)
    kept = ("patient_id", "link", "opened_at", "expires_at")
    return CheckIn(id="check_in/1", **{name: vars(opened)[name] for name in kept})


def test_a_booking_is_confirmed_at_once_by_e_mail():
    [row] = ladder.confirmation(CLINIC, "series/1", PATIENT, booked_at=BOOKED_AT, now=BOOKED_AT)
    assert (row.kind, row.channel, row.next_at) == (Kind.CONFIRMATION, Channel.EMAIL, BOOKED_AT)
    assert row.expires_at == BOOKED_AT + timedelta(hours=24)


def test_a_booking_heard_of_a_day_late_is_not_confirmed():
    late = BOOKED_AT + timedelta(hours=24)
    assert ladder.confirmation(CLINIC, "series/1", PATIENT, booked_at=BOOKED_AT, now=late) == []


@pytest.mark.parametrize("hours", [0, 100])
def test_notices_of_a_visit_that_is_over_are_not_planned(hours: int):
    visit = a_visit("2026-03-02 10:00")
    now = BOOKED_AT + timedelta(hours=hours)
    assert ladder.change_notice(CLINIC, visit, moved_at=BOOKED_AT, now=now) == []
    assert ladder.cancellation_notice(CLINIC, visit, cancelled_at=BOOKED_AT, now=now) == []
    assert ladder.series_cancellation_notice(CLINIC, [visit], [visit], cancelled_at=BOOKED_AT, now=now) == []
    assert ladder.series_change_notice(CLINIC, [visit], moved_at=BOOKED_AT, now=now) == []
    assert ladder.pause_notice(CLINIC, [visit], [visit], paused_at=BOOKED_AT, now=now) == []


def test_a_notice_of_several_visits_is_of_use_until_the_last_of_them():
    visits = [a_visit("2026-03-11 09:00", number=2), a_visit("2026-03-13 09:00", number=3), a_visit("2026-03-09 09:00")]
    [row] = ladder.series_cancellation_notice(CLINIC, visits, visits, cancelled_at=BOOKED_AT, now=BOOKED_AT)
    assert row.about == "series/series-1"
    assert row.expires_at == at("2026-03-13 09:00")


def test_what_happens_to_a_series_again_after_a_move_is_told_again():
    visits = [a_visit("2026-03-11 09:00", number=2), a_visit("2026-03-13 09:00", number=3)]
    moved = [visits[0], replace(visits[1], revision=1)]
    rows = [
        row
        for each in (visits, moved)
        for row in (
            *ladder.series_cancellation_notice(CLINIC, each, each, cancelled_at=BOOKED_AT, now=BOOKED_AT),
            *ladder.series_change_notice(CLINIC, each, moved_at=BOOKED_AT, now=BOOKED_AT),
            *ladder.pause_notice(CLINIC, each, each, paused_at=BOOKED_AT, now=BOOKED_AT),
        )
    ]
    assert len({row.id for row in rows}) == 6


def test_an_offer_is_told_at_once_and_as_long_as_it_can_be_answered():
    made = an_offer()
    [row] = ladder.offer(CLINIC, made, BOOKED_AT)
    assert (row.about, row.kind, row.next_at, row.expires_at) == (made.id, Kind.OFFER, BOOKED_AT, made.expires_at)
    assert ladder.offer(CLINIC, made, made.expires_at) == []


def test_notices_gather_for_a_minute():
    [row] = ladder.change_notice(CLINIC, a_visit(revision=1), moved_at=BOOKED_AT, now=BOOKED_AT)
    assert row.next_at == BOOKED_AT + timedelta(minutes=1)
    assert row.revision == 1


def test_a_link_to_a_form_that_is_over_is_not_sent():
    check_in = a_check_in()
    [row] = ladder.check_in_link(CLINIC, check_in, BOOKED_AT)
    assert (row.about, row.due_at, row.expires_at) == ("check_in/1", check_in.opened_at, check_in.expires_at)
    assert ladder.check_in_link(CLINIC, check_in, check_in.expires_at) == []
