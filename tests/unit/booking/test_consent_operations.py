"""Signing, withdrawing, proving and sharing, as operations."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.booking.domain.chart.consent import KINDS, Consent, ConsentKind, ConsentState, Gate, Manner, Scope
from services.booking.domain.clinic.task import Task, TaskKind
from services.booking.domain.events import TreatmentHeld
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import CancelReason
from services.booking.operations.consents import (
    ListConsents,
    PublishConsentTexts,
    ShowConsentTexts,
    SignConsent,
    WithdrawConsent,
    list_consents,
    missing_consents,
    publish_consent_texts,
    show_consent_texts,
    sign_consent,
    withdraw_consent,
)
from services.booking.operations.exposure import ReleaseSession, release_session
from services.booking.operations.series import BookSeries, CancelSession, cancel_session
from services.booking.operations.sharing import ShareSummary, share_summary
from services.booking.operations.visits import CheckInSession, check_in_session
from shared.errors import Conflict, Forbidden, NotFound, RuleBroken, Stale
from shared.localtime import resolve
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    NEW_YORK,
    OTHER_CLINIC,
    PATIENT,
    a_booking,
    a_clinic,
    a_patient,
    a_world,
    booked,
    measured,
)
from tests.support.booking_fakes import A_CLINICIAN, FakeBooking

ON = CASE_A[0]
FOR_A_COURSE = tuple(kind for kind, rule in KINDS.items() if rule.scope is Scope.SERIES)
OF_THE_PATIENT = tuple(kind for kind, rule in KINDS.items() if rule.scope is Scope.PATIENT)


def a_bare_world() -> FakeBooking:
    """Nobody has signed anything."""
    world = a_world()
    world.rows[Consent].clear()
    return world


def signs(world: FakeBooking, kind: ConsentKind = ConsentKind.TREATMENT, **fields: Any) -> Consent:
    command = SignConsent(**{"patient_id": PATIENT, "text_version": "2", "how": Manner.IN_PERSON, **fields}, kind=kind)
    consent: Consent = world.run(CLINIC, sign_consent, command)
    return consent


def signs_all(world: FakeBooking, **fields: Any) -> None:
    for kind in (*FOR_A_COURSE, *OF_THE_PATIENT):
        signs(world, kind, **fields)


def a_course(world: FakeBooking, command: BookSeries | None = None) -> Series:
    """Everything is signed, and the course booked."""
    signs_all(world)
    return booked(world, command)


def withdraws(world: FakeBooking, kind: ConsentKind) -> Consent:
    consent = next(one for one in reversed(world.all(Consent)) if one.kind is kind)
    withdrawn: Consent = world.run(CLINIC, withdraw_consent, WithdrawConsent(PATIENT, consent.id, "has doubts"))
    return withdrawn


def missing(world: FakeBooking, series: Series, gate: Gate = Gate.DOSING, on: date = ON) -> set[tuple[str, str]]:
    faults = missing_consents(world.unit(CLINIC), series, gate, on)
    return {(fault.code, fault.context["kind"]) for fault in faults}


def tasks(world: FakeBooking, kind: TaskKind) -> list[Task]:
    return [task for task in world.all(Task) if task.kind is kind]


# --- signing ----------------------------------------------------------------------------------------------------------


def test_a_signature_is_kept_with_who_saw_it_and_until_when_it_holds():
    world = a_bare_world()
    consent = signs(world)
    assert (consent.witness, consent.signed_at, consent.zone) == (world.actor.id, world.now, NEW_YORK)
    assert (consent.signed_on, consent.expires_on) == (date(2026, 3, 1), date(2027, 3, 1))
    assert world.all(Consent) == [consent]


def test_a_refused_signature_tells_every_reason_and_keeps_nothing():
    world = a_bare_world()
    with pytest.raises(RuleBroken) as refused:
        signs(world, signed_at=world.now + timedelta(minutes=1), recipient="Dr. Who")
    assert {fault.code for fault in refused.value.faults} == {"consent.in-future", "consent.recipient-wrong"}
    assert world.all(Consent) == []


def test_nobody_signs_for_a_course_of_somebody_else_or_of_no_one():
    world = a_bare_world()
    series = a_course(world)
    unit = world.unit(CLINIC)
    unit.patients.save(a_patient("patient-3", person=series.person))
    unit.commit()
    theirs = [(patient_id, series.id) for patient_id in ("patient-2", "patient-3")]
    for patient_id, series_id in (*theirs, (PATIENT, "series-9"), ("patient-9", None)):
        with pytest.raises(NotFound):
            signs(world, patient_id=patient_id, series_id=series_id)


def test_what_was_given_to_another_record_of_the_same_person_impairs_as_well():
    world = a_bare_world()
    series = a_course(world)
    started_at = resolve(datetime.combine(ON, datetime.min.time()).replace(hour=9), NEW_YORK)
    world.now = started_at + timedelta(hours=1)
    unit = world.unit(CLINIC)
    unit.patients.save(a_patient("patient-3", person=series.person))
    session = replace(series.session(1), started_at=started_at)
    unit.series.save(unit.series.get(series.id).with_sessions(session))
    unit.commit()
    for patient_id in (PATIENT, "patient-3"):
        with pytest.raises(RuleBroken) as refused:
            signs(world, ConsentKind.FINANCIAL, patient_id=patient_id)
        assert [fault.code for fault in refused.value.faults] == ["consent.impaired"]
    assert signs(world, ConsentKind.FINANCIAL, patient_id="patient-2")


# --- booking ----------------------------------------------------------------------------------------------------------


def test_what_waits_for_a_course_belongs_to_the_one_that_is_booked():
    world = a_bare_world()
    series = a_course(world)
    of = {one.kind: one.series_id for one in world.all(Consent)}
    assert {kind for kind, series_id in of.items() if series_id == series.id} == {"treatment", "escort-and-no-driving"}
    assert {of[ConsentKind.KAP], of[ConsentKind.INVESTIGATIONAL], of[ConsentKind.FINANCIAL]} == {None}
    assert missing(world, series) == set()


def test_the_next_course_needs_signatures_of_its_own():
    world = a_bare_world()
    a_course(world)
    second = booked(world, a_booking([date(2026, 4, 13)], protocol="booster-single", condition=Condition.DEPRESSION))
    assert missing(world, second, on=date(2026, 4, 13)) == {
        ("consent.missing", "treatment"),
        ("consent.missing", "escort-and-no-driving"),
    }
    for kind in (ConsentKind.TREATMENT, ConsentKind.ESCORT):
        signs(world, kind, series_id=second.id)
    assert missing(world, second, on=date(2026, 4, 13)) == set()


def test_nothing_is_booked_without_what_is_signed_before_a_course():
    world = a_bare_world()
    with pytest.raises(Conflict, match=r"series\.not-cleared") as refused:
        booked(world)
    found = {fault.context.get("kind") for fault in refused.value.faults if fault.code == "consent.missing"}
    assert found == {"controlled-substance", "financial-policy"}


def test_an_investigational_course_is_not_booked_without_its_own_agreement():
    world = a_bare_world()
    for kind in OF_THE_PATIENT:
        signs(world, kind)
    command = a_booking((), protocol="bpd-iv-6x3w")
    with pytest.raises(Conflict, match=r"series\.not-cleared") as refused:
        booked(world, command)
    assert [fault.context.get("kind") for fault in refused.value.faults] == ["investigational"]
    signs(world, ConsentKind.INVESTIGATIONAL)
    series = booked(world, command)
    assert missing(world, series, Gate.BOOKING) == {("consent.missing", "investigational")}  # it is this course's now
    assert ("consent.missing", "investigational") not in missing(world, series)


# --- withdrawing ------------------------------------------------------------------------------------------------------


def test_a_withdrawal_holds_every_dose_to_come_at_once():
    world = a_bare_world()
    series = a_course(world)
    world.run(CLINIC, cancel_session, CancelSession(series.id, 6, CancelReason.PATIENT))
    withdrawn = withdraws(world, ConsentKind.TREATMENT)
    assert withdrawn.withdrawal is not None
    assert (withdrawn.withdrawal.by, withdrawn.withdrawal.at) == (world.actor.id, world.now)
    kept = world.unit(CLINIC).series.get(series.id)
    assert [one.number for one in kept.sessions if one.blocks] == [1, 2, 3, 4, 5]
    assert [(event.number, event.reason) for event in world.events(TreatmentHeld)] == [
        (number, "consent.withdrawn") for number in range(1, 6)
    ]
    assert missing(world, kept) == {("consent.withdrawn", "treatment")}
    [task] = tasks(world, TaskKind.CONSENT_WITHDRAWN)
    assert (task.patient_id, task.series_id, task.due_at) == (PATIENT, series.id, world.now)
    assert "has doubts" not in task.detail


def test_a_withdrawal_that_stops_nothing_leaves_no_task():
    world = a_bare_world()
    a_course(world)
    signs(world, ConsentKind.RELEASE, recipient="Dr. Who")
    withdraws(world, ConsentKind.RELEASE)
    withdraws(world, ConsentKind.FINANCIAL)
    assert (world.events(TreatmentHeld), tasks(world, TaskKind.CONSENT_WITHDRAWN)) == ([], [])


def test_one_that_is_good_for_all_courses_stops_all_of_them_and_leaves_one_task():
    world = a_bare_world()
    first = a_course(world)
    second = booked(world, a_booking([date(2026, 4, 13)], protocol="booster-single", condition=Condition.DEPRESSION))
    withdraws(world, ConsentKind.CONTROLLED_SUBSTANCE)
    assert {id for _, id, event in world.told if isinstance(event, TreatmentHeld)} == {first.id, second.id}
    assert len(tasks(world, TaskKind.CONSENT_WITHDRAWN)) == 1


def test_signed_again_a_dose_begins_once_a_clinician_has_released_it():
    world = a_bare_world()
    series = a_course(world)
    withdraws(world, ConsentKind.TREATMENT)
    world.pass_time(hours=1)
    signs(world, series_id=series.id)
    held = world.unit(CLINIC).series.get(series.id)
    assert missing(world, held) == set()
    assert [block.code for block in held.session(1).blocks] == ["consent.withdrawn"]
    world.actor = A_CLINICIAN
    released = world.run(CLINIC, release_session, ReleaseSession(series.id, 1, "has signed again"))
    assert released.session(1).blocks == ()


def test_only_a_consent_of_that_patient_is_withdrawn():
    world = a_bare_world()
    consent = signs(world)
    for command in (WithdrawConsent("patient-2", consent.id, "no"), WithdrawConsent(PATIENT, "consent-9", "no")):
        with pytest.raises(NotFound):
            world.run(CLINIC, withdraw_consent, command)


# --- proving ----------------------------------------------------------------------------------------------------------


def test_the_list_shows_all_with_what_they_are_worth_today():
    world = a_bare_world()
    signs(world)
    world.pass_time(minutes=1)
    signs(world)
    signs(world, ConsentKind.KAP)
    withdraws(world, ConsentKind.KAP)
    found = world.run(CLINIC, list_consents, ListConsents(PATIENT)).items
    assert [(one.consent.kind, one.state) for one in found] == [
        ("treatment", ConsentState.REPLACED),
        ("treatment", ConsentState.VALID),
        ("kap", ConsentState.WITHDRAWN),
    ]
    with pytest.raises(NotFound):
        world.run(CLINIC, list_consents, ListConsents("patient-9"))


def test_another_clinic_sees_none_of_it():
    world = a_bare_world()
    unit = world.unit(OTHER_CLINIC)
    unit.clinics.save(a_clinic(OTHER_CLINIC))
    unit.patients.save(a_patient(PATIENT))
    unit.commit()
    consent = signs(world)
    assert world.run(OTHER_CLINIC, list_consents, ListConsents(PATIENT)).items == ()
    with pytest.raises(NotFound):
        world.run(OTHER_CLINIC, withdraw_consent, WithdrawConsent(PATIENT, consent.id, "no"))


def test_a_newer_notice_makes_the_older_void_and_is_signed_from_then_on():
    world = a_bare_world()
    series = a_course(world)
    assert world.run(CLINIC, show_consent_texts, ShowConsentTexts()).version == 0
    publish = PublishConsentTexts(0, {ConsentKind.PRIVACY_NOTICE: "3.0"})
    texts = world.run(CLINIC, publish_consent_texts, publish)
    assert (texts.version, texts.versions) == (1, {"privacy-notice": "3.0"})
    assert missing(world, series, Gate.FIRST_VISIT) == {("consent.text-replaced", "privacy-notice")}
    with pytest.raises(RuleBroken):
        signs(world, ConsentKind.PRIVACY_NOTICE)
    world.pass_time(minutes=1)
    signs(world, ConsentKind.PRIVACY_NOTICE, text_version="3.1")
    assert missing(world, series, Gate.FIRST_VISIT) == set()
    with pytest.raises(Stale):
        world.run(CLINIC, publish_consent_texts, publish)


# --- sharing ----------------------------------------------------------------------------------------------------------


def test_nothing_is_shared_without_a_release_for_that_recipient():
    world = a_bare_world()
    a_course(world)
    measured(world)
    ask = ShareSummary(PATIENT, "Dr. Who")
    with pytest.raises(Forbidden, match=r"consent\.missing"):
        world.run(CLINIC, share_summary, ask)
    signs(world, ConsentKind.RELEASE, recipient="dr. who")
    summary = world.run(CLINIC, share_summary, ask)
    [course] = summary.courses
    assert (course.protocol, course.given_on, course.to_come_on) == ("mood-iv-6x2w", (), CASE_A)
    assert [(one.instrument, one.total) for one in summary.measures] == [("phq-9", 14)]
    with pytest.raises(Forbidden, match=r"consent\.missing"):
        world.run(CLINIC, share_summary, ShareSummary(PATIENT, "Dr. No"))
    withdraws(world, ConsentKind.RELEASE)
    with pytest.raises(Forbidden, match=r"consent\.withdrawn"):
        world.run(CLINIC, share_summary, ask)
    world.pass_time(minutes=1)
    signs(world, ConsentKind.RELEASE, recipient="Dr. Who")
    world.pass_time(days=366)
    with pytest.raises(Forbidden, match=r"consent\.expired"):
        world.run(CLINIC, share_summary, ask)


def test_what_was_shared_with_whom_is_in_the_audit_and_what_was_refused_is_not():
    world = a_bare_world()
    ask = ShareSummary(PATIENT, "Dr. Who")
    with pytest.raises(Forbidden):
        world.run(CLINIC, share_summary, ask)
    signs(world, ConsentKind.RELEASE, recipient="Dr. Who")
    world.run(CLINIC, share_summary, ask)
    assert [entry.act.action for entry in world.audit[CLINIC]] == ["consent.sign", "summary.share"]
    assert "Dr. Who" in world.audit[CLINIC][1].act.facts


# --- the visit --------------------------------------------------------------------------------------------------------


def test_who_has_not_seen_the_privacy_notice_is_not_checked_in_for_a_dose():
    world = a_bare_world()
    series = a_course(world)
    withdraws(world, ConsentKind.PRIVACY_NOTICE)
    world.now = series.session(1).starts_at
    world.actor = A_CLINICIAN
    world.run(CLINIC, release_session, ReleaseSession(series.id, 1, "seen and discussed"))
    arrives = CheckInSession(series.id, 1)
    with pytest.raises(Conflict, match=r"session\.on-hold") as refused:
        world.run(CLINIC, check_in_session, arrives)
    assert [fault.context["kind"] for fault in refused.value.faults] == ["privacy-notice"]
    signs(world, ConsentKind.PRIVACY_NOTICE)
    world.run(CLINIC, check_in_session, arrives)
