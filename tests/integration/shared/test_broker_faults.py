"""A broker that freezes, and one that forgets everything: nothing is lost and nothing has two effects."""

import gc
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from deploy.local.local_server import LocalServer
from deploy.local.tansu import local_tansu
from shared.messaging.consumer import Consumer
from shared.messaging.kafka import Admin, Broker, Producer
from shared.messaging.relay import Relay
from shared.stop import Stop
from tests.integration.shared.bakery import QUICK_GROUP, Bakery, Shop, a_consumer, a_relay, running, soon

# kafka-python leaves the sockets of a broker that is gone to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
FAILED = {"consumer starts again", "relay has to wait"}
"""What the two that need the broker log of each try that failed."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalServer]:
    """It keeps everything in memory, so its end is its forgetting."""
    server = local_tansu(tmp_path)
    server.start()
    yield server
    server.stop()
    gc.collect()


def hearing(shop: Shop, broker: LocalServer, topic: str) -> Callable[[Stop], None]:
    consumer = a_consumer(broker.address, topic, options=QUICK_GROUP, watch_every=1)
    return lambda stop: consumer.run(shop.inbox.hear, stop)


def test_what_a_forgetful_broker_lost_is_told_again_and_applied_once(
    bakery: Bakery, shop: Shop, broker: LocalServer, namespace: str
) -> None:
    with running(
        a_relay(bakery, broker.address, namespace, check_every=1, delivery_timeout=3).run,
        hearing(shop, broker, namespace),
    ):
        for life in range(3):
            baking = threading.Thread(target=bakery.bake_in_turn, args=(5, 100))
            baking.start()
            soon(partial(bakery.has_told, 100 * life + 30))
            broker.kill()
            broker.start()
            baking.join()
        soon(lambda: sum(map(len, shop.shelf().values())) == 300, within=90)
    assert shop.shelf() == {f"cake/{number}": list(range(1, 61)) for number in range(5)}
    assert shop.inbox.drawer.counts() == (0, 0)


def test_a_consumer_that_was_away_while_the_broker_forgot_hears_all(
    bakery: Bakery, shop: Shop, broker: LocalServer, namespace: str
) -> None:
    bakery.bake("a", layers=20)
    with running(a_relay(bakery, broker.address, namespace, check_every=1, delivery_timeout=3).run):
        soon(lambda: bakery.events("sent") == 20)
        broker.kill()
        broker.start()
        with running(hearing(shop, broker, namespace)):
            soon(lambda: shop.outcome_of("a") == list(range(1, 21)), within=60)


@pytest.mark.parametrize("told_anew", [2, 9])
def test_a_consumer_does_not_go_on_from_its_place_in_a_life_that_is_over(
    broker: LocalServer, namespace: str, told_anew: int
) -> None:
    heard: list[bytes | None] = []

    def hear(_: bytes | None, value: bytes | None, *__: object) -> bool:
        heard.append(value)
        return True

    consumer = a_consumer(broker.address, namespace, options=QUICK_GROUP, watch_every=1)
    tell(broker, namespace, "old", 5)
    with running(lambda stop: consumer.run(hear, stop)):
        soon(lambda: len(heard) == 5)
        broker.kill()
        broker.start()
        told = tell(broker, namespace, "new", told_anew)
        soon(lambda: set(heard) >= set(told), within=40)


def tell(broker: LocalServer, topic: str, what: str, many: int) -> list[bytes]:
    """So many records on one partition of a topic, which is made if it is not there."""
    place = Broker(broker.address, partitions=1)
    admin, producer = Admin(place), Producer(place)
    try:
        admin.ensure_topics([topic])
        values = [f"{what} {number}".encode() for number in range(many)]
        producer.publish(topic, [(b"clinic-1/cake/a", value, []) for value in values])
        return values
    finally:
        producer.close()
        admin.close()


def test_a_relay_that_was_away_notices_before_it_tells_anything(
    bakery: Bakery, broker: LocalServer, namespace: str
) -> None:
    bakery.bake("a", layers=3)
    with running(a_relay(bakery, broker.address, namespace).run):
        soon(lambda: bakery.events("sent") == 3)
    broker.kill()
    broker.start()
    bakery.bake("a")
    with running(a_relay(bakery, broker.address, namespace).run):
        soon(lambda: bakery.events("sent") == 4)
    again = [event["again"] for event in bakery.database["events"].find(sort=[("seq", 1)])]
    assert again == [1, 1, 1, 0]


def test_events_older_than_the_topic_keeps_are_not_told_again(
    bakery: Bakery, broker: LocalServer, namespace: str
) -> None:
    bakery.bake("a", layers=3)
    with running(a_relay(bakery, broker.address, namespace).run):
        soon(lambda: bakery.events("sent") == 3)
    broker.kill()
    broker.start()
    bakery.bake("a")
    with running(a_relay(bakery, broker.address, namespace, retention=timedelta()).run):
        soon(lambda: bakery.events("sent") == 4)
    assert bakery.database["events"].count_documents({"again": 1}) == 0


def test_an_outage_leaves_no_clients_behind(shop: Shop, bakery: Bakery, broker: LocalServer, namespace: str) -> None:
    broker.freeze()  # it accepts connections and never answers: every client's constructor fails
    impatient = {"bootstrap_timeout_ms": 100, "request_timeout_ms": 100}
    impatiently = Broker(broker.address, options=impatient)
    bakery.bake("a")
    relay = Relay(bakery.database, ["cakes"], impatiently, namespace, delivery_timeout=0.2)
    before = threading.active_count()
    consumer = Consumer(impatiently, "shop", [namespace])
    with capture_logs() as logs, running(relay.run, lambda stop: consumer.run(shop.inbox.hear, stop)):
        soon(lambda: {word for word, many in Counter(log["event"] for log in logs).items() if many > 2} >= FAILED)
    soon(lambda: threading.active_count() <= before)
    broker.thaw()


def test_a_broker_frozen_for_longer_than_the_delivery_timeout_gets_everything_afterwards(
    bakery: Bakery, shop: Shop, broker: LocalServer, namespace: str
) -> None:
    relay = a_relay(bakery, broker.address, namespace, delivery_timeout=3)
    before = threading.active_count()
    with running(relay.run, hearing(shop, broker, namespace)):
        bakery.bake("a", layers=5)
        soon(lambda: shop.outcome_of("a") == [1, 2, 3, 4, 5], within=40)
        broker.freeze()
        bakery.bake("a", layers=5)
        Stop().wait(9)  # three delivery time-outs: the freeze itself, not a wait for something
        bakery.bake("b", layers=2)
        broker.thaw()
        soon(lambda: len(shop.outcome_of("a")) == 10 and len(shop.outcome_of("b")) == 2, within=40)
    assert shop.shelf() == {"cake/a": list(range(1, 11)), "cake/b": [1, 2]}
    soon(lambda: threading.active_count() <= before + 2)  # no client is left behind
