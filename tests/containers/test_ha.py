"""The profile `ha`: a primary and a broker die, and whoever books does not notice more than a pause."""

import pytest

from tests.support.container_stage import everybody_told, looked_into, to_the_eve
from tests.support.containers import Place
from tests.support.fault_load import LOST, is_booking
from tests.support.fault_stage import at_ten

pytestmark = pytest.mark.timeout(600)

PASSING = {LOST, "502", "503", "504", "429"}


def test_a_primary_and_a_broker_die_under_load(place: Place, seed: int) -> None:
    installation = place.of("dev,ha")
    print(f"healthy after {installation.seconds_to_healthy:.0f} s")
    assert len(installation.all("booking-web")) == len(installation.all("notify-worker")) == 2
    with looked_into(installation) as stage:
        at_ten(stage)
        clinic = stage.new_clinic()
        with stage.load(clinic, seed) as load:
            load.advance(10)
            with installation.without(installation.primary()):
                load.advance(5, of=is_booking)
            load.advance(5)
            with installation.without(installation.all("kafka-2")[0]):
                load.advance(5, of=is_booking)
            load.advance(10)
    installation.wait_all()
    with looked_into(installation) as stage:
        to_the_eve(stage, clinic)
        stage.keeps_its_word(clinic, load.history, seed, passing=PASSING)
        assert everybody_told(stage, clinic)


def test_everything_is_kept_three_times(place: Place) -> None:
    said = place.of("dev,ha").kadence("doctor")
    assert "3 member(s)" in said
    assert "fewer than" not in said
