"""Journey 6: what is answered at two in the night reaches a person at two in the night, and the next one if need be."""

from datetime import time, timedelta
from pathlib import Path
from typing import Final

import pytest

from shared.localtime import at_local_time, to_local
from tests.e2e.followed import BORN, Followed, fill_in, moment
from tests.e2e.on_call import OnCall, press
from tests.e2e.practice import ONE, open_practice
from tests.e2e.town import Town, eventually, ok

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

    [work] = on_call.worklist()
    assert (work["kind"], work["id"], work["tier"]) == ("alert", alert["id"], 1)

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
    assert on_call.worklist() == []
    assert [(one["step"], one["role"]) for one in closed["paged"]] == [(0, "clinician"), (1, "backup"), (2, "director")]
    assert [len(on_call.mailed(role)) for role in on_call.mails] == [1, 1, 1, 0]
