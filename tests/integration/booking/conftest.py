import base64
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.booking.settings import Settings
from services.booking.wiring import SERVICE
from shared.host import Host
from shared.ids import new_id
from shared.settings import load
from tests.integration.booking.booking_host import ThisBooking


@pytest.fixture
def settings(mongo_url: str, tmp_path: Path) -> Settings:
    """A namespace of its own for each test, and a clock that the test moves."""
    environment = {
        "KADENCE_ENV": "development",
        "KADENCE_NAMESPACE": f"t{new_id().replace('-', '')[6:26]}",
        "KADENCE_MONGO_URL": mongo_url,
        "KADENCE_KAFKA_BOOTSTRAP": "unused:9092",
        "KADENCE_KEY": base64.b64encode(secrets.token_bytes(96)).decode(),
        "KADENCE_PLATFORM_KEY": "operator",
        "KADENCE_CLOCK": "simulated",
        "KADENCE_CLOCK_PATH": str(tmp_path / "clock"),
        "KADENCE_LOG_LEVEL": "error",
    }
    return load(Settings, environment)


@pytest.fixture
def booking(settings: Settings) -> Iterator[ThisBooking]:
    host = Host(SERVICE, settings)
    host.create_indexes()
    this = ThisBooking(host)
    this.go_to_start()
    yield this
    host.database.client.drop_database(host.database.name)
    host.database.client.close()
