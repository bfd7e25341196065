"""A treatment day over HTTP, from the assessment to the day after: everybody does their part under their own key."""

import re
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from deploy.local.clear_patient import TO_BE_TREATED, TO_BOOK, an_assessment
from deploy.local.order_dose import a_dose_order
from deploy.local.treatment_day import ALL_WELL, CALM
from tests.e2e.command_line import run
from tests.e2e.practice import AWAKE, SIX, a_patient, a_wish, open_practice, six_times
from tests.e2e.town import Town, codes, eventually, ok, problem
from tests.e2e.visit import Staff, Visit, staffed

pytestmark = pytest.mark.timeout(300)

FIRST: Final = {**CALM, "systolic": 142, "diastolic": 84}
"""What is measured before the start: a systolic pressure for a clinician to look at."""
PASSED: Final = {**CALM, "systolic": 182, "diastolic": 112}
TOLD_AT: Final = {"home": timedelta(hours=2), "24h": timedelta(hours=24), "72h": timedelta(hours=72)}
"""How long after going home the patient is asked."""


@pytest.fixture(scope="module")
def staff(town: Town) -> Staff:
    return staffed(open_practice(town, chairs=3, nurses=3, **AWAKE))


def assess(staff: Staff, patient_id: str) -> None:
    """The desk writes it down, and two findings wait for a clinician's word."""
    chart = staff.at(f"/patients/{patient_id}/assessments")
    body = an_assessment(staff.practice.now.date(), SIX)
    said = {"medications": [{"code": "lamotrigine", "note": "200 mg"}], "trials": body["trials"][:1]}
    assessment = f"{chart}/{ok(staff.desk.post(chart, {**body, **said}))['id']}"
    problem(staff.desk.post(f"{assessment}/approve"), 403)
    refused = problem(staff.clinician.post(f"{assessment}/approve"), 422, "assessment.not-ready")
    found = ["screening.lamotrigine", "screening.too-few-trials"]
    assert sorted(fault["code"] for fault in refused["errors"]) == found
    for code in ("lamotrigine", "too-few-trials"):
        word = {"code": code, "accepted": True, "reason": "The psychiatrist at home asks for it."}
        problem(staff.nurse.post(f"{assessment}/decisions", word), 403)
        ok(staff.clinician.post(f"{assessment}/decisions", word))
    approved = ok(staff.clinician.post(f"{assessment}/approve"))
    assert (approved["status"], [one["stands"] for one in approved["results"]]) == ("approved", [False, False])


def book(staff: Staff, patient_id: str) -> Visit:
    """Refused with everything that is missing, until nothing is; one consent is left for the day."""
    series, wish = staff.at("/series"), a_wish(patient_id, six_times(staff.practice.soon()), SIX)
    missing = problem(staff.desk.post(series, wish), 409, "series.not-cleared")["errors"]
    found = [(fault["code"], fault["context"].get("kind")) for fault in missing]
    assert found == [("assessment.required", None), *(("consent.missing", kind) for kind in TO_BOOK)]
    assess(staff, patient_id)
    for kind in TO_BE_TREATED:
        if kind != "escort-and-no-driving":
            sign(staff, patient_id, kind)
    return Visit(staff, ok(staff.desk.post(series, wish)))


def sign(staff: Staff, patient_id: str, kind: str, **more: str) -> None:
    signed = {"kind": kind, "text_version": "1", "how": "in-person", **more}
    ok(staff.desk.post(staff.at(f"/patients/{patient_id}/consents"), signed))


