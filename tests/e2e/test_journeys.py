"""Journeys 1 and 3: from wishes to plans, from a plan to its places, and to the smallest re-plan when a session moves.

What an answer claims is looked at with nothing but other answers and the arithmetic of `tests.e2e.rules`.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from deploy.local.mail_catcher import CaughtMail, caught
from shared.ids import new_id
from shared.localtime import same_wall_clock
from tests.e2e.practice import ONE, SIX, Practice, a_wish, open_practice, six_times
from tests.e2e.rules import House, Regimen, fewest_moves
from tests.e2e.town import Town, eventually, next_weekday, ok, problem
from tests.e2e.world import by_day

pytestmark = pytest.mark.timeout(180)

PROTOCOL: Final = "mood-with-acls"
"""The seeded six infusions in two weeks, but that the nurse needs a credential and watches two who recover."""
OFFICE: Final = [{"weekday": day, "opens": "08:00", "closes": "17:00"} for day in ("MO", "TU", "WE", "TH", "FR")]
MORNING: Final = {"from_time": "09:00", "until_time": "14:00"}
MAIL_WITHIN: Final = 10.0
"""Seconds; on an idle machine it is well below one (`test_speed`)."""


def wall(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 -- a wall time


def minutely(local: datetime) -> str:
    return f"{local:%Y-%m-%dT%H:%M}"


@pytest.fixture
def busy(town: Town) -> Practice:
    """Three chairs and three nurses, each with limits of their own, a holiday, and other patients' bookings."""
    monday = next_weekday(town.today("America/New_York") + timedelta(days=8), 0)
    practice = open_practice(town, chairs=0, nurses=0, holidays=[str(monday + timedelta(days=9))])
    by_day(practice)
    resources: Sequence[dict[str, Any]] = (
        {"kind": "chair", "name": "Window", "hours": OFFICE, "closed_on": [str(monday + timedelta(days=4))]},
        {"kind": "chair", "name": "Door", "hours": OFFICE},
        {"kind": "chair", "name": "Corner", "hours": OFFICE[:2]},
        {"kind": "nurse", "name": "Ann", "hours": OFFICE, "capacity": 2, "skills": [{"code": "acls"}],
         "absences": [{"from_local": minutely(wall(monday, 8)), "until_local": minutely(wall(monday, 12)),
                       "reason": "training"}]},
        {"kind": "nurse", "name": "Ben", "hours": OFFICE, "capacity": 2,
         "skills": [{"code": "acls", "until": str(monday + timedelta(days=3))}]},
        {"kind": "nurse", "name": "Cy", "hours": OFFICE, "capacity": 1},
    )  # fmt: skip
    for resource in resources:
        ok(practice.http.post(practice.at("booking", "/resources"), resource))
    ok(practice.http.post(practice.at("booking", "/protocols"), {"slug": PROTOCOL, "regimen": with_acls(practice)}))
    starts = [wall(monday + timedelta(days=days), hour) for days in range(0, 19, 2) for hour in (9, 11)]
    assert sum(treat_another(practice, start) for start in starts) > 12
    return practice


def with_acls(practice: Practice) -> dict[str, Any]:
    """The regimen of the seeded protocol, with a credential for the nurse."""
    regimen: dict[str, Any] = ok(practice.http.get(practice.at("booking", f"/protocols/{SIX}")))["regimen"]
    for block in regimen["phases"][0]["blocks"]:
        for need in block["needs"]:
            if need["kind"] == "nurse":
                need["skills"] = ["acls"]
    return regimen


def treat_another(practice: Practice, start: datetime) -> bool:
    """Somebody else is treated then, if it can be."""
    wish = a_wish(practice.register()["id"], [start], ONE)
    answer = practice.http.post(practice.at("booking", "/series"), wish)
    assert answer.status_code in {201, 409, 422}, answer.text
    return answer.ok


def plans_for(practice: Practice, patient_id: str, **asked: Any) -> dict[str, Any]:
    monday = practice.soon().date()
    window = {"from_date": str(monday - timedelta(days=3)), "until_date": str(monday + timedelta(days=14))}
    body = {"patient_id": patient_id, "protocol": PROTOCOL, **window, **asked}
    answer: dict[str, Any] = ok(practice.http.send("POST", practice.at("booking", "/plans"), json=body))
    return answer


