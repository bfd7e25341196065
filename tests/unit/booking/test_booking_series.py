from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.resource import ResourceKind
from services.booking.domain.chart.consent import Consent, Scope
from services.booking.domain.events import SeriesBooked, SeriesCompleted, SessionCancelled, SessionMoved
from services.booking.domain.placement.reassignment import Decision
from services.booking.domain.protocol.care import ORDINARY
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import CancelReason, MissReason, SessionStatus
from services.booking.operations.moves import MoveSession, move_session
from services.booking.operations.protocol import (
    ListProtocols,
    PublishProtocol,
    ShowProtocol,
    list_protocols,
    publish_protocol,
    show_protocol,
)
from services.booking.operations.queries import (
    ListSeries,
    ListSessions,
    ShowSeries,
    list_series,
    list_sessions,
    show_series,
)
from services.booking.operations.resource import (
    AddResource,
    ChangeResource,
    ListResources,
    ShowResource,
    add_resource,
    change_resource,
    list_resources,
    show_resource,
)
from services.booking.operations.series import (
    BookSeries,
    CancelSeries,
    CancelSession,
    FirstFit,
    MarkMissed,
    book_series,
    cancel_series,
    cancel_session,
    mark_missed,
)
from services.booking.operations.visits import (
    CheckInSession,
    DischargeSession,
    StartSession,
    check_in_session,
    discharge_session,
    start_session,
)
from shared.errors import Conflict, Contended, Forbidden, Invalid, NotFound, RuleBroken, Stale
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    MOOD,
    NEW_YORK,
    OTHER_CLINIC,
    PATIENT,
    a_booking,
    a_chair,
    a_clinic,
    a_nurse,
    a_world,
    booked,
    hours,
    measured,
    slots_of_patient,
    wishes,
)
from tests.support.booking_fakes import A_CLINICIAN, FakeBooking
from tests.support.booking_treated import treat


def at_session(world: FakeBooking, series: Series, number: int) -> None:
    world.now = series.session(number).starts_at


def moved(world: FakeBooking, series: Series, number: int, wall: str, **fields: Any) -> Series:
    command = MoveSession(series.id, number, series.version, datetime.fromisoformat(wall), **fields)
    changed: Series = world.run(CLINIC, move_session, command)
    return changed


def treated(world: FakeBooking, series: Series, number: int) -> Series:
    at_session(world, series, number)
    measured(world)
    return treat(world, series.id, number)


# --- booking


def test_six_sessions_are_booked_at_once():
    world = a_world()
    series = booked(world)
    assert [session.starts_at.hour for session in series.sessions] == [14, 14, 13, 13, 13, 13]
    assert (series.protocol, series.edition, series.zone, series.version) == ("mood-iv-6x2w", 1, NEW_YORK, 1)
    assert series.condition is Condition.DEPRESSION
    assert world.all(Series) == [series]
    (told,) = world.events()
    assert isinstance(told, SeriesBooked)
    assert len(told.sessions) == 6


def test_one_taken_session_of_six_books_nothing():
    world = a_world()
    booked(world, a_booking([CASE_A[3]], protocol="booster-single", condition=Condition.PTSD, patient_id="patient-2"))
    with pytest.raises(Conflict) as refusal:
        booked(world)
    assert refusal.value.code == "series.slot-taken"
    assert {fault.pointer for fault in refusal.value.faults} == {"/sessions/3"}
    assert {fault.context["resource_id"] for fault in refusal.value.faults} == {"chair-1", "nurse-1"}
    assert "patient-2" not in repr(refusal.value.faults)
    assert len(world.all(Series)) == len(world.told) == 1


def test_two_who_decide_at_the_same_time_do_not_both_get_the_chair():
    world = a_world()
    one, other = world.unit(CLINIC), world.unit(CLINIC)
    book_series(one, a_booking())
    book_series(other, a_booking(patient_id="patient-2"))
    one.commit()
    with pytest.raises(Contended):
        other.commit()
    assert len(world.all(Series)) == 1


def test_who_came_second_is_refused_when_the_decision_is_taken_again():
    world = a_world()
    rivals = [a_booking(patient_id="patient-2")]

    def book_while_another_one_books(uow: Any, command: BookSeries) -> Series:
        series = book_series(uow, command)
        while rivals:
            booked(world, rivals.pop())
        return series

    with pytest.raises(Conflict, match=r"series\.slot-taken"):
        world.run(CLINIC, book_while_another_one_books, a_booking())
    assert [series.patient_id for series in world.all(Series)] == ["patient-2"]


