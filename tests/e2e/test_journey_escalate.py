"""Journey 6: what is answered at two in the night reaches a person at two in the night, and the next one if need be."""

from datetime import time, timedelta
from pathlib import Path
from typing import Final

import pytest

from shared.localtime import at_local_time, to_local
from tests.e2e.followed import BORN, Followed, fill_in, moment
from tests.e2e.on_call import OnCall, press
from tests.e2e.practice import ONE, open_practice
from tests.e2e.town import Town, eventually, ok, problem

pytestmark = pytest.mark.timeout(300)

FIVE: Final = timedelta(minutes=5)
WORST: Final = {"phq-9.9": 3}


@pytest.fixture
def on_call(town: Town, mail_folder: Path) -> OnCall:
    staffed = OnCall(open_practice(town), mail_folder)
    staffed.publish()
    return staffed


def asked_tonight(on_call: OnCall) -> tuple[Followed, dict[str, object]]:
    """A patient with the form of the evening before their first session, at two in the night."""
    practice = on_call.practice
    ada = Followed(practice, practice.register(name="Ada Unmistakable", birth_date=BORN), lambda _: None)
    practice.book(ada.id, [practice.soon()], ONE)
    [baseline] = eventually(lambda: ada.check_ins("scheduled"), "planning what is asked before the session")[:1]
    practice.town.move_to(moment(baseline["due_at"]) + timedelta(seconds=1))
    [baseline] = eventually(lambda: ada.check_ins("open"), "asking it")
    ada.link_to(baseline)
    practice.town.move_to(at_local_time(practice.town.clock(), practice.zone, time(2), days=1))
    return ada, baseline


def test_the_worst_answer_at_two_in_the_night_goes_from_one_to_the_next_until_somebody_takes_it_on(on_call) -> None:
    ada, baseline = asked_tonight(on_call)
    town, link = on_call.practice.town, ada.link_to(baseline)

    page = fill_in(link, WORST)
    assert page.index("988") < page.index("<h1>"), "help comes first"
    [alert] = on_call.alerts(ada.id)
    assert (alert["trigger"], alert["tier"], alert["sees"]) == ("suicidal-thoughts-high", 1, "crisis")
    raised = to_local(moment(alert["raised_at"]), on_call.practice.zone)
    assert (raised.hour, raised.minute) == (2, 0)

    clinician = on_call.link("clinician")
    assert on_call.mailed("backup") == on_call.mailed("director") == []
    town.move_to(moment(alert["raised_at"]) + FIVE)
    backup = on_call.link("backup")
    assert on_call.mailed("director") == []
    town.move_to(moment(alert["raised_at"]) + 3 * FIVE)
    on_call.link("director")

    # Another answer takes nothing back; only a person can.
    fill_in(link, {"phq-9.9": 0})
    assert [one["status"] for one in on_call.alerts(ada.id)] == ["raised"]
    assert "Unmistakable" in press(backup, "acknowledge")
    taken = eventually(lambda: [one for one in on_call.alerts(ada.id) if one["acknowledged_at"]], "taking it on")
    assert (taken[0]["status"], taken[0]["acknowledged_by"]) == ("acknowledged", "staff/backup")
    assert taken[0]["contacted_at"] is None
    assert "Unmistakable" not in press(clinician, "acknowledge")

    town.move_to(moment(alert["raised_at"]) + 8 * FIVE)
    press(backup, "reach")
    eventually(lambda: on_call.alerts(ada.id)[0]["contacted_at"], "reaching the patient")
    path = on_call.practice.at("followup", f"/alerts/{alert['id']}/close")
    closed = ok(on_call.practice.http.post(path, {"reason": "Safe with her sister."}))
    assert closed["status"] == "closed"
    assert [(one["step"], one["role"]) for one in closed["paged"]] == [(0, "clinician"), (1, "backup"), (2, "director")]
    assert [len(on_call.mailed(role)) for role in on_call.mails] == [1, 1, 1, 0]


def test_high_risk_keeps_a_patient_from_the_next_dose_until_a_clinician_says_so(on_call) -> None:
    ada, baseline = asked_tonight(on_call)
    practice = on_call.practice
    answers = {"phq-9": {str(item): 0 for item in range(1, 10)}, "audit-c": dict.fromkeys(("1", "2", "3"), 0)}
    risk = {"1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "6": 1, "6-recent": 1}
    path = practice.at("followup", f"/check-ins/{baseline['id']}/answers")
    body = {"answers": {**answers, "c-ssrs": risk}, "entered_by": "Nurse Ames"}
    ok(practice.http.post(path, body))
    [alert] = on_call.alerts(ada.id)
    assert (alert["trigger"], alert["holds_treatment"]) == ("suicide-risk-high", True)

    [series] = ok(practice.http.get(practice.at("booking", "/series"), patient_id=ada.id))["items"]
    session = practice.at("booking", f"/series/{series['id']}/sessions/1/check-in")
    clearance = practice.at("booking", f"/patients/{ada.id}/clearance")
    eventually(lambda: ok(practice.http.get(clearance))["holds"], "holding the dose")
    practice.town.move_to(moment(series["sessions"][0]["starts_at"]))
    refused = problem(practice.http.post(session), 409, "session.on-hold")
    assert [fault["context"]["alert_id"] for fault in refused["errors"]] == [alert["id"]]
    release = practice.at("booking", f"/patients/{ada.id}/clinical-holds/{alert['id']}/release")
    ok(practice.http.post(release, {"reason": "Seen today; no intent."}))
    ok(practice.http.post(session))
