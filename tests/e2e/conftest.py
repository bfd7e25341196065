"""The platform as processes, once per test worker: three services, gateway and mail catcher on real servers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from deploy.local.desk import Desk
from deploy.local.local_server import Server
from deploy.local.platform import Platform
from deploy.local.story import Clinic, open_clinic
from shared.clock import SimulatedClock
from shared.ids import new_id


@dataclass(frozen=True)
class Town:
    """A running platform and its simulated clock, which only ever moves forward."""

    platform: Platform
    clock: SimulatedClock

    @property
    def url(self) -> str:
        return self.platform.url

    @property
    def operator(self) -> Desk:
        return Desk(self.url, self.platform.platform_key)

    def move_to(self, instant: datetime) -> None:
        self.clock.move_to(max(instant, self.clock()))


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory, running_servers: tuple[Server, Server]) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("platform")
    namespace = f"e2e{new_id().replace('-', '')[10:22]}"
    with Platform(folder, namespace=namespace, servers=running_servers) as platform:
        yield Town(platform, SimulatedClock(platform.installation.clock_file))


@pytest.fixture
def clinic(town: Town) -> Clinic:
    return open_clinic(town.url, town.platform.platform_key)


@pytest.fixture
def desk(town: Town, clinic: Clinic) -> Desk:
    return Desk(town.url, clinic.key)


@pytest.fixture
def mail_folder(town: Town) -> Path:
    return town.platform.installation.mail_folder
