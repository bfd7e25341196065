"""MongoDB and Kafka killed, stopped and frozen under the platform, while the front desk is busy."""

from collections.abc import Iterator

import pytest

from deploy.local.kafka import java_is_here
from deploy.local.mongo import local_mongo
from deploy.local.servers import kafka
from deploy.local.story import Clinic
from deploy.local.waiting import wait_until
from shared.stop import Stop
from tests.support.fault_checks import untold
from tests.support.fault_load import is_booking
from tests.support.fault_stage import Stage, a_stage

pytestmark = pytest.mark.timeout(400)

AWAY_SECONDS = 10
"""Longer than a request waits for the database, 8 s."""
OUTAGE_SECONDS = 12
FREEZE_SECONDS = 15
"""Longer than the relay's delivery time-out of 10 s."""
TELLS_AGAIN_WITHIN = 30.0
"""A new producer needs seconds; one that is stuck never comes back."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A platform with servers of its own."""
    folder = tmp_path_factory.mktemp("stage")
    servers = (local_mongo(folder / "mongo"), kafka(folder, kind="apache" if java_is_here() else "tansu"))
    try:
        for server in servers:
            server.start()
        with a_stage(folder, servers) as running:
            yield running
    finally:
        for server in servers:
            server.stop()


def test_a_database_that_dies_costs_clients_patience_only(stage: Stage, clinic: Clinic, seed: int) -> None:
    with stage.load(clinic, seed) as load:
        for away in (0, 0, AWAY_SECONDS):
            load.advance(25)
            stage.platform.mongo.kill()
            Stop().wait(away)  # the outage itself, not a wait for something
            stage.platform.mongo.start()
        load.advance(25)
    assert any("503" in answered.before for answered in load.history), "nobody was asked to come again"
    stage.keeps_its_word(clinic, load.history, seed, passing={"503"})


def test_bookings_go_on_without_a_broker_and_are_told_later(stage: Stage, clinic: Clinic, seed: int) -> None:
    with stage.load(clinic, seed) as load:
        load.advance(10)
        stage.platform.kafka.kill()
        load.advance(10, of=is_booking)
        Stop().wait(OUTAGE_SECONDS)  # the outage itself, not a wait for something
        load.advance(5, of=is_booking)
    stage.platform.kafka.start()
    stage.keeps_its_word(clinic, load.history, seed)


def test_a_broker_that_was_frozen_gets_everything_soon_after(stage: Stage, clinic: Clinic, seed: int) -> None:
    evidence = stage.evidence(clinic)
    with stage.load(clinic, seed) as load:
        load.advance(10)
        stage.platform.kafka.freeze()
        load.advance(10, of=is_booking)
        Stop().wait(FREEZE_SECONDS)  # the freeze itself, not a wait for something
    stage.platform.kafka.thaw()
    assert wait_until(lambda: not [*untold(evidence)], TELLS_AGAIN_WITHIN)
    stage.keeps_its_word(clinic, load.history, seed)
