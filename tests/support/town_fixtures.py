"""The platform as processes, once per test worker: three services, gateway and mail catcher on real servers.

A pytest plugin, named by `tests/conftest.py`: end-to-end tests and browser tests share one platform.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from deploy.local.local_server import Server
from tests.e2e.practice import Practice, open_practice
from tests.e2e.town import Town, a_town, next_weekday

MORNING: Final = time(15, tzinfo=UTC)
"""In New York; in Berlin it is afternoon, and nobody sleeps."""
CALM: Final = timedelta(weeks=8)
"""Without a night in which clocks change: tests of such nights go there by themselves."""
ZONES: Final = (ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin"))


@pytest.fixture(scope="session")
def shared_town(
    tmp_path_factory: pytest.TempPathFactory, running_servers: tuple[Server, Server], mongo_url: str
) -> Iterator[Town]:
    with a_town(tmp_path_factory.mktemp("platform"), running_servers, mongo_url) as running:
        yield running


@pytest.fixture(scope="module")
def town(shared_town: Town) -> Town:
    """On a Monday morning before calm weeks, wherever other modules left the clock: what is free when hangs on it."""
    shared_town.move_to(calm_monday(shared_town.clock()))
    return shared_town


def calm_monday(after: datetime) -> datetime:
    """The next one, its morning."""
    monday = datetime.combine(next_weekday(after.date() + timedelta(days=1), 0), MORNING)
    while any(monday.astimezone(zone).utcoffset() != (monday + CALM).astimezone(zone).utcoffset() for zone in ZONES):
        monday += timedelta(weeks=1)
    return monday


@pytest.fixture(scope="module")
def practice(town: Town) -> Practice:
    """A clinic of the test module's own, open every day."""
    return open_practice(town)


@pytest.fixture
def mail_folder(town: Town) -> Path:
    return town.platform.installation.mail_folder
