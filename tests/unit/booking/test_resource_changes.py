"""What becomes of booked sessions when a resource or a holiday changes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.resource import (
    Absence,
    AbsenceReason,
    Resource,
    ResourceKind,
    Skill,
    SpecialHours,
)
from services.booking.domain.calendar.slots import PATIENT as THE_PATIENT
from services.booking.domain.calendar.slots import Claim
from services.booking.domain.clinic.clinic import Clinic
from services.booking.domain.placement.at_risk import at_risk
from services.booking.domain.placement.availability import a_session as a_placed_session
from services.booking.domain.placement.availability import pick
from services.booking.domain.placement.reassignment import Decision
from services.booking.domain.protocol.protocol import Block, Need, Phase
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import Session, SessionStatus
from services.booking.operations.clinic import ChangeClinic, change_clinic
from services.booking.operations.resource import ChangeResource, change_resource
from shared.errors import Conflict, Contended, Fault, RuleBroken, Stale
from shared.localtime import resolve
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    MOOD,
    NEW_YORK,
    PATIENT,
    a_calendar,
    a_chair,
    a_nurse,
    a_series,
    a_world,
    hours,
)
from tests.support.booking_fakes import FakeBooking

SECOND = CASE_A[1]


def sessions_of(calendar: Any, dates: Iterable[date], wall: time, phase: Phase = MOOD.phases[0]) -> tuple[Session, ...]:
    """Placed on the first resources that are free."""
    sessions = []
    for number, on in enumerate(dates, 1):
        at = resolve(datetime.combine(on, wall), calendar.zone)
        claims = [claim for kind in phase.kinds for claim in pick(calendar, phase, at, kind)]
        session = a_placed_session(calendar, number, phase, at, claims)
        sessions.append(replace(session, status=SessionStatus.BOOKED))
    return tuple(sessions)


def a_clinic_with(*resources: Resource, now: datetime | None = None, **walls: str) -> FakeBooking:
    """A world in which each series named takes six sessions of case A at its wall time."""
    world = a_world(*resources) if now is None else a_world(*resources, now=now)
    busy: frozenset[str] = frozenset()
    for number, (name, wall) in enumerate((walls or {"ada": "09:00"}).items(), 1):
        patient = f"patient-{number}"
        calendar = replace(a_calendar(*world.all(Resource), busy=busy), patient_id=patient)
        series = a_series(*sessions_of(calendar, CASE_A, time.fromisoformat(wall)), id=name, patient_id=patient)
        unit = world.unit(CLINIC)
        unit.series.save(replace(series, person=f"person of {patient}"))
        unit.commit()
        busy |= series.slots
    return world


def change(world: FakeBooking, id: str = "chair-1", decision: Decision | None = None, **changes: Any) -> Resource:
    version = world.unit(CLINIC).resources.get(id).version
    changed: Resource = world.run(CLINIC, change_resource, ChangeResource(id, version, changes, decision))
    return changed


def refused(world: FakeBooking, id: str = "chair-1", decision: Decision | None = None, **changes: Any) -> list[Fault]:
    before = world.all(Resource), world.all(Series)
    with pytest.raises(Conflict) as refusal:
        change(world, id, decision, **changes)
    assert (world.all(Resource), world.all(Series)) == before
    return list(refusal.value.faults)


def series(world: FakeBooking, id: str = "ada") -> Series:
    found: Series = world.unit(CLINIC).series.get(id)
    return found


def users(world: FakeBooking, kind: str, id: str = "ada") -> list[str]:
    """Who serves as this kind in each session."""
    claims = [[claim for claim in one.claims if claim.kind == kind] for one in series(world, id).sessions]
    return [found[0].resource_id for found in claims]


def absent(on: date, from_: str = "00:00", until: str = "23:59") -> tuple[Absence, ...]:
    begins, ends = (datetime.combine(on, time.fromisoformat(wall)) for wall in (from_, until))
    return (Absence(begins, ends, AbsenceReason.ILLNESS),)


def test_a_closed_day_names_every_session_that_it_hits():
    world = a_clinic_with(a_chair(capacity=2), a_nurse(), a_nurse("nurse-2"), ada="09:00", ben="12:00")
    faults = refused(world, closed_on=(SECOND,))
    assert [fault.code for fault in faults] == ["resource.hits-session"] * 2
    assert [fault.context for fault in faults] == [
        {"series_id": "ada", "number": 2, "starts_local": "2026-03-06T09:00", "reasons": ["resource.closed"]},
        {"series_id": "ben", "number": 2, "starts_local": "2026-03-06T12:00", "reasons": ["resource.closed"]},
    ]


def test_the_refusal_has_one_code_and_tells_nobodys_name():
    world = a_clinic_with()
    with pytest.raises(Conflict) as refusal:
        change(world, closed_on=(SECOND,))
    assert refusal.value.code == "resource.hits-sessions"
    assert PATIENT not in str(refusal.value.faults)


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({"is_active": False}, [1, 2, 3, 4, 5, 6]),
        ({"hours": ()}, [1, 2, 3, 4, 5, 6]),
        ({"hours": hours("09:30", "17:00")}, [1, 2, 3, 4, 5, 6]),
        ({"hours": hours("08:00", "11:24")}, [1, 2, 3, 4, 5, 6]),
        ({"hours": hours("09:00", "11:25")}, []),
        ({"closed_on": (CASE_A[2], CASE_A[4])}, [3, 5]),
        ({"special_days": (SpecialHours(SECOND, time(9), time(11)),)}, [2]),
        ({"special_days": (SpecialHours(SECOND, time(9), time(12)),)}, []),
        ({"absences": absent(SECOND, "11:20", "12:00")}, [2]),
        ({"absences": absent(SECOND, "11:25", "12:00")}, []),
        ({"name": "By the window"}, []),
        ({"skills": (Skill("oxygen"),)}, []),
    ],
)
def test_a_change_is_refused_as_far_as_it_hits(changes: dict[str, Any], numbers: list[int]):
    world = a_clinic_with()
    if numbers:
        assert [fault.context["number"] for fault in refused(world, **changes)] == numbers
    else:
        change(world, **changes)


def test_a_skill_that_runs_out_hits_what_needs_it_from_then_on():
    phase = Phase("infusion", 6, (Block("infusion", 40, (Need(ResourceKind.NURSE, skills=("acls",)),)),), 2, 4, 3)
    nurse = a_nurse(skills=(Skill("acls"),))
    world = a_world(a_chair(), nurse)
    unit = world.unit(CLINIC)
    unit.series.save(a_series(*sessions_of(a_calendar(a_chair(), nurse), CASE_A, time(9), phase)))
    unit.commit()
    faults = refused(world, "nurse-1", skills=(Skill("acls", CASE_A[3]),))
    assert [(one.context["number"], one.context["reasons"]) for one in faults] == [
        (5, ["resource.unskilled"]),
        (6, ["resource.unskilled"]),
    ]


def test_kept_sessions_stay_where_they_are_at_risk():
    world = a_clinic_with()
    before = series(world)
    chair = change(world, closed_on=(SECOND,), decision=Decision.KEEP)
    assert chair.closed_on == (SECOND,)
    assert series(world) == before
    risks = [at_risk(session, [chair], (), NEW_YORK) for session in before.sessions]
    assert [[fault.code for fault in faults] for faults in risks] == [[], ["resource.closed"], [], [], [], []]


def test_what_was_kept_once_is_not_asked_again():
    world = a_clinic_with()
    change(world, closed_on=(SECOND,), decision=Decision.KEEP)
    change(world, name="By the window")
    assert [fault.context["number"] for fault in refused(world, closed_on=(SECOND, CASE_A[2]))] == [3]


def test_reassigned_sessions_have_another_chair_at_the_same_time_and_nobody_is_told():
    world = a_clinic_with(a_chair(), a_chair("chair-2"), a_nurse())
    before, told = series(world), list(world.told)
    change(world, closed_on=(SECOND, CASE_A[2]), decision=Decision.REASSIGN)
    after = series(world)
    assert users(world, "chair") == ["chair-1", "chair-2", "chair-2", "chair-1", "chair-1", "chair-1"]
    assert users(world, "nurse") == ["nurse-1"] * 6
    assert world.told == told
    assert after.version == before.version + 1
    assert [replace(one, claims=()) for one in after.sessions] == [replace(one, claims=()) for one in before.sessions]
    assert [[(c.kind, c.from_at, c.until_at) for c in one.claims] for one in after.sessions] == [
        [(c.kind, c.from_at, c.until_at) for c in one.claims] for one in before.sessions
    ]


def test_a_reassigned_session_frees_its_former_place():
    world = a_clinic_with(a_chair(), a_chair("chair-2"), a_nurse())
    change(world, is_active=False, decision=Decision.REASSIGN)
    assert not [slot for slot in series(world).slots if slot.startswith("chair-1")]


def test_reassigning_is_all_or_nothing_and_names_what_finds_no_other():
    world = a_clinic_with(a_chair(), a_chair("chair-2", closed_on=(CASE_A[2],)), a_nurse())
    faults = refused(world, is_active=False, decision=Decision.REASSIGN)
    assert [(fault.code, fault.context["number"]) for fault in faults] == [("resource.no-other", 3)]


def test_nobody_is_reassigned_to_what_is_taken():
    resources = (a_chair(), a_chair("chair-2"), a_nurse(), a_nurse("nurse-2"))
    world = a_clinic_with(*resources, ada="09:00", ben="09:00")
    assert users(world, "chair", "ben") == ["chair-2"] * 6
    faults = refused(world, closed_on=(SECOND,), decision=Decision.REASSIGN)
    assert [fault.context["series_id"] for fault in faults] == ["ada"]


def test_two_sessions_of_a_pool_do_not_get_the_same_place():
    resources = (a_chair(capacity=2), a_chair("chair-2"), a_nurse(), a_nurse("nurse-2"))
    world = a_clinic_with(*resources, ada="09:00", ben="09:00")
    assert users(world, "chair", "ben") == ["chair-1"] * 6
    faults = refused(world, closed_on=(SECOND,), decision=Decision.REASSIGN)
    assert [fault.context["series_id"] for fault in faults] == ["ben"]
    wider = a_clinic_with(*resources, a_chair("chair-3"), ada="09:00", ben="09:00")
    change(wider, closed_on=(SECOND,), decision=Decision.REASSIGN)
    assert (users(wider, "chair")[1], users(wider, "chair", "ben")[1]) == ("chair-2", "chair-3")


def test_what_somebody_else_takes_meanwhile_is_seen_when_it_is_decided_again():
    world = a_clinic_with(a_chair(), a_chair("chair-2"), a_nurse(), a_nurse("nurse-2"))
    unit, slower = world.unit(CLINIC), world.unit(CLINIC)
    change_resource(slower, ChangeResource("chair-1", 1, {"is_active": False}, Decision.REASSIGN))
    calendar = replace(a_calendar(*world.all(Resource), busy=series(world).slots), patient_id="patient-2")
    unit.series.save(a_series(*sessions_of(calendar, CASE_A[:1], time(9)), id="ben", patient_id="patient-2"))
    unit.commit()
    with pytest.raises(Contended):
        slower.commit()
    faults = refused(world, is_active=False, decision=Decision.REASSIGN)
    assert [fault.context["number"] for fault in faults] == [1]


def test_a_pool_with_a_free_place_does_not_stand_in_for_itself():
    world = a_clinic_with(a_chair(capacity=3), a_nurse())
    faults = refused(world, closed_on=(SECOND,), decision=Decision.REASSIGN)
    assert [(fault.code, fault.context["number"]) for fault in faults] == [("resource.no-other", 2)]


def test_another_nurse_takes_over_with_her_own_share():
    world = a_clinic_with(a_chair(), a_nurse(capacity=1), a_nurse("nurse-2", capacity=2))
    change(world, "nurse-1", is_active=False, decision=Decision.REASSIGN)
    (first, *_) = series(world).sessions
    assert [claim.places for claim in first.claims if claim.kind == "nurse"] == [(0, 1), (0,), (0, 1)]


def test_what_was_kept_is_reassigned_when_somebody_says_so_later():
    world = a_clinic_with(a_chair(), a_chair("chair-2"), a_nurse())
    change(world, closed_on=(SECOND,), decision=Decision.KEEP)
    change(world, decision=Decision.REASSIGN)
    assert users(world, "chair")[1] == "chair-2"


def test_sessions_of_the_past_are_no_ones_concern():
    after_the_second = resolve(datetime.combine(SECOND, time(18)), NEW_YORK)
    world = a_clinic_with(now=after_the_second)
    assert [fault.context["number"] for fault in refused(world, hours=())] == [3, 4, 5, 6]


@pytest.mark.parametrize(
    ("status", "is_hit"),
    [
        (SessionStatus.PENDING, True),
        (SessionStatus.BOOKED, True),
        (SessionStatus.CHECKED_IN, True),
        (SessionStatus.FULFILLED, False),
        (SessionStatus.CANCELLED, False),
        (SessionStatus.NOSHOW, False),
        (SessionStatus.PROPOSED, False),
    ],
)
def test_only_sessions_that_are_to_take_place_are_hit(status: SessionStatus, *, is_hit: bool):
    world = a_clinic_with()
    unit, ada = world.unit(CLINIC), series(world)
    unit.series.save(replace(ada.with_sessions(*(replace(one, status=status) for one in ada.sessions))))
    unit.commit()
    if is_hit:
        assert len(refused(world, hours=())) == 6
    else:
        change(world, hours=())


def test_a_session_that_has_begun_goes_on():
    world = a_clinic_with()
    unit, ada = world.unit(CLINIC), series(world)
    begun = replace(ada.session(1), status=SessionStatus.IN_PROGRESS, started_at=ada.session(1).starts_at)
    unit.series.save(ada.with_sessions(begun))
    unit.commit()
    assert [fault.context["number"] for fault in refused(world, hours=())] == [2, 3, 4, 5, 6]


def test_a_hold_is_hit_like_a_booking():
    world = a_clinic_with()
    unit, ada = world.unit(CLINIC), series(world)
    pending = (replace(one, status=SessionStatus.PENDING) for one in ada.sessions)
    unit.series.save(replace(ada.with_sessions(*pending), status=SeriesStatus.HELD))
    unit.commit()
    assert len(refused(world, is_active=False)) == 6


def test_what_cannot_be_is_refused_before_anybody_is_asked():
    world = a_clinic_with()
    with pytest.raises(RuleBroken):
        change(world, hours=hours("12:00", "08:00"), decision=Decision.KEEP)
    with pytest.raises(Stale):
        world.run(CLINIC, change_resource, ChangeResource("chair-1", 7, {}))


def change_holidays(world: FakeBooking, *days: date, decision: Decision | None = None) -> Clinic:
    version = world.unit(CLINIC).clinics.get(CLINIC).version
    changed: Clinic = world.run(CLINIC, change_clinic, ChangeClinic(version, {"holidays": days}, decision))
    return changed


def test_a_new_holiday_names_every_session_that_it_hits():
    world = a_clinic_with(a_chair(capacity=2), a_nurse(), a_nurse("nurse-2"), ada="09:00", ben="12:00")
    with pytest.raises(Conflict) as refusal:
        change_holidays(world, SECOND, date(2026, 12, 25))
    assert refusal.value.code == "resource.hits-sessions"
    assert [(one.context["series_id"], one.context["reasons"]) for one in refusal.value.faults] == [
        ("ada", ["clinic.closed"]),
        ("ben", ["clinic.closed"]),
    ]
    assert world.unit(CLINIC).clinics.get(CLINIC).holidays == ()


def test_sessions_on_a_holiday_are_kept_at_risk_when_somebody_says_so():
    world = a_clinic_with()
    change_holidays(world, SECOND, decision=Decision.KEEP)
    clinic = change_holidays(world, SECOND, date(2026, 12, 25))
    risks = [at_risk(session, (), clinic.holidays, clinic.zone) for session in series(world).sessions]
    assert [[fault.code for fault in faults] for faults in risks] == [[], ["clinic.closed"], [], [], [], []]


def test_a_holiday_without_sessions_needs_no_decision():
    world = a_clinic_with()
    assert change_holidays(world, date(2026, 3, 5)).holidays == (date(2026, 3, 5),)
    assert change_holidays(world).holidays == ()


def test_a_clinic_changes_otherwise_without_being_asked():
    world = a_clinic_with()
    change_holidays(world, SECOND, decision=Decision.KEEP)
    version = world.unit(CLINIC).clinics.get(CLINIC).version
    world.run(CLINIC, change_clinic, ChangeClinic(version, {"phone": "555-0199"}))
    changed = world.unit(CLINIC).clinics.get(CLINIC)
    assert (changed.phone, changed.holidays, changed.version) == ("555-0199", (SECOND,), version + 1)


def test_every_resource_at_fault_is_named_once():
    start = datetime(2026, 3, 4, 14, tzinfo=UTC)
    claims = (
        Claim(THE_PATIENT, "patient:ada", start, start + timedelta(hours=1)),
        Claim("chair", "chair-1", start, start + timedelta(hours=1)),
        Claim("nurse", "nurse-1", start, start + timedelta(minutes=20), skills=("acls",)),
        Claim("nurse", "nurse-1", start + timedelta(minutes=40), start + timedelta(hours=1), skills=("acls",)),
    )
    session = replace(series(a_clinic_with()).session(1), claims=claims)
    resources = [a_chair(is_active=False), a_nurse(hours=()), a_nurse("nurse-2", is_active=False)]
    faults = at_risk(session, resources, {CASE_A[0]}, NEW_YORK)
    assert [(fault.code, fault.context.get("resource_id")) for fault in faults] == [
        ("clinic.closed", None),
        ("resource.inactive", "chair-1"),
        ("resource.unskilled", "nurse-1"),
    ]