def test_who_came_second_gets_the_next_place_when_any_will_do():
    world = a_world()
    rivals = [a_booking(CASE_A, at="08:00", patient_id="patient-2")]

    def book_while_another_one_books(uow: Any, command: BookSeries) -> Series:
        series = book_series(uow, command)
        while rivals:
            booked(world, rivals.pop())
        return series

    anywhere = a_booking((), first_fit=FirstFit(CASE_A[0]))
    series = world.run(CLINIC, book_while_another_one_books, anywhere)
    assert {session.starts_local.time() for session in series.sessions} == {time(10, 30)}


def test_the_database_refuses_a_second_dose_on_one_day_even_when_both_were_decided_at_once():
    world = a_world(a_chair("a"), a_chair("b"), a_nurse("c"), a_nurse("d"))
    # Else it were a consent, which is linked to one series, that lets only one of them through.
    of_series = [key for key, consent in world.rows[Consent].items() if consent.rule.scope is Scope.SERIES]
    for key in of_series:
        del world.rows[Consent][key]
    one, other = world.unit(CLINIC), world.unit(CLINIC)
    book_series(one, a_booking(CASE_A, at="08:00"))
    book_series(other, a_booking(CASE_A, at="13:00"))
    one.commit()
    with pytest.raises(Contended, match="dose"):
        other.commit()
    with pytest.raises(RuleBroken) as refusal:
        booked(world, a_booking(CASE_A, at="13:00"))
    assert "spacing.same-day" in {fault.code for fault in refusal.value.faults}


def test_the_patient_cannot_be_in_two_chairs_at_once():
    world = a_world(a_chair("a"), a_chair("b"), a_nurse("c"), a_nurse("d"))
    booked(world)
    with pytest.raises(RuleBroken) as refusal:
        booked(world)
    assert "series.patient-busy" in {fault.code for fault in refusal.value.faults}


def test_two_patients_share_the_hour_when_there_are_two_chairs_and_two_nurses():
    world = a_world(a_chair("a"), a_chair("b"), a_nurse("c"), a_nurse("d"))
    first, second = booked(world), booked(world, a_booking(patient_id="patient-2"))
    assert first.slots.isdisjoint(second.slots)


def test_the_first_fit_starts_today_unless_said_otherwise():
    series = booked(a_world(), BookSeries(PATIENT, "mood-iv-6x2w"))
    assert series.sessions[0].on == date(2026, 3, 2)


def test_the_first_fit_does_not_look_into_the_past():
    series = booked(a_world(), BookSeries(PATIENT, "mood-iv-6x2w", first_fit=FirstFit(date.min)))
    assert series.sessions[0].on == date(2026, 3, 2)


def test_the_first_fit_goes_around_what_is_booked_far_ahead():
    world = a_world()
    booked(world, a_booking([CASE_A[5]], at="09:00", protocol="booster-single", condition=Condition.PTSD))
    series = booked(world, a_booking((), patient_id="patient-2", first_fit=FirstFit(CASE_A[0], time(9))))
    assert series.sessions[5].starts_local == datetime(2026, 3, 16, 11, 30)  # noqa: DTZ001


def test_a_note_of_the_rules_is_kept_on_the_series():
    dates = (*CASE_A[:2], *(date(2026, 3, day) for day in (11, 13, 16, 18)))
    series = booked(a_world(), a_booking(dates))
    assert [(note.code, note.numbers) for note in series.notes] == [("spacing.late", (2, 3))]


@pytest.mark.parametrize(
    "unknown", [{"patient_id": "nobody"}, {"protocol": "nothing"}, {"edition": 2}], ids=lambda each: next(iter(each))
)
def test_what_is_not_there_is_not_found(unknown: dict[str, Any]):
    with pytest.raises(NotFound):
        booked(a_world(), a_booking(**unknown))


