"""The consumer's rounds and its watch, on a client with state instead of a broker."""
# ruff: noqa: ARG001, ARG002 - the fakes keep the signatures of what they stand for

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from kafka.errors import CommitFailedError, KafkaTimeoutError
from prometheus_client import REGISTRY

from shared.clock import system_clock
from shared.failpoints import Failpoint
from shared.messaging import consumer as module
from shared.messaging.consumer import Consumer, Stalled, _Rounds, _Watch
from shared.messaging.kafka import Broker
from shared.stop import Stop


class Place(NamedTuple):
    topic: str
    partition: int


class Message(NamedTuple):
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    offset: int


P0, P1 = Place("cakes", 0), Place("cakes", 1)


class FakeClient:
    """One log per partition, positions and committed offsets."""

    def __init__(self, **ends: int) -> None:
        self.logs = {Place("cakes", int(name[1:])): end for name, end in ends.items()}
        self.positions: dict[Place, int] = dict.fromkeys(self.logs, 0)
        self.waited_ms = 0
        self.committed: dict[Any, int] = {}
        self.silent = False
        self.refuses_commits = False
        self.assigned = set(self.logs)

    def poll(self, timeout_ms: int) -> dict[Place, list[Message]]:
        if self.silent:
            return {}
        polled = {
            place: [Message(b"k", b"v", [], number) for number in range(self.positions[place], end)]
            for place, end in self.logs.items()
            if self.positions[place] < end
        }
        self.positions = dict(self.logs)
        return polled

    def seek(self, place: Place, offset: int) -> None:
        if place not in self.assigned:
            raise ValueError("Unassigned partition")
        self.positions[place] = offset

    def seek_to_beginning(self, *places: Place) -> None:
        assert places, "of all partitions"
        for place in places:
            self.seek(place, 0)

    def commit(self, offsets: dict[Place, Any], timeout_ms: int) -> None:
        if self.refuses_commits:
            raise CommitFailedError
        self.committed.update({place: kept.offset for place, kept in offsets.items()})

    def assignment(self) -> set[Place]:
        return self.assigned

    def end_offsets(self, places: set[Place], timeout_ms: int) -> dict[Place, int]:
        return {place: self.logs[place] for place in places}

    def highwater(self, place: Place) -> int | None:
        return self.logs[place]

    def position(self, place: Place, timeout_ms: int) -> int | None:
        if place not in self.positions:
            self.waited_ms += timeout_ms
        return self.positions.get(place)


class Ears:
    """Remembers what was handled; `deaf_to` must come again."""

    def __init__(self, *deaf_to: str) -> None:
        self.heard: list[str] = []
        self.deaf_to = set(deaf_to)

    def __call__(self, key: Any, value: Any, headers: Any, position: str) -> bool:
        if position in self.deaf_to:
            return False
        self.heard.append(position)
        return True


def lag(topic: str) -> float | None:
    return REGISTRY.get_sample_value("kadence_consumer_lag_records", {"topic": topic})


def watch(client: FakeClient, *topics: str, patience: float = 60) -> _Watch:
    """It looks at once, and all topics stay what they are."""
    known = dict.fromkeys(topics, "first life")
    return _Watch(client, known, lambda: known, every=0, patience=patience)


def rounds(client: FakeClient, handle: Callable[..., bool], stop: Stop | None = None) -> _Rounds:
    return _Rounds(client, handle, stop or Stop(), Failpoint(), pause=0)


def test_what_was_handled_is_committed() -> None:
    client, ears = FakeClient(p0=2, p1=1), Ears()
    assert rounds(client, ears).one()
    assert ears.heard == ["cakes/0/0", "cakes/0/1", "cakes/1/0"]
    assert client.committed == {P0: 2, P1: 1}


def test_a_record_that_must_come_again_takes_its_partition_back_and_no_other() -> None:
    client, ears = FakeClient(p0=3, p1=1), Ears("cakes/0/1")
    one = rounds(client, ears)
    one.one()
    assert ears.heard == ["cakes/0/0", "cakes/1/0"]
    assert client.committed == {P0: 1, P1: 1}
    assert client.positions == {P0: 1, P1: 1}
    ears.deaf_to = set()
    one.one()
    assert ears.heard == ["cakes/0/0", "cakes/1/0", "cakes/0/1", "cakes/0/2"]


def test_nothing_is_committed_when_the_first_record_must_come_again() -> None:
    client = FakeClient(p0=2)
    rounds(client, Ears("cakes/0/0")).one()
    assert client.committed == {}
    assert client.positions == {P0: 0}


def test_the_pause_grows_while_records_come_again() -> None:
    client = FakeClient(p0=1)
    one = _Rounds(client, Ears("cakes/0/0"), Stop(), Failpoint(), pause=0.001)
    for _ in range(3):
        one.one()
    assert one.pause == 0.008
    one.handle = Ears()
    one.one()
    assert one.pause == 0.1


def test_a_refused_commit_does_not_end_it() -> None:
    client = FakeClient(p0=1)
    client.refuses_commits = True
    assert rounds(client, Ears()).one()


