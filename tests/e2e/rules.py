"""The rules of placing, worked out anew from what the platform answers, with none of its code."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.e2e.practice import Practice
from tests.e2e.town import ok

STEP: Final = timedelta(minutes=5)
PEOPLE: Final = frozenset({"nurse", "clinician", "therapist"})
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
Place = tuple[str, int, datetime]
"""Of a resource: which of its places, in which five minutes (UTC)."""


@dataclass(frozen=True)
class Need:
    """A resource of a kind from one wall time until another; one person may serve `per` patients."""

    kind: str
    per: int
    skills: Sequence[str]
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Regimen:
    """A regimen of one phase, as the API shows it."""

    shown: Mapping[str, Any]

    @property
    def phase(self) -> Mapping[str, Any]:
        phase: Mapping[str, Any]
        (phase,) = self.shown["phases"]
        return phase

    def faults_of(self, days: Sequence[str]) -> list[str]:
        """What is wrong with a course on these dates."""
        return list(self._faults([date.fromisoformat(day) for day in days]))

    def _faults(self, days: Sequence[date]) -> Iterator[str]:
        if len(days) != self.phase["sessions"]:
            yield f"{len(days)} sessions"
        for earlier, later in pairwise(days):
            if not self.phase["min_days"] <= (later - earlier).days <= self.phase["max_days"]:
                yield f"{(later - earlier).days} days between {earlier} and {later}"
        for day in days:
            if sum(0 <= (day - other).days < 7 for other in days) > self.phase["per_seven_days"]:
                yield f"too many in the seven days to {day}"
        if (days[-1] - days[0]).days > self.shown["tolerance_days"]:
            yield "too long in all"

    def needs_from(self, start: datetime) -> Iterator[Need]:
        """What a session needs when the patient takes the chair at a wall time: with the first block that needs it."""
        blocks = list(self.phase["blocks"])
        while not blocks[0]["needs"]:
            del blocks[0]
        for block in blocks:
            ends = start + timedelta(minutes=block["minutes"])
            for need in block["needs"]:
                yield Need(need["kind"], need["per"], need["skills"], start, ends)
            start = ends


@dataclass(frozen=True)
class House:
    """A clinic as its answers show it: who is there when, and what of each is taken."""

    zone: str
    holidays: Sequence[str]
    resources: Mapping[str, Mapping[str, Any]]
    taken: Counter[Place]

    @classmethod
    def of(cls, practice: Practice) -> "House":
        """Read a clinic: its resources, and all sessions of the coming 31 days."""
        http, at = practice.http, practice.at
        clinic = ok(http.get(at("booking")))
        resources = ok(http.get(at("booking", "/resources"), limit=200))["items"]
        today = practice.wall().date()
        days = {"from_date": str(today), "until_date": str(today + timedelta(days=30)), "limit": 200}
        page = ok(http.get(at("booking", "/sessions"), **days))
        assert page["next_cursor"] is None
        held = (row["session"] for row in page["items"] if row["session"]["status"] in {"booked", "pending"})
        taken = Counter(place for session in held for claim in session["claims"] for place in _places(claim))
        return cls(clinic["zone"], clinic["holidays"], {one["id"]: one for one in resources}, taken)

    def double_bookings(self) -> list[Place]:
        """Places that two have at once, or that a resource has not."""
        known = self.resources
        return [one for one, count in self.taken.items() if count > 1 or one[1] >= known[one[0]]["capacity"]]

    def faults_of(self, sessions: Sequence[Mapping[str, Any]], regimen: Regimen) -> list[str]:
        """Why these sessions cannot be, each at its wall time with its resources."""
        return [fault for session in sessions for fault in self._faults(session, regimen)]

    def _faults(self, session: Mapping[str, Any], regimen: Regimen) -> Iterator[str]:
        by_kind = {self.resources[id]["kind"]: self.resources[id] for id in session["resource_ids"]}
        start = datetime.fromisoformat(session["starts_local"])
        needs = list(regimen.needs_from(start))
        if by_kind.keys() != {need.kind for need in needs} or len(by_kind) != len(session["resource_ids"]):
            yield f"{start}: not what is needed: {session['resource_ids']}"
        if str(start.date()) in self.holidays:
            yield f"{start}: a holiday"
        for need in needs:
            resource = by_kind[need.kind]
            yield from (f"{start}: {resource['name']} {fault}" for fault in self._amiss(resource, need))

    def _amiss(self, resource: Mapping[str, Any], need: Need) -> Iterator[str]:
        day = need.begins.date()
        hours = [one for one in resource["hours"] if one["weekday"] == WEEKDAYS[day.weekday()]]
        clock = f"{need.begins:%H:%M}", f"{need.ends:%H:%M}"
        if not any(one["opens"] <= clock[0] and clock[1] <= one["closes"] for one in hours):
            yield "is not open"
        if str(day) in resource["closed_on"]:
            yield "is closed"
        for one in resource["absences"]:
            away = datetime.fromisoformat(one["from_local"]), datetime.fromisoformat(one["until_local"])
            if need.begins < away[1] and away[0] < need.ends:
                yield "is absent"
        held = {one["code"]: one["until"] for one in resource["skills"]}
        if any(code not in held or str(day) > (held[code] or "9999") for code in need.skills):
            yield "lacks a skill"
        if self._most_taken(resource, need) + _places_for(resource, need) > resource["capacity"]:
            yield "is taken"

    def _most_taken(self, resource: Mapping[str, Any], need: Need) -> int:
        by_step: dict[datetime, int] = defaultdict(int)
        for (id, _, step), count in self.taken.items():
            if id == resource["id"]:
                by_step[step] += count
        begins = need.begins.replace(tzinfo=ZoneInfo(self.zone)).astimezone(ZoneInfo("UTC"))
        steps = (begins + STEP * count for count in range((need.ends - need.begins) // STEP))
        return max(by_step[step] for step in steps)


def fewest_moves(regimen: Regimen, dates: Sequence[date], wanted: Mapping[int, date], within: int = 28) -> int:
    """How many sessions must move at least, those that are `wanted` elsewhere among them; every date is free."""
    first, last = min(dates) - timedelta(days=within), max(dates) + timedelta(days=within)
    fewest = len(dates) + 1

    def go_on(chosen: list[date], moved: int) -> None:
        nonlocal fewest
        place = len(chosen)
        if moved >= fewest:
            return
        if place == len(dates):
            if not regimen.faults_of([str(day) for day in chosen]):
                fewest = moved
            return
        for day in _days_for(regimen, chosen, first, last):
            if wanted.get(place, day) == day:
                go_on([*chosen, day], moved + (day != dates[place]))

    go_on([], 0)
    return fewest


def _days_for(regimen: Regimen, chosen: Sequence[date], first: date, last: date) -> list[date]:
    if chosen:
        gaps = range(regimen.phase["min_days"], regimen.phase["max_days"] + 1)
        return [chosen[-1] + timedelta(days=gap) for gap in gaps]
    return [first + timedelta(days=days) for days in range((last - first).days + 1)]


def _places_for(resource: Mapping[str, Any], need: Need) -> int:
    """How many of its places a resource gives to one patient."""
    return -(-resource["capacity"] // need.per) if resource["kind"] in PEOPLE else 1


def _places(claim: Mapping[str, Any]) -> Iterator[Place]:
    begins, ends = (datetime.fromisoformat(claim[name]).astimezone(ZoneInfo("UTC")) for name in ("from_at", "until_at"))
    for count in range((ends - begins) // STEP):
        for place in claim["places"]:
            yield claim["resource_id"], place, begins + STEP * count
