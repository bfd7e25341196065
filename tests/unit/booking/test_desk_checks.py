"""The checks that many desks are held against find what is wrong: histories that must not be, and refusals untrue."""

from copy import deepcopy
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.desk_checks import wrongs
from tests.support.desk_history import History, State
from tests.support.desk_reasons import Clinics, Judge, Refused
from tests.support.fault_load import Answered

ZONE = "America/New_York"
DAYS = ("2026-12-07", "2026-12-14", "2026-12-21")
CLINICS = Clinics(ZONE, {"chair-1": ("chair", 1), "nurse-1": ("nurse", 2)}, {"patient-2": "person-2"})


def a_session(number, day, at="09:00", status="booked"):
    start = datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=ZoneInfo(ZONE))

    def claim(kind, resource_id, first, last, places=(0,)):
        begin, end = start + timedelta(minutes=first), start + timedelta(minutes=last)
        return {"kind": kind, "resource_id": resource_id, "from_at": begin, "until_at": end, "places": list(places)}

    claims = [
        claim("patient", "patient:patient-1", -15, 130),
        claim("chair", "chair-1", 0, 145),
        claim("nurse", "nurse-1", 0, 55, (0, 1)),
        claim("nurse", "nurse-1", 55, 115, (1,)),
        claim("nurse", "nurse-1", 115, 130, (0, 1)),
    ]
    return {"number": number, "starts_local": f"{day}T{at}", "doses": True, "status": status, "claims": claims}


def a_series(id="series-1", *, days=DAYS, at="09:00", person="person-1", **fields):
    sessions = [a_session(number, day, at) for number, day in enumerate(days, 1)]
    for session in sessions:
        session["claims"][0]["resource_id"] = f"patient:{person}"
    basics = {"_id": id, "clinic_id": "clinic-1", "version": 1, "status": "active", "protocol": "mood-iv-3x3w"}
    return {**basics, "person": person, "patient_id": "patient-1", "sessions": sessions, "offered": None, **fields}


def history(*documents):
    return History([State(float(at), at, "series", document) for at, document in enumerate(documents, 1)])


def test_what_is_in_order_is_not_reported():
    later = a_series(version=2)
    later["sessions"][0]["status"] = "cancelled"
    assert wrongs(history(a_series(), a_series("series-2", at="13:00", person="person-2"), later)) == []


def test_one_place_taken_twice_is_found():
    (*_, last) = faults = wrongs(history(a_series(), a_series("series-2", at="11:20", person="person-2")))
    assert "series-1 and series-2" in last
    assert {fault.partition(",")[0] for fault in faults} == {"chair-1"}


def test_a_place_that_was_given_back_may_be_taken():
    gone = a_series(version=2, status="cancelled")
    for session in gone["sessions"]:
        session["status"] = "cancelled"
    assert wrongs(history(a_series(), gone, a_series("series-2", person="person-2"))) == []


def test_two_who_change_places_in_one_commit_do_not_overlap():
    states = [
        State(1.0, 1, "series", a_series()),
        State(2.0, 2, "series", a_series("series-2", at="13:00", person="person-2")),
        State(3.0, 3, "series", a_series(at="13:00", version=2)),
        State(3.0, 3, "series", a_series("series-2", person="person-2", version=2)),
    ]
    assert wrongs(History(states)) == []
    states[-1] = State(4.0, 4, "series", states[-1].document)
    assert len(wrongs(History(states))) > 0


def test_half_a_series_is_found():
    born_short = a_series()
    born_short["sessions"][2]["status"] = "cancelled"
    short = a_series()
    del short["sessions"][2]
    without_chair = a_series()
    del without_chair["sessions"][1]["claims"][1]
    torn = a_series()
    torn["sessions"][1]["claims"][3]["from_at"] += timedelta(minutes=5)
    strange = a_series(status="paused")
    for document, words in (
        (born_short, "born with 2 of 3"),
        (short, "has sessions [1, 2]"),
        (without_chair, "too little of {'chair'}"),
        (torn, "too little of {'nurse'}"),
        (strange, "is paused"),
    ):
        assert any(words in fault for fault in wrongs(history(document))), words


def test_sessions_too_close_are_found():
    faults = wrongs(history(a_series(days=("2026-12-07", "2026-12-12", "2026-12-21"))))
    assert [fault.partition(": ")[0] for fault in faults] == ["series-1 #1 lies too close", "series-1 #1 is too dense"]


def test_too_many_doses_of_one_person_in_two_clinics_are_found():
    there = a_series("series-2", days=("2026-12-08", "2026-12-15", "2026-12-22"), clinic_id="clinic-2")
    assert wrongs(history(a_series(), there)) == []
    also = a_series("series-3", days=("2026-12-09", "2026-12-16", "2026-12-23"), at="13:00")
    more = a_series("series-4", days=("2026-12-10", "2026-12-17", "2026-12-24"), at="13:00")
    faults = wrongs(history(a_series(), there, also, more))
    assert any("more than 3 doses in 7 days" in fault for fault in faults)
    assert any("more than 8 doses in 30 days" in fault for fault in faults)


