from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.booking.domain.calendar.resource import ResourceKind
from services.booking.domain.calendar.slots import PATIENT, Weekday, patient_key, slots_between
from services.booking.domain.placement.availability import Calendar
from services.booking.domain.placement.placement import Wish, place_again, place_series
from services.booking.domain.protocol.protocol import Regimen
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session, SessionStatus
from shared.errors import Conflict, Fault, RuleBroken
from shared.localtime import resolve
from tests.support.booking_builders import (
    CASE_A,
    MOOD,
    NEW_YORK,
    a_calendar,
    a_chair,
    a_nurse,
    a_resource,
    a_series,
    hours,
    wishes,
)

SINGLE = TEMPLATES["booster-single"]
MONDAY = date(2026, 3, 9)
ALWAYS = hours("00:00", "23:59", Weekday)


def place(calendar: Calendar, wall: str = "2026-03-09T09:00", *named: str, second: bool = False) -> Session:
    wish = Wish(datetime.fromisoformat(wall), second, named)
    (session,) = place_series(SINGLE, [wish], calendar, ()).sessions
    return session


def booked(regimen: Regimen, dates: Iterable[date]) -> tuple[Session, ...]:
    placed = place_series(regimen, wishes(dates), a_calendar(), ())
    return tuple(replace(session, status=SessionStatus.BOOKED) for session in placed.sessions)


def again(
    series: Series, regimen: Regimen, number: int, wall: str, calendar: Calendar | None = None
) -> tuple[Session, list[str]]:
    wish = Wish(datetime.fromisoformat(wall))
    placed = place_again(series, regimen, {number: wish}, calendar=calendar or a_calendar(), elsewhere=())
    (session,) = placed.sessions
    return session, [note.code for note in placed.notes]


def faults(calendar: Calendar, wall: str = "2026-03-09T09:00", *named: str) -> list[Fault]:
    with pytest.raises((RuleBroken, Conflict)) as refusal:
        place(calendar, wall, *named)
    return list(refusal.value.faults)


def codes(calendar: Calendar, wall: str = "2026-03-09T09:00", *named: str) -> list[str]:
    return [fault.code for fault in faults(calendar, wall, *named)]


def taken(resource_id: str, wall: str, length: int = 5) -> Iterable[str]:
    at = resolve(datetime.fromisoformat(wall), NEW_YORK)
    return slots_between(resource_id, at, at + timedelta(minutes=length))


def test_case_a_is_placed_at_nine_on_the_wall_on_both_sides_of_the_clock_change():
    placed = place_series(MOOD, wishes(CASE_A), a_calendar(), ())
    sessions = placed.sessions
    assert [session.starts_at.hour for session in sessions] == [14, 14, 13, 13, 13, 13]
    assert {session.starts_local.hour for session in sessions} == {9}
    assert placed.notes == placed.allowed == ()


