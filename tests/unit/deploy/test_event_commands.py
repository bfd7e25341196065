"""The command that carries events from one service to another, without a platform."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from click.testing import CliRunner, Result

from deploy.admin.events import republish
from shared.process.retelling import PAGE

TIMES = ["2026-03-01T00:00:00+00:00", "2026-03-02T00:00:00+00:00"]
WINDOW = ("--since", TIMES[0], "--until", "2026-03-09T00:00:00Z")


@dataclass
class Platform:
    """Shows `told` from each instant on, takes everything, and remembers what was asked of whom."""

    told: dict[str, Any]
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def get(self, path: str) -> Any:
        parts = urlsplit(path)
        self.asked.append((parts.path, {name: value for name, (value,) in parse_qs(parts.query).items()}))
        return self.told[self.asked[-1][1]["since"]]

    def post(self, path: str, body: Any) -> Any:
        self.asked.append((path, body))
        return {"outcomes": {"applied": 1, "duplicate": len(body["events"]) - 1}} if "events" in body else {"done": 7}


def run(platform: Platform, *options: str) -> Result:
    return CliRunner().invoke(republish, ["booking", *WINDOW, *options], obj=platform)


def test_without_a_hearer_everybody_hears_it():
    platform = Platform({})
    assert json.loads(run(platform).output) == {"done": 7}
    ((path, body),) = platform.asked
    assert (path, body["clinic_id"]) == ("/booking/v1/operations/republish", None)


def test_all_pages_are_carried_in_parts_that_a_request_bears():
    first, second = list(range(PAGE + 1)), [-1]
    platform = Platform(
        {TIMES[0]: {"items": first, "more_since": TIMES[1]}, TIMES[1]: {"items": second, "more_since": None}}
    )
    result = run(platform, "--clinic", "clinic-1", "--into", "notify")
    assert json.loads(result.output) == {"applied": 3, "duplicate": PAGE - 1}
    told, heard = "/booking/v1/operations/told", "/notify/v1/operations/hear"
    assert [path for path, _ in platform.asked] == [told, heard, heard, told, heard]
    assert [said["since"] for path, said in platform.asked if path == told] == TIMES
    assert {said["clinic_id"] for path, said in platform.asked if path == told} == {"clinic-1"}
    assert [said["events"] for path, said in platform.asked if path == heard] == [first[:PAGE], first[PAGE:], second]


def test_a_window_with_nothing_in_it_asks_nobody_to_hear():
    platform = Platform({TIMES[0]: {"items": [], "more_since": None}})
    assert json.loads(run(platform, "--into", "followup").output) == {}
    assert [path for path, _ in platform.asked] == ["/booking/v1/operations/told"]
