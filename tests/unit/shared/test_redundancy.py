"""What is seen of copies that are gone: members of the replica set, brokers behind a topic."""

from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pymongo.hello import Hello
from pymongo.server_description import ServerDescription

from shared.clock import system_clock
from shared.errors import TransientFailure
from shared.messaging import kafka
from shared.messaging.kafka import Admin, Broker, Layout
from shared.messaging.outbox import Lag
from shared.messaging.topics import ServiceTopics
from shared.persistence.mongo import unreachable_members
from shared.process.upkeep import Gauges, measure_topics

SET = {"ok": 1, "setName": "rs0", "hosts": ["mongo:1", "mongo-2:1", "mongo-3:1"], "maxWireVersion": 25}
PRIMARY = {**SET, "isWritablePrimary": True}
SECONDARY = {**SET, "secondary": True}
COPYING = {**SET, "isWritablePrimary": False}
ARBITER = {**SET, "arbiterOnly": True}


def a_database(*members: dict[str, Any] | None) -> Any:
    """As a client saw the members of its replica set last; None: not at all."""
    seen = {
        ("mongo", port): ServerDescription(("mongo", port), None if hello is None else Hello(hello))
        for port, hello in enumerate(members)
    }
    description = SimpleNamespace(server_descriptions=lambda: seen)
    return SimpleNamespace(client=SimpleNamespace(topology_description=description))


@pytest.mark.parametrize(
    ("members", "gone"),
    [
        ((PRIMARY,), []),
        ((PRIMARY, SECONDARY, ARBITER), []),
        ((PRIMARY, None, SECONDARY), ["mongo:1"]),
        ((COPYING, PRIMARY, None), ["mongo:0", "mongo:2"]),
    ],
)
def test_a_member_that_is_silent_or_still_copies_is_missed(members, gone):
    assert unreachable_members(a_database(*members)) == gone


def test_they_are_shown_with_how_far_a_service_is_behind():
    inbox: Any = SimpleNamespace(drawer=SimpleNamespace(counts=lambda: (0, 0)))
    outbox: Any = SimpleNamespace(lag=lambda: Lag(0, None))
    for members, count in (((COPYING, PRIMARY, None), 2), ((PRIMARY, SECONDARY), 0)):
        Gauges(a_database(*members), inbox, outbox, (), system_clock).measure()
        assert shown("kadence_mongo_members_unreachable") == count


class FakeAdmin:
    """A broker with two topics, of which one has lost copies, and one that does not exist."""

    def __init__(self, **_: Any) -> None: ...

    def describe_topics(self, _: Any) -> Any:
        whole = {"replica_nodes": [1, 2, 3], "isr_nodes": [3, 1, 2]}
        lame = {"replica_nodes": [1, 2, 3], "isr_nodes": [1]}
        return [
            {"name": "cakes", "partitions": [whole, whole]},
            {"name": "bread", "partitions": [lame, whole, lame]},
            {"name": "pies", "partitions": []},
        ]

    def close(self) -> None: ...


@pytest.fixture
def topics(monkeypatch: pytest.MonkeyPatch) -> ServiceTopics:
    monkeypatch.setattr(kafka, "KafkaAdminClient", FakeAdmin)
    return ServiceTopics(Broker("nowhere:9092"), "cakes", "shop", ["bread", "pies"])


def test_partitions_with_copies_behind_are_counted_by_topic(topics):
    assert topics.layouts() == {"cakes": Layout(2, 3, 0), "bread": Layout(3, 3, 2)}


def test_they_are_shown_and_a_silent_broker_is_no_failure_and_no_news(topics, monkeypatch):
    measure_topics(topics)
    assert shown("kadence_kafka_partitions_underreplicated") == 2

    def silent(_: Admin, __: Any) -> Any:
        raise TransientFailure("Kafka does not answer")

    monkeypatch.setattr(Admin, "layouts", silent)
    measure_topics(topics)
    assert shown("kadence_kafka_partitions_underreplicated") == 2


def shown(gauge: str) -> float | None:
    return REGISTRY.get_sample_value(gauge)