@pytest.mark.parametrize(
    ("protocol", "condition", "treated_as"),
    [
        ("mood-iv-6x2w", None, Condition.DEPRESSION),
        ("mood-iv-6x2w", Condition.DEPRESSION, Condition.DEPRESSION),
        ("mood-iv-6x2w", Condition.OCD, None),
        ("booster-single", Condition.OCD, Condition.OCD),
        ("booster-single", None, None),
    ],
)
def test_the_condition_is_one_that_the_protocol_treats(
    protocol: str, condition: Condition | None, treated_as: Condition | None
):
    command = BookSeries(PATIENT, protocol, condition=condition)
    if treated_as:
        assert booked(a_world(), command).condition is treated_as
    else:
        with pytest.raises(RuleBroken, match=r"series\.condition-not-treated"):
            booked(a_world(), command)


# --- moving, cancelling, going through the day


def test_moving_session_three_keeps_six_sessions():
    world = a_world()
    series = moved(world, booked(world), 3, "2026-03-09T14:30")
    assert [session.starts_local.hour for session in series.sessions] == [9, 9, 14, 9, 9, 9]
    assert [session.revision for session in series.sessions] == [0, 0, 1, 0, 0, 0]
    assert series.version == 2
    told = world.events()[-1]
    assert isinstance(told, SessionMoved)
    assert (told.number, told.revision) == (3, 1)


def test_a_session_may_move_onto_its_own_slots():
    world = a_world()
    assert moved(world, booked(world), 3, "2026-03-09T09:30").session(3).starts_local.minute == 30


def test_a_session_does_not_move_onto_another_patients_slots():
    world = a_world()
    booked(world, a_booking(patient_id="patient-2", at="13:00"))
    with pytest.raises(Conflict) as refusal:
        moved(world, booked(world), 3, "2026-03-09T12:00")
    assert refusal.value.faults[0].pointer == ""


def test_moving_frees_the_place_that_it_leaves():
    world = a_world()
    before = booked(world)
    after = moved(world, before, 3, "2026-03-09T14:30")
    booster = a_booking([CASE_A[2]], patient_id="patient-2", protocol="booster-single", condition=Condition.PTSD)
    booked(world, booster)
    assert len(after.slots) == len(before.slots)


def test_a_move_meant_for_an_older_version_is_stale():
    world = a_world()
    series = booked(world)
    moved(world, series, 3, "2026-03-09T14:30")
    with pytest.raises(Stale):
        moved(world, series, 3, "2026-03-09T10:00")


def test_a_move_keeps_to_the_edition_that_was_booked():
    world = a_world()
    series = booked(world)
    strict = replace(MOOD, phases=(replace(MOOD.phases[0], min_days=3, per_seven_days=3),), tolerance_days=30)
    world.run(CLINIC, publish_protocol, PublishProtocol("mood-iv-6x2w", replace(strict, window_days=30)))
    assert moved(world, series, 5, "2026-03-13T11:00").edition == 1


def test_a_move_brings_the_notes_up_to_date():
    world = a_world()
    series = moved(world, booked(world), 6, "2026-03-18T09:00")
    assert [note.code for note in series.notes] == ["spacing.late"]
    assert moved(world, series, 6, "2026-03-16T09:00").notes == ()


def test_a_dose_of_another_series_keeps_its_distance_on_a_move():
    world = a_world()
    booster = a_booking([date(2026, 3, 18)], protocol="booster-single", condition=Condition.PTSD, at="14:00")
    series = booked(world)
    with pytest.raises(RuleBroken):
        booked(world, booster)
    world.run(CLINIC, cancel_series, CancelSeries(series.id, CancelReason.OTHER))
    booked(world, booster)
    with pytest.raises(RuleBroken) as refusal:
        booked(world, a_booking([date(2026, 3, day) for day in (9, 11, 13, 16, 18, 20)]))
    assert "spacing.same-day" in {fault.code for fault in refusal.value.faults}


@pytest.mark.parametrize("how", ["cancel", "miss"])
def test_a_lost_session_frees_its_chair_for_somebody_else(how: str):
    world = a_world()
    series = booked(world)
    if how == "cancel":
        world.run(CLINIC, cancel_session, CancelSession(series.id, 1, CancelReason.WEATHER))
    else:
        at_session(world, series, 1)
        world.run(CLINIC, mark_missed, MarkMissed(series.id, 1, MissReason.LATE))
    again = a_booking([CASE_A[0]], patient_id="patient-2", protocol="booster-single", condition=Condition.PTSD)
    assert booked(world, again).sessions[0].on == CASE_A[0]