def test_a_session_takes_chair_nurse_and_patient_for_as_long_as_each_is_needed():
    claims = place(a_calendar(a_chair(), a_nurse(capacity=2))).claims
    start = resolve(datetime(2026, 3, 9, 9), NEW_YORK)  # noqa: DTZ001
    lengths = [(claim.kind, claim.from_at - start, claim.until_at - start) for claim in claims]
    minutes = [(kind, a // timedelta(minutes=1), b // timedelta(minutes=1)) for kind, a, b in lengths]
    assert minutes == [
        (PATIENT, -15, 130),
        ("chair", 0, 145),
        ("nurse", 0, 55),
        ("nurse", 55, 115),
        ("nurse", 115, 130),
    ]


@pytest.mark.parametrize(("wall", "fits"), [("08:00", True), ("14:30", True), ("14:35", True), ("14:40", False)])
def test_the_chair_is_turned_over_before_the_clinic_closes(wall: str, *, fits: bool):
    if fits:
        place(a_calendar(), f"2026-03-09T{wall}")
    else:
        assert codes(a_calendar(), f"2026-03-09T{wall}") == ["resource.closed"]


def test_the_patient_may_arrive_before_the_clinic_opens():
    session = place(a_calendar(), "2026-03-09T08:00")
    assert session.claims[0].from_at == session.starts_at - timedelta(minutes=15)


def test_sessions_may_touch():
    busy = [*taken("chair-1", "2026-03-09T06:35", 145), *taken("chair-1", "2026-03-09T11:25", 145)]
    assert place(a_calendar(busy=busy)).starts_local.hour == 9


@pytest.mark.parametrize("wall", ["2026-03-09T09:00", "2026-03-09T11:20"])
def test_a_taken_chair_is_refused_with_its_id_and_the_time_of_the_clash_only(wall: str):
    calendar = a_calendar(busy=taken("chair-1", wall))
    with pytest.raises(Conflict) as refusal:
        place(calendar)
    assert refusal.value.code == "series.slot-taken"
    (fault,) = refusal.value.faults
    until = (datetime.fromisoformat(wall) + timedelta(minutes=5)).isoformat(timespec="minutes")
    interval = {"from_local": wall, "until_local": until}
    assert fault.context == {"kind": "chair", "resource_id": "chair-1", "number": 1, **interval}
    assert fault.pointer == "/sessions/0"


def test_a_free_chair_without_a_free_nurse_is_refused():
    assert codes(a_calendar(busy=taken("nurse-1", "2026-03-09T09:30"))) == ["series.slot-taken"]


def test_a_nurse_who_is_half_busy_during_recovery_does_not_matter():
    during_recovery = tuple(taken("nurse-1", "2026-03-09T10:00", 50))
    place(a_calendar(a_chair(), a_nurse(capacity=2), busy=during_recovery))
    assert codes(a_calendar(busy=during_recovery)) == ["series.slot-taken"]


def test_every_taken_chair_is_named():
    calendar = a_calendar(
        a_chair("a"), a_chair("b"), a_nurse(), busy=[*taken("a", "2026-03-09T09:00"), *taken("b", "2026-03-09T10:00")]
    )
    assert [fault.context["resource_id"] for fault in faults(calendar)] == ["a", "b"]


def test_the_first_free_chair_by_name_is_taken():
    chairs = (a_chair("c", name="1"), a_chair("b", name="2"), a_chair("a", name="3"), a_nurse())
    assert place(a_calendar(*chairs)).claims[1].resource_id == "c"
    assert place(a_calendar(*chairs, busy=taken("c", "2026-03-09T10:00"))).claims[1].resource_id == "b"


def test_the_named_chair_is_taken_and_no_other():
    chairs = (a_chair("a"), a_chair("b"), a_nurse())
    assert place(a_calendar(*chairs), "2026-03-09T09:00", "b").claims[1].resource_id == "b"
    assert codes(a_calendar(*chairs, busy=taken("b", "2026-03-09T09:00")), "2026-03-09T09:00", "b") == [
        "series.slot-taken"
    ]


def test_a_busy_patient_has_a_code_of_their_own():
    with pytest.raises(Conflict) as refusal:
        place(a_calendar(busy=taken(patient_key("patient-1"), "2026-03-09T08:50")))
    assert refusal.value.code == "series.patient-busy"
    assert refusal.value.faults[0].context == {
        "number": 1,
        "from_local": "2026-03-09T08:50",
        "until_local": "2026-03-09T08:55",
    }


def test_turnover_does_not_keep_the_patient():
    place(a_calendar(busy=taken(patient_key("patient-1"), "2026-03-09T11:10")))


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ("nobody", "resource.unknown"),
        ("old-chair", "resource.inactive"),
        ("room-1", "resource.not-needed"),
    ],
)
def test_a_named_resource_that_cannot_serve_is_refused(named: str, code: str):
    room = a_resource(ResourceKind.ROOM, "room-1")
    calendar = a_calendar(a_chair(), a_nurse(), room, a_chair("old-chair", is_active=False))
    assert codes(calendar, "2026-03-09T09:00", named) == [code]


def test_a_clinic_without_a_nurse_says_so():
    assert codes(a_calendar(a_chair())) == ["resource.missing"]
    assert codes(a_calendar(a_chair(), a_nurse(is_active=False))) == ["resource.missing"]


def test_a_closed_day_is_refused():
    assert codes(a_calendar(a_chair(closed_on=(MONDAY,)), a_nurse())) == ["resource.closed"]


@pytest.mark.parametrize("wall", ["2026-03-09T09:02", "2026-03-09T09:00:30"])
def test_starts_are_on_the_five_minutes(wall: str):
    assert codes(a_calendar(), wall) == ["session.off-grid"]


def test_the_past_is_refused_and_the_present_is_not():
    now = resolve(datetime(2026, 3, 9, 9), NEW_YORK)  # noqa: DTZ001
    assert place(a_calendar(now=now)).starts_at == now
    assert codes(a_calendar(now=now + timedelta(seconds=1))) == ["session.in-past"]


