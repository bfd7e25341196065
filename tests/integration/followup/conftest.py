from collections.abc import Iterator
from pathlib import Path

import pytest

from services.followup.settings import Settings
from services.followup.wiring import service
from shared.process.host import Host
from shared.settings import load
from tests.integration.environment import an_environment
from tests.integration.followup.followup_host import ThisFollowup


@pytest.fixture
def settings(mongo_url: str, tmp_path: Path) -> Settings:
    """A namespace of its own for each test, and a clock that the test moves."""
    public = {"KADENCE_PUBLIC_URL": "https://care.example"}
    return load(Settings, {**an_environment(mongo_url, tmp_path), **public})


@pytest.fixture
def followup(settings: Settings) -> Iterator[ThisFollowup]:
    host = Host(service(settings), settings)
    host.create_indexes()
    this = ThisFollowup(host)
    yield this
    host.database.client.drop_database(host.database.name)
    this.close()
