"""Work that takes longer than a service waits for an answer: steps, indexes and restoring have to bear it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.errors import NetworkTimeout

from services.booking.settings import Settings
from services.booking.wiring import service
from shared.persistence import mongo
from shared.persistence.schema import Step
from shared.process.host import Host
from shared.settings import load
from tests.integration.environment import an_environment

HASTE = 700
"""Milliseconds that a client of a service waits in here, instead of 20 seconds."""


def slow(database: Database[dict[str, Any]]) -> None:
    """The server works on it for twice as long."""
    database["cakes"].insert_one({})
    assert database["cakes"].find_one({"$where": f"sleep({2 * HASTE}) || true"})


@pytest.fixture
def host(mongo_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host[Any, Any]]:
    """Booking, after a version whose only step is slow."""
    monkeypatch.setitem(mongo.CLIENT_OPTIONS, "socketTimeoutMS", HASTE)
    settings = load(Settings, an_environment(mongo_url, tmp_path))
    host = Host(replace(service(settings), steps=[Step("bakes slowly", run=slow, oldest=0)]), settings)
    yield host
    host.database.client.drop_database(host.database.name)
    host.database.client.close()


def test_a_service_does_not_wait_for_ever(host: Host[Any, Any]) -> None:
    with pytest.raises(NetworkTimeout):
        slow(host.database)


def test_bringing_a_database_up_takes_as_long_as_it_takes(host: Host[Any, Any]) -> None:
    host.create_indexes()
    assert host.database["schema"].find_one({}, {"_id": 0}) == {"version": 1, "oldest": 0}
    assert mongo.missing_indexes(host.database, host.service.indexes) == []