def open_the_gate(visit: Visit) -> None:
    """The start is refused with everything that is missing, and each of it that comes in is one thing less."""
    staff, series_id = visit.staff, visit.series["id"]
    closed = visit.closed_by()
    assert closed == sorted(
        [
            *("consent.missing", "dose-order.missing", "escort.missing", *["fasting.not-asked"] * 2),
            *("identity.not-confirmed", "pregnancy.not-asked", "substances.not-asked", "suicide-risk.not-asked"),
            *("supervisor.missing", *["vitals.missing"] * 4),
        ]
    )
    refused = problem(visit.send(staff.nurse, "start"), 409, "treatment.gate-closed")
    assert sorted(fault["code"] for fault in refused["errors"]) == closed

    for question, answer in visit.answers().items():
        ok(visit.send(staff.nurse, "preparation", **{question: answer}))
        closed = fewer(visit, closed)
    sign(staff, visit.patient_id, "escort-and-no-driving", series_id=series_id)
    closed = fewer(visit, closed)
    order = staff.at(f"/series/{series_id}/dose-orders")
    problem(staff.nurse.post(order, a_dose_order(staff.practice.now.date())), 403)
    ordered = ok(staff.clinician.post(order, a_dose_order(staff.practice.now.date())))
    assert (ordered["dose_mg"], ordered["rate"]) == ("35.0", "52.5")
    assert fewer(visit, closed) == ["vitals.missing"] * 4

    ok(visit.send(staff.nurse, "readings", **FIRST))
    assert visit.closed_by() == ["vitals.review"]
    problem(visit.send(staff.nurse, "readings", **CALM), 422, "vitals.too-soon")
    word = {"code": "vitals.review", "reason": "Always so here; 128 at home this morning."}
    problem(visit.send(staff.nurse, "overrides", **word), 403)
    problem(visit.send(staff.nurse, "start"), 409, "treatment.gate-closed")
    ok(visit.send(staff.clinician, "overrides", **word))
    assert visit.ask("gate") == {"is_open": True, "faults": [], "may": {}}


def fewer(visit: Visit, before: list[str]) -> list[str]:
    """What is left of what kept the gate closed: less, but for what was asked to no end, and nothing new."""
    now = visit.closed_by()
    assert [code for code in set(now) if now.count(code) > before.count(code)] == []
    return now


def infuse(visit: Visit) -> datetime:
    """The look at minute 20 is missed, the pressure at minute 30 too high; when the infusion ended."""
    staff = visit.staff
    begun = ok(visit.send(staff.nurse, "start"))["sessions"][0]
    assert begun["status"] == "in-progress"
    problem(visit.send(staff.nurse, "start"), 409)
    start = datetime.fromisoformat(begun["started_at"])
    visit.go(10, start)
    ok(visit.send(staff.nurse, "readings", **CALM))

    visit.go(22.8, start)
    assert (visit.ask("treatment")["alarms"], visit.tasks("observation-overdue")) == ([], [])
    visit.go(23.1, start)
    (alarm,) = eventually(lambda: visit.ask("treatment")["alarms"], "missing the look")
    assert datetime.fromisoformat(alarm["due_at"]) == start + timedelta(minutes=20)
    (task,) = visit.tasks("observation-overdue")
    assert (task["status"], task["series_id"], task["number"]) == ("requested", visit.series["id"], 1)
    late = ok(visit.send(staff.nurse, "readings", **CALM))
    assert late["alarms"][0]["answered_at"] == late["readings"][-1]["at"]

    visit.go(30, start)
    advised = ok(visit.send(staff.nurse, "readings", **PASSED))
    assert [one["vital"] for one in advised["advice"][0]["passed"]] == ["systolic", "diastolic"]
    assert [task["status"] for task in visit.tasks("stop-advice")] == ["requested"]
    sick = {"kind": "nausea", "severity": 1, "onset_at": (start + timedelta(minutes=25)).isoformat()}
    ok(visit.send(staff.nurse, "adverse-events", **sick))
    problem(visit.send(staff.nurse, "continue", reason="it will pass"), 403)
    decided = ok(visit.send(staff.clinician, "continue", reason="Measured again by hand: 150 over 90."))
    assert decided["advice"][0]["decision"]["reason"] == "Measured again by hand: 150 over 90."

    visit.go(40, start)
    ended = ok(visit.send(staff.nurse, "end", kind="completed", given_mg="35", dissociation=3))
    assert (ended["status"], ended["end"]["given_mg"]) == ("recovering", "35")
    return datetime.fromisoformat(ended["end"]["at"])