def test_a_series_is_completed_with_its_last_session():
    world = a_world()
    series = booked(world)
    for number in range(1, 7):
        assert series.status is SeriesStatus.ACTIVE
        series = treated(world, series, number)
    assert series.status is SeriesStatus.COMPLETED
    assert {session.status for session in series.sessions} == {SessionStatus.FULFILLED}
    assert isinstance(world.events()[-1], SeriesCompleted)
    assert slots_of_patient(series)


def test_cancelling_a_series_cancels_what_is_open_and_frees_everything():
    world = a_world()
    series = treated(world, booked(world), 1)
    cancelled = world.run(CLINIC, cancel_series, CancelSeries(series.id, CancelReason.CLINICAL))
    assert cancelled.status is SeriesStatus.CANCELLED
    assert len(world.events(SessionCancelled)) == 5
    assert cancelled.slots == series.session(1).slots


COMMANDS = [
    (show_series, ShowSeries("series-9")),
    (move_session, MoveSession("series-9", 1, 1, datetime(2026, 3, 4, 9))),  # noqa: DTZ001
    (cancel_session, CancelSession("series-9", 1, CancelReason.PATIENT)),
    (cancel_series, CancelSeries("series-9", CancelReason.PATIENT)),
    (check_in_session, CheckInSession("series-9", 1)),
    (start_session, StartSession("series-9", 1)),
    (discharge_session, DischargeSession("series-9", 1)),
    (mark_missed, MarkMissed("series-9", 1, MissReason.NO_SHOW)),
]


@pytest.mark.parametrize(("operation", "command"), COMMANDS, ids=lambda each: getattr(each, "__name__", ""))
def test_another_clinics_series_is_not_found(operation: Any, command: Any):
    world = a_world()
    series = booked(world)
    with pytest.raises(NotFound):
        world.run(OTHER_CLINIC, operation, replace(command, series_id=series.id))


# --- reading


def test_series_are_listed_by_patient_and_status():
    world = a_world()
    first = booked(world)
    second = booked(world, a_booking(patient_id="patient-2", at="13:00"))
    assert world.run(CLINIC, show_series, ShowSeries(first.id)) == first
    page = world.run(CLINIC, list_series, ListSeries(1, None))
    assert (list(page.items), page.after) == ([first], first.id)
    page = world.run(CLINIC, list_series, ListSeries(1, page.after))
    assert (list(page.items), page.after) == ([second], None)
    assert world.run(CLINIC, list_series, ListSeries(9, None, patient_id="patient-2")).items == [second]
    assert world.run(CLINIC, list_series, ListSeries(9, None, status=SeriesStatus.COMPLETED)).items == []


def test_the_days_list_is_in_the_order_of_the_clock():
    world = a_world()
    booked(world, a_booking(at="13:00"))
    booked(world, a_booking(patient_id="patient-2", at="09:00"))
    agenda = world.run(CLINIC, list_sessions, ListSessions(CASE_A[0], CASE_A[1], 50, None))
    assert [(one.patient_id, one.session.number) for one in agenda.items] == [
        ("patient-2", 1),
        (PATIENT, 1),
        ("patient-2", 2),
        (PATIENT, 2),
    ]


def test_the_days_list_shows_one_status():
    world = a_world()
    series = booked(world)
    world.run(CLINIC, cancel_session, CancelSession(series.id, 1, CancelReason.CLINIC))
    asked = ListSessions(CASE_A[0], CASE_A[1], 50, None, SessionStatus.CANCELLED)
    assert [one.session.number for one in world.run(CLINIC, list_sessions, asked).items] == [1]


@pytest.mark.parametrize("days", [-1, 31])
def test_the_days_list_is_a_month_at_most(days: int):
    with pytest.raises(Invalid):
        a_world().run(CLINIC, list_sessions, ListSessions(CASE_A[0], CASE_A[0] + timedelta(days=days), 50, None))


# --- protocols and resources


