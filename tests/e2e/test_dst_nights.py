"""Both nights of a year in which the clocks change, in three zones: what patients there are told, and when.

It takes a year, so it happens on a platform of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

import pytest

from deploy.local.local_server import Server
from services.notify.domain.verdict import LINK_WITHIN
from shared.localtime import resolve, to_local
from tests.e2e.practice import ONE, Practice, open_practice, run_to
from tests.e2e.town import Town, a_town, eventually, next_clock_change, ok

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Night:
    """What there is to know of a night: three days before the Monday behind it, in hours; until when to eat before
    Sunday at eight; the zone's name from then on; until when not to drive for who goes home on Saturday at four; two
    hours before half past three.
    """

    three_days: float
    solids: str
    zone: str
    no_driving: str
    two_hours: str


NIGHTS: Final = {
    ("America/New_York", "forward"): Night(71, "1:00 AM EST", "EDT", "5:00 PM", "00:30"),
    ("America/New_York", "back"): Night(73, "2:00 AM", "EST", "3:00 PM", "01:30"),
    ("Europe/Berlin", "forward"): Night(71, "1:00 AM CET", "CEST", "5:00 PM", "00:30"),
    ("Europe/Berlin", "back"): Night(73, "2:00 AM CET", "CET", "3:00 PM", "02:30"),
    ("Australia/Lord_Howe", "forward"): Night(71.5, "1:30 AM UTC+10:30", "UTC+11:00", "4:30 PM", "01:00"),
    ("Australia/Lord_Howe", "back"): Night(72.5, "2:00 AM", "UTC+10:30", "3:30 PM", "01:30"),
}
WHERE_IT_IS_DAY: Final = {
    "America/New_York": "Asia/Tokyo",
    "Europe/Berlin": "Asia/Tokyo",
    "Australia/Lord_Howe": "America/Bogota",
}
"""Zones without such nights, for a patient whose phone may ring then."""


@pytest.fixture(scope="module")
def town(
    tmp_path_factory: pytest.TempPathFactory, running_servers: tuple[Server, Server], mongo_url: str
) -> Iterator[Town]:
    with a_town(tmp_path_factory.mktemp("year"), running_servers, mongo_url) as running:
        yield running


@dataclass(frozen=True)
class Weekend:
    """A clinic around the Sunday on which the clocks change."""

    practice: Practice
    sunday: datetime

    def wall(self, clock: str, days: int = 0) -> datetime:
        """A wall time there, naive, so many days behind Sunday."""
        return datetime.combine(self.sunday.date() + timedelta(days=days), time.fromisoformat(clock))

    def at(self, clock: str, days: int = 0) -> datetime:
        return resolve(self.wall(clock, days), self.practice.zone)

    def book(self, clock: str, days: int = 0, **patient: Any) -> dict[str, Any]:
        return self.practice.book(self.practice.register(**patient)["id"], [self.wall(clock, days)], ONE)

    def row(self, series: dict[str, Any], kind: str, offset: str = "") -> dict[str, Any]:
        about = f"series/{series['id']}/sessions/1"
        rows = [row for row in self.practice.messages(about=about) if row["reader"] == "patient"]
        [found] = [row for row in rows if (row["kind"], row["offset"]) == (kind, offset)]
        return found

    def said(self, series: dict[str, Any], offset: str) -> tuple[str, str]:
        """When a reminder went out, on the clinic's wall and to the minute, and what it said."""
        row = self.row(series, "reminder", offset)
        return f"{to_local(ended(row, 'sent'), self.practice.zone):%a %H:%M}", row["text"]


def ended(row: dict[str, Any], status: str) -> datetime:
    last = row["history"][-1]
    assert last["status"] == status, row
    return datetime.fromisoformat(last["at"])


def weekend_of(town: Town, zone: str, direction: str) -> Weekend:
    """The next such one; it is Tuesday noon before it."""
    _, shift = next_clock_change(zone, town.clock() + timedelta(days=7), forward=direction == "forward")
    before = Weekend(Practice(town, "", "", zone), shift)
    town.move_to(before.at("12:00", -5))
    return Weekend(with_room_for_texts(open_practice(town, zone=zone)), shift)


def with_room_for_texts(practice: Practice) -> Practice:
    """Who is asked how they are the evening before gets three texts on that day: more than is usual."""
    policy = practice.at("notify", "/messaging")
    ok(practice.http.patch(policy, {"per_day": 3}, ok(practice.http.get(policy))["version"]))
    return practice


