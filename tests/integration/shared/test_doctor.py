"""What the doctor finds on real servers, each fault made for it."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pymongo
import pytest

from deploy.local.ports import free_port
from shared.messaging.kafka import Broker, Layout
from shared.messaging.outbox import Outbox
from shared.messaging.topics import ServiceTopics
from shared.persistence.mongo import PLATFORM_INDEXES, connect, database, outbox_index
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import EVERY_CLINIC
from shared.process import doctor as module
from shared.process.doctor import Doctor, Examined, Finding, State
from tests.integration.shared.bakery import Bakery, Shop, a_consumer, a_relay, running, soon

MASTER_KEY = secrets.token_bytes(96)
INDEXES = (*PLATFORM_INDEXES, outbox_index("cakes"))
Examine = Callable[..., dict[str, list[Finding]]]


@pytest.fixture
def examine(bakery: Bakery, shop: Shop, kafka_bootstrap: str, namespace: str) -> Examine:
    """The doctor's findings about the bakery, by what was looked at; it hears what it tells itself."""
    Sealer(bakery.database, MASTER_KEY).create_key(EVERY_CLINIC)

    def look(where: Any = bakery.database, *, bootstrap: str = kafka_bootstrap, **changed: Any) -> Any:
        sealer = Sealer(where, changed.get("master_key", MASTER_KEY))
        examined = Examined(where, INDEXES, sealer, Outbox(where, ["cakes"]), shop.inbox)
        broker = Broker(bootstrap, partitions=4, replication=changed.get("replication", 1))
        topics = ServiceTopics(broker, namespace, f"{namespace}-shop", [namespace])
        found: dict[str, list[Finding]] = {}
        for finding in Doctor("bakery", examined, topics).findings():
            found.setdefault(finding.check, []).append(finding)
        return found

    return look


@pytest.fixture
def silent() -> Iterator[Any]:
    """A database that does not answer."""
    client = connect(f"mongodb://127.0.0.1:{free_port()}/")
    yield database(client, "nobody", "bakery")
    client.close()


def faults(found: dict[str, list[Finding]]) -> list[str]:
    return [finding.check for rows in found.values() for finding in rows if finding.state is State.FAULT]


def test_where_everything_runs_everything_is_well(
    examine: Examine, bakery: Bakery, shop: Shop, kafka_bootstrap: str, namespace: str
) -> None:
    relay, consumer = a_relay(bakery, kafka_bootstrap, namespace), a_consumer(kafka_bootstrap, namespace)
    with running(relay.run, lambda stop: consumer.run(shop.inbox.hear, stop)):
        bakery.bake("a", layers=3)
        soon(lambda: shop.outcome_of("a") == [1, 2, 3])
        soon(lambda: "topics" in (found := examine()) and not faults(found) and " 0" in found["hearing"][0].says)
        found = examine()
    assert {finding.state for rows in found.values() for finding in rows} == {State.WELL}
    assert [finding.mend for rows in found.values() for finding in rows if finding.mend] == []


def test_where_no_worker_runs_nobody_tells_and_the_topic_is_missing(examine: Examine, bakery: Bakery) -> None:
    bakery.bake("a")
    found = examine()
    assert faults(found) == ["relay", "topics"]
    assert "bakery-worker" in found["relay"][0].mend
    assert found["outbox"][0].says == "1 events not told"


def test_a_topic_that_nobody_hears_and_records_behind_are_found(
    examine: Examine, bakery: Bakery, kafka_bootstrap: str, namespace: str
) -> None:
    with running(a_relay(bakery, kafka_bootstrap, namespace).run):
        bakery.bake("a", layers=3)
        soon(lambda: bakery.has_told(3))
        found = examine(replication=3)
    assert faults(found) == ["hearing"]
    assert found["hearing"][1].says == f"records not heard yet: {namespace} 3"
    assert found["topics"][0].state is State.WARNING


def test_copies_that_are_gone_are_found_while_everything_goes_on(
    examine: Examine, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "unreachable_members", lambda _: ["mongo-2:27017"])
    monkeypatch.setattr(ServiceTopics, "layouts", lambda _: {namespace: Layout(4, 3, 2)})
    found = examine(replication=3)
    well, gone = found["mongodb"]
    assert (well.state, well.says) == (State.WELL, "replica set rs0 of 1 member(s), a primary")
    assert (gone.state, gone.says) == (State.WARNING, "not reached, or not up to date: mongo-2:27017")
    (behind,) = found["topics"]
    assert (behind.state, behind.says) == (State.WARNING, f"partitions without all of their copies: {namespace} 2")
    assert all("docker-compose ps" in finding.mend for finding in (gone, behind))


def test_an_index_that_is_missing_made_otherwise_or_unknown_is_found(examine: Examine, bakery: Bakery) -> None:
    bakery.database["held"].drop_index("next_at")
    bakery.database["events"].drop_index("aggregate_seq")
    bakery.database["events"].create_index([("aggregate", 1), ("seq", 1)], name="aggregate_seq")
    bakery.database["cakes"].create_index("flavour", name="flavour")
    missing, unknown = examine()["indexes"]
    assert (missing.state, missing.mend) == (State.FAULT, "docker-compose run --rm bakery-indexes")
    assert missing.says == "missing or made otherwise: events.aggregate_seq, held.next_at"
    assert (unknown.state, unknown.says) == (State.WARNING, "not of this version: cakes.flavour")


def test_another_master_key_is_found(examine: Examine) -> None:
    assert "master key" in faults(examine(master_key=secrets.token_bytes(96)))


def test_what_is_set_aside_is_found(examine: Examine, shop: Shop) -> None:
    shop.inbox.hear(b"key", b"{no event", [], "topic/0/0")
    assert examine()["set aside"][0].says == "0 held events, 1 poison records"
    assert "set aside" in faults(examine())


def test_a_silent_broker_keeps_nothing_else_from_being_looked_at(examine: Examine) -> None:
    found = examine(bootstrap=f"127.0.0.1:{free_port()}")
    assert faults(found) == ["relay", "kafka"]
    assert found["indexes"][0].state is State.WELL


def test_a_silent_database_is_one_finding_and_the_broker_is_looked_at(examine: Examine, silent: Any) -> None:
    with pymongo.timeout(30):
        found = examine(silent)
    assert list(found) == ["mongodb", "topics"]
    assert found["mongodb"][0].state is State.FAULT
