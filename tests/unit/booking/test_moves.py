"""Sessions that get another place: one, several, all that follow; rests; and what a refusal offers instead."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.events import SeriesResumed, SessionMoved
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.override import Asked, Override
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import CancelReason, MissReason, SessionStatus
from services.booking.operations.moves import (
    Moved,
    MoveSession,
    MoveSessions,
    PauseSeries,
    Proposal,
    RebookSession,
    ReplanSession,
    ResumeSeries,
    ShiftSeries,
    move_session,
    move_sessions,
    pause_series,
    rebook_session,
    replan_session,
    resume_series,
    shift_series,
)
from services.booking.operations.series import BookSeries, CancelSession, MarkMissed, cancel_session, mark_missed
from shared.errors import Conflict, Fault, Forbidden, Invalid, Refused
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    a_booking,
    a_chair,
    a_nurse,
    a_world,
    booked,
    hours,
    measured,
    wishes,
)
from tests.support.booking_fakes import A_CLINICIAN, FakeBooking
from tests.support.booking_treated import treat


def march(*days: int) -> tuple[date, ...]:
    return tuple(date(2026, 3, day) for day in days)


MON_9, WED_11, FRI_13, MON_16, WED_18 = march(9, 11, 13, 16, 18)


def dates(series: Series) -> list[date]:
    return [session.on for session in series.sessions]


def moved(world: FakeBooking, series: Series, number: int, wall: str, *overrides: Asked) -> Series:
    command = MoveSession(series.id, number, series.version, datetime.fromisoformat(wall), overrides=overrides)
    changed: Series = world.run(CLINIC, move_session, command)
    return changed


def missed(world: FakeBooking, series: Series, number: int) -> Series:
    world.now = series.session(number).starts_at + timedelta(minutes=31)
    changed: Series = world.run(CLINIC, mark_missed, MarkMissed(series.id, number, MissReason.NO_SHOW))
    return changed


def a_booster(on: date, at: str) -> BookSeries:
    return a_booking([on], at, protocol="booster-single", condition=Condition.PTSD, patient_id="patient-2")


def treated(world: FakeBooking, series: Series, number: int) -> Series:
    world.now = series.session(number).starts_at
    measured(world)
    return treat(world, series.id, number)


def replanned(world: FakeBooking, series: Series, number: int) -> Proposal:
    found: Proposal = world.run(CLINIC, replan_session, ReplanSession(series.id, number))
    return found


def sent(world: FakeBooking, series: Series, asked: list[dict[str, Any]], *overrides: Asked) -> Series:
    """A proposal carried out, read from the figures of a fault."""
    several = tuple(
        Moved(datetime.fromisoformat(one["starts_local"]), one["second"], tuple(one["resource_ids"]), one["number"])
        for one in asked
    )
    changed: Series = world.run(CLINIC, move_sessions, MoveSessions(series.id, several, overrides))
    return changed


def refused(run: Any, *arguments: Any) -> dict[str, Fault]:
    with pytest.raises(Refused) as refusal:
        run(*arguments)
    return {fault.code: fault for fault in refusal.value.faults}


# --- a time that is taken


def test_a_taken_time_is_told_with_its_interval_and_the_nearest_times_that_fit():
    world = a_world()
    booked(
        world,
        a_booster(CASE_A[3], "11:00"),
    )
    with pytest.raises(Conflict) as refusal:
        booked(world)
    chair, nurse = refusal.value.faults
    assert chair.pointer == nurse.pointer == "/sessions/3"
    assert chair.context == {
        "number": 4,
        "kind": "chair",
        "resource_id": "chair-1",
        "from_local": "2026-03-11T11:00",
        "until_local": "2026-03-11T11:25",
        "alternatives": ["2026-03-11T08:30", "2026-03-11T08:15", "2026-03-11T08:00"],
    }
    assert nurse.context["alternatives"] == chair.context["alternatives"]


def test_what_is_offered_instead_can_be_booked():
    world = a_world()
    booked(
        world,
        a_booster(CASE_A[3], "09:00"),
    )
    fault = refused(booked, world)["series.slot-taken"]
    instead = [datetime.fromisoformat(wall) for wall in fault.context["alternatives"]]
    assert [wall.isoformat() for wall in instead] == [
        "2026-03-11T11:30:00",
        "2026-03-11T11:45:00",
        "2026-03-11T12:00:00",
    ]
    asked = list(wishes(CASE_A))
    asked[3] = wishes([CASE_A[3]], "11:30")[0]
    assert booked(world, a_booking((), sessions=tuple(asked))).session(4).starts_local == instead[0]


def test_a_full_day_leads_to_the_next_dates_that_the_rules_allow():
    world = a_world()
    for hour in ("08:00", "10:30", "13:00"):
        other = a_booking(
            [CASE_A[5]], hour, protocol="booster-single", condition=Condition.PTSD, patient_id="patient-2"
        )
        world.exposures.clear()
        booked(world, other)
    fault = refused(booked, world)["series.slot-taken"]
    assert fault.context["alternatives"] == ["2026-03-17T09:00", "2026-03-17T08:45", "2026-03-17T09:15"]


# --- one session moves: the others stay, or the smallest re-plan is proposed


def test_a_move_that_breaks_the_spacing_proposes_the_smallest_re_plan_and_changes_nothing():
    world = a_world()
    series = booked(world)
    faults = refused(moved, world, series, 3, "2026-03-11T09:00")
    assert "spacing.same-day" in faults
    proposal = faults["series.replan-proposed"].context
    assert [(one["number"], one["starts_local"]) for one in proposal["sessions"]] == [
        (3, "2026-03-11T09:00"),
        (4, "2026-03-13T09:00"),
        (5, "2026-03-16T09:00"),
        (6, "2026-03-18T09:00"),
    ]
    assert world.all(Series) == [series]


def test_the_proposed_re_plan_is_carried_out_as_it_was_told_in_one_commit():
    world = a_world()
    series = booked(world)
    proposal = refused(moved, world, series, 3, "2026-03-11T09:00")["series.replan-proposed"].context
    changed = sent(world, series, proposal["sessions"])
    assert dates(changed) == [*CASE_A[:2], WED_11, FRI_13, MON_16, WED_18]
    assert changed.version == series.version + 1
    assert [event.number for event in world.events(SessionMoved)] == [3, 4, 5, 6]


def test_the_fewest_sessions_move():
    world = a_world()
    series = booked(world)
    proposal = refused(moved, world, series, 5, "2026-03-16T09:00")["series.replan-proposed"].context
    assert [(one["number"], one["starts_local"]) for one in proposal["sessions"]] == [
        (5, "2026-03-16T09:00"),
        (6, "2026-03-18T09:00"),
    ]


def test_an_earlier_session_may_move_when_that_is_less():
    world = a_world()
    series = booked(world)
    proposal = refused(moved, world, series, 2, "2026-03-05T09:00")["series.replan-proposed"].context
    assert [one["number"] for one in proposal["sessions"]] == [1, 2]


def test_no_re_plan_is_proposed_where_the_place_itself_is_wrong():
    world = a_world()
    series = booked(world)
    faults = refused(moved, world, series, 3, "2026-03-08T09:00")
    assert "resource.closed" in faults
    assert "series.replan-proposed" not in faults


def test_several_moves_are_all_or_nothing():
    world = a_world()
    series = booked(world)
    several = (
        Moved(datetime.fromisoformat("2026-03-18T09:00"), number=6),
        Moved(datetime.fromisoformat("2026-03-16T16:00"), number=5),
    )
    faults = refused(world.run, CLINIC, move_sessions, MoveSessions(series.id, several))
    assert faults["resource.closed"].context["number"] == 5
    assert world.all(Series) == [series]


def test_two_sessions_may_change_places():
    world = a_world(a_chair("a"), a_chair("b"), a_nurse("c"), a_nurse("d"))
    series = booked(world)
    walls = {5: "2026-03-13T10:00", 6: "2026-03-16T08:30"}
    several = tuple(Moved(datetime.fromisoformat(wall), number=number) for number, wall in walls.items())
    changed = world.run(CLINIC, move_sessions, MoveSessions(series.id, several))
    assert [changed.session(number).starts_local.isoformat(timespec="minutes") for number in walls] == [*walls.values()]


def test_a_session_named_twice_is_refused():
    world = a_world()
    series = booked(world)
    twice = (Moved(datetime.fromisoformat("2026-03-09T10:00"), number=3),) * 2
    with pytest.raises(Invalid, match=r"series\.number-twice"):
        world.run(CLINIC, move_sessions, MoveSessions(series.id, twice))


# --- a missed session


def test_case_b_the_missed_third_session_moves_the_rest_by_one_place():
    world = a_world()
    series = missed(world, booked(world), 3)
    proposal = replanned(world, series, 3)
    assert [(one.number, one.on) for one in proposal.sessions] == [
        (3, WED_11),
        (4, FRI_13),
        (5, MON_16),
        (6, WED_18),
    ]
    assert proposal.overrides == ()
    several = tuple(Moved(one.starts_local, number=one.number) for one in proposal.sessions)
    changed = world.run(CLINIC, move_sessions, MoveSessions(series.id, several))
    assert dates(changed) == [*CASE_A[:2], WED_11, FRI_13, MON_16, WED_18]
    assert (changed.sessions[-1].on - changed.sessions[0].on).days == 14
    assert [(note.code, note.numbers, note.context["days"]) for note in changed.notes] == [("spacing.late", (2, 3), 5)]
    assert [session.number for session in changed.sessions] == [1, 2, 3, 4, 5, 6]
    assert changed.session(3).history[0].status is SessionStatus.NOSHOW


def test_shifting_the_rest_by_one_place_says_the_same_as_case_b():
    world = a_world()
    series = missed(world, booked(world), 3)
    changed = world.run(CLINIC, shift_series, ShiftSeries(series.id, 3, by_one_place=True))
    assert dates(changed) == [*CASE_A[:2], WED_11, FRI_13, MON_16, WED_18]
    assert [note.code for note in changed.notes] == ["spacing.late"]


def test_a_missed_last_session_is_booked_again_under_its_number():
    world = a_world()
    series = missed(world, booked(world), 6)
    assert series.status is SeriesStatus.ACTIVE
    wall = datetime.fromisoformat("2026-03-18T09:00")
    again = world.run(CLINIC, rebook_session, RebookSession(series.id, 6, wall))
    assert (again.session(6).status, again.session(6).on) == (SessionStatus.BOOKED, WED_18)
    assert world.events()[-1].revision == 1


def test_a_session_that_has_its_place_is_not_booked_again_and_a_lost_one_not_moved():
    world = a_world()
    series = booked(world)
    wall = datetime.fromisoformat("2026-03-18T09:00")
    with pytest.raises(Conflict, match=r"session\.illegal-move"):
        world.run(CLINIC, rebook_session, RebookSession(series.id, 6, wall))
    series = missed(world, series, 6)
    with pytest.raises(Conflict, match=r"session\.illegal-move"):
        moved(world, series, 6, "2026-03-18T09:00")


def test_a_lost_session_is_not_booked_again_once_a_later_one_took_place():
    world = a_world()
    series = booked(world)
    world.run(CLINIC, cancel_session, CancelSession(series.id, 2, CancelReason.PATIENT))
    wall = datetime.fromisoformat("2026-03-10T09:00")
    assert "spacing.out-of-order" in refused(world.run, CLINIC, rebook_session, RebookSession(series.id, 2, wall))


def test_two_let_downs_in_a_row_are_for_a_coordinator():
    world = a_world()
    series = missed(world, missed(world, booked(world), 2), 3)
    assert "series.coordinate-first" in refused(replanned, world, series, 3)
    wall = datetime.fromisoformat("2026-03-10T09:00")
    assert "series.coordinate-first" not in refused(
        world.run, CLINIC, rebook_session, RebookSession(series.id, 3, wall)
    )


def test_without_any_free_time_there_is_no_re_plan():
    world = a_world()
    series = booked(world)
    world.run(CLINIC, cancel_session, CancelSession(series.id, 6, CancelReason.CLINIC))
    unit = world.unit(CLINIC)
    unit.resources.save(replace(unit.resources.get("nurse-1"), is_active=False))
    unit.commit()
    assert "series.no-fit" in refused(replanned, world, series, 6)


# --- this and all that follow


def test_shifting_by_days_moves_this_and_all_that_follow_at_the_same_wall_time():
    world = a_world()
    changed = world.run(
        CLINIC, shift_series, ShiftSeries(booked(world, a_booking(march(2, 4, 6, 9, 11, 13))).id, 1, days=7)
    )
    assert dates(changed) == list(march(9, 11, 13, 16, 18, 20))
    assert {session.starts_local.hour for session in changed.sessions} == {9}


def test_shifting_to_a_new_start_moves_all_by_the_same_step():
    world = a_world()
    changed = world.run(
        CLINIC, shift_series, ShiftSeries(booked(world).id, 1, local=datetime.fromisoformat("2026-03-11T11:00"))
    )
    assert dates(changed) == [day + timedelta(days=7) for day in CASE_A]
    assert {session.starts_local.hour for session in changed.sessions} == {11}
    assert {session.revision for session in changed.sessions} == {1}


def test_a_shift_onto_closed_days_moves_nothing():
    world = a_world()
    series = booked(world)
    faults = refused(world.run, CLINIC, shift_series, ShiftSeries(series.id, 2, days=1))
    assert faults["resource.closed"].context["number"] == 5
    assert world.all(Series) == [series]


def test_a_shift_keeps_the_chair_where_it_is_free():
    world = a_world(a_chair("a"), a_chair("b"), a_nurse())
    series = booked(world, a_booking((), sessions=wishes(CASE_A, "09:00", "b")))
    changed = world.run(CLINIC, shift_series, ShiftSeries(series.id, 1, days=7))
    assert {claim.resource_id for one in changed.sessions for claim in one.claims if claim.kind == "chair"} == {"b"}


# --- rests


def paused(world: FakeBooking, series: Series) -> Series:
    changed: Series = world.run(CLINIC, pause_series, PauseSeries(series.id, CancelReason.PATIENT))
    return changed


def test_a_short_rest_gives_every_session_its_former_place_back():
    world = a_world()
    series = booked(world)
    paused(world, series)
    resumed = world.run(CLINIC, resume_series, ResumeSeries(series.id))
    assert dates(resumed) == list(CASE_A)
    assert resumed.status is SeriesStatus.ACTIVE
    assert len(world.events(SeriesResumed)) == 1


def test_somebody_else_may_have_the_place_meanwhile():
    world = a_world()
    series = paused(world, booked(world))
    other = booked(world, a_booking(patient_id="patient-2"))
    resumed = world.run(CLINIC, resume_series, ResumeSeries(series.id))
    assert dates(resumed) == list(CASE_A)
    assert resumed.slots.isdisjoint(other.slots)


def test_going_on_at_given_times():
    world = a_world()
    series = paused(world, booked(world))
    later = [day + timedelta(days=7) for day in CASE_A]
    asked = tuple(Moved(wish.local, number=number) for number, wish in enumerate(wishes(later, "10:00"), 1))
    resumed = world.run(CLINIC, resume_series, ResumeSeries(series.id, asked))
    assert dates(resumed) == later


def rested(gap: int) -> tuple[FakeBooking, ResumeSeries]:
    """Five sessions are done, the last on 16 March; session 6 rests and is wanted `gap` days later."""
    every_day = hours("08:00", "17:00", Weekday)
    world = a_world(a_chair(hours=every_day), a_nurse(hours=every_day))
    series = booked(world, a_booking(march(6, 9, 11, 13, 16, 18)))
    for number in range(1, 6):
        series = treated(world, series, number)
    series = world.run(CLINIC, pause_series, PauseSeries(series.id, CancelReason.PATIENT))
    wall = datetime.combine(march(16)[0] + timedelta(days=gap), time(9))
    return world, ResumeSeries(series.id, (Moved(wall, number=6),))


@pytest.mark.parametrize(("gap", "noted"), [(4, []), (5, ["spacing.late"]), (7, ["spacing.late"])])
def test_a_rest_of_up_to_seven_days_is_noted_at_most(gap: int, noted: list[str]):
    world, command = rested(gap)
    resumed = world.run(CLINIC, resume_series, command)
    assert [note.code for note in resumed.notes if note.code == "spacing.late"] == noted


@pytest.mark.parametrize(
    ("gap", "code"), [(8, "spacing.too-late"), (14, "spacing.too-late"), (15, "spacing.suspended")]
)
def test_a_longer_rest_needs_a_clinicians_word_and_above_fourteen_days_another_assessment(gap: int, code: str):
    """Case E: the last infusion on 16 March, the next one wanted on 31 March."""
    world, command = rested(gap)
    broken = refused(world.run, CLINIC, resume_series, command)
    assert set(broken) == {code, *(["spacing.window"] if gap > 11 else [])}
    word = replace(command, overrides=tuple(Asked(each, "assessed on 30 March") for each in broken))
    with pytest.raises(Forbidden):
        world.run(CLINIC, resume_series, word)
    world.actor = A_CLINICIAN
    resumed = world.run(CLINIC, resume_series, word)
    kept = Override(code, "assessed on 30 March", A_CLINICIAN.id, world.now, (5, 6))
    assert kept in resumed.overrides
    assert {note.code for note in resumed.notes} >= set(broken)


def test_where_only_a_clinicians_word_helps_the_re_plan_says_which():
    world, command = rested(30)
    world.now = world.now + timedelta(days=16)
    faults = refused(world.run, CLINIC, resume_series, ResumeSeries(command.series_id))
    assert set(faults) == {"spacing.suspended", "spacing.window"}


# --- overrides


def test_a_clinician_may_allow_more_doses_in_seven_days():
    world = a_world()
    world.actor = A_CLINICIAN
    word = (Asked("spacing.rolling-seven-days", "severe relapse"),)
    asked = a_booking(
        march(3, 6, 9, 12, 16, 19), protocol="mood-iv-6x3w", condition=Condition.DEPRESSION, overrides=word
    )
    series = booked(world, asked)
    (kept,) = series.overrides
    assert (kept.code, kept.reason, kept.by, kept.at) == (word[0].code, "severe relapse", A_CLINICIAN.id, world.now)
    assert kept.numbers == (1, 2, 3, 4)


def test_without_the_scope_no_rule_is_set_aside_even_if_none_is_broken():
    world = a_world()
    with pytest.raises(Forbidden, match="clinician"):
        booked(world, a_booking(overrides=(Asked("spacing.too-late", "holiday"),)))


@pytest.mark.parametrize(
    "code", ["spacing.same-day", "spacing.too-soon", "spacing.out-of-order", "series.slot-taken", "x"]
)
def test_some_rules_never_give_way(code: str):
    world = a_world()
    world.actor = A_CLINICIAN
    faults = refused(booked, world, a_booking(overrides=(Asked(code, "because"),)))
    assert faults["override.not-possible"].pointer == "/overrides/0/code"


def test_an_override_that_nothing_needs_is_refused():
    world = a_world()
    world.actor = A_CLINICIAN
    faults = refused(booked, world, a_booking(overrides=(Asked("spacing.too-late", "just in case"),)))
    assert faults["override.not-needed"].pointer == "/overrides/0/code"
    assert world.all(Series) == []
