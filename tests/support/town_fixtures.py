"""The platform as processes, once per test worker: three services, gateway and mail catcher on real servers.

A pytest plugin, named by `tests/conftest.py`: end-to-end tests and browser tests share one platform.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.local_server import Server
from tests.e2e.practice import Practice, open_practice
from tests.e2e.town import Town, a_town


@pytest.fixture(scope="session")
def town(
    tmp_path_factory: pytest.TempPathFactory, running_servers: tuple[Server, Server], mongo_url: str
) -> Iterator[Town]:
    with a_town(tmp_path_factory.mktemp("platform"), running_servers, mongo_url) as running:
        yield running


@pytest.fixture(scope="module")
def practice(town: Town) -> Practice:
    """A clinic of the test module's own, open every day."""
    return open_practice(town)


@pytest.fixture
def mail_folder(town: Town) -> Path:
    return town.platform.installation.mail_folder
