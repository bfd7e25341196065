"""What an operator does on the second day, inside the containers: look, add a clinic, back up and restore."""

import json
import os
import time
from collections.abc import Sequence
from typing import Final

import pytest

from deploy.local.desk import Desk, Refusal
from deploy.local.story import Clinic
from deploy.local.waiting import wait_until
from tests.support.container_stage import looked_into, to_the_eve
from tests.support.containers import Containers
from tests.support.fault_load import Answered
from tests.support.fault_stage import at_ten

pytestmark = pytest.mark.timeout(400)

KNOWN_WITHIN: Final = 1.0
PASSING: Final = {"429"}
"""All desks call from one address, which the gateway holds back."""
CONTAINERS_USER: Final = 10001
A_CLINIC: Final = {
    "name": "Lakeside",
    "sender-alias": "Lakeside",
    "zone": "Europe/Berlin",
    "country": "DE",
    "phone": "+4930123456",
}
ASKED: Final = ("/booking/v1/clinics/{}", "/notify/v1/clinics/{}/messages", "/followup/v1/clinics/{}/follow-up-plans")
"""One question to each service that a clinic's key answers."""


def test_the_doctor_finds_nothing(installation: Containers) -> None:
    said = installation.kadence("doctor")
    assert {line.split()[0] for line in said.splitlines() if not line.startswith(" ")} == {"well"}, said


def test_a_clinic_comes_by_one_command_and_everybody_knows_its_key(installation: Containers) -> None:
    options = [f"--{name}={value}" for name, value in A_CLINIC.items()]
    made = json.loads(installation.kadence("create-clinic", *options))
    clinic_id, operator = made["clinic"]["id"], Desk(installation.url, installation.platform_key)
    taken = [known_after(installation, clinic_id, made["access_key"]["key"])]
    for number in range(5):
        path = f"/booking/v1/clinics/{clinic_id}/access-keys"
        key = operator.post(path, {"label": f"desk {number}", "scopes": ["admin"]})["key"]
        taken.append(known_after(installation, clinic_id, key))
    print(f"known after {taken[0]:.2f} s (by command), {', '.join(f'{one:.2f}' for one in taken[1:])} s")
    assert max(taken) < KNOWN_WITHIN


def test_what_was_backed_up_comes_back_when_everything_is_destroyed(installation: Containers, seed: int) -> None:
    with looked_into(installation) as stage:
        at_ten(stage)
        clinic = stage.new_clinic()
        with stage.load(clinic, seed) as load:
            load.advance(40)
        to_the_eve(stage, clinic)
        stage.keeps_its_word(clinic, load.history, seed, passing=PASSING)
    began = time.monotonic()
    copy = back_up(installation)
    backed_up = time.monotonic()
    installation.remove()
    said = installation.compose("run", "--rm", "restore", "deploy.admin", "backup", "restore", f"/backups/{copy}")
    installation.up()
    print(f"{said.strip()}; backed up in {backed_up - began:.0f} s, back after {time.monotonic() - backed_up:.0f} s")
    works_on(installation, clinic, load.history, seed)
    installation.kadence("doctor")


def known_after(installation: Containers, clinic_id: str, key: str) -> float:
    """Seconds until every service takes a key that was issued just now."""
    began = time.monotonic()
    desk = Desk(installation.url, key)
    assert wait_until(lambda: all(answers(desk, path.format(clinic_id)) for path in ASKED), 10, every=0.02)
    return time.monotonic() - began


def answers(desk: Desk, path: str) -> bool:
    try:
        desk.get(path)
    except Refusal:
        return False
    return True


def back_up(installation: Containers) -> str:
    """The name of a new backup."""
    folder = installation.folder / "backups"
    folder.mkdir(mode=0o700)
    os.chown(folder, CONTAINERS_USER, CONTAINERS_USER)
    installation.compose("run", "--rm", "backup")
    [copy] = folder.iterdir()
    installation.compose("run", "--rm", "backup", "deploy.admin", "backup", "check", f"/backups/{copy.name}")
    return copy.name


def works_on(installation: Containers, clinic: Clinic, history: Sequence[Answered], seed: int) -> None:
    """What was promised before is still true, and the desk goes on."""
    with looked_into(installation) as stage:
        stage.settle(clinic)
        with stage.load(clinic, seed + 1) as load:
            load.advance(20)
        stage.keeps_its_word(clinic, [*history, *load.history], seed, passing=PASSING)
