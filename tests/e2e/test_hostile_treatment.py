"""Bad and hostile input on the day of a dose: refused with a clear 4xx, and nothing is written."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from deploy.local.clear_patient import an_assessment
from deploy.local.order_dose import a_dose_order
from deploy.local.treatment_day import ALL_WELL, CALM, GIVEN
from shared.ids import new_id
from tests.e2e.practice import AWAKE, NOBODY, SIX, open_practice, six_times
from tests.e2e.refusals import let_rest, nothing_written, pointers, refused
from tests.e2e.town import Http, Town, codes, ok, problem
from tests.e2e.visit import Staff, Visit, staffed

pytestmark = pytest.mark.timeout(300)

WORD: Final = {"code": "vitals.review", "reason": "so I say"}
EVENT: Final = {"kind": "nausea", "severity": 1}
NO_NUMBERS: Final[tuple[Any, ...]] = (
    True,
    "128",
    128.5,
    -1,
    10**30,
    [],
    {},
    float("nan"),
    float("inf"),
    "' or 1=1",
    "\u0000",
)
STRANGE: Final = ("", "fire", "NAUSEA", "nausea\n", {"$ne": None}, ["nausea"], 7, None, "x" * 5000, "\ud800")


@pytest.fixture(scope="module")
def staff(town: Town) -> Staff:
    return staffed(open_practice(town, chairs=2, nurses=2, **AWAKE))


@pytest.fixture(scope="module")
def infused(town: Town, staff: Staff) -> Visit:
    """The first of six doses, five minutes behind its start."""
    visit = staff.book(staff.practice.register()["id"], *six_times(staff.practice.soon()), protocol=SIX)
    visit.go(0)
    visit.ready()
    ok(visit.send(staff.nurse, "start"))
    visit.go(5)
    ok(visit.send(staff.nurse, "readings", **CALM))
    ok(visit.send(staff.nurse, "adverse-events", **EVENT))
    let_rest(town, staff.practice.id)
    return visit


@pytest.fixture(autouse=True)
def untouched(town: Town, infused: Visit) -> Iterator[None]:
    with nothing_written(town, infused.staff.practice.id):
        yield


# --- readings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "measured"),
    [
        ("systolic", {"systolic": 301}),
        ("systolic", {"systolic": 39, "diastolic": 30}),
        ("diastolic", {"systolic": 250, "diastolic": 201}),
        ("diastolic", {"diastolic": 19}),
        ("diastolic", {"systolic": 80, "diastolic": 80}),
        ("diastolic", {"systolic": None}),
        ("systolic", {"diastolic": None}),
        ("heart_rate", {"heart_rate": 19}),
        ("heart_rate", {"heart_rate": 301}),
        ("respiratory_rate", {"respiratory_rate": 1}),
        ("respiratory_rate", {"respiratory_rate": 81}),
        ("spo2", {"spo2": 49}),
        ("spo2", {"spo2": 101}),
        ("temperature", {"temperature": "29.9"}),
        ("temperature", {"temperature": "45.1"}),
        ("pain", {"pain": 11}),
    ],
)
def test_what_nobody_can_have_measured_is_refused_by_name(infused: Visit, field: str, measured: dict[str, Any]) -> None:
    refusal = problem(infused.send(infused.staff.nurse, "readings", **{**CALM, **measured}), 422, "vitals.implausible")
    assert pointers(refusal) == {f"/{field}"}


def test_everything_that_is_wrong_with_a_reading_is_told_at_once(infused: Visit) -> None:
    wrong = {"systolic": 400, "diastolic": 10, "heart_rate": 0, "respiratory_rate": 99, "spo2": 5, "pain": 12}
    refusal = problem(infused.send(infused.staff.nurse, "readings", **wrong), 422, "vitals.implausible")
    assert pointers(refusal) == {f"/{field}" for field in wrong}
    problem(infused.send(infused.staff.nurse, "readings"), 422, "vitals.implausible")


@pytest.mark.parametrize("field", ["systolic", "spo2", "sedation", "pain"])
@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_what_is_no_number_is_no_reading(infused: Visit, field: str, value: Any) -> None:
    body = json.dumps({**CALM, field: value})
    headers = {"Content-Type": "application/json", "Idempotency-Key": new_id()}
    path = infused.staff.at(f"/series/{infused.series['id']}/sessions/1/readings")
    refused(infused.staff.nurse.send("POST", path, data=body, headers=headers), 400, 422)


@pytest.mark.parametrize("minutes", [1, 60, 60 * 24 * 365])
def test_nothing_has_happened_in_the_future(infused: Visit, minutes: int) -> None:
    nurse, at = infused.staff.nurse, (infused.staff.practice.now + timedelta(minutes=minutes)).isoformat()
    problem(infused.send(nurse, "readings", **CALM, at=at), 422, "treatment.in-future")
    problem(infused.send(nurse, "adverse-events", **EVENT, onset_at=at), 422, "adverse-event.future")
    (event,) = infused.ask("treatment")["adverse_events"]
    over = infused.send(nurse, f"adverse-events/{event['id']}/resolve", resolved_at=at)
    problem(over, 422, "adverse-event.future")


def test_a_reading_out_of_order_is_refused(infused: Visit) -> None:
    treatment = infused.ask("treatment")
    for at in (treatment["arrived_at"], treatment["start"]["at"], treatment["readings"][-1]["at"]):
        early = datetime.fromisoformat(at) - timedelta(seconds=at == treatment["start"]["at"])
        answer = infused.send(infused.staff.nurse, "readings", **CALM, at=early.isoformat())
        refusal = problem(answer, 422, "treatment.out-of-order")
        assert pointers(refusal) == {"/at"}
    before = datetime.fromisoformat(treatment["start"]["at"]) - timedelta(minutes=1)
    answer = infused.send(infused.staff.nurse, "adverse-events", **EVENT, onset_at=before.isoformat())
    problem(answer, 422, "adverse-event.onset-before-start")


@pytest.mark.parametrize(
    "at",
    [
        *("", "now", 0, 1e18, True, "2027-03-09", "2027-03-09T10:00:00", "2027-13-01T00:00:00Z"),
        *("2027-03-09T10:00:00+99:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"),
    ],
    ids=repr,
)
def test_what_is_no_instant_is_refused(infused: Visit, at: Any) -> None:
    nurse = infused.staff.nurse
    for step, field, body in (("readings", "at", CALM), ("adverse-events", "onset_at", EVENT)):
        assert pointers(refused(infused.send(nurse, step, **body, **{field: at}), 422)) == {f"/{field}"}
    refused(infused.send(nurse, "preparation", last_solids_at=at), 422)


# --- codes and words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value)[:12])
def test_a_code_that_nobody_knows_is_refused(infused: Visit, value: Any) -> None:
    nurse, clinician, patient = infused.staff.nurse, infused.staff.clinician, f"/patients/{infused.patient_id}"
    refused(infused.send(nurse, "adverse-events", **{**EVENT, "kind": value}), 422)
    refused(infused.send(clinician, "overrides", **{**WORD, "code": value}), 422)
    refused(infused.send(nurse, "end", **{**GIVEN, "kind": value}), 422)
    said = {"code": value, "reason": "so I say"}
    refused(infused.send(clinician, "discharge", **ALL_WELL, overrides=[said]), 409, 422)
    for rest, body in (
        ("signals", {"kind": value}),
        ("consents", {"kind": value, "text_version": "1", "how": "in-person"}),
        ("assessments", {**an_assessment(infused.staff.practice.now.date()), "condition": value or "none"}),
    ):
        refused(clinician.post(infused.staff.at(f"{patient}/{rest}"), body), 422)


@pytest.mark.parametrize("severity", [4, -1, "1", True, 1.5, None, "severe"], ids=repr)
def test_a_severity_is_one_of_four(infused: Visit, severity: Any) -> None:
    refused(infused.send(infused.staff.nurse, "adverse-events", kind="nausea", severity=severity), 422)


def test_what_must_be_said_in_words_is_said(infused: Visit) -> None:
    nurse, clinician = infused.staff.nurse, infused.staff.clinician
    problem(infused.send(nurse, "adverse-events", kind="other", severity=1), 422, "adverse-event.note-missing")
    problem(infused.send(nurse, "end", kind="aborted", given_mg="1"), 422, "treatment.reason-missing")
    for reason in ("", "  ", None, "x" * 501, "\u0000"):
        refused(infused.send(clinician, "overrides", code="vitals.review", reason=reason), 422)
        refused(infused.send(clinician, "continue", reason=reason), 422)


def test_what_was_given_is_an_amount(infused: Visit) -> None:
    nurse = infused.staff.nurse
    for slip in ("-1", "NaN", "Infinity", "1e2", "", "1000.01", "0.123", True, None, [35]):
        refused(infused.send(nurse, "end", kind="completed", given_mg=slip), 422)
    refused(infused.send(nurse, "end", **{**GIVEN, "dissociation": 25}), 422)
    refused(infused.send(nurse, "discharge", **ALL_WELL, padss=11), 422)


def test_moves_that_are_not_there_are_refused(infused: Visit) -> None:
    nurse, clinician = infused.staff.nurse, infused.staff.clinician
    problem(infused.send(nurse, "start"), 409)
    problem(infused.send(nurse, "preparation", identity_confirmed=True), 409, "treatment.illegal-move")
    problem(infused.send(nurse, "discharge", **ALL_WELL), 409)
    problem(infused.send(clinician, "continue", reason="nothing advises to stop"), 409, "treatment.no-advice")
    problem(infused.send(infused.staff.desk, "cancel", reason="clinic"), 409)
    problem(infused.send(infused.staff.desk, "check-in"), 409)
    problem(infused.send(nurse, f"adverse-events/{NOBODY}/resolve"), 404)


# --- orders and signatures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0"},
        {"amount": "5"},
        {"amount": "-0.5"},
        {"amount": "NaN"},
        {"basis": "pint"},
        {"basis": "device"},
        {"minutes": 9},
        {"minutes": 481},
        {"weight": None},
        {"weight": {"kg": "7", "measured_on": "2027-01-01"}},
        {"reason": None},
    ],
    ids=repr,
)
def test_a_dose_that_cannot_be_meant_is_not_ordered(infused: Visit, changes: dict[str, Any]) -> None:
    path = infused.staff.at(f"/series/{infused.series['id']}/dose-orders")
    body = {**a_dose_order(infused.staff.practice.now.date()), **changes}
    refused(infused.staff.clinician.post(path, body), 422)


def test_a_weight_is_that_of_today_or_before(infused: Visit) -> None:
    today = infused.staff.practice.now.date()
    path = infused.staff.at(f"/series/{infused.series['id']}/dose-orders")
    for day in (today + timedelta(days=1), today - timedelta(days=60)):
        refused(infused.staff.clinician.post(path, a_dose_order(day)), 422)


def test_nothing_is_signed_by_whom_the_medicine_was_given_nor_at_another_time(infused: Visit) -> None:
    path = infused.staff.at(f"/patients/{infused.patient_id}/consents")
    now = infused.staff.practice.now
    signed = {"kind": "kap", "text_version": "1", "how": "in-person"}
    for at, code in (
        (now, "consent.impaired"),
        (now + timedelta(hours=1), "consent.in-future"),
        (now - timedelta(days=400), "consent.before-registration"),
    ):
        refusal = problem(infused.staff.desk.post(path, {**signed, "signed_at": at.isoformat()}), 422)
        assert code in codes(refusal)


# --- who may not -----------------------------------------------------------------------------------------------------


def steps(visit: Visit) -> dict[str, tuple[str, dict[str, Any]]]:
    """What is done on the day and in the chart: path and body by a name."""
    today, series = visit.staff.practice.now.date(), f"/series/{visit.series['id']}"
    session, patient = f"{series}/sessions/1", f"/patients/{visit.patient_id}"
    word = {"code": "porphyria", "accepted": True, "reason": "so I say"}
    exam = {"exam": {"kind": "ecg", "on": f"{today}", "word": "normal"}}
    return {
        "preparation": (f"{session}/preparation", {"identity_confirmed": True}),
        "readings": (f"{session}/readings", dict(CALM)),
        "dissociation": (f"{session}/dissociation", {"points": 1}),
        "suicide-risk": (f"{session}/suicide-risk", {"level": "none"}),
        "adverse-events": (f"{session}/adverse-events", dict(EVENT)),
        "start": (f"{session}/start", {}),
        "end": (f"{session}/end", dict(GIVEN)),
        "discharge": (f"{session}/discharge", dict(ALL_WELL)),
        "exams": (f"{patient}/assessments/{NOBODY}/exams", exam),
        "findings": (f"{patient}/assessments/{NOBODY}/findings", {"question": "porphyria", "on": f"{today}"}),
        "overrides": (f"{session}/overrides", dict(WORD)),
        "continue": (f"{session}/continue", {"reason": "so I say"}),
        "left": (f"{session}/left", {"reason": "so I say"}),
        "dose-orders": (f"{series}/dose-orders", a_dose_order(today)),
        "second-signature": (f"{series}/dose-orders/{NOBODY}/second-signature", {}),
        "decisions": (f"{patient}/assessments/{NOBODY}/decisions", word),
        "approve": (f"{patient}/assessments/{NOBODY}/approve", {}),
        "release": (f"{patient}/clinical-holds/{NOBODY}/release", {"reason": "so I say"}),
        "assessments": (f"{patient}/assessments", an_assessment(today)),
        "consents": (f"{patient}/consents", {"kind": "kap", "text_version": "1", "how": "in-person"}),
        "signals": (f"{patient}/signals", {"kind": "craving"}),
    }


PEOPLE: Final = frozenset({"assessments", "consents", "signals"})
NURSING: Final = PEOPLE | {
    *("preparation", "readings", "dissociation", "suicide-risk", "adverse-events", "start", "end", "discharge"),
    *("exams", "findings"),
}
MAY: Final = {
    "nurse": NURSING,
    "front_desk": PEOPLE,
    "admin": PEOPLE,
    "integration": frozenset[str](),
    "psychiatrist": frozenset[str](),
}
"""What each scope alone is enough for; all else is forbidden."""


@pytest.mark.parametrize("scope", MAY)
def test_whoever_lacks_the_role_is_refused(infused: Visit, keys: dict[str, Http], scope: str) -> None:
    asked = steps(infused)
    assert MAY[scope] <= asked.keys()
    for path, body in (said for name, said in asked.items() if name not in MAY[scope]):
        problem(keys[scope].post(infused.staff.at(path), body), 403)


def test_programs_do_not_read_what_is_on_record_of_a_dose(infused: Visit, keys: dict[str, Http]) -> None:
    session = f"/series/{infused.series['id']}/sessions/1"
    for rest in ("treatment", "gate"):
        problem(keys["integration"].get(infused.staff.at(f"{session}/{rest}")), 403)
    for who in ("front_desk", "nurse", "integration"):
        problem(keys[who].get(infused.staff.at("/audit")), 403)


@pytest.fixture(scope="module")
def keys(staff: Staff) -> dict[str, Http]:
    """A key for each scope alone."""
    practice = staff.practice
    texts = {scope: practice.issue_key(scope)["key"] for scope in MAY}
    for text in texts.values():
        practice.wait_known(text)
    let_rest(practice.town, practice.id)
    return {scope: Http(practice.town.url, text) for scope, text in texts.items()}


# --- whose it is -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other(town: Town) -> Staff:
    return staffed(open_practice(town, **AWAKE))


def test_another_clinic_finds_none_of_it(infused: Visit, other: Staff) -> None:
    there = infused.staff.practice
    for path, body in steps(infused).values():
        # By its own address, and as if it were their own.
        problem(other.psychiatrist.post(there.at("booking", path), body), 404, "not-found")
        problem(other.clinician.post(other.at(path), body), 404, "not-found")
    for rest in ("treatment", "gate"):
        path = f"/series/{infused.series['id']}/sessions/1/{rest}"
        problem(other.clinician.get(there.at("booking", path)), 404, "not-found")
        problem(other.clinician.get(other.at(path)), 404, "not-found")
    for rest in ("/audit", "/audit/verification"):
        problem(other.practice.http.get(there.at("booking", rest)), 404, "not-found")


@pytest.mark.parametrize("number", ["0", "2", "99", "-1", "x", "1.0", "%00", "9" * 300])
def test_a_dose_for_which_nobody_has_come_has_no_treatment(infused: Visit, number: str) -> None:
    session = f"/series/{infused.series['id']}/sessions/{number}"
    for rest in ("treatment", "gate"):
        problem(infused.staff.nurse.get(infused.staff.at(f"{session}/{rest}")), 404)
    problem(infused.staff.nurse.post(infused.staff.at(f"{session}/readings"), dict(CALM)), 404)


# --- too much --------------------------------------------------------------------------------------------------------


def test_huge_bodies_are_refused_in_time(infused: Visit) -> None:
    nurse, megabytes = infused.staff.nurse, "x" * (10 << 20)
    problem(infused.send(nurse, "adverse-events", **EVENT, note=megabytes), 413)
    problem(infused.send(nurse, "preparation", escort={"name": megabytes}), 413)
    refused(infused.send(nurse, "adverse-events", **EVENT, note="x" * 501), 422)
    escort = {"name": "x" * 201, "phone": "+12025550100", "is_adult": True, "is_reachable": True}
    refused(infused.send(nurse, "preparation", escort=escort), 409, 422)
    words = [{"code": "discharge.too-early", "reason": "x"}] * 1000
    refused(infused.send(infused.staff.clinician, "discharge", **ALL_WELL, overrides=words), 413, 422)
    exams = [{"kind": "ecg", "on": "2026-03-02", "word": "normal"}] * 101
    body = {**an_assessment(infused.staff.practice.now.date()), "exams": exams}
    chart = infused.staff.at(f"/patients/{infused.patient_id}/assessments")
    refused(nurse.post(chart, body), 413, 422)


@pytest.mark.parametrize(
    "body", [b"{", b"null", b"[]", b'"x"', b"[" * 50_000, b'{"a":' * 30_000, b"\xff\xfe", b'{"systolic": 1e999}']
)
def test_what_is_no_reading_at_all_is_refused(infused: Visit, body: bytes) -> None:
    path = infused.staff.at(f"/series/{infused.series['id']}/sessions/1/readings")
    headers = {"Content-Type": "application/json", "Idempotency-Key": new_id()}
    refused(infused.staff.nurse.send("POST", path, data=body, headers=headers), 400, 422)


def test_fields_that_nobody_asked_for_are_refused(infused: Visit) -> None:
    for step, body in (("readings", CALM), ("end", GIVEN), ("adverse-events", EVENT), ("discharge", ALL_WELL)):
        refusal = refused(infused.send(infused.staff.nurse, step, **body, by="somebody else"), 422)
        assert pointers(refusal) == {"/by"}