def test_from_wishes_to_a_plan_and_from_a_plan_to_all_its_places(busy: Practice, mail_folder: Path) -> None:
    patient = busy.register(email=f"{new_id()}@example.com", preferred_channel="email")
    wishes = {"weekdays": ["MO", "WE", "TH", "FR"], "times": [MORNING], "as_soon_as_possible": True}
    found = plans_for(busy, patient["id"], wishes=wishes)
    house, plans = House.of(busy), found["plans"]
    assert 1 < len(plans) <= 5, found
    regimen = Regimen(ok(busy.http.get(busy.at("booking", f"/protocols/{PROTOCOL}")))["regimen"])
    for plan in plans:
        assert house.faults_of(plan["sessions"], regimen) == []
        assert regimen.faults_of([session["starts_local"][:10] for session in plan["sessions"]]) == []
        assert {weekday(session) for session in plan["sessions"]} <= {0, 2, 3, 4}
        assert all("09:00" <= session["starts_local"][11:] < "14:00" for session in plan["sessions"])
    costs = [plan["cost"] for plan in plans]
    assert [cost["total"] for cost in costs] == sorted(cost["total"] for cost in costs)
    assert all(cost["total"] == sum(cost.values()) - cost["total"] for cost in costs)
    assert len({str(plan["sessions"]) for plan in plans}) == len(plans)
    assert plans == plans_for(busy, patient["id"], wishes=wishes)["plans"]

    body = {"patient_id": patient["id"], "protocol": PROTOCOL, "sessions": plans[0]["sessions"]}
    series = ok(busy.http.post(busy.at("booking", "/series"), body))
    answered = time.monotonic()
    [mail] = eventually(partial(mails_to, mail_folder, patient["email"]), "the confirmation", within=MAIL_WITHIN)
    print(f"\nfrom the answer to the mail: {time.monotonic() - answered:.2f} s")

    assert [(one["starts_local"], one["status"]) for one in series["sessions"]] == [
        (one["starts_local"], "booked") for one in plans[0]["sessions"]
    ]
    for booked, planned in zip(series["sessions"], plans[0]["sessions"], strict=True):
        assert {claim["resource_id"] for claim in booked["claims"]} == set(planned["resource_ids"])
    assert House.of(busy).double_bookings() == []
    entries = entries_of(mail)
    starts = [entry["DTSTART"].dt.astimezone(ZoneInfo(busy.zone)) for entry in entries]
    assert [minutely(start) for start in starts] == [one["starts_local"] for one in series["sessions"]]
    assert len({entry["UID"] for entry in entries}) == 6


def test_a_nurse_who_is_wished_for_is_there_each_time_or_it_is_said_why_not(busy: Practice) -> None:
    patient = busy.register()
    known = ok(busy.http.get(busy.at("booking", "/resources"), kind="nurse"))["items"]
    nurses = {one["name"]: one["id"] for one in known}
    by_ann = plans_for(busy, patient["id"], wishes={"resource_ids": [nurses["Ann"]]})["plans"]
    assert by_ann
    assert all(nurses["Ann"] in session["resource_ids"] for plan in by_ann for session in plan["sessions"])
    # Ben's credential runs out in the first week, and Cy has none.
    for name in ("Ben", "Cy"):
        found = plans_for(busy, patient["id"], wishes={"resource_ids": [nurses[name]]})
        assert found["plans"] == []
        relaxed = {one["relaxation"]["change"]: one["relaxation"] for one in found["reasons"] if one["relaxation"]}
        instead = relaxed["drop-resource-ids"]["plan"]
        body = {"patient_id": patient["id"], "protocol": PROTOCOL, "sessions": instead["sessions"]}
        held = ok(busy.http.post(busy.at("booking", "/holds"), body))
        ok(busy.http.post(busy.at("booking", f"/holds/{held['id']}/release")))


def test_a_plan_that_was_taken_is_refused_whole_and_with_a_way_out(busy: Practice) -> None:
    first, second = busy.register(name="Rosalind Quickly"), busy.register()
    plan = plans_for(busy, first["id"])["plans"][0]
    assert plan == plans_for(busy, second["id"])["plans"][0]
    body = {"protocol": PROTOCOL, "sessions": plan["sessions"]}
    ok(busy.http.post(busy.at("booking", "/series"), {**body, "patient_id": first["id"]}))
    before = House.of(busy)

    answer = busy.http.post(busy.at("booking", "/series"), {**body, "patient_id": second["id"]})
    refused = problem(answer, 409, "series.slot-taken")
    faults = refused["errors"]
    assert {fault["pointer"] for fault in faults} == {f"/sessions/{place}" for place in range(6)}
    assert [told for told in (first["id"], "Rosalind", "Quickly") if told in answer.text] == []
    assert House.of(busy).taken == before.taken
    assert ok(busy.http.get(busy.at("booking", "/series"), patient_id=second["id"]))["items"] == []

    other_times = {fault["pointer"]: fault["context"]["alternatives"] for fault in faults}
    instead = [
        {**session, "starts_local": other_times[f"/sessions/{place}"][0]}
        for place, session in enumerate(plan["sessions"])
    ]
    ok(busy.http.post(busy.at("booking", "/series"), {**body, "patient_id": second["id"], "sessions": instead}))
    assert House.of(busy).double_bookings() == []


# --- journey 3 --------------------------------------------------------------------------------------------------------


