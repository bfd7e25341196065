"""Installations by docker-compose, on a machine that has a container engine; elsewhere these tests are skipped."""

from collections.abc import Iterator

import pytest

from deploy.local.story import Clinic
from tests.support.container_stage import looked_into
from tests.support.containers import Containers, Place, what_hinders
from tests.support.fault_stage import Stage, at_ten


@pytest.fixture(scope="session", autouse=True)
def engine_is_here() -> None:
    if why := what_hinders():
        pytest.skip(f"no containers here: {why}")


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Room for one installation at a time."""
    with Place(tmp_path_factory.mktemp("installations")) as place:
        yield place


@pytest.fixture
def installation(place: Place) -> Containers:
    """One of every part, with the dev profile's mail and clock; the tests share it."""
    return place.of("dev")


@pytest.fixture
def stage(installation: Containers) -> Iterator[Stage]:
    """What the fault tests' checks look at; it is ten in the morning."""
    with looked_into(installation) as stage:
        at_ten(stage)
        yield stage


@pytest.fixture
def clinic(stage: Stage) -> Clinic:
    return stage.new_clinic()


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The run's seed; `--randomly-seed=…` sets it."""
    value: int = request.config.getoption("randomly_seed", 1)
    print(f"again with --randomly-seed={value}")
    return value