@pytest.mark.parametrize(
    ("wall", "zone"),
    [
        ("2026-03-08T02:30", NEW_YORK),
        ("2026-03-29T02:30", "Europe/Berlin"),
        ("2026-10-04T02:15", "Australia/Lord_Howe"),
        ("2027-10-03T02:00", "Australia/Lord_Howe"),
    ],
)
def test_a_wall_time_that_does_not_exist_is_refused(wall: str, zone: str):
    calendar = a_calendar(a_chair(hours=ALWAYS), a_nurse(hours=ALWAYS), zone=zone)
    assert codes(calendar, wall) == ["time.in-gap"]


@pytest.mark.parametrize(
    ("wall", "zone", "first", "second"),
    [
        ("2026-11-01T01:30", NEW_YORK, "2026-11-01T05:30", "2026-11-01T06:30"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30", "2026-10-25T01:30"),
        ("2027-10-31T02:30", "Europe/Berlin", "2027-10-31T00:30", "2027-10-31T01:30"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45", "2026-04-04T15:15"),
    ],
)
def test_a_wall_time_that_happens_twice_is_the_earlier_one_unless_chosen(wall: str, zone: str, first: str, second: str):
    calendar = a_calendar(a_chair(hours=ALWAYS), a_nurse(hours=ALWAYS), zone=zone)
    early, late = place(calendar, wall), place(calendar, wall, second=True)
    assert (early.starts_at, early.second) == (datetime.fromisoformat(first).replace(tzinfo=UTC), False)
    assert (late.starts_at, late.second) == (datetime.fromisoformat(second).replace(tzinfo=UTC), True)
    assert early.starts_local == late.starts_local == datetime.fromisoformat(wall)


def test_durations_elapse_across_a_clock_change():
    night = a_calendar(a_chair(hours=ALWAYS), a_nurse(hours=ALWAYS))
    session = place(night, "2026-03-08T01:00")
    assert session.ends_at - session.starts_at == timedelta(minutes=130)
    assert night.local(session.ends_at) == datetime.fromisoformat("2026-03-08T04:10")


def test_second_means_nothing_at_a_time_that_happens_once():
    assert place(a_calendar(), second=True) == place(a_calendar())


@pytest.mark.parametrize("count", [5, 7])
def test_a_series_has_as_many_sessions_as_its_protocol(count: int):
    dates = [date(2026, 3, 4) + timedelta(days=3 * number) for number in range(count)]
    always = a_calendar(a_chair(hours=ALWAYS), a_nurse(hours=ALWAYS))
    with pytest.raises(RuleBroken) as refusal:
        place_series(MOOD, wishes(dates), always, ())
    assert ("series.wrong-count", "/sessions") in [(fault.code, fault.pointer) for fault in refusal.value.faults]


@pytest.mark.parametrize(("count", "fits"), [(7, False), (8, True), (9, True)])
def test_an_open_ended_series_has_at_least_the_planned_sessions(count: int, *, fits: bool):
    offsets = [0, 7, 14, 21, 35, 49, 63, 77, 105]
    dates = [MONDAY + timedelta(days=offset) for offset in offsets[:count]]
    regimen = TEMPLATES["maint-weekly-taper"]
    if fits:
        sessions = place_series(regimen, wishes(dates), a_calendar(), ()).sessions
        assert [session.phase for session in sessions][4:] == ["fortnightly"] * 4 + ["monthly"] * (count - 8)
    else:
        with pytest.raises(RuleBroken, match="cannot be booked"):
            place_series(regimen, wishes(dates), a_calendar(), ())


def test_sessions_of_one_series_do_not_overlap():
    dates = [MONDAY, MONDAY, *CASE_A[3:]]
    with pytest.raises(RuleBroken) as refusal:
        place_series(MOOD, wishes(dates), a_calendar(), ())
    overlap = next(fault for fault in refusal.value.faults if fault.code == "session.overlap-itself")
    assert (overlap.pointer, overlap.context) == ("/sessions/1", {"numbers": [1, 2]})


def test_every_reason_against_a_series_comes_at_once_and_says_where():
    asked = [
        Wish(datetime.fromisoformat(wall))
        for wall in (
            "2026-02-27T09:00",
            "2026-03-06T09:01",
            "2026-03-08T02:30",
            "2026-03-09T16:00",
            "2026-03-11T09:00",
            "2026-03-25T09:00",
        )
    ]
    busy = [*taken("chair-1", "2026-03-11T09:00"), *taken(patient_key("patient-1"), "2026-03-25T10:00")]
    with pytest.raises(RuleBroken) as refusal:
        place_series(MOOD, asked, a_calendar(busy=busy), (date(2026, 3, 11),))
    found = {(fault.pointer, fault.code) for fault in refusal.value.faults}
    assert found >= {
        ("/sessions/0", "session.in-past"),
        ("/sessions/1", "session.off-grid"),
        ("/sessions/2", "time.in-gap"),
        ("/sessions/3", "resource.closed"),
        ("/sessions/3", "spacing.too-soon"),
        ("/sessions/4", "series.slot-taken"),
        ("/sessions/4", "spacing.same-day"),
        ("/sessions/5", "series.patient-busy"),
        ("/sessions/5", "spacing.too-late"),
        ("/sessions/5", "spacing.window"),
    }


def test_taken_slots_alone_are_a_conflict_for_every_session():
    busy = [slot for on in CASE_A[1:3] for slot in taken("chair-1", f"{on}T09:00")]
    with pytest.raises(Conflict) as refusal:
        place_series(MOOD, wishes(CASE_A), a_calendar(busy=busy), ())
    assert [fault.pointer for fault in refusal.value.faults] == ["/sessions/1", "/sessions/2"]


def test_moving_one_session_keeps_the_rules_with_its_neighbours():
    sessions = booked(MOOD, CASE_A)
    with pytest.raises(RuleBroken) as refusal:
        again(a_series(*sessions), MOOD, 3, "2026-03-10T09:00")
    assert [(fault.code, fault.context["numbers"]) for fault in refusal.value.faults] == [
        ("spacing.too-soon", [3, 4]),
        ("spacing.rolling-seven-days", [3, 4, 5, 6]),
        ("cap.per-7-days", [3, 4, 5, 6]),
    ]


def test_moving_a_session_to_another_hour_of_its_day_is_fine():
    sessions = booked(MOOD, CASE_A)
    moved, notes = again(a_series(*sessions), MOOD, 3, "2026-03-09T14:30")
    assert (moved.number, moved.starts_local.hour, notes) == (3, 14, [])


def test_a_gap_that_was_torn_before_does_not_forbid_a_move():
    regimen = TEMPLATES["mood-iv-3x3w"]
    dates = (date(2026, 3, 3), date(2026, 3, 10), date(2026, 3, 17))
    sessions = booked(regimen, dates)
    missed = replace(sessions[1], status=SessionStatus.NOSHOW)
    series = a_series(sessions[0], missed, sessions[2])
    closer, _ = again(series, regimen, 3, "2026-03-12T09:00")
    assert closer.on == date(2026, 3, 12)
    same_day, _ = again(series, regimen, 3, "2026-03-17T11:00")
    assert same_day.starts_local.hour == 11
    with pytest.raises(RuleBroken):
        again(series, regimen, 3, "2026-03-18T09:00")


def test_a_gap_between_two_other_sessions_does_not_forbid_a_move():
    regimen = TEMPLATES["maint-weekly-taper"]
    dates = [MONDAY + timedelta(days=day) for day in (0, 7, 14, 21, 35, 49, 63, 77)]
    sessions = booked(regimen, dates)
    series = a_series(sessions[0], replace(sessions[1], status=SessionStatus.NOSHOW), *sessions[2:])
    later = datetime.combine(dates[5], time(14))
    moved, _ = again(series, regimen, 6, later.isoformat())
    assert moved.starts_local == later


def test_a_session_does_not_move_onto_another_one_of_its_series():
    kap = TEMPLATES["kap-6"]
    first, second = (replace(session, number=number) for number, session in enumerate((_talk(2), _talk(4)), 1))
    with pytest.raises(RuleBroken) as refusal:
        again(a_series(first, second), kap, 1, "2026-03-04T09:30", _talking())
    assert "session.overlap-itself" in {fault.code for fault in refusal.value.faults}


def _talking() -> Calendar:
    rooms = [a_resource(kind, hours=ALWAYS) for kind in (ResourceKind.ROOM, ResourceKind.THERAPIST, ResourceKind.NURSE)]
    return a_calendar(*rooms)


def _talk(day: int) -> Session:
    regimen = replace(TEMPLATES["kap-6"], phases=(replace(TEMPLATES["kap-6"].phases[0], sessions=1),))
    (session,) = place_series(regimen, wishes([date(2026, 3, day)]), _talking(), ()).sessions
    return replace(session, status=SessionStatus.BOOKED)


def test_a_session_that_is_past_moving_stays():
    sessions = booked(MOOD, CASE_A)
    series = a_series(replace(sessions[0], status=SessionStatus.FULFILLED), *sessions[1:])
    with pytest.raises(Conflict, match=r"session\.illegal-move"):
        again(series, MOOD, 1, "2026-03-04T10:00")
