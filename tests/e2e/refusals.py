"""What every refusal is held against: a clear 4xx, in time, and nothing written."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import requests

from tests.e2e.town import SERVICES, Town, eventually, problem

WITHIN: Final = 5.0
"""Seconds for one refusal; on an idle machine it takes a hundredth of that."""
RESTS_AFTER: Final = 2.0
"""Seconds without a change after which the news of what was done is taken to have gone round."""
REFUSED: Final = {400, 404, 409, 412, 413, 422}
NOT_KEPT: Final = {"answers", "heard", "held", "leases", "relay_state", "poison"}
"""Collections of the machinery: what was answered to a refused request is remembered, too."""


def refused(answer: requests.Response, *statuses: int) -> dict[str, Any]:
    """The problem of an answer that came in time."""
    assert answer.status_code in (statuses or REFUSED), f"{answer.status_code} {answer.text[:500]}"
    assert answer.elapsed.total_seconds() < WITHIN
    return problem(answer, answer.status_code)


def pointers(document: Mapping[str, Any]) -> set[str]:
    """Where in the request the faults of a problem are."""
    return {fault["pointer"] for fault in document.get("errors", ())}


@contextmanager
def nothing_written(town: Town, clinic_id: str) -> Iterator[None]:
    """Nothing at all of a clinic changes in booking while the block lasts."""
    before = _kept(town, clinic_id)
    yield
    after = _kept(town, clinic_id)
    assert {name: after[name] for name in after if after[name] != before.get(name)} == {}


def let_rest(town: Town, clinic_id: str) -> None:
    """Wait until what was done to a clinic has had its effects: for two seconds nothing of it changes in booking."""
    last, since = _kept(town, clinic_id), time.monotonic()

    def rests() -> bool:
        nonlocal last, since
        now = _kept(town, clinic_id)
        if now != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since > RESTS_AFTER

    eventually(rests, "coming to rest")


def _kept(town: Town, clinic_id: str) -> dict[str, Any]:
    """Everything that booking keeps of a clinic or of none, by name, with how often it was changed; and all clinics."""
    database = town.databases()[SERVICES.index("booking")]
    names = set(database.list_collection_names()) - NOT_KEPT
    mine = {"$or": [{"clinic_id": clinic_id}, {"clinic_id": {"$exists": False}}]}
    rows = {name: database[name].find(mine, {"version": 1}) for name in names}
    found = {name: sorted((str(row["_id"]), row.get("version")) for row in rows[name]) for name in names}
    return {**found, "all clinics": database["clinics"].count_documents({})}
