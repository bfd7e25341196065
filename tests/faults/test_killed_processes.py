"""Kill -9 of the platform's own processes, at any time and at the worst times, while the front desk is busy."""

from collections import Counter, defaultdict
from random import Random

import pytest

from deploy.local.story import Clinic
from shared.messaging.topics import topic_of
from tests.support.fault_load import LOST
from tests.support.fault_stage import Stage
from tests.support.fault_wire import Topic

pytestmark = pytest.mark.timeout(400)

WORKERS = ("booking.worker", "followup.worker", "notify.worker")


def test_clients_of_a_web_process_that_keeps_dying_lose_nothing(stage: Stage, clinic: Clinic, seed: int) -> None:
    with stage.load(clinic, seed) as load:
        for _ in range(5):
            load.advance(10)
            stage.platform.kill("booking.web")
        load.advance(10)
    assert any(answered.before for answered in load.history), "nobody was interrupted"
    stage.keeps_its_word(clinic, load.history, seed, passing={LOST, "502"})


def test_workers_that_keep_dying_lose_nothing_and_do_nothing_twice(stage: Stage, clinic: Clinic, seed: int) -> None:
    chance = Random(seed)
    with stage.load(clinic, seed) as load:
        for _ in range(7):
            load.advance(15)
            stage.platform.kill(chance.choice(WORKERS))
    stage.keeps_its_word(clinic, load.history, seed)


def test_a_relay_that_dies_before_it_marks_tells_twice_and_is_heard_once(
    stage: Stage, clinic: Clinic, seed: int
) -> None:
    with stage.armed("relay.after_send:kill:2", "booking.worker"), stage.load(clinic, seed) as load:
        stage.dies("booking.worker", 2)
    stage.keeps_its_word(clinic, load.history, seed)
    told: dict[str, list[int]] = defaultdict(list)
    for event in _topic(stage, "booking").events(clinic.id):
        told[event.aggregate].append(event.seq)
    assert any(count > 1 for seqs in told.values() for count in Counter(seqs).values()), "nothing was told twice"
    first_told = [list(dict.fromkeys(seqs)) for seqs in told.values()]
    assert all(seqs == sorted(seqs) for seqs in first_told), "told out of order"


def test_hearers_that_die_before_they_commit_hear_again_and_do_nothing_twice(
    stage: Stage, clinic: Clinic, seed: int
) -> None:
    hearers = ("notify.worker", "followup.worker")
    with stage.armed("consumer.after_effect:kill:3", *hearers), stage.load(clinic, seed) as load:
        load.advance(30)
        for hearer in hearers:
            stage.dies(hearer, 1)
    stage.keeps_its_word(clinic, load.history, seed)


def _topic(stage: Stage, service: str) -> Topic:
    name = topic_of(stage.platform.installation.namespace, f"kadence.{service}.v1")
    return Topic(stage.platform.kafka.address, name)
