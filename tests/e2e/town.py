"""A running platform, its clock, and what can be asked of it without a clinic."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import requests
from pymongo import MongoClient
from pymongo.database import Database

from deploy.local.local_server import Server
from deploy.local.platform import Platform
from deploy.local.waiting import wait_until
from shared.clock import SimulatedClock
from shared.ids import new_id

T = TypeVar("T")
SERVICES: Final = ("booking", "followup", "notify")
PATIENCE: Final = 60.0
"""Seconds after which something that ought to happen by itself counts as not happening."""
_ANSWERS_WITHIN: Final = 20


@dataclass(frozen=True)
class Http:
    """Plain HTTP with one access key; answers of every status are answers."""

    url: str
    key: str | None

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.send("GET", path, params=query)

    def post(self, path: str, body: Any = None, *, idempotency_key: str | None = None) -> requests.Response:
        headers = {"Idempotency-Key": idempotency_key or new_id()}
        return self.send("POST", path, json={} if body is None else body, headers=headers)

    def patch(self, path: str, body: Any, version: int) -> requests.Response:
        return self.send("PATCH", path, json=body, headers={"If-Match": f'"{version}"'})

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        given: Mapping[str, str] = options.pop("headers", {})
        headers = {**({} if self.key is None else {"Authorization": f"Bearer {self.key}"}), **given}
        return requests.request(
            method, f"{self.url}{path}", headers=headers, timeout=_ANSWERS_WITHIN, allow_redirects=False, **options
        )


@dataclass(frozen=True)
class Town:
    """A running platform and its simulated clock, which only ever moves forward."""

    platform: Platform
    clock: SimulatedClock
    mongo: MongoClient[dict[str, Any]]

    @property
    def url(self) -> str:
        return self.platform.url

    @property
    def operator(self) -> Http:
        return Http(self.url, self.platform.platform_key)

    def move_to(self, instant: datetime) -> None:
        self.clock.move_to(max(instant, self.clock()))

    def move_near(self, instant: datetime) -> None:
        """To four weeks before it: what a patient is assessed and signed for now still counts then."""
        self.move_to(instant - timedelta(weeks=4))

    def today(self, zone: str) -> date:
        return self.clock().astimezone(ZoneInfo(zone)).date()

    def databases(self) -> list[Database[dict[str, Any]]]:
        """Those of booking, followup and notify."""
        return [self.mongo[f"{self.platform.installation.namespace}_{service}"] for service in SERVICES]


@contextmanager
def a_town(folder: Path, servers: tuple[Server, Server], mongo_url: str) -> Iterator[Town]:
    """A platform of its own on servers that run already."""
    namespace = f"e2e{new_id().replace('-', '')[10:22]}"
    with (
        Platform(folder, namespace=namespace, servers=servers) as platform,
        MongoClient[dict[str, Any]](mongo_url, tz_aware=True) as mongo,
    ):
        yield Town(platform, SimulatedClock(platform.installation.clock_file), mongo)


def ok(answer: requests.Response) -> Any:
    """The JSON of an answer that must be a good one."""
    assert answer.status_code < 300, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    return answer.json()


def problem(answer: requests.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The problem document of an answer that must be one."""
    assert answer.status_code == status, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    if code is not None:
        assert document["code"] == code, document
    return document


def codes(document: Mapping[str, Any]) -> set[str]:
    """The codes of the faults that a problem lists."""
    return {fault["code"] for fault in document.get("errors", [])}


def eventually(look: Callable[[], T], what: str, within: float = PATIENCE) -> T:
    """What `look` finds as soon as it finds something."""
    found: list[T] = []

    def looked() -> bool:
        found.append(look())
        return bool(found[-1])

    assert wait_until(looked, within), f"{what} did not happen within {within:g} s; last seen: {found[-1]!r}"
    return found[-1]


def next_weekday(day: date, weekday: int) -> date:
    """The first such weekday (Monday is 0) from `day` on."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def next_clock_change(zone: str, after: datetime, *, forward: bool) -> tuple[datetime, datetime]:
    """The wall times just before and just after the zone's next change of the wanted kind, naive."""
    place = ZoneInfo(zone)
    hour = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while True:
        before, hour = hour, hour + timedelta(minutes=30)
        jump = hour.astimezone(place).utcoffset() - before.astimezone(place).utcoffset()  # type: ignore[operator]
        if jump and (jump > timedelta()) is forward:
            shift = hour.astimezone(place).replace(tzinfo=None)
            return shift - jump, shift


def a_phone() -> str:
    """A number that nobody else in this run has."""
    return f"+1212{secrets.choice('23456789')}{secrets.randbelow(1_000_000):06d}"


def a_word() -> str:
    """Letters that nobody else in this run is called."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(10))


def without_trace(text: str) -> str:
    """An answer without what is different in every answer."""
    return re.sub(r'"trace_id": ?"[^"]*"', '"trace_id":""', text)
