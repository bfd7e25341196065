"""How long a plan search takes: six sessions within 60 days, 10 chairs, 6 nurses, the calendar 60 and 90 % full.

The first session may be on any date that leaves the longest course time to end within the 60 days.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

import requests

from bench.clinic import FIRST, HORIZON, ZONE, Bench, BenchClinic, served
from bench.measuring import Row, measure_each
from services.booking.domain.placement.free_time import FreeTime
from services.booking.domain.planning.plan import Planner, Wanted
from services.booking.domain.planning.wishes import Wishes
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.operations.free_time import free_time_of
from services.booking.operations.plans import FindPlans, find_plans

SIX: Final = "mood-iv-6x3w"
CHAIRS, NURSES = 10, 6
_LAST: Final = FIRST + timedelta(days=HORIZON - 1)


def rows(bench: Bench, searches: int) -> list[Row]:
    """In process with the calendar loaded, in process with reading it, and over HTTP."""
    found = []
    for share in (0.6, 0.9):
        clinic = bench.clinic(CHAIRS, NURSES)
        clinic.fill(share, HORIZON, random.Random(share))
        found += _rows(bench, clinic, f"{share:.0%} full", searches)
    return found


def _rows(bench: Bench, clinic: BenchClinic, full: str, searches: int) -> list[Row]:
    patient_id, until = clinic.patient(), FIRST
    while Wanted(TEMPLATES[SIX], FIRST, until + timedelta(days=1)).last_date <= _LAST:
        until += timedelta(days=1)
    windows = list(_windows(until, searches))
    loaded = bench.run(clinic.id, lambda uow, _: free_time_of(uow, patient_id, FIRST, _LAST), None)
    found = [
        measure_each(f"search, {full}: in process, calendar loaded", _searches(loaded, windows), 1, computing=True),
        measure_each(f"search, {full}: in process, calendar read", _asked(bench, clinic, patient_id, windows), 1),
    ]
    with served("booking", bench.environment) as url, requests.Session() as session:
        calls = _calls(session, f"{url}/booking/v1/clinics/{clinic.id}/plans", clinic.headers, patient_id, windows)
        for warm in calls[:5]:
            warm()
        found.append(measure_each(f"search, {full}: over HTTP", calls, 1))
    return found


def _windows(until: date, searches: int) -> Iterator[tuple[date, Wishes]]:
    """No two alike one after the other: with and without haste, now and then a day shorter."""
    for number in range(searches):
        yield until - timedelta(days=number % 3), Wishes(as_soon_as_possible=number % 2 == 1)


def _searches(free: FreeTime, windows: list[tuple[date, Wishes]]) -> list[Callable[[], object]]:
    def search(until: date, wishes: Wishes) -> None:
        # A copy knows nothing of what an earlier search has found out.
        fresh = FreeTime(free.grid, free.now, free.patient_id, free.resources, free.busy, free.holidays)
        wanted = Wanted(TEMPLATES[SIX], FIRST, until, Condition.DEPRESSION, wishes)
        _require(len(Planner(fresh).best(wanted)))

    return [partial(search, *window) for window in windows]


def _asked(
    bench: Bench, clinic: BenchClinic, patient_id: str, windows: list[tuple[date, Wishes]]
) -> list[Callable[[], object]]:
    def ask(until: date, wishes: Wishes) -> None:
        command = FindPlans(patient_id, SIX, None, Condition.DEPRESSION, FIRST, until, wishes)
        _require(len(bench.run(clinic.id, find_plans, command).plans))

    return [partial(ask, *window) for window in windows]


def _calls(
    session: requests.Session, url: str, headers: dict[str, str], patient_id: str, windows: list[tuple[date, Wishes]]
) -> list[Callable[[], object]]:
    def call(until: date, wishes: Wishes) -> None:
        body: dict[str, Any] = {
            "patient_id": patient_id,
            "protocol": SIX,
            "from_date": f"{FIRST}",
            "until_date": f"{until}",
            "wishes": {"as_soon_as_possible": wishes.as_soon_as_possible},
        }
        answer = session.post(url, json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        _require(len(answer.json()["plans"]))

    return [partial(call, *window) for window in windows]


def _require(plans: int) -> None:
    if not plans:
        raise RuntimeError(f"nothing was found in {ZONE}: there is nothing to measure")
