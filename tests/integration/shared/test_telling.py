"""From the write to the broker: in order, at least once, quickly, and only by the leader."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from shared.messaging.kafka import Admin, Broker, Identity, Producer
from shared.messaging.outbox import Outbox
from shared.messaging.relay import Memory
from shared.stop import Stop
from tests.integration.shared.bakery import Bakery, Program, Shop, a_consumer, a_relay, running, soon


def on_topic(bootstrap: str, topic: str) -> dict[str, list[int]]:
    """The sequence numbers of each aggregate, as they stand on the wire."""
    client = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    places = [TopicPartition(topic, number) for number in sorted(client.partitions_for_topic(topic) or ())]
    client.assign(places)
    client.seek_to_beginning(*places)
    ends = client.end_offsets(places)
    numbers: dict[str, list[int]] = {}
    while any(client.position(place) < end for place, end in ends.items()):
        for records in client.poll(timeout_ms=500).values():
            for record in records:
                sequence = int(record.value.split(b'"sequence":')[1].split(b'"')[1])
                numbers.setdefault(record.key.decode(), []).append(sequence)
    client.close()
    return numbers


def test_concurrent_writers_are_told_in_the_order_of_each_aggregate(
    bakery: Bakery, kafka_bootstrap: str, namespace: str
) -> None:
    with running(a_relay(bakery, kafka_bootstrap, namespace).run):
        with ThreadPoolExecutor(8) as writers:
            list(writers.map(lambda number: bakery.bake(f"cake-{number}", layers=40), range(8)))
        soon(lambda: bakery.events("sent") == 320)
    assert on_topic(kafka_bootstrap, namespace) == {f"clinic-1/cake/cake-{n}": list(range(1, 41)) for n in range(8)}
    assert bakery.database["cakes"].count_documents({"outbox.0": {"$exists": True}}) == 0


def test_a_page_cut_in_the_middle_of_an_aggregate_keeps_its_order(bakery: Bakery) -> None:
    outbox = Outbox(bakery.database, ["cakes"])
    bakery.bake("a", layers=3)
    bakery.bake("b", layers=3)
    outbox.collect()
    first = outbox.page("", 4)
    assert [(event["subject"], event["seq"]) for event in first] == [
        *(("cake/a", n) for n in (1, 2, 3)),
        ("cake/b", 1),
    ]
    outbox.mark_sent(first)
    assert outbox.page(first[-1]["aggregate"], 4) == []
    assert [event["seq"] for event in outbox.page("", 4)] == [2, 3]


def test_a_relay_killed_between_sending_and_marking_sends_again(
    bakery: Bakery, kafka_bootstrap: str, namespace: str, program: Program
) -> None:
    bakery.bake("carrot", layers=5)
    dying = program("relay", failpoint="relay.after_send:kill")
    assert dying.wait(30) == -signal.SIGKILL
    assert bakery.events("new") == 5
    with running(a_relay(bakery, kafka_bootstrap, namespace).run):
        soon(lambda: bakery.events("sent") == 5)
    assert on_topic(kafka_bootstrap, namespace) == {"clinic-1/cake/carrot": [1, 2, 3, 4, 5] * 2}


def test_of_two_relays_one_tells_and_the_other_takes_over_at_once(
    bakery: Bakery, kafka_bootstrap: str, namespace: str
) -> None:
    relays = [a_relay(bakery, kafka_bootstrap, namespace) for _ in range(2)]
    with running(relays[0].run) as first:
        bakery.bake("a", layers=20)
        soon(lambda: bakery.events("sent") == 20)
        with running(relays[1].run):
            bakery.bake("a", layers=20)
            soon(lambda: bakery.events("sent") == 40)
            first.ask()
            bakery.bake("a", layers=20)
            soon(lambda: bakery.events("sent") == 60, within=5)  # not the ten seconds of the lease
    assert on_topic(kafka_bootstrap, namespace) == {"clinic-1/cake/a": list(range(1, 61))}


def test_a_second_relay_that_believes_it_leads_only_doubles(
    bakery: Bakery, kafka_bootstrap: str, namespace: str
) -> None:
    relays = [a_relay(bakery, kafka_bootstrap, namespace) for _ in range(2)]
    relays[1]._lease = type(relays[1]._lease)(bakery.database["leases"], "another")
    with running(*(relay.run for relay in relays)):
        for number in range(50):
            bakery.bake(f"cake-{number % 5}", layers=2)
        soon(lambda: bakery.events("sent") == 100)
    for numbers in on_topic(kafka_bootstrap, namespace).values():
        assert sorted(set(numbers)) == list(range(1, 21))
        firsts = list(dict.fromkeys(numbers))
        assert firsts == sorted(firsts)


def test_telling_goes_on_without_the_change_stream(
    bakery: Bakery, kafka_bootstrap: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = a_relay(bakery, kafka_bootstrap, namespace)
    monkeypatch.setattr(relay._wake, "_changes", [{"$nonsense": 1}])
    with running(relay.run):
        bakery.bake("a")
        soon(lambda: bakery.events("sent") == 1)
        bakery.bake("a")
        soon(lambda: bakery.events("sent") == 2, within=3)


def test_an_event_too_large_for_the_broker_is_set_aside_and_others_flow(
    bakery: Bakery, kafka_bootstrap: str, namespace: str
) -> None:
    bakery.bake("giant", note="x" * 1_100_000)
    bakery.bake("small")
    with running(a_relay(bakery, kafka_bootstrap, namespace).run):
        soon(lambda: bakery.events("sent") == 1 and bakery.events("refused") == 1)
    assert on_topic(kafka_bootstrap, namespace) == {"clinic-1/cake/small": [1]}


def test_a_damaged_outbox_does_not_silence_the_others(bakery: Bakery) -> None:
    bakery.bake("good")
    bakery.bake("twice")
    outbox = Outbox(bakery.database, ["cakes"])
    outbox.collect()
    bakery.bake("good")
    bakery.bake("twice")
    bakery.database["cakes"].update_one({"_id": "twice"}, {"$set": {"outbox.0.seq": 1}})
    assert outbox.collect() == 1
    assert bakery.database["events"].count_documents({"subject": "cake/good"}) == 2


def test_the_operator_tells_a_window_of_one_clinic_again(bakery: Bakery, kafka_bootstrap: str, namespace: str) -> None:
    began = datetime.now(UTC) - timedelta(minutes=1)  # noqa: TID251
    bakery.bake("a", clinic_id="clinic-1")
    bakery.bake("b", clinic_id="clinic-2")
    outbox = Outbox(bakery.database, ["cakes"])
    with running(a_relay(bakery, kafka_bootstrap, namespace).run):
        soon(lambda: bakery.events("sent") == 2)
        assert outbox.republish("clinic-2", began, began + timedelta(hours=1)) == 1
        assert outbox.republish("clinic-2", began - timedelta(hours=1), began) == 0
        soon(lambda: bakery.events("sent") == 2)
    assert on_topic(kafka_bootstrap, namespace) == {"clinic-1/cake/a": [1], "clinic-2/cake/b": [1, 1]}


def test_a_late_mark_does_not_hide_that_an_event_must_be_told_again(bakery: Bakery) -> None:
    outbox = Outbox(bakery.database, ["cakes"])
    bakery.bake("a")
    outbox.collect()
    page = outbox.page("", 10)
    outbox.mark_sent(page)
    outbox.tell_again({})
    outbox.mark_sent(page)
    assert bakery.events("new") == 1


def test_lag_counts_what_is_not_told_yet(bakery: Bakery) -> None:
    outbox = Outbox(bakery.database, ["cakes"])
    assert outbox.lag().count == 0
    assert outbox.lag().oldest_at is None
    bakery.bake("a")
    outbox.collect()
    bakery.bake("b")
    lag = outbox.lag()
    assert lag.count == 2
    assert lag.oldest_at == bakery.database["events"].find_one()["time"]  # type: ignore[index]


def test_an_idle_platform_tells_within_a_fraction_of_a_second(
    bakery: Bakery, shop: Shop, kafka_bootstrap: str, namespace: str
) -> None:
    applied = threading.Event()
    take = shop.inbox.hear

    def hear(*record: object) -> bool:
        done = take(*record)  # type: ignore[arg-type]
        applied.set()
        return done

    with running(
        a_relay(bakery, kafka_bootstrap, namespace).run,
        lambda stop: a_consumer(kafka_bootstrap, namespace).run(hear, stop),
    ):
        bakery.bake("warm-up")
        assert applied.wait(20)
        took = [_seconds_until(applied, bakery, number) for number in range(30)]
    print(f"\nwrite to commit of the effect: p50 {median(took) * 1000:.0f} ms, max {max(took) * 1000:.0f} ms")
    assert median(took) < 0.3
    assert max(took) < 1


def _seconds_until(applied: threading.Event, bakery: Bakery, number: int) -> float:
    Stop().wait(0.05 + number % 7 / 50)  # idle in between, out of step with every poll
    applied.clear()
    began = datetime.now(UTC)  # noqa: TID251
    bakery.bake(f"cake-{number}")
    assert applied.wait(5)
    return (datetime.now(UTC) - began).total_seconds()  # noqa: TID251


def test_publishing_returns_where_each_partition_ends(kafka_bootstrap: str, namespace: str) -> None:
    broker = Broker(kafka_bootstrap, partitions=2)
    admin = Admin(broker)
    admin.ensure_topics([namespace])
    admin.ensure_topics([namespace])
    producer = Producer(broker)
    published = [producer.publish(namespace, [(b"k", b"v", [])] * 3) for _ in range(2)]
    assert [max(one.ends.values()) for one in published] == [3, 6]
    assert sum(admin.identity(namespace).ends.values()) == 6
    assert admin.identity(f"{namespace}-missing").topic_id == ""
    producer.close()
    admin.close()


class ForgetfulAdmin:
    """The same cluster and topic, with as much in it as the test says."""

    def __init__(self, end: int) -> None:
        self.end = end

    def identity(self, topic: str) -> Identity:
        return Identity("cluster", f"id of {topic}", {0: self.end})

    def close(self) -> None:
        pass


def a_memory(bakery: Bakery, admin: Any) -> Memory:
    memory = Memory(
        bakery.database,
        Outbox(bakery.database, ["cakes"]),
        admin,
        "cakes",
        retention=timedelta(days=7),
        check_every=0,
    )
    memory.check()
    return memory


def told(bakery: Bakery) -> None:
    outbox = Outbox(bakery.database, ["cakes"])
    outbox.collect()
    outbox.mark_sent(outbox.page("", 100))


def test_a_partition_shorter_than_what_was_acknowledged_has_forgotten(bakery: Bakery) -> None:
    bakery.bake("a", layers=3)
    a_memory(bakery, ForgetfulAdmin(0)).reached({0: 3})
    told(bakery)
    a_memory(bakery, ForgetfulAdmin(2))  # a relay that starts later
    assert bakery.events("new") == 3
    told(bakery)
    a_memory(bakery, ForgetfulAdmin(2))  # what is left is what it remembers now
    assert bakery.events("new") == 0


def test_a_broker_that_goes_on_forgetting_is_not_flooded(bakery: Bakery) -> None:
    bakery.bake("a")
    told(bakery)
    admin = ForgetfulAdmin(9)
    memory = a_memory(bakery, admin)
    admin.end = 5
    memory.check()
    assert bakery.events("new") == 1
    told(bakery)
    admin.end = 1
    memory.check()
    assert bakery.events("new") == 0

    def told_again() -> bool:
        memory.check()
        return bakery.events("new") == 1

    soon(told_again, within=3)  # later, not never


def test_an_acknowledgement_from_the_past_makes_it_look_at_once(bakery: Bakery) -> None:
    bakery.bake("a")
    told(bakery)
    admin = ForgetfulAdmin(9)
    memory = a_memory(bakery, admin)
    memory._check_at = float("inf")
    admin.end = 1
    memory.reached({0: 1})
    memory.check()
    assert bakery.events("new") == 1
