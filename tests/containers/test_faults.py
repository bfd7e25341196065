"""Containers that die and servers that are stopped, while the front desk is busy: nothing lost, twice or overlapped."""

import pytest

from deploy.local.story import Clinic
from shared.stop import Stop
from tests.support.container_stage import everybody_told, to_the_eve
from tests.support.containers import Containers
from tests.support.fault_load import LOST, is_booking
from tests.support.fault_stage import Stage

pytestmark = pytest.mark.timeout(400)

OUTAGE_SECONDS = 12
PASSING = {LOST, "502", "503", "504", "429"}
PARTS = [f"{service}-{role}" for service in ("booking", "followup", "notify") for role in ("web", "worker")]


def test_each_container_in_turn_is_killed(installation: Containers, stage: Stage, clinic: Clinic, seed: int) -> None:
    with stage.load(clinic, seed) as load:
        for part in (*PARTS, "mail", "kafka", "mongo", "gateway"):
            load.advance(3)
            installation.kill(part)
        load.advance(10)
    to_the_eve(stage, clinic)
    stage.keeps_its_word(clinic, load.history, seed, passing=PASSING)
    assert everybody_told(stage, clinic)


def test_bookings_go_on_without_a_broker(installation: Containers, stage: Stage, clinic: Clinic, seed: int) -> None:
    with stage.load(clinic, seed) as load:
        load.advance(5)
        installation.compose("stop", "kafka")
        load.advance(5, of=is_booking)
        Stop().wait(OUTAGE_SECONDS)  # the outage itself, not a wait for something
        load.advance(5, of=is_booking)
        installation.compose("start", "kafka")
    to_the_eve(stage, clinic)
    stage.keeps_its_word(clinic, load.history, seed, passing=PASSING)
    assert everybody_told(stage, clinic)