def go_home(visit: Visit, ended: datetime) -> dict[str, Any]:
    """Too early, then without anybody to take them home, then as it should be; the session."""
    staff = visit.staff
    early = {"code": "discharge.too-early", "reason": "She would like to."}
    for minute in (15, 30, 45):
        visit.go(minute, ended)
        ok(visit.send(staff.nurse, "readings", **CALM))
    ok(visit.send(staff.nurse, "dissociation", points=1))
    ok(visit.send(staff.nurse, "suicide-risk", level="none"))
    event_id = visit.ask("treatment")["adverse_events"][0]["id"]
    ok(visit.send(staff.nurse, f"adverse-events/{event_id}/resolve"))
    refused = problem(visit.send(staff.nurse, "discharge", **ALL_WELL), 409, "treatment.not-ready")
    assert codes(refused) == {"discharge.too-early"}
    assert refused["errors"][0]["context"]["minutes"] == 45
    problem(visit.send(staff.nurse, "discharge", **ALL_WELL, overrides=[early]), 403)

    visit.go(60, ended)
    ok(visit.send(staff.nurse, "readings", **{**CALM, "systolic": 148, "diastolic": 86}))
    alone = {**ALL_WELL, "is_escort_present": False}
    refused = problem(visit.send(staff.nurse, "discharge", **alone), 409, "treatment.not-ready")
    assert codes(refused) == {"discharge.escort-absent"}
    word = {"code": "discharge.escort-absent", "reason": "She lives next door."}
    problem(visit.send(staff.nurse, "discharge", **alone, overrides=[word]), 403)
    home: dict[str, Any] = ok(visit.send(staff.nurse, "discharge", **ALL_WELL))["sessions"][0]
    assert home["status"] == "fulfilled"
    return home


def check_ins(visit: Visit) -> dict[str, datetime]:
    """What the patient is asked after this visit, and when."""
    path = visit.staff.practice.at("followup", f"/patients/{visit.patient_id}/check-ins")
    found = visit.staff.practice.http.get(path, limit=200)
    items = found.json()["items"] if found.ok else []
    mine = (one for one in items if one["session_number"] == 1)
    return {one["kind"]: datetime.fromisoformat(one["due_at"]) for one in mine}


def test_a_day_from_the_assessment_until_the_patient_is_at_home(town: Town, staff: Staff) -> None:
    patient_id = ok(staff.desk.post(staff.at("/patients"), a_patient()))["id"]
    visit = book(staff, patient_id)
    visit.go(-10)
    ok(visit.send(staff.desk, "check-in"))
    open_the_gate(visit)
    home = go_home(visit, infuse(visit))

    left = datetime.fromisoformat(home["discharged_at"])
    treatment = visit.ask("treatment")
    assert datetime.fromisoformat(treatment["departure"]["no_driving_until"]) == left + timedelta(hours=24)
    assert (treatment["status"], len(treatment["readings"]), len(treatment["advice"])) == ("discharged", 8, 1)
    eventually(lambda: set(TOLD_AT) <= set(check_ins(visit)), "planning what is asked")
    assert {kind: at - left for kind, at in check_ins(visit).items() if kind in TOLD_AT} == TOLD_AT
    assert_on_record(town, visit)


def assert_on_record(town: Town, visit: Visit) -> None:
    """Who did what and why is in the chain, which holds."""
    path, practice = visit.staff.at("/audit"), visit.staff.practice
    every = ok(practice.http.get(path, limit=200))["items"]
    mine = ok(practice.http.get(path, limit=200, patient_id=visit.patient_id))["items"]
    of_day = [entry["action"] for entry in mine if entry["record"].startswith(("treatment/", "series/"))]
    assert of_day == [
        "session.check-in",
        *["treatment.prepare"] * 9,
        *("treatment.reading", "treatment.override", "session.start", *["treatment.reading"] * 3),
        *("treatment.adverse-event", "treatment.continue", "treatment.end", *["treatment.reading"] * 3),
        *("treatment.dissociation", "treatment.suicide-risk", "treatment.adverse-event-resolved"),
        *("treatment.reading", "session.discharge"),
    ]
    reasons = {entry["action"]: entry["reason"] for entry in mine if entry["reason"]}
    assert reasons["treatment.override"] == "Always so here; 128 at home this morning."
    done = run(town, "audit", "verify", "--clinic", practice.id)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(rf"{practice.id}  {len(every)} entries, the newest {every[-1]['hash']}", done.stdout)