def in_order(town: Town, zone: str) -> list[str]:
    """The directions of the next two changes."""
    after = town.clock() + timedelta(days=7)
    return sorted(("forward", "back"), key=lambda way: next_clock_change(zone, after, forward=way == "forward"))


@pytest.mark.parametrize("zone", WHERE_IT_IS_DAY)
def test_what_is_promised_by_the_wall_and_what_is_counted_in_hours_holds_in_both_nights(town: Town, zone: str):
    for direction in in_order(town, zone):
        weekend, night = weekend_of(town, zone, direction), NIGHTS[zone, direction]
        on_monday = weekend.book("09:00", 1)
        on_sunday = weekend.book("08:00")
        at_night = weekend.book("03:30", zone=WHERE_IT_IS_DAY[zone])
        eventually(lambda: len(reminders(weekend.practice)) == 9, "planning the reminders")  # noqa: B023
        going_home = go_home_on_saturday_at_four(weekend)
        run_to(town, [weekend.practice], weekend.at("08:59", 1))

        check_monday(weekend, night, on_monday)
        check_sunday(weekend, night, on_sunday)
        check_night(weekend, night, at_night)
        home_safe = weekend.row(going_home, "home-safe")
        assert ended(home_safe, "sent") - weekend.at("18:00", -1) < LINK_WITHIN + timedelta(minutes=1)
        assert (
            f"do not drive until {day_of(weekend.wall('00:00'))}, {night.no_driving} {night.zone}" in home_safe["text"]
        )


def reminders(practice: Practice) -> list[dict[str, Any]]:
    return [row for row in practice.messages() if row["kind"] == "reminder"]


def go_home_on_saturday_at_four(weekend: Weekend) -> dict[str, Any]:
    """Somebody who was treated that day."""
    town = weekend.practice.town
    run_to(town, [weekend.practice], weekend.at("12:30", -1))
    series = weekend.book("13:00", -1)
    run_to(town, [weekend.practice], weekend.at("13:00", -1))
    dose = weekend.practice.dose(series)
    dose.give(weekend.practice.now, weekend.practice.supervisor)
    run_to(town, [weekend.practice], weekend.at("16:00", -1))
    dose.leave()
    eventually(lambda: [row for row in weekend.practice.messages() if row["kind"] == "home-safe"], "planning to ask")
    return series


def check_monday(weekend: Weekend, night: Night, series: dict[str, Any]) -> None:
    """Days count on the wall; two hours before nine it is quiet, and that the day before was said is enough."""
    starts_at = weekend.at("09:00", 1)
    due_at = datetime.fromisoformat(weekend.row(series, "reminder", "P3D")["due_at"])
    assert starts_at - due_at == timedelta(hours=night.three_days)
    monday = day_of(weekend.wall("00:00", 1))
    three_days, one_day = (weekend.said(series, offset) for offset in ("P3D", "P1D"))
    assert (three_days[0], one_day[0]) == ("Fri 09:00", "Sun 09:00")
    assert f"{monday}, 9:00 AM {night.zone}." in three_days[1]
    assert f"{monday}, 9:00 AM." in one_day[1]
    dropped_at = ended(weekend.row(series, "reminder", "PT2H"), "suppressed")
    assert dropped_at - weekend.at("20:30") < timedelta(minutes=1)


def check_sunday(weekend: Weekend, night: Night, series: dict[str, Any]) -> None:
    """Hours without food are elapsed ones; what would ring in the night comes the evening before."""
    sunday = day_of(weekend.wall("00:00"))
    (three_days, _), (one_day, text), (two_hours, _) = (weekend.said(series, one) for one in ("P3D", "P1D", "PT2H"))
    assert (three_days, one_day, two_hours) == ("Thu 08:00", "Sat 08:00", "Sat 20:30")
    assert f"{sunday}, 8:00 AM {night.zone}. No solid food after {night.solids}, clear fluids till 6:00 AM." in text


def check_night(weekend: Weekend, night: Night, series: dict[str, Any]) -> None:
    """Two hours ahead are elapsed ones across the change, for a phone that may ring."""
    two_hours, text = weekend.said(series, "PT2H")
    sent_at = ended(weekend.row(series, "reminder", "PT2H"), "sent")
    ahead = weekend.at("03:30") - sent_at
    assert timedelta(hours=1, minutes=59) < ahead <= timedelta(hours=2)
    assert two_hours == f"Sun {night.two_hours}"
    assert f"{day_of(weekend.wall('00:00'))}, 3:30 AM {night.zone}." in text


def day_of(wall: datetime) -> str:
    return f"{wall:%a} {wall:%b} {wall.day}"
