"""From the image of an earlier version to this one, under load: its data is carried on, and nobody is harmed."""

import pytest

from deploy import SERVICES
from deploy.local.waiting import wait_until
from tests.support.container_stage import everybody_told, looked_into, to_the_eve
from tests.support.containers import THIS_IMAGE, Place
from tests.support.earlier_image import earlier_image
from tests.support.fault_load import LOST
from tests.support.fault_stage import at_ten

pytestmark = pytest.mark.timeout(400)

PASSING = {LOST, "502", "503", "504", "429"}
TOLD_WITHIN = 60.0
"""Seconds until the earlier version has sent a confirmation, and told so."""


def test_an_earlier_version_is_replaced_under_load(place: Place, seed: int) -> None:
    installation = place.of("dev", earlier_image())
    with looked_into(installation) as stage:
        at_ten(stage)
        clinic = stage.new_clinic()
        with stage.load(clinic, seed) as load:
            load.advance(15)
            evidence = stage.evidence(clinic)
            assert wait_until(lambda: bool(evidence.rows("notify", "events")), TOLD_WITHIN), "it never told anything"
            installation.set({"KADENCE_IMAGE": THIS_IMAGE})
            installation.up()
            load.advance(15)
        to_the_eve(stage, clinic)
        stage.keeps_its_word(clinic, load.history, seed, passing=PASSING)
        assert everybody_told(stage, clinic)
    assert {one.image for one in installation.all() if one.part.startswith(SERVICES)} == {THIS_IMAGE}
    said = installation.kadence("doctor")
    assert {line.split()[0] for line in said.splitlines() if not line.startswith(" ")} == {"well"}, said