def test_a_move_that_breaks_the_spacing_comes_with_the_smallest_re_plan_and_reminders_follow_it(town: Town) -> None:
    own = open_practice(town, chairs=2, nurses=2)
    by_day(own)
    series = own.book(own.register()["id"], six_times(own.soon()))
    eventually(lambda: len(reminders(own, series)) == 18, "planning the reminders")
    dates = [date.fromisoformat(session["starts_local"][:10]) for session in series["sessions"]]
    wanted = dates[2] + timedelta(days=2)

    move = {"starts_local": f"{wanted}T10:00"}
    path = own.at("booking", f"/series/{series['id']}")
    refused = problem(own.http.patch(f"{path}/sessions/3", move, series["version"]), 422, "series.rules-broken")
    proposals = [fault["context"] for fault in refused["errors"] if fault["code"] == "series.replan-proposed"]
    assert len(proposals) == 1, refused
    assert {"spacing.too-soon"} < {fault["code"] for fault in refused["errors"]}
    assert ok(own.http.get(path)) == series
    proposed = proposals[0]["sessions"]
    assert {"number": 3, **move} in [{name: one[name] for name in ("number", *move)} for one in proposed]
    regimen = Regimen(ok(own.http.get(own.at("booking", f"/protocols/{SIX}")))["regimen"])
    assert len(proposed) == fewest_moves(regimen, dates, {2: wanted})

    moved = ok(own.http.post(f"{path}/moves", {"sessions": proposed}))
    there = {one["number"]: one["starts_local"] for one in proposed}
    for was, now in zip(series["sessions"], moved["sessions"], strict=True):
        assert now["starts_local"] == there.get(now["number"], was["starts_local"])
        assert now["revision"] == (now["number"] in there)
    assert regimen.faults_of([session["starts_local"][:10] for session in moved["sessions"]]) == []

    due = {
        (session["number"], offset, session["revision"]): at
        for session in moved["sessions"]
        for offset, at in due_of(session, own.zone).items()
    }
    eventually(lambda: reminders(own, series, "queued") == due, "planning the reminders anew")
    lost = {(number, offset, 0) for number in there for offset in ("P3D", "P1D", "PT2H")}
    assert reminders(own, series, "cancelled").keys() == lost
    town.move_to(town.clock() + timedelta(minutes=2))
    told = eventually(partial(notices, own, series), "telling the patient")
    assert len(told) == 1, told


def test_a_taken_time_is_refused_with_others_one_of_which_is_taken_up(town: Town) -> None:
    own = open_practice(town)
    starts = six_times(own.soon())
    own.book(own.register()["id"], [starts[2] + timedelta(hours=4)], ONE)
    series = own.book(own.register()["id"], starts)
    session = own.at("booking", f"/series/{series['id']}/sessions/3")
    move = {"starts_local": minutely(starts[2] + timedelta(hours=4))}
    refused = problem(own.http.patch(session, move, series["version"]), 409, "series.slot-taken")
    for other in refused["errors"][0]["context"]["alternatives"]:
        moved = ok(own.http.patch(session, {"starts_local": other}, series["version"]))
        series = moved
    assert [one["revision"] for one in series["sessions"]] == [0, 0, 3, 0, 0, 0]


# --- what was answered ------------------------------------------------------------------------------------------------


def weekday(session: Mapping[str, Any]) -> int:
    return date.fromisoformat(session["starts_local"][:10]).weekday()


def mails_to(folder: Path, address: str) -> list[CaughtMail]:
    return [mail for mail in caught(folder) if mail.recipients == (address,)]


def entries_of(mail: CaughtMail) -> list[Any]:
    """The appointments in the calendar file of a mail."""
    [file] = mail.message.iter_attachments()
    return list(Calendar.from_ical(file.get_content()).events)


def reminders(practice: Practice, series: Mapping[str, Any], *statuses: str) -> dict[tuple[int, str, int], datetime]:
    """When the reminders of a series are due, by session, offset and revision."""
    rows = [row for row in practice.messages(patient_id=series["patient_id"]) if row["kind"] == "reminder"]
    return {
        (int(row["about"].rpartition("/")[2]), row["offset"], row["revision"]): datetime.fromisoformat(row["due_at"])
        for row in rows
        if not statuses or row["status"] in statuses
    }


def due_of(session: Mapping[str, Any], zone: str) -> dict[str, datetime]:
    starts_at = datetime.fromisoformat(session["starts_at"])
    days = {f"P{days}D": same_wall_clock(starts_at, zone, days=-days) for days in (3, 1)}
    return {**days, "PT2H": starts_at - timedelta(hours=2)}


def notices(practice: Practice, series: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = practice.messages(patient_id=series["patient_id"])
    return [row for row in rows if (row["kind"], row["status"]) == ("change-notice", "sent")]