def test_a_partition_that_was_taken_away_meanwhile_is_left_alone() -> None:
    client = FakeClient(p0=1)
    client.assigned = set()
    rounds(client, Ears("cakes/0/0")).one()
    assert client.committed == {}


def test_a_slow_handler_gives_back_the_rest_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUND_SECONDS", -1.0)
    client, ears = FakeClient(p0=2), Ears()
    rounds(client, ears).one()
    assert ears.heard == []
    assert client.positions == {P0: 0}


def test_asked_to_stop_it_gives_back_the_rest() -> None:
    client, stop = FakeClient(p0=3), Stop()

    def handle(*record: Any) -> bool:
        stop.ask()
        return True

    rounds(client, handle, stop).one()
    assert client.committed == {P0: 1}


def test_a_client_that_stands_still_is_stalled() -> None:
    client = FakeClient(p0=1)
    with pytest.raises(Stalled, match="cakes/0"):
        watch(client, "cakes", patience=0).look(heard=False)


def test_a_client_that_has_heard_all_is_not_stalled() -> None:
    client = FakeClient(p0=1)
    client.poll(0)
    watch(client, "cakes", patience=0).look(heard=False)


def test_a_client_that_has_just_heard_something_is_not_stalled() -> None:
    watch(FakeClient(p0=1), "cakes").look(heard=True)


def test_it_shows_how_many_records_are_still_to_hear_and_that_it_looked() -> None:
    client = FakeClient(p0=5, p1=2)
    client.positions[P0] = 1
    watch(client, "cakes", "crumbs").look(heard=True)
    assert lag("cakes") == 6
    assert lag("crumbs") == 0
    looked_at = REGISTRY.get_sample_value("kadence_consumer_looked_timestamp_seconds") or 0
    assert system_clock().timestamp() - looked_at < 60


def test_a_client_that_does_not_know_its_places_is_not_kept_from_finding_them() -> None:
    client = FakeClient(p0=5, p1=2)
    client.positions.clear()
    watch(client, "cakes").look(heard=True)
    with pytest.raises(Stalled):
        watch(client, "cakes", patience=0).look(heard=False)
    assert client.waited_ms == 0


def test_a_topic_that_is_gone_makes_it_start_again() -> None:
    with pytest.raises(Stalled, match=r"gone: \['cakes'\]"):
        _Watch(FakeClient(p0=0), {"cakes": "1"}, dict, every=0, patience=60).look(heard=True)


def test_a_topic_that_was_made_anew_is_heard_from_its_beginning_once() -> None:
    client = FakeClient(p0=2, p1=5)
    client.poll(0)
    client.assigned = {P0}
    one = _Watch(client, {"cakes": "1"}, lambda: {"cakes": "2"}, every=0, patience=60)
    one.look(heard=True)
    assert client.positions == {P0: 0, P1: 5}
    client.poll(0)
    one.look(heard=True)
    assert client.positions == {P0: 2, P1: 5}


def test_another_topic_goes_on_where_it_was() -> None:
    client = FakeClient(p0=2)
    client.poll(0)
    known = {"cakes": "1", "crumbs": "1"}
    _Watch(client, known, lambda: known | {"crumbs": "2"}, every=0, patience=60).look(heard=True)
    assert client.positions == {P0: 2}


def test_a_stalled_client_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, fresh = FakeClient(p0=2), FakeClient(p0=2)
    stuck.silent = True
    clients = [stuck, fresh]
    closed: list[FakeClient] = []
    monkeypatch.setattr(module, "Admin", FakeAdmin)

    @contextmanager
    def opened(*_: Any) -> Iterator[FakeClient]:
        one = clients.pop(0)
        try:
            yield one
        finally:
            closed.append(one)

    monkeypatch.setattr(module, "consumer_client", opened)
    stop, heard = Stop(), []

    def handle(*record: Any) -> bool:
        heard.append(record[3])
        if len(heard) == 2:
            stop.ask()
        return True

    Consumer(Broker("nowhere"), "shop", ["cakes"], watch_every=0, patience=0).run(handle, stop)
    assert heard == ["cakes/0/0", "cakes/0/1"]
    assert closed == [stuck, fresh]
    assert fresh.committed == {P0: 2}


def test_an_error_of_the_client_is_survived_and_a_fault_of_the_handler_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[FakeClient] = []

    @contextmanager
    def client(*_: Any) -> Iterator[FakeClient]:
        made.append(FakeClient(p0=1))
        if len(made) == 1:
            raise KafkaTimeoutError
        yield made[-1]

    def handle(*record: Any) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "Admin", FakeAdmin)
    monkeypatch.setattr(module, "consumer_client", client)
    with pytest.raises(ZeroDivisionError):
        Consumer(Broker("nowhere"), "shop", ["cakes"]).run(handle, Stop())
    assert len(made) == 2


class FakeAdmin:
    def __init__(self, broker: Broker) -> None:
        pass

    def topic_ids(self, topics: list[str]) -> dict[str, str]:
        return dict.fromkeys(topics, "first life")

    def close(self) -> None:
        pass
