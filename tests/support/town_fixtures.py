"""The platform as processes, once per test worker: three services, gateway and mail catcher on real servers.

A pytest plugin, named by `tests/conftest.py`: end-to-end tests and browser tests share one platform.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.local_server import Server
from deploy.local.platform import Platform
from shared.clock import SimulatedClock
from shared.ids import new_id
from tests.e2e.practice import Practice, open_practice
from tests.e2e.town import Town


@pytest.fixture(scope="session")
def town(
    tmp_path_factory: pytest.TempPathFactory, running_servers: tuple[Server, Server], mongo_url: str
) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("platform")
    namespace = f"e2e{new_id().replace('-', '')[10:22]}"
    with (
        Platform(folder, namespace=namespace, servers=running_servers) as platform,
        MongoClient[dict[str, Any]](mongo_url, tz_aware=True) as mongo,
    ):
        yield Town(platform, SimulatedClock(platform.installation.clock_file), mongo)


@pytest.fixture(scope="module")
def practice(town: Town) -> Practice:
    """A clinic of the test module's own, open every day."""
    return open_practice(town)


@pytest.fixture
def mail_folder(town: Town) -> Path:
    return town.platform.installation.mail_folder
