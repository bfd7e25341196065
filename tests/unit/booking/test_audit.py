"""What people do to what a patient gets is in the clinic's audit chain: once, in the commit of what was done."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.booking.domain.audit.entry import Act, Fracture
from services.booking.domain.calendar.resource import ResourceKind, Skill
from services.booking.domain.patient.patient import Reporter
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.override import Asked
from services.booking.domain.series.session import CancelReason
from services.booking.operations.access_key import IssueKey, RotateKey, issue_key, rotate_key
from services.booking.operations.audit import ListAudit, VerifyAudit, list_audit, verify_audit
from services.booking.operations.clearance import (
    HearAlertRaised,
    ReleaseClinicalHold,
    hear_alert_raised,
    release_clinical_hold,
)
from services.booking.operations.exposure import AddExternalDose, add_external_dose
from services.booking.operations.moves import PauseSeries, pause_series
from services.booking.operations.resource import AddResource, add_resource
from services.booking.operations.series import CancelSeries, CancelSession, cancel_series, cancel_session
from shared.errors import Conflict, Contended, NotFound
from tests.support.booking_builders import CASE_A, CLINIC, NOW, OTHER_CLINIC, PATIENT, a_booking, a_world, booked
from tests.support.booking_fakes import A_CLINICIAN, FakeBooking

LATELY = date(2026, 2, 20)


@pytest.fixture
def world() -> FakeBooking:
    return a_world()


def noted(world: FakeBooking, clinic: str = CLINIC) -> list[Act]:
    return [entry.act for entry in world.audit.get(clinic, [])]


def held(world: FakeBooking) -> None:
    alert = HearAlertRaised("alert-1", PATIENT, "suicide-risk-high", 1, holds_treatment=True, raised_at=NOW)
    world.run(CLINIC, hear_alert_raised, alert)
    world.actor = A_CLINICIAN


RELEASE = ReleaseClinicalHold(PATIENT, "alert-1", "seen and discussed")


def test_a_release_is_noted_with_who_what_when_and_why(world):
    held(world)
    world.run(CLINIC, release_clinical_hold, RELEASE)
    act = noted(world)[-1]
    assert (act.at, act.actor, act.scopes) == (NOW, "key-of-a-clinician", ("clinician",))
    assert (act.action, act.record) == ("clinical-hold.release", f"clearance/{PATIENT}")
    assert (act.patient_id, act.reason) == (PATIENT, "seen and discussed")
    assert json.loads(act.facts) == {"alert_id": "alert-1", "patient_id": PATIENT, "reason": "seen and discussed"}


def test_what_was_refused_is_not_noted(world):
    held(world)
    world.run(CLINIC, release_clinical_hold, RELEASE)
    with pytest.raises(Conflict):
        world.run(CLINIC, release_clinical_hold, RELEASE)
    with pytest.raises(NotFound):
        world.run(CLINIC, release_clinical_hold, replace(RELEASE, patient_id="nobody"))
    assert [act.action for act in noted(world)] == ["clinical-hold.place", "clinical-hold.release"]


def test_what_the_platform_holds_by_itself_is_noted_once_and_as_its_own(world):
    told = HearAlertRaised("alert-1", PATIENT, "gad-7-severe", 2, holds_treatment=False, raised_at=NOW)
    world.run(CLINIC, hear_alert_raised, told)
    assert noted(world) == []
    held(world)
    [act] = noted(world)
    assert (act.action, act.record, act.patient_id) == ("clinical-hold.place", f"patient/{PATIENT}", PATIENT)


def test_what_is_called_off_is_noted(world):
    series = booked(world)
    world.run(CLINIC, cancel_session, CancelSession(series.id, 1, CancelReason.CLINICAL))
    world.run(CLINIC, pause_series, PauseSeries(series.id, CancelReason.WEATHER))
    world.run(CLINIC, cancel_series, CancelSeries(series.id, CancelReason.PATIENT))
    assert [(act.action, act.record, act.reason) for act in noted(world)] == [
        ("session.cancel", f"series/{series.id}", "clinical"),
        ("series.pause", f"series/{series.id}", "weather"),
        ("series.cancel", f"series/{series.id}", "patient"),
    ]


def test_a_record_of_a_patient_names_the_patient(world):
    world.run(CLINIC, add_external_dose, AddExternalDose(PATIENT, LATELY, Reporter.PATIENT))
    [act] = noted(world)
    assert (act.record, act.patient_id, act.reason) == (f"patient/{PATIENT}", PATIENT, None)
    assert json.loads(act.facts)["on"] == "2026-02-20"


def test_a_key_is_noted_once_by_its_id_and_never_with_its_secret(world):
    new = world.run(CLINIC, issue_key, IssueKey("desk", ("front_desk",)))
    newer = world.run(CLINIC, rotate_key, RotateKey(new.access_key.id, timedelta(hours=1)))
    assert [act.record for act in noted(world)] == [
        f"access_key/{new.access_key.id}",
        f"access_key/{newer.access_key.id}",
    ]
    assert [act.action for act in noted(world)] == ["access-key.issue", "access-key.rotate"]
    assert not any(key.secret in act.facts for key in (new, newer) for act in noted(world))


def test_skills_of_staff_are_noted_with_their_dates(world):
    skill = Skill("acls", until=CASE_A[0])
    nurse = world.run(CLINIC, add_resource, AddResource(ResourceKind.NURSE, "Nan", skills=(skill,)))
    [act] = noted(world)
    assert act.record == f"resource/{nurse.id}"
    assert json.loads(act.facts)["skills"] == [{"code": "acls", "until": "2026-03-04"}]


def test_a_booking_is_noted_when_it_sets_a_rule_aside_and_only_then(world):
    world.actor = A_CLINICIAN
    booked(world, a_booking(CASE_A[1:2], protocol="booster-single", condition=Condition.PTSD))
    assert noted(world) == []
    word = Asked("spacing.rolling-seven-days", "severe relapse")
    dates = [date(2026, 3, day) for day in (3, 6, 9, 12, 16, 19)]
    asked = a_booking(dates, "13:00", protocol="mood-iv-6x3w", condition=Condition.DEPRESSION, overrides=(word,))
    series = booked(world, replace(asked, patient_id="patient-2"))
    [act] = noted(world)
    assert (act.action, act.record, act.patient_id) == ("rule.set-aside", f"series/{series.id}", "patient-2")
    assert json.loads(act.facts)["overrides"] == [{"code": "spacing.rolling-seven-days", "reason": "severe relapse"}]


def test_the_chain_of_a_clinic_is_its_own_and_holds(world):
    held(world)
    world.run(CLINIC, release_clinical_hold, RELEASE)
    world.run(CLINIC, add_external_dose, AddExternalDose(PATIENT, LATELY, Reporter.PATIENT))
    assert noted(world, OTHER_CLINIC) == []
    verdict = world.run(CLINIC, verify_audit, VerifyAudit())
    assert (verdict.head.seq, verdict.breaks) == (3, ())
    first = world.audit[CLINIC][0]
    world.audit[CLINIC][0] = replace(first, act=replace(first.act, actor="nobody"))
    assert [one.what for one in world.run(CLINIC, verify_audit, VerifyAudit()).breaks] == [Fracture.CHANGED]


def test_the_chain_is_listed_in_its_order_and_by_patient_record_and_action(world):
    held(world)
    world.run(CLINIC, release_clinical_hold, RELEASE)
    for patient in (PATIENT, "patient-2"):
        world.run(CLINIC, add_external_dose, AddExternalDose(patient, LATELY, Reporter.PATIENT))

    def seqs(after: str | None = None, limit: int = 10, **wanted: str) -> tuple[list[int], str | None]:
        page = world.run(CLINIC, list_audit, ListAudit(limit, after, **wanted))
        return [entry.seq for entry in page.items], page.after

    first, after = seqs(limit=2)
    assert (first, seqs(after)) == ([1, 2], ([3, 4], None))
    assert seqs(patient_id=PATIENT)[0] == [1, 2, 3]
    assert seqs(record="patient/patient-2")[0] == [4]
    assert seqs(action="external-dose.add")[0] == [3, 4]


def test_two_at_once_both_end_up_in_the_chain(world):
    held(world)
    first = world.unit(CLINIC)
    release_clinical_hold(first, RELEASE)
    world.run(CLINIC, add_external_dose, AddExternalDose("patient-2", LATELY, Reporter.PATIENT))
    with pytest.raises(Contended, match="added to the chain"):
        first.commit()
    world.run(CLINIC, release_clinical_hold, RELEASE)
    assert [act.action for act in noted(world)][1:] == ["external-dose.add", "clinical-hold.release"]
    assert world.run(CLINIC, verify_audit, VerifyAudit()).breaks == ()
