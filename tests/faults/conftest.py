"""Platforms for faults: one on the servers of the whole run, for what kills processes; each test has its own clinic."""

from collections.abc import Iterator

import pytest

from deploy.local.local_server import Server
from deploy.local.story import Clinic
from tests.support.fault_stage import Stage, a_stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, running_servers: tuple[Server, Server]) -> Iterator[Stage]:
    with a_stage(tmp_path_factory.mktemp("stage"), running_servers) as running:
        yield running


@pytest.fixture
def clinic(stage: Stage) -> Clinic:
    return stage.new_clinic()


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The run's seed; `--randomly-seed=…` sets it."""
    value: int = request.config.getoption("randomly_seed")
    print(f"again with --randomly-seed={value}")
    return value
