"""From the broker to the effect: each event once, in its aggregate's order, whatever fails in between."""

import random
import signal
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.envelope import Envelope, to_wire
from shared.errors import Conflict, Contended, NotFound, RuleBroken, TransientFailure
from shared.messaging.drawer import Record
from shared.messaging.inbox import Outcome, TooManyFailures
from shared.messaging.kafka import Broker, Producer
from tests.integration.shared.bakery import CLINIC, LAYERED, Bakery, Program, Shop, a_consumer, a_relay, running, soon


def an_event(cake: str = "a", seq: int = 1, **changes: Any) -> Envelope:
    event = Envelope(
        id=f"{cake}-{seq}",
        type=LAYERED,
        source="bakery",
        subject=f"cake/{cake}",
        seq=seq,
        time=datetime(2026, 11, 22, tzinfo=UTC),
        clinic_id=CLINIC,
        correlation_id="c",
        causation_id="c",
        traceparent="",
        data={"layers": seq},
    )
    return replace(event, **changes)


def a_record(event: Envelope, offset: int = 0) -> Record:
    return Record(*to_wire(event), f"topic/0/{offset}")


def take(shop: Shop, *events: Envelope) -> list[Outcome]:
    return [shop.inbox.take(a_record(event)) for event in events]


def layers(cake: str, numbers: Iterable[int]) -> list[Envelope]:
    return [an_event(cake, number) for number in numbers]


def due_now(shop: Shop) -> None:
    shop.database["held"].update_many({}, {"$set": {"next_at": datetime(2020, 1, 1, tzinfo=UTC)}})


def test_a_repeated_event_has_one_effect(shop: Shop) -> None:
    outcomes = take(shop, *layers("a", [1, 1, 2, 1, 2]))
    assert outcomes == [
        Outcome.APPLIED,
        Outcome.DUPLICATE,
        Outcome.APPLIED,
        Outcome.DUPLICATE,
        Outcome.DUPLICATE,
    ]
    assert shop.outcome_of("a") == [1, 2]


def test_events_behind_a_gap_wait_and_follow_in_order(shop: Shop) -> None:
    take(shop, *layers("a", [1, 4, 3, 5]))
    assert shop.outcome_of("a") == [1]
    assert take(shop, *layers("b", [1])) == [Outcome.APPLIED]
    assert take(shop, *layers("a", [2])) == [Outcome.APPLIED]
    assert shop.outcome_of("a") == [1, 2, 3, 4, 5]
    assert shop.inbox.drawer.counts() == (0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_any_order_and_any_repetition_end_the_same(shop: Shop, seed: int) -> None:
    events = [event for cake in "abc" for event in layers(cake, range(1, 9))] * 2
    random.Random(seed).shuffle(events)
    take(shop, *events)
    assert shop.shelf() == {f"cake/{cake}": list(range(1, 9)) for cake in "abc"}


def test_workers_that_take_the_same_events_at_once_apply_each_once(shop: Shop) -> None:
    events = [event for cake in "abc" for event in layers(cake, range(1, 11))]
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: [take(shop, event) for event in events], range(4)))
    for _ in range(3):
        due_now(shop)
        shop.inbox.replay_due()
    assert shop.shelf() == {f"cake/{cake}": list(range(1, 11)) for cake in "abc"}
    assert shop.inbox.drawer.counts() == (0, 0)


def test_a_failing_handler_holds_its_aggregate_and_no_other(shop: Shop) -> None:
    shop.broken = {"cake/a"}
    assert take(shop, *layers("a", [1, 2, 3])) == [Outcome.FAILED, Outcome.HELD, Outcome.HELD]
    assert take(shop, *layers("b", [1, 2])) == [Outcome.APPLIED] * 2
    assert take(shop, *layers("a", [1])) == [Outcome.HELD]  # it comes again, but its replay has its own time
    due_now(shop)
    assert shop.inbox.replay_due() == 0
    assert [(row["seq"], row["reason"], row["attempts"]) for row in shop.inbox.drawer.list_held()] == [
        (1, "failed", 2),
        (2, "waiting", 0),
        (3, "waiting", 0),
    ]
    shop.broken = set()
    assert shop.inbox.replay_due() == 0  # not due yet
    due_now(shop)
    assert shop.inbox.replay_due() == 3
    assert shop.shelf() == {"cake/a": [1, 2, 3], "cake/b": [1, 2]}


def test_contention_that_does_not_end_is_held(shop: Shop) -> None:
    shop.broken, shop.fault = {"cake/a"}, Contended("always")
    assert take(shop, *layers("a", [1])) == [Outcome.FAILED]