def test_publishing_makes_the_next_edition_and_running_series_keep_theirs():
    world = a_world()
    series = booked(world)
    slower = replace(MOOD, name="Mood, slower")
    second = world.run(CLINIC, publish_protocol, PublishProtocol("mood-iv-6x2w", slower))
    assert (second.edition, second.version) == (2, 1)
    assert world.run(CLINIC, show_protocol, ShowProtocol("mood-iv-6x2w")) == second
    assert world.run(CLINIC, show_protocol, ShowProtocol("mood-iv-6x2w", 1)).regimen == MOOD
    assert world.run(CLINIC, show_series, ShowSeries(series.id)).edition == 1
    later = booked(world, a_booking(patient_id="patient-2", at="13:00"))
    assert later.edition == 2
    listed = world.run(CLINIC, list_protocols, ListProtocols(50, None, "mood-iv-6x2w"))
    assert [protocol.edition for protocol in listed.items] == [1, 2]


@pytest.mark.parametrize("slug", ["mood-iv-6x2w", "new"])
def test_only_a_clinician_decides_what_the_day_of_a_dose_asks_for(slug: str):
    world = a_world()
    known = MOOD.care if slug == "mood-iv-6x2w" else ORDINARY
    renamed = replace(MOOD, name="Mood, renamed", care=known)
    assert world.run(CLINIC, publish_protocol, PublishProtocol(slug, renamed)).regimen == renamed
    stricter = replace(renamed, care=replace(known, observe=90))
    with pytest.raises(Forbidden, match="scope-missing"):
        world.run(CLINIC, publish_protocol, PublishProtocol(slug, stricter))
    world.actor = A_CLINICIAN
    assert world.run(CLINIC, publish_protocol, PublishProtocol(slug, stricter)).regimen == stricter


def test_two_who_publish_at_once_do_not_make_the_same_edition():
    world = a_world()
    world.actor = A_CLINICIAN
    one, other = world.unit(CLINIC), world.unit(CLINIC)
    for unit in (one, other):
        publish_protocol(unit, PublishProtocol("new", MOOD))
    one.commit()
    with pytest.raises(Contended):
        other.commit()


def test_an_edition_that_is_not_there_is_not_found():
    with pytest.raises(NotFound):
        a_world().run(CLINIC, show_protocol, ShowProtocol("mood-iv-6x2w", 7))


def test_all_protocols_are_listed():
    assert len(a_world().run(CLINIC, list_protocols, ListProtocols(50, None)).items) == 16


def test_a_new_chair_takes_bookings_and_an_inactive_one_does_not():
    world = a_world(a_nurse())
    world.run(CLINIC, add_resource, AddResource(ResourceKind.CHAIR, "Window", hours()))
    (chair,) = world.run(CLINIC, list_resources, ListResources(9, None, ResourceKind.CHAIR)).items
    booked(world)
    retire = ChangeResource(chair.id, chair.version, {"is_active": False}, Decision.KEEP)
    closed = world.run(CLINIC, change_resource, retire)
    assert world.run(CLINIC, show_resource, ShowResource(chair.id)) == closed
    with pytest.raises(RuleBroken) as refusal:
        booked(world, a_booking(at="13:00", patient_id="patient-2"))
    assert {fault.code for fault in refusal.value.faults} == {"resource.missing"}


def test_hours_of_a_resource_are_checked_on_every_change():
    world = a_world()
    with pytest.raises(RuleBroken):
        world.run(CLINIC, change_resource, ChangeResource("chair-1", 1, {"hours": hours("17:00", "08:00")}))
    with pytest.raises(RuleBroken):
        world.run(CLINIC, add_resource, AddResource(ResourceKind.CHAIR, "x", hours("17:00", "08:00")))
    with pytest.raises(Stale):
        world.run(CLINIC, change_resource, ChangeResource("chair-1", 9, {}))


def test_a_clinic_in_another_zone_promises_its_own_wall_time():
    world = a_world(zone="Australia/Lord_Howe", now=datetime(2026, 9, 1, 15, tzinfo=UTC))
    assert a_clinic(zone="Australia/Lord_Howe").zone == world.unit(CLINIC).clinics.get(CLINIC).zone
    series = booked(world, a_booking([date(2026, 10, 5)], protocol="booster-single", condition=Condition.PTSD))
    assert series.sessions[0].starts_at.isoformat() == "2026-10-04T22:00:00+00:00"


def test_named_resources_are_kept_for_every_session():
    world = a_world(a_chair("a"), a_chair("b"), a_nurse())
    series = booked(world, replace(a_booking(), sessions=wishes(CASE_A, "09:00", "b")))
    assert {claim.resource_id for session in series.sessions for claim in session.claims if claim.kind == "chair"} == {
        "b"
    }
