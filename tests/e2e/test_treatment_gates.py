"""What keeps a dose from being booked, begun or gone on with, met over HTTP: each as a person of the staff meets it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest

from deploy.local.clear_patient import TO_BE_TREATED, an_assessment
from deploy.local.treatment_day import ALL_WELL, CALM
from shared.localtime import to_local
from tests.e2e.practice import AWAKE, Practice, a_patient, a_wish, add_resources, open_practice
from tests.e2e.town import Town, a_word, codes, eventually, ok, problem
from tests.e2e.visit import ANY_DAY, Staff, Visit, staffed
from tests.support.fault_wire import Topic

pytestmark = pytest.mark.timeout(300)

VALID: Final = timedelta(days=180)
"""For how long an assessment counts."""


@pytest.fixture(scope="module")
def staff(town: Town) -> Staff:
    return staffed(open_practice(town, chairs=4, nurses=4, **AWAKE))


def wall(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 -- a wall time


# --- booking ---------------------------------------------------------------------------------------------------------


def test_an_assessment_counts_on_its_180th_day_and_not_on_the_next(staff: Staff) -> None:
    patient_id = staff.practice.register()["id"]
    last = staff.practice.now.date() + VALID
    series = staff.at("/series")
    late = a_wish(patient_id, [wall(last + timedelta(days=1), 10)], ANY_DAY)
    assert codes(problem(staff.desk.post(series, late), 409, "series.not-cleared")) == {"assessment.expired"}
    ok(staff.desk.post(series, a_wish(patient_id, [wall(last, 10)], ANY_DAY)))


def test_a_course_that_is_investigational_waits_for_a_psychiatrist_and_its_own_consent(staff: Staff) -> None:
    patient_id = ok(staff.desk.post(staff.at("/patients"), a_patient()))["id"]
    chart, slug = staff.at(f"/patients/{patient_id}"), "bpd-iv-6x3w"
    body = an_assessment(staff.practice.now.date(), slug, "bpd")
    body["severity"]["instrument"] = "phq-9"
    assessment = f"{chart}/assessments/{ok(staff.nurse.post(f'{chart}/assessments', body))['id']}"
    word = {"code": "investigational-condition", "accepted": True, "reason": "Discussed in the team."}
    problem(staff.clinician.post(f"{assessment}/decisions", word), 403)
    refused = problem(staff.clinician.post(f"{assessment}/approve"), 422)
    assert codes(refused) == {"screening.investigational-condition"}
    ok(staff.psychiatrist.post(f"{assessment}/decisions", word))
    ok(staff.clinician.post(f"{assessment}/approve"))
    sign(staff, patient_id, *TO_BE_TREATED)

    wish = {**a_wish(patient_id, protocol=slug), "condition": "bpd"}
    refused = problem(staff.desk.post(staff.at("/series"), wish), 409, "series.not-cleared")
    faults = [(fault["code"], fault["context"]["kind"]) for fault in refused["errors"]]
    assert faults == [("consent.missing", "investigational")]
    sign(staff, patient_id, "investigational")
    assert len(ok(staff.desk.post(staff.at("/series"), wish))["sessions"]) == 6


def sign(staff: Staff, patient_id: str, *kinds: str) -> None:
    for kind in kinds:
        signed = {"kind": kind, "text_version": "1", "how": "in-person"}
        ok(staff.desk.post(staff.at(f"/patients/{patient_id}/consents"), signed))


# --- consents --------------------------------------------------------------------------------------------------------


def test_a_consent_that_is_withdrawn_holds_every_dose_to_come_at_once(town: Town, staff: Staff) -> None:
    patient_id = staff.practice.register()["id"]
    series = staff.practice.book(patient_id)
    chart = staff.at(f"/patients/{patient_id}/consents")
    proofs = {one["consent"]["kind"]: one for one in ok(staff.desk.get(chart))["items"]}
    withdraw = f"{chart}/{proofs['treatment']['consent']['id']}/withdraw"
    ok(staff.desk.post(withdraw, {"reason": "wants to think about it"}))
    problem(staff.desk.post(withdraw, {"reason": "once more"}), 409, "consent.withdrawn-already")

    sessions = ok(staff.desk.get(staff.at(f"/series/{series['id']}")))["sessions"]
    assert [[block["code"] for block in one["blocks"]] for one in sessions] == [["consent.withdrawn"]] * 6
    assert {one["status"] for one in sessions} == {"booked"}
    (task,) = staff.tasks("consent-withdrawn", patient_id)
    assert (task["status"], task["series_id"]) == ("requested", series["id"])
    installation = town.platform.installation
    topic = Topic(installation.kafka_bootstrap, f"{installation.namespace}.booking.v1")

    def told() -> list[int]:
        held = (one for one in topic.events(staff.practice.id) if one.type == "treatment.held.v1")
        return sorted(one.data["number"] for one in held if one.subject == f"series/{series['id']}")

    assert eventually(lambda: len(seen := told()) == 6 and seen, "telling the holds") == [1, 2, 3, 4, 5, 6]

    visit = Visit(staff, series)
    visit.go(-10)
    held = problem(visit.send(staff.desk, "check-in"), 409, "session.on-hold")
    assert codes(held) == {"consent.withdrawn"}
    ok(visit.send(staff.clinician, "release", reason="spoken with the patient, who goes on"))
    ok(visit.send(staff.desk, "check-in"))
    assert "consent.withdrawn" in visit.closed_by(), "a release is no signature"


def test_a_consent_holds_until_the_last_minute_of_its_last_day(staff: Staff) -> None:
    practice = staff.practice
    patient_id = practice.register()["id"]
    chart = staff.at(f"/patients/{patient_id}/consents")
    (signed,) = (one["consent"] for one in ok(staff.desk.get(chart))["items"] if one["consent"]["kind"] == "treatment")
    last = date.fromisoformat(signed["expires_on"])
    practice.town.move_to(practice.town.clock() + timedelta(days=(last - practice.now.date()).days - 20))
    practice.clear(patient_id, documents=())
    visit = staff.book(patient_id, wall(last, 21))
    assert visit.series["sessions"][0]["starts_local"] == f"{last}T21:00"
    visit.go(-10)
    ok(visit.send(staff.desk, "check-in"))
    midnight = to_midnight(last, practice)
    visit.go(-0.5, midnight)
    assert [code for code in visit.closed_by() if code.startswith("consent.")] == []
    visit.go(0.1, midnight)
    expired = [fault for fault in visit.ask("gate")["faults"] if fault["code"].startswith("consent.")]
    assert {fault["code"] for fault in expired} == {"consent.expired"}
    assert {fault["context"]["kind"] for fault in expired} == {"treatment", "controlled-substance"}
    # A job calls off within moments what was not begun on its day: then that is why.
    assert codes(problem(visit.send(staff.nurse, "start"), 409)) & {"consent.expired", "session.illegal-move"}


def to_midnight(day: date, practice: Practice) -> datetime:
    """The instant at which a local day is over."""
    return practice.now.replace(
        year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0
    ) + timedelta(days=1)


# --- caps ------------------------------------------------------------------------------------------------------------


def test_a_dose_that_was_aborted_counts_and_one_that_was_never_given_does_not(staff: Staff) -> None:
    """Three in seven days: aborted, called off behind the arrival, and so two more, but no third."""
    patient_id = staff.practice.register()["id"]
    first = staff.practice.soon()
    aborted = staff.book(patient_id, first)
    aborted.go(0)
    aborted.ready()
    ok(aborted.send(staff.nurse, "start"))
    aborted.go(5)
    advised = ok(aborted.send(staff.nurse, "readings", **{**CALM, "systolic": 182, "diastolic": 112}))
    assert len(advised["advice"]) == 1
    stop = {"kind": "aborted", "given_mg": "4.5"}
    problem(aborted.send(staff.nurse, "end", **stop), 422, "treatment.reason-missing")
    over = ok(aborted.send(staff.nurse, "end", **stop, reason="blood pressure"))
    assert (over["status"], over["end"]["kind"], over["end"]["given_mg"]) == ("recovering", "aborted", "4.5")
    aborted.go(66)
    aborted.dose.leave()
    assert aborted.session()["status"] == "fulfilled"

    came = staff.book(patient_id, first + timedelta(days=1))
    came.go(0)
    ok(came.send(staff.desk, "check-in"))
    ok(came.send(staff.nurse, "readings", **{**CALM, "systolic": 165}))
    assert {"vitals.refused"} <= set(came.closed_by())
    ok(came.send(staff.desk, "cancel", reason="clinic"))
    assert came.ask("treatment")["status"] == "not-infused"

    for days in (2, 3):
        staff.book(patient_id, first + timedelta(days=days))
    fourth = a_wish(patient_id, [first + timedelta(days=4)], ANY_DAY)
    assert "cap.per-7-days" in codes(problem(staff.desk.post(staff.at("/series"), fourth), 422))


# --- two clinics -----------------------------------------------------------------------------------------------------


def test_nobody_is_given_a_dose_in_two_clinics_at_once(town: Town, staff: Staff) -> None:
    """It is Monday evening here and Tuesday morning there: two local dates, one moment."""
    there = staffed(open_practice(town, zone="Asia/Tokyo", name="Shizuka Clinic", **AWAKE))
    who = {"name": f"Ada {a_word()}", "birth_date": "1972-04-11"}
    first = staff.book(staff.practice.register(**who)["id"], staff.practice.soon(20))
    at_once = to_local(first.starts_at, there.practice.zone)
    second = there.book(there.practice.register(**who)["id"], at_once)
    assert second.starts_at == first.starts_at
    first.go(0)
    visits = [first.ready(), second.ready()]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda visit: visit.send(visit.staff.nurse, "start"), visits))
    assert sorted(answer.status_code for answer in answers) == [200, 409], [answer.text for answer in answers]
    began, waits = visits if answers[0].ok else reversed(visits)
    refused = problem(waits.send(waits.staff.nurse, "start"), 409, "treatment.gate-closed")
    assert codes(refused) == {"treatment.infused-elsewhere"} == set(waits.closed_by())
    assert not {began.staff.practice.id, began.series["id"]} & set(str(refused).replace("'", " ").split())
    ok(began.send(began.staff.nurse, "end", kind="aborted", given_mg="1", reason="had one elsewhere"))
    assert waits.closed_by() == []
    began.over()


# --- psychotherapy ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quiet(town: Town) -> Staff:
    """A practice with a therapist and a quiet room."""
    practice = open_practice(town, **AWAKE)
    for kind in ("room", "therapist"):
        add_resources(practice, kind, 1)
    return staffed(practice)


def talk_and_dose(quiet: Staff) -> tuple[Visit, ...]:
    """A booked course of psychotherapy: its sessions."""
    patient_id = ok(quiet.desk.post(quiet.at("/patients"), a_patient()))["id"]
    quiet.practice.clear(patient_id, protocol="kap-6")
    series = ok(quiet.desk.post(quiet.at("/series"), a_wish(patient_id, protocol="kap-6")))
    return tuple(Visit(quiet, series, session["number"]) for session in series["sessions"])


def test_no_dose_of_psychotherapy_is_given_before_the_talks_that_prepare_for_it(quiet: Staff) -> None:
    _, _, dose, *_ = talk_and_dose(quiet)
    dose.go(0)
    dose.dose.check_in()
    dose.dose.make_ready(quiet.practice.now, quiet.practice.supervisor)
    assert dose.closed_by() == ["kap.not-prepared"]
    problem(dose.send(quiet.nurse, "start"), 409, "treatment.gate-closed")
    word = {"code": "kap.not-prepared", "reason": "knows it all"}
    problem(dose.send(quiet.psychiatrist, "overrides", **word), 422, "override.not-possible")


def test_a_talk_within_three_days_is_proposed_unless_one_is_booked(quiet: Staff) -> None:
    first, second, dose, next_dose, talk, *_ = talk_and_dose(quiet)
    for visit in (first, second):
        visit.go(0)
        for step in ("check-in", "start", "discharge"):
            ok(visit.send(quiet.nurse, step))
    left = treated(dose)
    (task,) = dose.tasks("integration-proposal")
    due_at = datetime.fromisoformat(task["due_at"])
    assert to_local(due_at, quiet.practice.zone) == to_local(left, quiet.practice.zone) + timedelta(days=3)
    treated(next_dose)
    assert talk.starts_at - next_dose.starts_at < timedelta(days=3)
    assert len(dose.tasks("integration-proposal")) == 1


def treated(visit: Visit) -> datetime:
    """When the patient went home."""
    visit.go(0)
    visit.ready()
    visit.dose.start()
    visit.go(60)
    visit.dose.end()
    visit.go(121)
    home = visit.dose.leave()["sessions"][visit.number - 1]
    return datetime.fromisoformat(home["discharged_at"])


# --- misuse ----------------------------------------------------------------------------------------------------------


def test_two_signs_of_misuse_ask_for_a_review_and_three_hold_every_dose(staff: Staff) -> None:
    visit = staff.book(staff.practice.register()["id"], staff.practice.soon())
    chart = staff.at(f"/patients/{visit.patient_id}")

    def noticed(kind: str) -> dict[str, Any]:
        ok(staff.desk.post(f"{chart}/signals", {"kind": kind}))
        seen: dict[str, Any] = ok(staff.nurse.get(f"{chart}/misuse-watch"))
        return seen

    assert [flag["code"] for flag in noticed("craving")["flags"]] == ["DW-6"]
    assert visit.tasks("misuse-review") == []
    assert noticed("urinary-symptom")["asks_for_review"]
    assert [task["status"] for task in visit.tasks("misuse-review")] == ["requested"]
    assert noticed("pdmp-hit")["holds_treatment"]
    visit.go(0)
    refused = problem(visit.send(staff.desk, "check-in"), 409, "session.on-hold")
    assert codes(refused) == {"clinical-hold.stands"}
    (hold,) = ok(staff.nurse.get(f"{chart}/clearance"))["holds"]
    release = f"{chart}/clinical-holds/{hold['id']}/release"
    problem(staff.nurse.post(release, {"reason": "a good patient"}), 403)
    ok(staff.clinician.post(release, {"reason": "spoken with both prescribers"}))
    ok(visit.send(staff.desk, "check-in"))


# --- who comes late --------------------------------------------------------------------------------------------------


def test_who_comes_late_is_kept_kept_on_a_nurses_word_or_missed(town: Town) -> None:
    """One chair: at ten and at noon forty minutes are taken from it, and behind noon it is taken at once again."""
    staff = staffed(open_practice(town, **AWAKE))
    monday = staff.practice.soon()
    in_time, late, squeezed, too_late = (
        staff.book(staff.practice.register()["id"], monday.replace(hour=hour)) for hour in (10, 11, 12, 14)
    )
    staff.book(staff.practice.register()["id"], monday.replace(hour=12, minute=40))

    in_time.go(14)
    ok(in_time.send(staff.desk, "check-in"))
    late.go(16)
    problem(late.send(staff.desk, "check-in"), 422, "session.late")
    problem(late.send(staff.desk, "check-in", late_kept=True), 403)
    kept = ok(late.send(staff.nurse, "check-in", late_kept=True))["sessions"][0]
    (chair,) = (claim for claim in kept["claims"] if claim["kind"] == "chair")
    assert datetime.fromisoformat(chair["until_at"]) == late.starts_at + timedelta(minutes=60)
    squeezed.go(16)
    problem(squeezed.send(staff.nurse, "check-in", late_kept=True), 409, "session.block-does-not-fit")
    too_late.go(31)
    refused = too_late.send(staff.nurse, "check-in", late_kept=True)
    assert refused.json()["code"] in {"session.too-late", "session.illegal-move"}
    eventually(lambda: too_late.session()["status"] == "noshow", "noticing that nobody came")


def test_a_concern_of_the_day_holds_the_dose_and_calls_a_clinician(staff: Staff) -> None:
    visit = staff.book(staff.practice.register()["id"], staff.practice.soon())
    visit.go(0)
    visit.ready()
    ok(visit.send(staff.nurse, "preparation", suicide_risk="high"))
    assert set(visit.closed_by()) == {"suicide-risk.high", "clinical-hold.stands"}
    assert [task["status"] for task in visit.tasks("crisis")] == ["requested"]
    word = {"code": "suicide-risk.high", "reason": "she did not mean it"}
    problem(visit.send(staff.psychiatrist, "overrides", **word), 422, "override.not-possible")
    problem(visit.send(staff.nurse, "start"), 409, "treatment.gate-closed")
    problem(visit.send(staff.nurse, "discharge", **ALL_WELL), 409)
