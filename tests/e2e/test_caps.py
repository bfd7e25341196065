"""One person in two clinics, in two zones: the caps hold for both together, and neither sees anything of the other."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any, Final

import pytest
import requests

from tests.e2e.described import A_REGIMEN
from tests.e2e.practice import Practice, open_practice
from tests.e2e.town import Town, a_word, codes, eventually, ok, problem

ANY_DAY: Final = "one-dose-any-day"
"""One dose, to which only the caps for mood set a limit: three in seven days, eight in thirty."""


@pytest.fixture(scope="module")
def clinics(town: Town) -> tuple[Practice, Practice]:
    opened = (
        open_practice(town, name="Lakeside Ketamine Center", chairs=9, nurses=9),
        open_practice(town, name="Spreeufer Infusionspraxis", zone="Europe/Berlin", chairs=9, nurses=9),
    )
    (phase,) = A_REGIMEN["phases"]
    regimen = {**A_REGIMEN, "phases": [{**phase, "sessions": 1, "min_days": 1, "per_seven_days": 7}]}
    for practice in opened:
        ok(practice.http.post(practice.at("booking", "/protocols"), {"slug": ANY_DAY, "regimen": regimen}))
    return opened


def person() -> dict[str, str]:
    return {"name": f"Ada {a_word()}", "birth_date": "1972-04-11"}


def ask(practice: Practice, patient: Mapping[str, Any], on: date, hour: int = 10) -> requests.Response:
    wish = {"patient_id": patient["id"], "protocol": ANY_DAY, "sessions": [{"starts_local": f"{on}T{hour:02}:00"}]}
    return practice.http.post(practice.at("booking", "/series"), wish)


def days(practice: Practice, *numbers: int) -> list[date]:
    """Dates counted from a Monday that is soon, as day 1."""
    return [practice.soon().date() + timedelta(days=number - 1) for number in numbers]


def faults(refusal: Mapping[str, Any], code: str) -> dict[str, Any]:
    found: dict[str, Any] = next(fault for fault in refusal["errors"] if fault["code"] == code)
    return found


def tells_of(practice: Practice, text: str) -> list[str]:
    """What of a clinic stands in a text."""
    ids = [practice.id, *practice.resources["chair"], *practice.resources["nurse"]]
    names = ["Lakeside", "Spreeufer", "New_York", "Berlin"]
    return [word for word in (*ids, *names) if word in text]


def test_the_second_dose_of_a_day_is_refused_by_the_other_clinic(clinics):
    here, there = clinics
    who = person()
    first, second = here.register(**who), there.register(**{**who, "name": who["name"].upper()})
    (on,) = days(here, 1)
    ok(ask(here, first, on))
    refusal = problem(ask(there, second, on, hour=19), 422)
    assert codes(refusal) == {"spacing.same-day"}
    fault = faults(refusal, "spacing.same-day")
    assert fault["context"]["earliest"] == str(on + timedelta(days=1))
    assert tells_of(here, str(refusal)) == []
    ok(ask(there, second, on + timedelta(days=1), hour=19))


def test_of_two_clinics_at_one_moment_one_wins(clinics):
    who = person()
    patients = [practice.register(**who) for practice in clinics]
    for on in days(clinics[0], 1, 9, 17, 25):
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(ask, clinics, patients, [on, on]))
        assert sorted(answer.status_code for answer in answers) == [201, 422], [answer.text for answer in answers]


def test_doses_of_both_count_in_seven_days_and_in_thirty(clinics):
    here, there = clinics
    who = person()
    first, second = (practice.register(**who) for practice in clinics)
    for number, on in enumerate(days(here, 1, 3, 5)):
        ok(ask(*[(here, first), (there, second)][number % 2], on))
    refusal = problem(ask(there, second, days(here, 7)[0]), 422)
    cap = faults(refusal, "cap.per-7-days")
    assert cap["context"] | {"numbers": []} == {
        "days": 7,
        "doses": 4,
        "most": 3,
        "on": str(days(here, 7)[0]),
        "earliest": str(days(here, 8)[0]),
        "numbers": [],
    }
    assert tells_of(here, str(refusal)) == []
    for number, on in enumerate(days(here, 8, 12, 16, 20, 24)):
        ok(ask(*[(here, first), (there, second)][number % 2], on))
    refusal = problem(ask(here, first, days(here, 30)[0]), 422)
    assert faults(refusal, "cap.per-30-days")["context"]["earliest"] == str(days(here, 31)[0])
    ok(ask(here, first, days(here, 31)[0]))


def test_neither_sees_anything_of_the_other(clinics):
    here, there = clinics
    who = person()
    first, second = (practice.register(**who) for practice in clinics)
    series = ok(ask(here, first, days(here, 1)[0]))
    problem(there.http.get(there.at("booking", f"/patients/{first['id']}")), 404)
    problem(there.http.get(there.at("booking", f"/series/{series['id']}")), 404)
    found = ok(there.http.get(there.at("booking", "/patients"), search=who["name"]))["items"]
    assert [patient["id"] for patient in found] == [second["id"]]
    assert ok(there.http.get(there.at("booking", "/series"), patient_id=second["id"]))["items"] == []
    assert "person" not in found[0]


def test_a_name_that_is_put_right_holds_what_the_other_clinic_has_booked(clinics):
    here, there = clinics
    who = person()
    slip, right = here.register(**{**who, "name": f"{who['name']}x"}), there.register(**who)
    for on in days(here, 1, 3, 5):
        ok(ask(here, slip, on))
    booked = ok(ask(there, right, days(here, 6)[0]))
    path = there.at("booking", f"/series/{booked['id']}")
    assert ok(there.http.get(path))["sessions"][0]["blocks"] == []
    patient = here.at("booking", f"/patients/{slip['id']}")
    ok(here.http.patch(patient, {"name": who["name"]}, slip["version"]))
    (block,) = eventually(lambda: ok(there.http.get(path))["sessions"][0]["blocks"], "holding the session")
    assert block["code"] == "cap.per-7-days"
    assert ok(there.http.get(path))["sessions"][0]["status"] == "booked"
    tasks = ok(there.http.get(there.at("booking", "/tasks"), patient_id=right["id"]))["items"]
    assert [(task["kind"], task["series_id"]) for task in tasks] == [("review-person", booked["id"])]
    assert tells_of(here, str(tasks)) == []
    released = ok(there.http.post(f"{path}/sessions/1/release", {"reason": "seen, and spoken with the patient"}))
    assert released["sessions"][0]["blocks"] == []


def test_doses_from_elsewhere_count_and_are_taken_back(clinics):
    here, there = clinics
    who = person()
    first, second = (practice.register(**who) for practice in clinics)
    path = here.at("booking", f"/patients/{first['id']}/external-doses")
    today = here.wall().date()
    known = [
        ok(here.http.post(path, {"on": str(today - timedelta(days=before)), "source": "patient", "note": "told us"}))
        for before in (2, 1, 0)
    ]
    problem(ask(there, second, today + timedelta(days=3)), 422)
    dose = known[-1]["items"][-1]
    assert (dose["on"], dose["source"], dose["note"]) == (str(today), "patient", "told us")
    left = ok(here.http.post(f"{path}/{dose['id']}/remove"))["items"]
    assert left == ok(here.http.get(path))["items"] == known[1]["items"]
    ok(ask(there, second, today + timedelta(days=3)))