def test_a_refused_event_is_done(shop: Shop) -> None:
    shop.broken, shop.fault = {"cake/a"}, RuleBroken("cake.too-sweet", "No.")
    assert take(shop, *layers("a", [1, 2, 1])) == [Outcome.REFUSED, Outcome.REFUSED, Outcome.DUPLICATE]
    shop.broken = set()
    shop.database["shelf"].insert_one({"_id": "cake/a", "layers": []})
    assert take(shop, *layers("a", [3])) == [Outcome.APPLIED]
    assert shop.outcome_of("a") == [3]


def test_a_type_without_handler_only_moves_the_guard(shop: Shop) -> None:
    other = an_event("a", 1, type="cake.admired.v1")
    assert take(shop, other, other) == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert shop.shelf() == {}
    assert shop.database["heard"].find_one({"_id": other.aggregate}) == {
        "_id": "bakery/cake/a",
        "clinic_id": CLINIC,
        "seq": 1,
    }


def test_an_event_that_found_no_database_comes_again(shop: Shop) -> None:
    shop.broken, shop.fault = {"cake/a"}, TransientFailure("no primary")
    assert take(shop, *layers("a", [1])) == [Outcome.RETRY]
    assert shop.inbox.drawer.counts() == (0, 0)
    shop.broken = set()
    assert take(shop, *layers("a", [1])) == [Outcome.APPLIED]


def test_what_was_left_held_by_a_crash_is_drained_by_the_next_coming(shop: Shop) -> None:
    take(shop, *layers("a", [1, 3]))
    shop.broken, shop.fault = {"cake/a"}, TransientFailure("gone")
    shop.database["heard"].update_one({"_id": "bakery/cake/a"}, {"$set": {"seq": 2}})  # applied 2, died before 3
    shop.broken = set()
    assert take(shop, *layers("a", [2])) == [Outcome.DUPLICATE]
    assert shop.outcome_of("a") == [1, 3]


POISON = {
    "no value": Record(b"k", None, [], "t/0/1"),
    "no JSON": Record(b"k", b"{", [("content-type", b"application/cloudevents+json")], "t/0/2"),
    "no headers": Record(b"k", b"{}", [], "t/0/3"),
    "another clinic's key": replace(a_record(an_event(), 4), key=b"clinic-2/cake/a"),
    "another clinic's header": replace(
        a_record(an_event(), 5), headers=[*to_wire(an_event())[2][:-1], ("ce_clinicid", b"clinic-2")]
    ),
    "broken contract": a_record(an_event(data={"filling": "jam"}), 6),
    "counts from zero": a_record(an_event(seq=0), 7),
    "a number no database keeps": a_record(an_event(data={"layers": 10**40}), 8),
    "a text no database keeps": a_record(an_event(data={"layers": 1, "\0": 1}), 9),
    "nested too deep": replace(a_record(an_event(), 10), value=b'{"data":' + b"[" * 100_000),
}


@pytest.mark.parametrize("record", POISON.values(), ids=POISON.keys())
def test_what_cannot_be_read_is_set_aside_once(shop: Shop, record: Record) -> None:
    assert [shop.inbox.take(record) for _ in range(2)] == [Outcome.POISON] * 2
    [row] = shop.inbox.drawer.list_poison()
    assert row["position"] == record.position
    assert row["error"]
    assert shop.inbox.drawer.poison(row["_id"]) == record
    assert take(shop, an_event()) == [Outcome.APPLIED]


def test_poison_at_the_same_place_of_a_new_broker_is_another_one(shop: Shop) -> None:
    for value in (b"one", b"two"):
        shop.inbox.take(Record(b"k", value, [], "t/0/0"))
    assert shop.inbox.drawer.counts() == (0, 2)


def test_poison_can_be_replayed_after_a_mend_or_thrown_away(shop: Shop) -> None:
    shop.inbox.take(a_record(an_event("a", data={})))
    shop.inbox.take(a_record(an_event("b", data={})))
    first, second = [row["_id"] for row in shop.inbox.drawer.list_poison()]
    assert shop.inbox.replay_poison(first) is Outcome.POISON
    shop.inbox._validate = lambda _: None
    shop.inbox._handled = set()
    assert shop.inbox.replay_poison(first) is Outcome.APPLIED
    shop.inbox.discard_poison(second)
    assert shop.inbox.drawer.counts() == (0, 0)
    with pytest.raises(NotFound):
        shop.inbox.replay_poison(first)


def test_the_operator_discards_the_event_that_blocks(shop: Shop) -> None:
    shop.broken = {"cake/a"}
    take(shop, *layers("a", [1, 2, 3]))
    shop.database["shelf"].insert_one({"_id": "cake/a", "layers": []})
    shop.broken = set()
    with pytest.raises(Conflict):
        shop.inbox.discard("a-2")
    assert shop.inbox.discard("a-1") == 2
    assert shop.outcome_of("a") == [2, 3]
    with pytest.raises(NotFound):
        shop.inbox.discard("a-1")


