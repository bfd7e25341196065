"""What a patient signs: for how long it holds, who asks for it, and what its withdrawal stops."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.chart.consent import (
    KINDS,
    Consent,
    ConsentKind,
    ConsentState,
    ConsentTexts,
    Gate,
    Manner,
    Scope,
    Withdrawal,
    consent_faults,
    last_day,
    sharing_faults,
    standing,
    state_of,
)
from services.booking.domain.chart.signing import is_impaired, require_signed
from services.booking.domain.chart.stopping import doses_that_need, stopped
from services.booking.domain.events import TreatmentHeld
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.domain.series.series import SeriesStatus
from services.booking.domain.series.session import HoldOn, SessionMove, SessionStatus
from shared.errors import Conflict, RuleBroken
from shared.localtime import local_date, resolve
from tests.support.booking_builders import MOOD, NEW_YORK, PATIENT, a_held_series, a_series, a_session

SIGNED_AT = datetime(2026, 3, 1, 15, tzinfo=UTC)
ON = date(2026, 3, 4)
NO_TEXTS = ConsentTexts("clinic-1")
KAP = TEMPLATES["kap-6"]


def a_consent(kind: ConsentKind = ConsentKind.TREATMENT, **fields: Any) -> Consent:
    """Signed for series 1 where it is of one, on 1 March 2026."""
    zone, signed_at = fields.get("zone", NEW_YORK), fields.get("signed_at", SIGNED_AT)
    consent = Consent(
        id=f"{kind}-1",
        patient_id=PATIENT,
        kind=kind,
        text_version="2.1",
        signed_at=signed_at,
        zone=zone,
        how=Manner.IN_PERSON,
        witness="key-1",
        series_id="series-1" if KINDS[kind].scope is Scope.SERIES else None,
        recipient="Dr. Who" if KINDS[kind].scope is Scope.RECIPIENT else None,
        expires_on=last_day(kind, local_date(signed_at, zone)),
    )
    return replace(consent, **fields)


ALL = tuple(a_consent(kind) for kind in ConsentKind)


def local(text: str) -> datetime:
    return resolve(datetime.fromisoformat(text), NEW_YORK)


def withdrawn(consent: Consent, at: datetime = SIGNED_AT + timedelta(days=1)) -> Consent:
    return consent.withdrawn(Withdrawal("changed my mind", "key-2", at))


def faults_at(gate, consents, *, regimen=MOOD, condition=Condition.DEPRESSION, on=ON, texts=NO_TEXTS, of="series-1"):
    found = consent_faults(consents, gate, regimen, condition, series_id=of, on=on, texts=texts)
    return [(fault.code.removeprefix("consent."), fault.context["kind"]) for fault in found]


def missing_at(gate, **course):
    return {kind for _, kind in faults_at(gate, (), **course)}


# --- how long it holds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signed_on", "last"),
    [
        ("2026-03-31", "2027-03-31"),
        ("2028-02-29", "2029-02-28"),
        ("2027-02-28", "2028-02-28"),
        ("2027-03-01", "2028-03-01"),
        ("2026-12-31", "2027-12-31"),
        ("2026-01-01", "2027-01-01"),
    ],
)
def test_twelve_months_end_on_the_same_day_or_the_last_of_that_month(signed_on, last):
    assert last_day(ConsentKind.TREATMENT, date.fromisoformat(signed_on)) == date.fromisoformat(last)


def test_kinds_without_months_have_no_last_day():
    endless = {kind for kind in ConsentKind if last_day(kind, ON) is None}
    assert endless == {"investigational", "escort-and-no-driving", "privacy-notice", "rems-enrolment"}


@given(st.dates(date(2020, 1, 1), date(2098, 12, 31)))
def test_a_year_is_never_longer_nor_more_than_a_day_shorter(day):
    last = last_day(ConsentKind.FINANCIAL, day)
    assert last is not None
    assert (last.year, last.month) == (day.year + 1, day.month)
    assert day.day - 1 <= last.day <= day.day


def test_it_is_valid_all_of_its_last_local_day_and_not_a_minute_longer():
    consent = a_consent(signed_at=datetime(2026, 3, 31, 15, tzinfo=UTC))
    others = [one for one in ALL if one.kind is not ConsentKind.TREATMENT]
    last_minute = local("2027-03-31T23:59")
    for at, expected in ((last_minute, []), (last_minute + timedelta(minutes=1), [("expired", "treatment")])):
        on = local_date(at, NEW_YORK)
        young = [replace(one, expires_on=None) for one in others]
        assert faults_at(Gate.DOSING, [consent, *young], on=on) == expected


def test_the_day_is_the_clinics_not_that_of_utc():
    late = local("2026-03-31T23:30")  # 1 April in UTC
    consent = a_consent(signed_at=late)
    assert (consent.signed_on, consent.expires_on) == (date(2026, 3, 31), date(2027, 3, 31))


def test_a_refusal_for_age_says_until_when_it_was_valid():
    found = sharing_faults([a_consent(ConsentKind.RELEASE)], "Dr. Who", date(2027, 3, 2), NO_TEXTS)
    assert [fault.context for fault in found] == [{"kind": "release-of-information", "expires_on": "2027-03-01"}]


# --- who asks for what ------------------------------------------------------------------------------------------------

DOSE = {"treatment", "escort-and-no-driving", "controlled-substance", "privacy-notice"}
COURSES = {
    "mood-iv-6x2w": (Condition.DEPRESSION, {"controlled-substance", "financial-policy"}, DOSE),
    "kap-6": (Condition.DEPRESSION, {"controlled-substance", "financial-policy"}, DOSE | {"kap"}),
    "esket-label": (
        Condition.DEPRESSION,
        {"controlled-substance", "financial-policy", "rems-enrolment"},
        DOSE | {"rems-enrolment"},
    ),
    "ocd-iv-6x3w": (
        Condition.OCD,
        {"controlled-substance", "financial-policy", "investigational"},
        DOSE | {"investigational"},
    ),
}


@pytest.mark.parametrize("slug", COURSES)
def test_each_gate_asks_a_course_for_its_own(slug):
    condition, booking, dosing = COURSES[slug]
    course: dict[str, Any] = {"regimen": TEMPLATES[slug], "condition": condition}
    assert missing_at(Gate.BOOKING, **course) == booking
    assert missing_at(Gate.FIRST_VISIT, **course) == {"privacy-notice"}
    assert missing_at(Gate.DOSING, **course) == dosing
    assert faults_at(Gate.DOSING, ALL, **course) == []


@pytest.mark.parametrize("condition", Condition)
def test_what_is_investigational_takes_an_agreement_of_its_own(condition):
    asked = missing_at(Gate.BOOKING, condition=condition)
    assert ("investigational" in asked) is (condition in {"ocd", "bpd", "bipolar"})


def test_a_protocol_may_be_investigational_whatever_it_treats():
    course: dict[str, Any] = {"regimen": replace(MOOD, is_investigational=True)}
    assert "investigational" in missing_at(Gate.BOOKING, **course)


def test_every_reason_is_told_at_once():
    consents = [
        withdrawn(a_consent(ConsentKind.ESCORT)),
        a_consent(ConsentKind.TREATMENT, expires_on=ON - timedelta(days=1)),
        a_consent(ConsentKind.PRIVACY_NOTICE, text_version="1.9"),
    ]
    texts = ConsentTexts("clinic-1", {ConsentKind.PRIVACY_NOTICE: "2"})
    assert set(faults_at(Gate.DOSING, consents, texts=texts)) == {
        ("withdrawn", "escort-and-no-driving"),
        ("expired", "treatment"),
        ("text-replaced", "privacy-notice"),
        ("missing", "controlled-substance"),
    }


@pytest.mark.parametrize("kind", [kind for kind, rule in KINDS.items() if rule.scope is Scope.SERIES])
def test_what_is_signed_for_one_course_is_not_good_for_another(kind):
    gate = Gate.DOSING
    course: dict[str, Any] = {"regimen": replace(KAP, is_investigational=True), "condition": Condition.DEPRESSION}
    assert ("missing", kind) in faults_at(gate, ALL, of="series-2", **course)
    assert ("missing", kind) in faults_at(gate, ALL, of=None, **course)
    waiting = [replace(one, series_id=None) if one.kind is kind else one for one in ALL]
    assert faults_at(gate, waiting, **course) == [("missing", kind)]
    others = [one for one in waiting if one.kind is kind]
    assert ("missing", kind) not in faults_at(gate, others, of=None, **course)


def test_a_release_is_for_its_recipient_however_the_name_is_written():
    release = a_consent(ConsentKind.RELEASE, recipient="Dr.  Élan Who")
    assert sharing_faults([release], " dr. ÉLAN who ", ON, NO_TEXTS) == []
    assert [fault.code for fault in sharing_faults([release], "Dr. Elan", ON, NO_TEXTS)] == ["consent.missing"]


# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signed", "present", "is_good"),
    [("2", "2", True), ("2.0", "2.9", True), ("2.9", "2.1", True), ("1.9", "2", False), ("10", "9", False)],
)
def test_another_major_text_voids_what_was_signed_a_minor_one_does_not(signed, present, is_good):
    texts = ConsentTexts("clinic-1", {ConsentKind.TREATMENT: present})
    assert texts.has_signed_now(ConsentKind.TREATMENT, signed) is is_good
    consents = [a_consent(text_version=signed), *(one for one in ALL if one.kind is not ConsentKind.TREATMENT)]
    assert faults_at(Gate.DOSING, consents, texts=texts) == ([] if is_good else [("text-replaced", "treatment")])


def test_texts_are_published_kind_by_kind_and_never_go_back():
    texts = NO_TEXTS.publish({ConsentKind.TREATMENT: "2.10"}).publish({ConsentKind.KAP: "1"})
    assert texts.versions == {"treatment": "2.10", "kap": "1"}
    assert texts.publish({ConsentKind.TREATMENT: "2.10"}) == texts
    with pytest.raises(RuleBroken) as refused:
        texts.publish({ConsentKind.TREATMENT: "2.9", ConsentKind.KAP: "0.9", ConsentKind.RELEASE: "1"})
    assert [fault.pointer for fault in refused.value.faults] == ["/texts/treatment", "/texts/kap"]


# --- which one counts -------------------------------------------------------------------------------------------------


def test_of_several_the_one_signed_last_counts():
    old, new = a_consent(expires_on=ON), a_consent(id="t-2", signed_at=SIGNED_AT + timedelta(hours=1))
    assert standing([new, old], old.key) == new


def test_a_withdrawal_ends_all_that_was_signed_before_and_nothing_later():
    first, second = a_consent(), a_consent(id="t-2", signed_at=SIGNED_AT + timedelta(hours=1))
    ended = withdrawn(first, SIGNED_AT + timedelta(hours=2))
    assert standing([ended, second], first.key) is None
    found_later = a_consent(id="t-3", signed_at=SIGNED_AT + timedelta(hours=2))
    assert standing([ended, second, found_later], first.key) is None
    again = a_consent(id="t-4", signed_at=SIGNED_AT + timedelta(hours=2, milliseconds=1))
    assert standing([ended, second, again], first.key) == again


def test_it_is_withdrawn_once():
    with pytest.raises(Conflict, match=r"consent\.withdrawn-already"):
        withdrawn(withdrawn(a_consent()))


def test_the_list_says_what_each_is_worth_today():
    old, new = a_consent(), a_consent(id="t-2", signed_at=SIGNED_AT + timedelta(days=2))
    texts = ConsentTexts("clinic-1", {ConsentKind.TREATMENT: "3"})

    def state(consent, consents, on=ON, texts=NO_TEXTS, *, is_over=False):
        return state_of(consent, consents, on, texts, is_over=is_over)

    assert state(old, [old]) is ConsentState.VALID
    assert state(old, [old], date(2027, 3, 2)) is ConsentState.EXPIRED
    assert state(old, [old, new]) is ConsentState.REPLACED
    assert state(old, [old], texts=texts) is ConsentState.TEXT_REPLACED
    assert state(old, [old], is_over=True) is ConsentState.SERIES_OVER
    ended = withdrawn(old)
    assert state(ended, [ended]) is ConsentState.WITHDRAWN
    assert (state(ended, [ended, new]), state(new, [ended, new])) == (ConsentState.WITHDRAWN, ConsentState.VALID)
    ended_both = withdrawn(new, SIGNED_AT + timedelta(days=3))
    assert state(old, [old, ended_both]) is ConsentState.WITHDRAWN


# --- a signature ------------------------------------------------------------------------------------------------------


def refused(consent, *series, texts=NO_TEXTS, registered_at=SIGNED_AT, now=SIGNED_AT):
    try:
        require_signed(consent, texts, series, registered_at=registered_at, now=now)
    except RuleBroken as refusal:
        return [(fault.code.removeprefix("consent."), fault.pointer) for fault in refusal.faults]
    return []


def test_an_ordinary_signature_is_kept():
    for consent in ALL:
        assert refused(consent, a_series()) == []


def test_it_lies_neither_in_the_future_nor_before_the_patient_was_registered():
    tick = timedelta(milliseconds=1)
    assert refused(a_consent(), now=SIGNED_AT - tick) == [("in-future", "/signed_at")]
    assert refused(a_consent(), registered_at=SIGNED_AT + tick, now=SIGNED_AT + tick) == [
        ("before-registration", "/signed_at")
    ]
    assert refused(a_consent(), registered_at=None) == []


@pytest.mark.parametrize("kind", ConsentKind)
def test_it_names_what_it_can_be_good_for_and_nothing_else(kind):
    full = a_consent(kind, recipient="Dr. Who", series_id="series-1")
    wrong = {code for code, _ in refused(full, a_series())}
    scope = KINDS[kind].scope
    assert ("recipient-wrong" in wrong) is (scope is not Scope.RECIPIENT)
    assert ("series-wrong" in wrong) is (scope is not Scope.SERIES)
    bare = [code for code, _ in refused(replace(full, recipient=None, series_id=None))]
    assert bare == (["recipient-wrong"] if scope is Scope.RECIPIENT else [])


@pytest.mark.parametrize("status", SeriesStatus)
def test_nothing_is_signed_for_a_course_that_is_over(status):
    is_over = status in {"completed", "cancelled", "lapsed"}
    assert refused(a_consent(), a_series(status=status)) == ([("series-over", "/series_id")] if is_over else [])


def test_it_is_of_the_present_text():
    texts = ConsentTexts("clinic-1", {ConsentKind.TREATMENT: "3.1"})
    assert refused(a_consent(text_version="2.9"), texts=texts) == [("text-replaced", "/text_version")]
    assert refused(a_consent(text_version="3.0"), texts=texts) == []


@pytest.mark.parametrize(
    ("signed_at", "is_refused"),
    [
        ("2026-03-04T09:59", False),
        ("2026-03-04T10:00", True),
        ("2026-03-04T12:00", True),
        ("2026-03-04T14:00", True),
        ("2026-03-04T23:59", True),
        ("2026-03-05T00:00", False),
    ],
)
def test_from_the_start_of_the_medicine_on_nothing_is_signed_that_day(signed_at, is_refused):
    given = a_session(1, SessionStatus.FULFILLED, started_at=local("2026-03-04T10:00"),
                      discharged_at=local("2026-03-04T14:00"))  # fmt: skip
    consent = a_consent(signed_at=local(signed_at))
    expected = [("impaired", "/signed_at")] if is_refused else []
    assert refused(consent, a_series(given), now=local("2026-03-06T12:00")) == expected


def test_who_is_still_there_after_midnight_signs_nothing_either():
    late = a_session(1, SessionStatus.IN_PROGRESS, started_at=local("2026-03-04T23:00"))
    assert is_impaired(late, local("2026-03-05T00:30"), NEW_YORK)
    gone = replace(late, status=SessionStatus.FULFILLED, discharged_at=local("2026-03-05T00:30"))
    assert is_impaired(gone, local("2026-03-05T00:29"), NEW_YORK)
    assert not is_impaired(gone, local("2026-03-05T00:30"), NEW_YORK)


def test_a_talk_impairs_nobody():
    talk = a_session(1, SessionStatus.IN_PROGRESS, doses=False, started_at=local("2026-03-04T10:00"))
    assert not is_impaired(talk, local("2026-03-04T10:30"), NEW_YORK)


# --- what a withdrawal stops ------------------------------------------------------------------------------------------

TO_COME = {SessionStatus.PENDING, SessionStatus.BOOKED, SessionStatus.CHECKED_IN, SessionStatus.PROPOSED}


@pytest.mark.parametrize("status", SessionStatus)
def test_only_doses_to_come_are_stopped(status):
    series = a_series(a_session(1, status), a_session(2, status, doses=False))
    stopped_ones = [session.number for session in doses_that_need(a_consent(), series, MOOD)]
    assert stopped_ones == ([1] if status in TO_COME else [])


@pytest.mark.parametrize(
    ("kind", "stops"),
    [
        ("treatment", True),
        ("escort-and-no-driving", True),
        ("controlled-substance", True),
        ("privacy-notice", True),
        ("kap", False),
        ("investigational", False),
        ("rems-enrolment", False),
        ("financial-policy", False),
        ("release-of-information", False),
    ],
)
def test_only_what_a_dose_of_the_course_asks_for_stops_it(kind, stops):
    assert bool(doses_that_need(a_consent(ConsentKind(kind)), a_series(), MOOD)) is stops


def test_a_consent_for_another_course_stops_nothing_here():
    assert doses_that_need(a_consent(series_id="series-2"), a_series(), MOOD) == ()
    assert doses_that_need(a_consent(series_id=None), a_series(), MOOD) == ()
    everywhere = a_consent(ConsentKind.CONTROLLED_SUBSTANCE)
    assert len(doses_that_need(everywhere, a_series(id="series-2"), MOOD)) == 6


def test_a_hold_of_places_is_asked_when_it_is_booked():
    assert doses_that_need(a_consent(), a_held_series(), MOOD) == ()


def test_each_stopped_dose_is_told_once():
    series, consent = a_series(), a_consent()
    doses = doses_that_need(consent, series, MOOD)
    held, told = stopped(series, doses, consent, SIGNED_AT)
    assert told == [TreatmentHeld(PATIENT, number, "consent.withdrawn", SIGNED_AT) for number in range(1, 7)]
    assert {block.code for session in held.sessions for block in session.blocks} == {"consent.withdrawn"}
    again, more = stopped(held, doses_that_need(consent, held, MOOD), a_consent(ConsentKind.ESCORT), SIGNED_AT)
    assert (again, more) == (held, [])


@pytest.mark.parametrize("starts_later", [timedelta(), timedelta(days=1)])
def test_another_time_or_chair_does_not_lift_it(starts_later):
    hold, cap = (HoldOn(code, "…", SIGNED_AT) for code in ("consent.withdrawn", "cap.30-days"))
    session = a_session(1, blocks=(hold, cap))
    placed = replace(session, blocks=(), starts_at=session.starts_at + starts_later)
    assert session.put(SessionMove.RESCHEDULE, placed).blocks == (hold,)
    resting = replace(session, status=SessionStatus.PROPOSED)
    assert resting.put(SessionMove.REBOOK, placed).blocks == (hold,)
