"""What gives way to whose word on the day of a dose, over HTTP: a scope, a reason, and never more than was seen."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from deploy.local.order_dose import a_dose_order
from deploy.local.treatment_day import ALL_WELL, CALM
from tests.e2e.described import RECIPIENT
from tests.e2e.practice import ALWAYS, AWAKE, a_patient, a_wish, add_resources, open_practice
from tests.e2e.town import Town, codes, eventually, ok, problem
from tests.e2e.visit import Staff, Visit, staffed

pytestmark = pytest.mark.timeout(300)

SIX_BIPOLAR: Final = "bipolar-iv-6x3w"


@pytest.fixture(scope="module")
def staff(town: Town) -> Staff:
    practice = open_practice(town, chairs=2, nurses=2, **AWAKE)
    add_resources(practice, "room", 1)
    return staffed(practice)


@pytest.fixture
def visit(staff: Staff) -> Visit:
    """Nothing speaks against beginning now."""
    visit = staff.book(staff.practice.register()["id"], staff.practice.soon())
    visit.go(0)
    return visit.ready()


def word(code: str) -> dict[str, str]:
    return {"code": code, "reason": "seen, and spoken with the patient"}


# --- before the start -------------------------------------------------------------------------------------------------


def test_a_word_counts_for_what_was_seen_and_not_for_worse(staff: Staff, visit: Visit) -> None:
    early = (visit.starts_at - timedelta(hours=5)).isoformat()
    ok(visit.send(staff.nurse, "preparation", last_solids_at=early, was_abstinent=False))
    gate = visit.ask("gate")
    assert gate["may"] == {"fasting.solids": ["clinician"], "substances.taken": ["clinician"]}
    for code in gate["may"]:
        problem(visit.send(staff.nurse, "overrides", **word(code)), 403)
        ok(visit.send(staff.clinician, "overrides", **word(code)))
        problem(visit.send(staff.clinician, "overrides", **word(code)), 409, "override.not-needed")
    assert visit.closed_by() == []
    later = (visit.starts_at - timedelta(hours=4)).isoformat()
    ok(visit.send(staff.nurse, "preparation", last_solids_at=later))
    assert visit.closed_by() == ["fasting.solids"]


def test_who_supervises_is_a_clinician_of_this_clinic_with_credentials_of_today(staff: Staff, visit: Visit) -> None:
    practice = staff.practice
    yesterday = practice.now.date() - timedelta(days=1)
    lapsed = {"kind": "clinician", "name": "Dr. Lapsed", "hours": ALWAYS}
    lapsed_id = practice.do("/resources", {**lapsed, "skills": [{"code": "acls", "until": f"{yesterday}"}]})["id"]
    untrained_id = practice.do("/resources", lapsed)["id"]
    away = {"kind": "clinician", "name": "Dr. Away", "skills": [{"code": "acls"}]}
    away_id = practice.do("/resources", away)["id"]
    valid_id = practice.do("/resources", {**lapsed, "skills": [{"code": "acls", "until": f"{practice.now:%Y-%m-%d}"}]})[
        "id"
    ]
    other = open_practice(practice.town, **AWAKE)
    for supervisor_id, code in (
        (lapsed_id, ["supervisor.not-valid"]),
        (untrained_id, ["supervisor.not-valid"]),
        (away_id, ["supervisor.not-there"]),
        (practice.resources["nurse"][0], ["supervisor.missing"]),
        (other.supervisor, ["supervisor.missing"]),
        (valid_id, []),
    ):
        ok(visit.send(staff.nurse, "preparation", supervisor_id=supervisor_id))
        assert visit.closed_by() == code


def test_mania_before_a_dose_is_a_psychiatrists_to_decide(staff: Staff) -> None:
    patient_id = ok(staff.desk.post(staff.at("/patients"), a_patient()))["id"]
    staff.practice.clear(patient_id, protocol=SIX_BIPOLAR, condition="bipolar")
    wish = {**a_wish(patient_id, protocol=SIX_BIPOLAR), "condition": "bipolar"}
    visit = Visit(staff, ok(staff.desk.post(staff.at("/series"), wish)))
    visit.go(0)
    visit.ready()
    ok(visit.send(staff.nurse, "preparation", mania_total=6))
    assert visit.closed_by() == ["mania.likely"]
    problem(visit.send(staff.clinician, "overrides", **word("mania.likely")), 403)
    ok(visit.send(staff.psychiatrist, "overrides", **word("mania.likely")))
    assert visit.closed_by() == []
    ok(visit.send(staff.nurse, "preparation", mania_total=7))
    assert visit.closed_by() == ["mania.likely"]
    refused = problem(visit.send(staff.nurse, "preparation", mania_total=5), 403)
    assert refused["detail"] == "Only psychiatrist may take back what was said: mania_total."
    problem(visit.send(staff.psychiatrist, "preparation", mania_total=5), 422)
    ok(visit.send(staff.psychiatrist, "preparation", mania_total=5, reason="Asked once more, together."))
    assert visit.closed_by() == []


def test_more_than_a_quarter_above_the_last_dose_needs_a_second_clinician(staff: Staff, visit: Visit) -> None:
    """35 mg the first time: 43.5 mg is within a quarter, 44 mg is not."""
    ok(visit.send(staff.nurse, "start"))
    visit.dose.end()
    visit.go(61)
    visit.dose.leave()
    visit.go(24 * 60)
    staff.practice.clear(visit.patient_id)
    again = staff.book(visit.patient_id, staff.practice.soon())
    again.go(0)
    again.ready()
    orders = staff.at(f"/series/{again.series['id']}/dose-orders")
    ordered = {**a_dose_order(staff.practice.now.date()), "basis": "mg"}
    within = ok(staff.clinician.post(orders, {**ordered, "amount": "43.5"}))
    assert (within["needs_second"], again.closed_by()) == ([], [])
    above = ok(staff.clinician.post(orders, {**ordered, "amount": "44"}))
    assert (len(above["needs_second"]), again.closed_by()) == (1, ["dose-order.second-signature"])
    second = f"{orders}/{above['id']}/second-signature"
    problem(staff.nurse.post(second), 403)
    problem(staff.clinician.post(second), 403, "dose-order.same-signer")
    problem(staff.psychiatrist.post(f"{orders}/{within['id']}/second-signature"), 409, "dose-order.superseded")
    ok(staff.psychiatrist.post(second))
    assert again.closed_by() == []


def test_whoever_spoke_of_suicide_and_does_not_come_is_called_within_two_hours(staff: Staff, visit: Visit) -> None:
    ok(visit.send(staff.nurse, "preparation", suicide_risk="moderate"))
    assert visit.closed_by() == ["suicide-risk.moderate"]
    problem(visit.send(staff.nurse, "overrides", **word("suicide-risk.moderate")), 403)
    ok(visit.send(staff.clinician, "overrides", **word("suicide-risk.moderate")))
    assert visit.closed_by() == []
    ok(visit.send(staff.desk, "cancel", reason="patient"))
    staff.practice.clear(visit.patient_id)
    missed = staff.book(visit.patient_id, staff.practice.soon())
    missed.go(31)
    eventually(lambda: missed.session()["status"] == "noshow", "noticing that nobody came")
    (task,) = missed.tasks("call-now")
    late = datetime.fromisoformat(task["due_at"]) - datetime.fromisoformat(task["made_at"])
    assert (task["number"], late) == (1, timedelta(hours=2))


# --- going home -------------------------------------------------------------------------------------------------------


def test_going_home_before_the_hour_is_a_clinicians_word_and_before_the_half_hour_nobodys(
    staff: Staff, visit: Visit
) -> None:
    ok(visit.send(staff.nurse, "start"))
    visit.go(5)
    ended = ok(visit.send(staff.nurse, "end", kind="aborted", given_mg="4.4", reason="feels sick", dissociation=9))
    end = datetime.fromisoformat(ended["end"]["at"])

    def leave(minute: float) -> dict[str, Any]:
        visit.go(minute, end)
        ok(visit.send(staff.nurse, "readings", **CALM))
        return dict(ALL_WELL)

    ok(visit.send(staff.nurse, "suicide-risk", level="none"))
    refused = problem(visit.send(staff.clinician, "discharge", **leave(29.5)), 409, "treatment.not-ready")
    assert codes(refused) == {"discharge.under-floor", "dissociation.missing"}
    never = problem(
        visit.send(staff.clinician, "discharge", **leave(29.7), overrides=[word("discharge.under-floor")]), 422
    )
    assert never["code"] == "override.not-possible"

    leave(45)
    ok(visit.send(staff.nurse, "suicide-risk", level="moderate"))
    assert [task["status"] for task in visit.tasks("crisis")] == ["requested"]
    ok(visit.send(staff.nurse, "suicide-risk", level="none"))
    ok(visit.send(staff.nurse, "dissociation", points=5))
    refused = problem(visit.send(staff.clinician, "discharge", **ALL_WELL), 409)
    assert codes(refused) == {"discharge.too-early", "discharge.suicide-risk", "dissociation.above-limit"}
    words = [word("discharge.too-early"), word("discharge.suicide-risk"), word("dissociation.above-limit")]
    problem(visit.send(staff.nurse, "discharge", **ALL_WELL, overrides=words), 403)
    problem(visit.send(staff.clinician, "discharge", **ALL_WELL, overrides=words[:1]), 409)
    home = ok(visit.send(staff.clinician, "discharge", **ALL_WELL, overrides=words))
    assert home["sessions"][0]["status"] == "fulfilled"
    said = {one["code"]: one["reason"] for one in visit.ask("treatment")["set_aside"]}
    assert said == {one["code"]: one["reason"] for one in words}


def test_whoever_leaves_before_they_are_let_go_is_called_and_their_place_is_free(staff: Staff, visit: Visit) -> None:
    gone = {"reason": "took the stairs"}
    problem(visit.send(staff.clinician, "left", **gone), 409)
    ok(visit.send(staff.nurse, "start"))
    problem(visit.send(staff.clinician, "left", **gone), 409)
    ok(visit.send(staff.nurse, "end", kind="aborted", given_mg="3", reason="pulled the line"))
    problem(visit.send(staff.nurse, "left", **gone), 403)
    left = ok(visit.send(staff.clinician, "left", **gone))["sessions"][0]
    treatment = visit.ask("treatment")
    may_drive_at = datetime.fromisoformat(treatment["departure"]["no_driving_until"])
    assert (left["status"], treatment["status"], treatment["departure"]["checked"]) == ("fulfilled", "left", {})
    assert may_drive_at - datetime.fromisoformat(left["discharged_at"]) == timedelta(hours=24)
    assert [task["status"] for task in visit.tasks("call-now")] == ["requested"]
    next_one = staff.book(staff.practice.register()["id"], staff.practice.soon())
    next_one.go(0)
    next_one.ready()


# --- what needs none of it, and what nobody gets without --------------------------------------------------------------


def test_a_consultation_needs_neither_assessment_nor_consent(staff: Staff) -> None:
    patient_id = ok(staff.desk.post(staff.at("/patients"), a_patient()))["id"]
    talk = staff.book(patient_id, staff.practice.soon(), protocol="consultation")
    talk.go(0)
    for who, step in ((staff.desk, "check-in"), (staff.clinician, "start"), (staff.clinician, "discharge")):
        ok(talk.send(who, step))
    assert talk.session()["status"] == "fulfilled"
    problem(talk.send(staff.nurse, "readings", **CALM), 404)
    wish = a_wish(patient_id, [staff.practice.soon()])
    problem(staff.desk.post(staff.at("/series"), {**wish, "protocol": "booster-single"}), 409, "series.not-cleared")


def test_a_nurse_reads_what_the_desk_reads_in_every_service(staff: Staff) -> None:
    practice = staff.practice
    patient_id = practice.register()["id"]
    for path in (
        *(practice.at("followup", rest) for rest in (f"/patients/{patient_id}/check-ins", "/alerts")),
        *(practice.at("notify", rest) for rest in ("/messages", "/replies", "/pages")),
    ):
        eventually(lambda path=path: staff.nurse.get(path).ok, f"showing {path}")  # type: ignore[misc]
    problem(staff.nurse.get(practice.at("booking", "/audit")), 403)


def test_nobody_outside_is_told_anything_without_a_release(staff: Staff) -> None:
    patient_id = staff.practice.register()["id"]
    summary, consents = (staff.at(f"/patients/{patient_id}/{rest}") for rest in ("summary", "consents"))
    refused = problem(staff.clinician.get(summary, recipient=RECIPIENT), 403)
    assert codes(refused) == {"consent.missing"}
    signed = {"kind": "release-of-information", "text_version": "1", "how": "in-person", "recipient": RECIPIENT}
    release = ok(staff.desk.post(consents, signed))
    assert ok(staff.clinician.get(summary, recipient=RECIPIENT))["recipient"] == RECIPIENT
    problem(staff.clinician.get(summary, recipient="Somebody Else"), 403)
    ok(staff.desk.post(f"{consents}/{release['id']}/withdraw", {"reason": "changed doctors"}))
    assert codes(problem(staff.clinician.get(summary, recipient=RECIPIENT), 403)) == {"consent.withdrawn"}