def test_the_operator_gives_up_what_is_missing(shop: Shop) -> None:
    take(shop, *layers("a", [1, 4, 5]))
    assert shop.inbox.replay("a-4") == 0
    with pytest.raises(Conflict):
        shop.inbox.replay("a-5", despite_gap=True)
    assert shop.inbox.replay("a-4", despite_gap=True) == 2
    assert shop.outcome_of("a") == [1, 4, 5]
    assert take(shop, *layers("a", [2, 3])) == [Outcome.DUPLICATE] * 2


def test_failures_in_a_row_stop_the_worker(databases: Any) -> None:
    shop = Shop(databases[1], limit=3)
    shop.broken = {f"cake/{number}" for number in range(10)}
    take(shop, *(an_event(str(number)) for number in range(3)), an_event("fine"))
    take(shop, *(an_event(str(number)) for number in range(3, 6)))
    with pytest.raises(TooManyFailures):
        take(shop, an_event("6"))
    assert shop.inbox.drawer.counts() == (7, 0)  # the last one too: it must not depend on coming again


def test_a_consumer_killed_before_it_commits_its_offset_applies_once(
    bakery: Bakery, shop: Shop, kafka_bootstrap: str, namespace: str, program: Program
) -> None:
    bakery.bake("a", layers=5)
    with running(a_relay(bakery, kafka_bootstrap, namespace).run):
        dying = program("hear", failpoint="consumer.after_effect:kill")
        assert dying.wait(40) == -signal.SIGKILL
        assert shop.outcome_of("a")
        bakery.bake("a", layers=5)
        again = program("hear")
        soon(lambda: len(shop.outcome_of("a")) == 10, within=30)
        again.terminate()
        assert again.wait(10) == 0
    assert shop.outcome_of("a") == list(range(1, 11))


def test_a_database_that_is_away_for_a_while_loses_nothing(
    bakery: Bakery, shop: Shop, kafka_bootstrap: str, namespace: str
) -> None:
    tries: list[str] = []

    def hear(key: Any, value: Any, headers: Any, position: str) -> bool:
        tries.append(position)
        shop.fault = TransientFailure("away")
        shop.broken = {f"cake/{number}" for number in range(5)} if len(tries) < 8 else set()
        return shop.inbox.hear(key, value, headers, position)

    for number in range(5):
        bakery.bake(f"{number}", layers=4)
    with running(
        a_relay(bakery, kafka_bootstrap, namespace).run,
        lambda stop: a_consumer(kafka_bootstrap, namespace).run(hear, stop),
    ):
        soon(lambda: shop.shelf() == {f"cake/{number}": [1, 2, 3, 4] for number in range(5)}, within=30)
    assert shop.inbox.drawer.counts() == (0, 0)


def test_members_that_come_and_go_apply_each_event_once(
    bakery: Bakery, shop: Shop, kafka_bootstrap: str, namespace: str
) -> None:
    def hear(stop: Any) -> None:
        a_consumer(kafka_bootstrap, namespace).run(shop.inbox.hear, stop)

    baking = threading.Thread(target=bakery.bake_in_turn, args=(8, 400))
    with running(a_relay(bakery, kafka_bootstrap, namespace).run, hear):
        baking.start()
        with running(hear):
            soon(lambda: len(shop.shelf()) == 8, within=30)
        with running(hear):
            baking.join()
            soon(lambda: sum(map(len, shop.shelf().values())) == 400, within=60)
    assert shop.shelf() == {f"cake/{number}": list(range(1, 51)) for number in range(8)}


def test_poison_does_not_keep_others_waiting(bakery: Bakery, shop: Shop, kafka_bootstrap: str, namespace: str) -> None:
    with running(
        lambda stop: a_consumer(kafka_bootstrap, namespace).run(shop.inbox.hear, stop),
        a_relay(bakery, kafka_bootstrap, namespace).run,
    ):
        bakery.bake("a")
        soon(lambda: bakery.events("sent") == 1)
        producer = Producer(Broker(kafka_bootstrap))
        producer.publish(namespace, [(b"clinic-1/cake/a", b"rubbish", [])] * 3)
        producer.close()
        bakery.bake("a")
        soon(lambda: shop.outcome_of("a") == [1, 2], within=30)
    assert shop.inbox.drawer.counts() == (0, 3)


def test_a_consumer_waits_for_its_topic_and_hears_at_once_what_comes(
    bakery: Bakery, shop: Shop, kafka_bootstrap: str, namespace: str
) -> None:
    with running(lambda stop: a_consumer(kafka_bootstrap, namespace).run(shop.inbox.hear, stop)):
        bakery.bake("a")
        with running(a_relay(bakery, kafka_bootstrap, namespace).run):
            soon(lambda: shop.outcome_of("a") == [1], within=8)
