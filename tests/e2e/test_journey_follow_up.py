"""Journeys 5 and 7, a whole year of follow-up: asked after each session and for months, scored, and treated again.

A town of its own: a year passes for nobody else. Each due time is compared with the arithmetic of this file.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest

from deploy.local.local_server import Server
from shared.ids import new_id
from shared.localtime import to_local
from tests.e2e.followed import BORN, CheckIn, Followed, Given, moment
from tests.e2e.practice import Practice, open_practice, six_times
from tests.e2e.town import Town, a_town, eventually, ok

pytestmark = pytest.mark.timeout(900)

DAYS: Final = (7, 14, 21, 28, 42, 56, 70, 84)
MONTHS: Final = range(4, 13)
DEPRESSED: Final = {
    "baseline": 20, "before": 15, "day-7": 9, "day-14": 4, "day-21": 5, "day-28": 6, "day-42": 12, "day-56": 12,
}  # fmt: skip
"""PHQ-9 of the first series, by what asked it: better, well, and not well any more."""
AGAIN: Final = {"baseline": 13, "day-7": 6, "day-14": 4}
"""Of the series after that; what is not here is 3."""
NOT_ANSWERED: Final = {"month-8", "month-9"}


@pytest.fixture(scope="module")
def town(
    tmp_path_factory: pytest.TempPathFactory, running_servers: tuple[Server, Server], mongo_url: str
) -> Iterator[Town]:
    with a_town(tmp_path_factory.mktemp("a-year"), running_servers, mongo_url) as own:
        yield own


def points(total: int) -> Given:
    """PHQ-9 answers of so many points, none of them for item 9."""
    most, left = divmod(total, 3)
    values = [*[3] * most, left, *[0] * 9][:8]
    assert sum(values) == total
    return {f"phq-9.{item}": value for item, value in enumerate(values, 1)}


def due_on(last: date) -> dict[str, date]:
    """On which dates somebody is asked whose last session was on this one."""
    weeks = {f"day-{days}": last + timedelta(days=days) for days in DAYS}
    return weeks | {f"month-{months}": months_after(last, months) for months in MONTHS}


def months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, monthrange(day.year + years, month + 1)[1]))


def asked(patient: Followed, series: Mapping[str, Any], anchor: str) -> dict[str, dict[str, Any]]:
    """What is or was asked, by its kind."""
    mine = [one for one in patient.check_ins() if (one["series_id"], one["anchor"]) == (series["id"], anchor)]
    return {f"{one['kind']}/{one['session_number']}" if anchor == "discharge" else one["kind"]: one for one in mine}


def local(practice: Practice, check_in: CheckIn) -> datetime:
    return to_local(moment(check_in["due_at"]), practice.zone)


def last_day(series: Mapping[str, Any]) -> date:
    return max(date.fromisoformat(session["starts_local"][:10]) for session in series["sessions"])


def test_a_year_of_follow_up_with_a_relapse_that_starts_the_cycle_again(town: Town) -> None:
    own = open_practice(town, chairs=2, nurses=2)
    scores = DEPRESSED

    def say(check_in: CheckIn) -> Given | None:
        return None if check_in["kind"] in NOT_ANSWERED else points(scores.get(check_in["kind"], 3))

    ada = Followed(own, own.register(birth_date=BORN, email=f"{new_id()}@example.com"), say)
    first = own.book(ada.id, six_times(own.soon()))
    eventually(lambda: len(asked(ada, first, "series")) == len(DAYS) + len(MONTHS), "planning the year")
    ada.treat(first)
    each_session_is_asked_about(ada, first)
    the_weeks_after_it_are_scored(ada, first)
    second = a_booster_is_proposed_and_booked(ada, first)
    scores = AGAIN
    ada.treat(second)
    a_whole_year_is_asked(ada, first, second)
    print(f"\n{len(ada.check_ins())} check-ins, {len(ada.measures())} scores of the PHQ-9")


def each_session_is_asked_about(ada: Followed, series: Mapping[str, Any]) -> None:
    """Journey 5, at 2, 24 and 72 hours."""
    home_at = {one["number"]: moment(one["discharged_at"]) for one in sessions(ada.practice, series)}
    ada.live_until(max(home_at.values()) + timedelta(days=2))
    after = asked(ada, series, "discharge")
    due = {name: moment(one["due_at"]) for name, one in after.items()}
    for number, at in home_at.items():
        assert due[f"home/{number}"] == at + timedelta(hours=2)
        assert timedelta() <= due[f"24h/{number}"] - (at + timedelta(hours=24)) < timedelta(minutes=1)
        [text] = homeward(ada.practice, series, number)
        assert "do not drive until" in text
        assert "/followup/c/" in text
    # What is to be asked 72 hours after the first session is asked together with what is due on that date.
    assert due["24h/2"] == max(home_at[1] + timedelta(hours=72), home_at[2] + timedelta(hours=24))
    assert {one["status"] for one in after.values()} == {"answered"}


def the_weeks_after_it_are_scored(ada: Followed, series: Mapping[str, Any]) -> None:
    """Journey 5, after the series."""
    year = asked(ada, series, "series")
    assert {kind: local(ada.practice, one).date() for kind, one in year.items()} == due_on(last_day(series))
    assert {local(ada.practice, one).time().isoformat() for one in year.values()} == {"10:00:00"}
    ada.live_until(moment(year["day-28"]["due_at"]) + timedelta(days=1))
    scored = {one["check_in_id"]: one for one in ada.measures()}
    found = [scored[year[kind]["id"]] for kind in ("day-7", "day-14", "day-28")]
    assert [(one["total"], one["band"]) for one in found] == [(9, "mild"), (4, "minimal"), (6, "mild")]
    assert [one["change"]["response"] for one in found] == [True, True, True]
    assert [one["change"]["remission"] for one in found] == [False, True, False]
    assert found[0]["change"]["drop_percent"] == 55.0
    assert ada.tasks("booster-proposal") == []


def a_booster_is_proposed_and_booked(ada: Followed, series: Mapping[str, Any]) -> dict[str, Any]:
    """Journey 7: the effect is lost; the series that was booked because of it."""
    own = ada.practice
    ada.live_until(moment(asked(ada, series, "series")["day-56"]["due_at"]) + timedelta(hours=1))
    [task] = eventually(lambda: ada.tasks("booster-proposal"), "proposing a booster")
    today = own.wall().date()
    window = {"from_date": f"{today + timedelta(days=8)}", "until_date": f"{today + timedelta(days=13)}"}
    wishes = {"times": [{"from_time": "09:00", "until_time": "14:00"}]}
    wanted = {**task["plan"], **window, "wishes": wishes}
    plan = ok(own.http.send("POST", own.at("booking", "/plans"), json=wanted))["plans"][0]
    # Three months later they are examined anew, and sign for this course.
    own.clear(ada.id)
    booster = ok(own.http.post(own.at("booking", "/series"), {**task["plan"], "sessions": plan["sessions"]}))
    eventually(lambda: len(asked(ada, booster, "series")) == len(DAYS) + len(MONTHS), "planning another year")
    return dict(booster)


def a_whole_year_is_asked(ada: Followed, before: Mapping[str, Any], series: Mapping[str, Any]) -> None:
    """To the last month; what the series before it still had to ask is this one's to ask."""
    begins = last_day(series)
    asked_before = [one for one in asked(ada, before, "series").values() if one["status"] == "answered"]
    assert max(local(ada.practice, one).date() for one in asked_before) < begins
    ada.live_until(moment(asked(ada, series, "series")["month-12"]["due_at"]) + timedelta(days=15))
    year = asked(ada, series, "series")
    assert {kind: local(ada.practice, one).date() for kind, one in year.items()} == due_on(begins)
    assert {kind for kind, one in year.items() if one["status"] == "missed"} == NOT_ANSWERED
    assert ada.check_ins("scheduled", "open") == []
    assert len(ada.tasks("call-patient")) == 1
    assert len(ada.tasks("booster-proposal")) == 1


def sessions(practice: Practice, series: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(practice.http.get(practice.at("booking", f"/series/{series['id']}")))["sessions"]
    return found


def homeward(practice: Practice, series: Mapping[str, Any], number: int) -> list[str]:
    """What the patient was sent when they had gone home."""
    rows = practice.messages(about=f"series/{series['id']}/sessions/{number}")
    return [row["text"] for row in rows if row["kind"] == "home-safe" and row["status"] in {"sent", "delivered"}]
