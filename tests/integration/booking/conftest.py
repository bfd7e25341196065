from collections.abc import Iterator
from pathlib import Path

import pytest

from services.booking.settings import Settings
from services.booking.wiring import service
from shared.process.host import Host
from shared.settings import load
from tests.integration.booking.booking_host import ThisBooking
from tests.integration.booking.worlds import Fake, World
from tests.integration.environment import an_environment


@pytest.fixture
def settings(mongo_url: str, tmp_path: Path) -> Settings:
    """A namespace of its own for each test, and a clock that the test moves."""
    return load(Settings, an_environment(mongo_url, tmp_path))


@pytest.fixture
def booking(settings: Settings) -> Iterator[ThisBooking]:
    host = Host(service(settings), settings)
    host.create_indexes()
    this = ThisBooking(host)
    this.go_to_start()
    yield this
    host.database.client.drop_database(host.database.name)
    host.database.client.close()


@pytest.fixture(params=["fake", "real"])
def world(request: pytest.FixtureRequest) -> World:
    """Both; what they share has to hold for both."""
    if request.param == "fake":
        return Fake()
    booking: ThisBooking = request.getfixturevalue("booking")
    return booking
