"""Kill -9 of booking while a nurse writes down what she measures: nothing is lost, and nothing is there twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import requests

from deploy.local.treatment_day import CALM
from shared.ids import new_id
from tests.e2e.practice import AWAKE, open_practice
from tests.e2e.town import Town, eventually, ok
from tests.e2e.visit import Visit, staffed
from tests.support.fault_stage import Stage

pytestmark = pytest.mark.timeout(400)

READINGS: Final = 60
KILLS: Final = 4
PASSING: Final = {502, 503, 504}
"""What a gateway says while nobody answers it."""


def test_readings_of_a_nurse_whose_booking_keeps_dying_are_there_once_and_on_record(stage: Stage) -> None:
    staff = staffed(open_practice(Town(stage.platform, stage.clock, stage.databases), **AWAKE))
    visit = staff.book(staff.practice.register()["id"], staff.practice.soon())
    visit.go(0)
    begun = datetime.fromisoformat(visit.ready().dose.start()["sessions"][0]["started_at"])
    visit.go(6, begun)
    known = audited(visit)

    kept: list[int] = []
    with ThreadPoolExecutor(1) as nurse:
        instants = [begun + timedelta(seconds=5 * number) for number in range(1, READINGS + 1)]
        written = nurse.submit(lambda: kept.extend(read(visit, at) for at in instants))
        for number in range(1, KILLS + 1):
            eventually(lambda number=number: len(kept) >= 10 * number or written.done(), "writing on")  # type: ignore[misc]
            stage.platform.kill("booking.web")
        written.result()

    assert sum(kept) > 0, "nobody was interrupted"
    since = [datetime.fromisoformat(reading["at"]) for reading in visit.ask("treatment")["readings"]]
    assert since[1:] == instants
    assert audited(visit) - known == READINGS
    assert verification(visit)["breaks"] == []


def read(visit: Visit, at: datetime) -> int:
    """How often a reading had to be sent again until it was kept."""
    key, answers = new_id(), list[int]()
    path = visit.staff.at(f"/series/{visit.series['id']}/sessions/1/readings")

    def is_kept() -> bool:
        try:
            answer = visit.staff.nurse.post(path, {**CALM, "at": at.isoformat()}, idempotency_key=key)
        except requests.ConnectionError:
            answers.append(0)
            return False
        answers.append(answer.status_code)
        return answer.status_code not in PASSING and bool(ok(answer))

    eventually(is_kept, "keeping a reading")
    return len(answers) - 1


def audited(visit: Visit) -> int:
    """How many entries the clinic's chain has."""
    return int(verification(visit)["head"]["seq"])


def verification(visit: Visit) -> dict[str, Any]:
    practice = visit.staff.practice
    found: dict[str, Any] = ok(practice.http.get(practice.at("booking", "/audit/verification")))
    return found