def test_a_history_with_a_hole_is_found():
    assert wrongs(history(a_series(), a_series(version=3))) == ["series-1 went from version 1 to 3"]


# --- refusals ---------------------------------------------------------------------------------------------------------


def untrue(fault, *, began=5.0, ended=6.0, at=None, wishes=None, **about):
    content = {"code": "refused", "errors": [fault]}
    answered = Answered("POST", "/series", {}, "", about.pop("version", None), 409, content)
    basics = {"patient_id": "patient-2", "protocol": "mood-iv-3x3w", "wishes": wishes or {1: f"{DAYS[0]}T10:00"}}
    refused = Refused(answered, began, ended, "clinic-1", **{**basics, **about})
    return list(Judge(history(*deepcopy(at or (a_series(),))), CLINICS).untrue(refused))


def taken(from_local, until_local, resource="chair-1"):
    between = {"from_local": f"{DAYS[0]}T{from_local}", "until_local": f"{DAYS[0]}T{until_local}"}
    return {"code": "series.slot-taken", "context": {**between, "resource_id": resource, "number": 1}}


def test_a_taken_time_is_true_as_far_as_it_was_taken():
    assert untrue(taken("10:00", "11:25")) == []
    assert len(untrue(taken("10:00", "11:30"))) == 1


def test_a_taken_time_is_untrue_when_it_was_taken_before_or_later_only():
    gone = a_series(version=2, status="cancelled")
    for session in gone["sessions"]:
        session["status"] = "cancelled"
    assert untrue(taken("10:00", "11:25"), at=(a_series(), gone), began=2.5) == []
    assert len(untrue(taken("10:00", "11:25"), at=(a_series(), gone), began=5.0)) == 1
    assert len(untrue(taken("10:00", "11:25"), began=-9.0, ended=0.5)) == 1


def test_ones_own_place_is_not_taken():
    assert len(untrue(taken("10:00", "11:25"), series_id="series-1")) == 1


def test_a_nurse_is_taken_when_too_few_of_her_places_are_left():
    """At 10:00 one place is free while somebody else recovers: too little for a preparation, enough for a recovery."""
    assert untrue(taken("10:00", "10:15", "nurse-1")) == []
    assert len(untrue(taken("10:00", "10:15", "nurse-1"), wishes={1: f"{DAYS[0]}T09:00"})) == 1


def rule(code, numbers, **figures):
    return {"code": code, "context": {**figures, "numbers": numbers}}


@pytest.mark.parametrize(
    ("fault", "dates"),
    [
        (rule("spacing.too-soon", [1, 2], days=5), (0, 5, 14)),
        (rule("spacing.too-late", [1, 2], days=10), (0, 10, 20)),
        (rule("spacing.suspended", [1, 2], days=20), (0, 20, 27)),
        (rule("spacing.out-of-order", [1, 2]), (7, 0, 14)),
        (rule("spacing.same-day", [1, 2], on="2026-11-02"), (0, 0, 14)),
        (rule("spacing.rolling-seven-days", [1, 2], doses=2), (0, 6, 14)),
        (rule("cap.per-7-days", [1, 2, 3], days=7, doses=4, most=3), (0, 1, 2, 3)),
        (rule("spacing.window", [1, 3], days=30, most=28), (0, 14, 30)),
        (rule("session.overlap-itself", [1, 2]), (0, 0, 14)),
    ],
)
def test_a_rule_is_broken_by_what_was_asked_or_the_refusal_is_untrue(fault, dates):
    first = datetime.fromisoformat("2026-11-02T09:00")

    def wanted(days):
        return {number: (first + timedelta(days=day)).isoformat() for number, day in enumerate(days, 1)}

    assert untrue(fault, wishes=wanted(dates)) == []
    assert len(untrue(fault, wishes=wanted((0, 8, 16)))) == 1


def test_doses_in_another_clinic_count_for_caps():
    there = a_series("series-9", person="person-2", clinic_id="clinic-2")
    fault = rule("spacing.same-day", [1], on=DAYS[0])
    assert untrue(fault, at=(there,)) == []
    assert len(untrue(fault, at=(a_series(),))) == 1


def test_a_status_or_a_version_that_never_was_is_untrue():
    closed = {"code": "series.closed", "context": {"status": "cancelled"}}
    assert len(untrue(closed, series_id="series-1")) == 1
    over = a_series(version=2, status="cancelled", sessions=[])
    assert untrue(closed, series_id="series-1", at=(a_series(), over)) == []
    stale = {"code": "stale", "context": {}}
    assert len(untrue(stale, series_id="series-1", version=1)) == 1
    assert untrue(stale, series_id="series-1", version=7) == []


def test_a_reason_that_nobody_can_look_into_is_untrue():
    assert "no way to look into" in untrue({"code": "the.moon", "context": {}})[0]
