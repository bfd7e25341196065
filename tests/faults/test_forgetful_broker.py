"""A broker that keeps everything in memory and is killed: each time it has forgotten all that it was told."""

from collections.abc import Iterator

import pytest

from deploy.local.local_server import Server
from deploy.local.servers import kafka
from deploy.local.story import Clinic
from tests.support.fault_stage import Stage, a_stage

pytestmark = pytest.mark.timeout(400)

LIVES = 4


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, running_servers: tuple[Server, Server]) -> Iterator[Stage]:
    """A platform on a broker of its own that forgets."""
    folder = tmp_path_factory.mktemp("stage")
    forgetful = kafka(folder, kind="tansu")
    forgetful.start()
    try:
        with a_stage(folder, (running_servers[0], forgetful)) as running:
            yield running
    finally:
        forgetful.stop()


def test_what_the_broker_forgot_is_told_again_and_heard_once(stage: Stage, clinic: Clinic, seed: int) -> None:
    with stage.load(clinic, seed) as load:
        for _ in range(LIVES):
            load.advance(30)
            stage.platform.kafka.kill()
            stage.platform.kafka.start()
        load.advance(30)
    stage.keeps_its_word(clinic, load.history, seed)
    assert any(event["again"] for event in stage.evidence(clinic).rows("booking", "events")), "nothing was told again"
