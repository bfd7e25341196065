"""Caps across clinics, and who is taken for whom."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.clinic.task import Task, TaskKind
from services.booking.domain.events import TreatmentHeld, TreatmentReleased
from services.booking.domain.patient.exposure import Source
from services.booking.domain.patient.patient import Patient, Reporter
from services.booking.domain.patient.person import Match
from services.booking.domain.protocol.protocol import Condition, an_edition
from services.booking.domain.protocol.templates import default_protocols
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import CancelReason, MissReason
from services.booking.operations.exposure import (
    AddExternalDose,
    ListExternalDoses,
    ReleaseSession,
    RemoveExternalDose,
    ReviewPerson,
    add_external_dose,
    list_external_doses,
    release_session,
    remove_external_dose,
    review_person,
)
from services.booking.operations.moves import MoveSession, move_session
from services.booking.operations.patient import ChangePatient, RegisterPatient, change_patient, register_patient
from services.booking.operations.person import DecidePerson, Decision, decide_person
from services.booking.operations.protocol import PublishProtocol, publish_protocol
from services.booking.operations.series import (
    BookSeries,
    CancelSession,
    MarkMissed,
    book_series,
    cancel_session,
    mark_missed,
)
from services.booking.operations.treatments import ShowGate, show_gate
from services.booking.operations.visits import CheckInSession, StartSession, check_in_session, start_session
from shared.errors import Conflict, Forbidden, NotFound, Refused, RuleBroken
from tests.support.booking_builders import (
    CLINIC,
    NEW_YORK,
    NOW,
    ONE_DOSE,
    OTHER_CLINIC,
    a_chair,
    a_clinic,
    a_nurse,
    hours,
    wishes,
)
from tests.support.booking_fakes import A_CLINICIAN, FakeBooking
from tests.support.booking_treated import as_actor, check_in, make_ready, start
from tests.support.cleared import cleared

BORN = date(1980, 5, 17)
BERLIN = "Europe/Berlin"
ALWAYS = hours("06:00", "23:00", tuple(Weekday))
KINDS = (("chair", a_chair), ("nurse", a_nurse))


def march(*days: int) -> tuple[date, ...]:
    return tuple(date(2026, 2, 28) + timedelta(days=day) for day in days)


@pytest.fixture
def world() -> FakeBooking:
    """Two clinics in two zones, each with plenty of chairs."""
    world = FakeBooking(NOW - timedelta(days=60))
    for clinic_id, zone in ((CLINIC, NEW_YORK), (OTHER_CLINIC, BERLIN)):
        unit = world.unit(clinic_id)
        unit.clinics.save(a_clinic(clinic_id, zone))
        for protocol in (*default_protocols(), an_edition("one-dose", 1, ONE_DOSE)):
            unit.protocols.save(protocol)
        for number in range(3):
            for kind, make in KINDS:
                unit.resources.save(make(f"{clinic_id}-{kind}-{number}", hours=ALWAYS))
        unit.commit()
    return world


def registered(world: FakeBooking, clinic_id: str = CLINIC, name: str = "Ada Lovelace", **fields: Any) -> Patient:
    details = {"name": name, "birth_date": BORN, "phone": "+12025550143", **fields}
    patient: Patient = world.run(clinic_id, register_patient, RegisterPatient(**details))
    unit = world.unit(clinic_id)
    cleared(unit, patient.id, BERLIN if clinic_id == OTHER_CLINIC else NEW_YORK)
    unit.commit()
    return patient


def single(world: FakeBooking, patient: Patient, day: date, clinic_id: str = CLINIC, at: str = "09:00") -> Series:
    command = BookSeries(patient.id, "one-dose", sessions=wishes([day], at))
    series: Series = world.run(clinic_id, book_series, command)
    return series


def refused(world: FakeBooking, patient: Patient, day: date, clinic_id: str = CLINIC, at: str = "09:00") -> Refused:
    with pytest.raises(Refused) as refusal:
        single(world, patient, day, clinic_id, at)
    return refusal.value


def on_hold(series: Series) -> dict[int, list[str]]:
    return {one.number: [block.code for block in one.blocks] for one in series.sessions if one.blocks}


def now_of(world: FakeBooking, series: Series, clinic_id: str = CLINIC) -> Series:
    found: Series = world.rows[Series][clinic_id, series.id]
    return found


def test_a_dose_in_the_evening_of_a_day_with_a_dose_in_another_clinic_is_refused(world):
    single(world, registered(world), march(9)[0])
    theirs = registered(world, OTHER_CLINIC, "LOVELACE, Ada")
    refusal = refused(world, theirs, march(9)[0], OTHER_CLINIC, at="19:00")
    (fault,) = [fault for fault in refusal.faults if fault.code == "spacing.same-day"]
    assert fault.context["earliest"] == "2026-03-10"
    assert CLINIC not in str(refusal.faults)


def test_somebody_with_another_birth_date_is_somebody_else(world):
    single(world, registered(world), march(9)[0])
    single(world, registered(world, OTHER_CLINIC, birth_date=date(1980, 5, 18)), march(9)[0], OTHER_CLINIC)


def test_caps_hold_across_clinics_and_name_the_earliest_date(world):
    ada, theirs = registered(world), registered(world, OTHER_CLINIC)
    for day in march(2, 3, 4):
        single(world, ada, day)
    for day in march(5, 6):
        single(world, theirs, day, OTHER_CLINIC)
    refusal = refused(world, theirs, march(7)[0], OTHER_CLINIC)
    (cap,) = [fault for fault in refusal.faults if fault.code == "cap.per-7-days"]
    assert cap.context == {
        "days": 7, "doses": 6, "most": 5, "on": "2026-03-07", "earliest": "2026-03-09", "numbers": [1]
    }  # fmt: skip
    single(world, theirs, march(9)[0], OTHER_CLINIC)


def test_cancelled_and_missed_sessions_do_not_count_and_begun_ones_do(world):
    ada = registered(world)
    cancelled, missed, begun, *_ = [single(world, ada, day) for day in march(2, 3, 4, 5, 6)]
    assert refused(world, ada, march(7)[0])
    world.run(CLINIC, cancel_session, CancelSession(cancelled.id, 1, CancelReason.CLINIC))
    single(world, ada, march(7)[0])
    assert refused(world, ada, march(8)[0])
    world.now = missed.sessions[0].starts_at + timedelta(hours=1)
    world.run(CLINIC, mark_missed, MarkMissed(missed.id, 1, MissReason.NO_SHOW))
    world.now = begun.sessions[0].starts_at
    world.run(CLINIC, check_in_session, CheckInSession(begun.id, 1))
    single(world, ada, march(8)[0])
    assert refused(world, ada, march(9)[0]).faults[-1].context["earliest"] == "2026-03-11"


# --- doses from elsewhere ---------------------------------------------------------------------------------------------


def report(world: FakeBooking, patient: Patient, day: date, clinic_id: str = CLINIC) -> Patient:
    command = AddExternalDose(patient.id, day, Reporter.PATIENT, "told at the desk")
    changed: Patient = world.run(clinic_id, add_external_dose, command)
    return changed


def test_doses_from_elsewhere_count_until_they_are_taken_back(world):
    ada = registered(world)
    world.now = NOW + timedelta(days=20)
    for day in march(16, 17, 18, 19, 20):
        known = report(world, ada, day)
    assert refused(world, ada, march(22)[0])
    assert refused(world, registered(world, OTHER_CLINIC), march(22)[0], OTHER_CLINIC)
    world.run(CLINIC, remove_external_dose, RemoveExternalDose(ada.id, known.external_doses[-1].id))
    assert [dose.on for dose in world.run(CLINIC, list_external_doses, ListExternalDoses(ada.id)).external_doses] == [
        *march(16, 17, 18, 19)
    ]
    single(world, ada, march(22)[0])


def test_an_impossible_dose_from_elsewhere_is_refused(world):
    ada = registered(world)
    today = world.now.date()
    report(world, ada, today)
    for day, code in [(today, "known"), (today + timedelta(days=1), "in-future"), (BORN, "before-birth")]:
        with pytest.raises(RuleBroken) as refusal:
            report(world, ada, day)
        assert [fault.code for fault in refusal.value.faults] == [f"external-dose.{code}"]
    with pytest.raises(NotFound):
        world.run(CLINIC, remove_external_dose, RemoveExternalDose(ada.id, "unknown"))


def test_a_dose_from_elsewhere_puts_a_booked_session_on_hold_that_breaks_a_cap_now(world):
    ada = registered(world)
    world.now = NOW + timedelta(days=20)
    for day in march(17, 18, 19, 20):
        report(world, ada, day)
    booked = single(world, ada, march(22)[0])
    report(world, ada, march(16)[0])
    assert on_hold(now_of(world, booked)) == {1: ["cap.per-7-days"]}


# --- who is who -------------------------------------------------------------------------------------------------------


def two_records(world: FakeBooking) -> tuple[Patient, Patient, Series]:
    """Ada with a full week, and Adda (a slip of the pen) with a session booked on the day after."""
    ada, adda = registered(world), registered(world, name="Adda Lovelace")
    for day in march(2, 3, 4, 5, 6):
        single(world, ada, day)
    return ada, adda, single(world, adda, march(7)[0], at="12:00")


def rename(world: FakeBooking, patient: Patient, name: str) -> Patient:
    version = world.rows[Patient][CLINIC, patient.id].version
    changed: Patient = world.run(CLINIC, change_patient, ChangePatient(patient.id, version, {"name": name}))
    return changed


def test_a_corrected_name_counts_the_caps_anew_and_holds_what_breaks_them(world):
    ada, adda, booked = two_records(world)
    corrected = rename(world, adda, "Ada Lovelace")
    assert corrected.person == ada.person
    assert corrected.person_confirmed is Match.UNCONFIRMED
    held = now_of(world, booked)
    assert (held.person, held.sessions[0].status) == (ada.person, "booked")
    assert on_hold(held) == {1: ["cap.per-7-days"]}
    assert world.exposures[ada.person].dates == march(2, 3, 4, 5, 6, 7)
    assert world.exposures[adda.person].dates == ()
    (task,) = world.all(Task)
    assert (task.kind, task.patient_id, task.series_id, task.number) == (
        TaskKind.REVIEW_PERSON, adda.id, booked.id, 1
    )  # fmt: skip
    holds = [entry.act for entry in world.audit[CLINIC] if entry.act.action == "session.hold"]
    assert [(act.record, act.patient_id) for act in holds] == [(f"series/{booked.id}", adda.id)]


def test_a_session_on_hold_begins_only_when_a_clinician_has_released_it(world):
    _, adda, booked = two_records(world)
    rename(world, adda, "Ada Lovelace")
    world.now = booked.sessions[0].starts_at
    with pytest.raises(Conflict) as refusal:
        world.run(CLINIC, check_in_session, CheckInSession(booked.id, 1))
    assert refusal.value.code == "session.on-hold"
    world.actor = A_CLINICIAN
    released = world.run(CLINIC, release_session, ReleaseSession(booked.id, 1, "seen and discussed"))
    assert on_hold(released) == {}
    (allowed,) = released.overrides
    assert (allowed.code, allowed.by, allowed.numbers) == ("cap.per-7-days", A_CLINICIAN.id, (1,))
    world.run(CLINIC, check_in_session, CheckInSession(booked.id, 1))
    with pytest.raises(Conflict):
        world.run(CLINIC, release_session, ReleaseSession(booked.id, 1, "again"))


def test_a_dose_that_comes_to_light_closes_the_gate_before_anybody_has_counted_anew(world):
    _, adda, booked = two_records(world)
    world.now = booked.sessions[0].starts_at
    check_in(world, booked.id)
    make_ready(world, booked.id)
    assert world.run(CLINIC, show_gate, ShowGate(booked.id, 1)).is_open
    exposure = world.exposures[adda.person]
    given = march(2, 3, 4, 5, 6)
    world.exposures[adda.person] = exposure.with_share(OTHER_CLINIC, Source.SERIES, "theirs", given)
    with pytest.raises(Conflict, match=r"treatment\.gate-closed") as refusal:
        world.run(CLINIC, start_session, StartSession(booked.id, 1))
    assert [fault.code for fault in refusal.value.faults] == ["cap.per-7-days"]
    assert on_hold(now_of(world, booked)) == {}


def test_a_session_on_hold_is_not_moved_to_where_the_cap_is_broken_still(world):
    _, adda, booked = two_records(world)
    rename(world, adda, "Ada Lovelace")

    def move(day: date, at: int) -> Series:
        command = MoveSession(booked.id, 1, now_of(world, booked).version, datetime.combine(day, time(at)))
        moved: Series = world.run(CLINIC, move_session, command)
        return moved

    with pytest.raises(RuleBroken):
        move(march(7)[0], 15)
    with pytest.raises(RuleBroken):
        move(march(8)[0], 12)
    assert on_hold(move(march(9)[0], 12)) == {}


def test_what_was_released_is_not_held_again_for_the_same_rule(world):
    _, adda, booked = two_records(world)
    rename(world, adda, "Ada Lovelace")
    world.run(CLINIC, release_session, ReleaseSession(booked.id, 1, "seen and discussed"))
    rename(world, adda, "Adda Lovelace")
    rename(world, adda, "Ada Lovelace")
    assert on_hold(now_of(world, booked)) == {}


def test_counting_anew_twice_holds_once(world):
    ada, adda, booked = two_records(world)
    rename(world, adda, "Ada Lovelace")
    world.run(CLINIC, review_person, ReviewPerson(ada.person))
    assert on_hold(now_of(world, booked)) == {1: ["cap.per-7-days"]}
    assert len(world.all(Task)) == 1


def test_others_are_told_of_a_dose_on_hold_and_of_its_release(world):
    _, adda, booked = two_records(world)
    rename(world, adda, "Ada Lovelace")
    held = TreatmentHeld(adda.id, 1, "cap.per-7-days", world.now)
    assert [(id, event) for _, id, event in world.told if isinstance(event, TreatmentHeld)] == [(booked.id, held)]
    world.run(CLINIC, release_session, ReleaseSession(booked.id, 1, "two people's names"))
    assert world.events(TreatmentReleased) == [TreatmentReleased(adda.id, 1, ("cap.per-7-days",), world.now)]


def test_a_session_that_has_begun_is_not_held_any_more(world):
    _, adda, booked = two_records(world)
    world.now = booked.sessions[0].starts_at
    check_in(world, booked.id)
    start(world, booked.id)
    rename(world, adda, "Ada Lovelace")
    assert on_hold(now_of(world, booked)) == {}


def test_two_people_of_one_name_are_told_apart_by_a_clinician_only(world):
    ada, namesake = registered(world), registered(world, phone="+12025550144")
    assert ada.person == namesake.person
    single(world, ada, march(9)[0])
    command = DecidePerson(namesake.id, Decision.DIFFERENT, "twin brother's wife")
    with pytest.raises(Forbidden):
        world.run(CLINIC, decide_person, command)
    world.actor = A_CLINICIAN
    apart = world.run(CLINIC, decide_person, command)
    assert (apart.person, apart.person_confirmed) == (f"patient/{namesake.id}", Match.DIFFERENT)
    assert [ruling.reason for ruling in apart.rulings] == [command.reason]
    single(world, namesake, march(9)[0], at="12:00")
    assert rename(world, namesake, "Ada King").person == apart.person


def test_records_told_apart_by_mistake_are_joined_again(world):
    ada, namesake = registered(world), registered(world, phone="+12025550144")
    world.actor = A_CLINICIAN
    world.run(CLINIC, decide_person, DecidePerson(namesake.id, Decision.DIFFERENT, "looked like it"))
    first, second = (single(world, one, march(9)[0], at=at) for one, at in [(ada, "09:00"), (namesake, "12:00")])
    joined = world.run(CLINIC, decide_person, DecidePerson(namesake.id, Decision.CONFIRMED, "same passport"))
    assert (joined.person, joined.person_confirmed) == (ada.person, Match.CONFIRMED)
    assert on_hold(now_of(world, second)) == {1: ["spacing.same-day"]}
    assert on_hold(now_of(world, first)) == {1: ["spacing.same-day"]}


def test_two_doses_on_one_day_are_released_by_nobody_until_they_are_none(world):
    ada, namesake = registered(world), registered(world, phone="+12025550144")
    world.actor = A_CLINICIAN
    world.run(CLINIC, decide_person, DecidePerson(namesake.id, Decision.DIFFERENT, "looked like it"))
    first, second = (single(world, one, march(9)[0], at=at) for one, at in [(ada, "09:00"), (namesake, "12:00")])
    world.run(CLINIC, decide_person, DecidePerson(namesake.id, Decision.CONFIRMED, "same passport"))
    release = ReleaseSession(second.id, 1, "seen and discussed")
    with pytest.raises(RuleBroken, match=r"override\.not-possible") as refusal:
        world.run(CLINIC, release_session, release)
    assert [fault.code for fault in refusal.value.faults] == ["spacing.same-day"]
    assert on_hold(now_of(world, second)) == {1: ["spacing.same-day"]}
    world.run(CLINIC, cancel_session, CancelSession(first.id, 1, CancelReason.CLINICAL))
    assert on_hold(world.run(CLINIC, release_session, release)) == {}


def test_the_last_twenty_rulings_are_kept(world):
    ada = registered(world)
    for number in range(22):
        ruled = world.run(CLINIC, decide_person, DecidePerson(ada.id, Decision.CONFIRMED, f"look {number}"))
    assert [ruling.reason for ruling in ruled.rulings] == [f"look {number}" for number in range(2, 22)]


def test_confirming_a_match_changes_no_booking(world):
    ada = registered(world)
    booked = single(world, ada, march(9)[0])
    confirmed = world.run(CLINIC, decide_person, DecidePerson(ada.id, Decision.CONFIRMED, "passport"))
    assert (confirmed.person, confirmed.person_confirmed) == (ada.person, Match.CONFIRMED)
    assert now_of(world, booked) == booked


def test_another_clinics_booked_session_is_held_when_that_clinic_counts_anew(world):
    adda = registered(world, name="Adda Lovelace")
    for day in march(2, 3, 4, 5, 6):
        single(world, adda, day)
    theirs = registered(world, OTHER_CLINIC)
    booked = single(world, theirs, march(7)[0], OTHER_CLINIC)
    world.now = NOW + timedelta(days=5, hours=20)
    rename(world, adda, "Ada Lovelace")
    assert world.exposures[theirs.person].to_review == (OTHER_CLINIC,)
    world.run(OTHER_CLINIC, review_person, ReviewPerson(theirs.person))
    assert on_hold(now_of(world, booked, OTHER_CLINIC)) == {1: ["cap.per-7-days"]}
    assert world.exposures[theirs.person].to_review == ()
    assert [task.patient_id for task in world.all(Task) if task.series_id == booked.id] == [theirs.id]


def test_an_ordinary_booking_makes_nobody_count_anew(world):
    single(world, registered(world), march(2)[0])
    theirs = registered(world, OTHER_CLINIC)
    single(world, theirs, march(4)[0], OTHER_CLINIC)
    assert world.exposures[theirs.person].to_review == ()


def test_no_two_patients_of_a_clinic_have_one_external_id(world):
    registered(world, external_id="A-1")
    registered(world, OTHER_CLINIC, external_id="A-1")
    with pytest.raises(Conflict) as refusal:
        registered(world, external_id="A-1")
    assert refusal.value.code == "patient.external-id-taken"


def test_the_condition_says_which_caps_hold(world):
    ada = registered(world)
    for day in march(2, 6, 9, 13, 16, 20):
        single(world, ada, day)
    of_everything = replace(ONE_DOSE, conditions=(Condition.BIPOLAR, Condition.PTSD))
    with as_actor(world, A_CLINICIAN):
        world.run(CLINIC, publish_protocol, PublishProtocol("any-dose", of_everything))
    wish = BookSeries(ada.id, "any-dose", condition=Condition.BIPOLAR, sessions=wishes(march(25)))
    with pytest.raises(RuleBroken) as refusal:
        world.run(CLINIC, book_series, wish)
    assert [fault.code for fault in refusal.value.faults] == ["cap.per-30-days"]
    world.run(CLINIC, book_series, replace(wish, condition=Condition.PTSD))
