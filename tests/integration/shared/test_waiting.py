"""Which clinics have work that waits, as the operator asks a service for it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notify.operations.policy import PauseMessaging, pause_messaging
from services.notify.settings import Settings
from services.notify.wiring import service
from shared.clock import system_clock
from shared.errors import NotFound
from shared.persistence.counting import Count
from shared.persistence.unit_of_work import Cause
from shared.process.host import Host
from shared.process.waiting import MOST_CLINICS, Waiting
from shared.settings import load
from tests.integration.environment import an_environment
from tests.integration.shared.bakery import DB

ORDERS = Count("orders.due", "orders", lambda now: {"next_at": {"$lte": now}})
OPERATOR = {"Authorization": "Bearer operator"}


@pytest.fixture
def where(databases: tuple[DB, DB]) -> DB:
    return databases[0]


@pytest.fixture
def notify(mongo_url: str, tmp_path: Path) -> Iterator[Host[Any, Any]]:
    settings = load(Settings, an_environment(mongo_url, tmp_path))
    host = Host(service(settings), settings)
    host.create_indexes()
    yield host
    host.database.client.drop_database(host.database.name)
    host.database.client.close()


def test_what_is_due_is_counted_for_each_clinic_and_those_with_most_come_first(where: DB) -> None:
    now = system_clock()
    many = {f"clinic-{number:03}": 1 for number in range(MOST_CLINICS)} | {"clinic-050": 3, "clinic-070": 2}
    where["orders"].insert_many(
        {"clinic_id": clinic, "next_at": now} for clinic, count in many.items() for _ in range(count)
    )
    where["orders"].insert_many({"clinic_id": "clinic-000", "next_at": now + timedelta(hours=1)} for _ in range(9))
    where["orders"].insert_one({"clinic_id": "clinic-zzz", "next_at": now})
    found = Waiting(where, [ORDERS], lambda: now).by_clinic("orders.due")
    assert list(found.items())[:3] == [("clinic-050", 3), ("clinic-070", 2), ("clinic-000", 1)]
    assert set(found) == set(many)


def test_a_name_that_is_no_counts_is_not_found(where: DB) -> None:
    with pytest.raises(NotFound):
        Waiting(where, [ORDERS], system_clock).by_clinic("orders")


def test_the_operator_is_told_which_clinics_have_paused(notify: Host[Any, Any]) -> None:
    for clinic in ("clinic-1", "clinic-2"):
        notify.sealer.create_key(clinic)
        notify.units.run(clinic, Cause("test", "test", ""), pause_messaging, PauseMessaging("flood"))
    ask = notify.app().test_client()
    answer = ask.get("/notify/v1/operations/waiting/clinics.paused", headers=OPERATOR)
    assert answer.get_json() == {
        "items": [{"clinic_id": "clinic-1", "count": 1}, {"clinic_id": "clinic-2", "count": 1}]
    }
    assert ask.get("/notify/v1/operations/waiting/clinics.paused").status_code == 401
    unknown = ask.get("/notify/v1/operations/waiting/clinics", headers=OPERATOR)
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, "not-found")
    assert unknown.content_type == "application/problem+json"


def test_every_count_of_a_service_can_be_asked_for(notify: Host[Any, Any]) -> None:
    waiting = Waiting(notify.database, notify.service.counts, notify.clock)
    assert {name: waiting.by_clinic(name) for name in waiting.counted()} == {name: {} for name in waiting.counted()}
