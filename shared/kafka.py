"""Kafka behind four small things: `Broker` (where it is), `Admin`, `Producer` and `Consumer`.

The only file that knows kafka-python. That client is young, so it is treated as fallible: a client that raised is
thrown away, only explicit offsets are committed, no partition is ever paused, and a consumer that stands still although
there is something to hear is replaced.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

import structlog
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError, MessageSizeTooLargeError, TopicAlreadyExistsError, UnknownTopicOrPartitionError
from kafka.structs import OffsetAndMetadata

from shared import metrics
from shared.errors import TransientFailure
from shared.failpoints import Failpoint
from shared.stop import Stop

log = structlog.get_logger()
T = TypeVar("T")
Wire: TypeAlias = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, value and headers of a record."""
Handle: TypeAlias = Callable[[bytes | None, bytes | None, list[tuple[str, bytes]], str], bool]
"""Takes key, value, headers and position of a record; False: not now, let it come again."""
ROUND_SECONDS: Final = 10.0
"""After this time a round gives back what it has not handled yet: a third of the interval in which it must poll."""
LONGEST_PAUSE: Final = 2.0
_PRODUCER_OPTIONS: Final[Mapping[str, Any]] = {
    "acks": "all",
    "enable_idempotence": False,
    "max_in_flight_requests_per_connection": 1,
    "allow_auto_create_topics": False,
}
_CONSUMER_OPTIONS: Final[Mapping[str, Any]] = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "max_poll_records": 50,
    "max_poll_interval_ms": 30000,
    "session_timeout_ms": 10000,
    "heartbeat_interval_ms": 1000,
    "allow_auto_create_topics": False,
}


class Stalled(Exception):
    """The consumer stands still although there is something to hear."""


@dataclass(frozen=True)
class Broker:
    """Where Kafka is, how new topics are made, and `options` for every client (security)."""

    bootstrap: str
    partitions: int = 12
    replication: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)

    def client_options(self) -> dict[str, Any]:
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "bootstrap_timeout_ms": 5000,
            "request_timeout_ms": 10000,
            "reconnect_backoff_max_ms": 1000,
            "metadata_max_age_ms": 30000,
            **self.options,
        }


@dataclass(frozen=True)
class Identity:
    """What tells one life of a topic from another. `topic_id` is empty while the topic does not exist."""

    cluster_id: str
    topic_id: str
    ends: Mapping[int, int]


class Admin:
    """Topics and identities. Keeps one client, for one thread. Every call may raise `TransientFailure`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client: Any = None

    def ensure_topics(self, topics: Iterable[str]) -> None:
        """Create the topics that are missing and wait until they can be used."""
        wanted = list(topics)
        self._ask(lambda client: self._ensure(client, wanted))

    def identity(self, topic: str) -> Identity:
        return self._ask(lambda client: _identity(client, topic))

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(KafkaError):
                client.close()

    def _ensure(self, client: Any, wanted: list[str]) -> None:
        found = client.describe_topics(wanted)
        missing = [topic["name"] for topic in found if topic["error_code"] == UnknownTopicOrPartitionError.errno]
        size = {"num_partitions": self._broker.partitions, "replication_factor": self._broker.replication}
        if missing:
            with suppress(TopicAlreadyExistsError):  # somebody else was faster with one of them
                client.create_topics(dict.fromkeys(missing, size))
        client.wait_for_topics(wanted)

    def _ask(self, question: Callable[[Any], T]) -> T:
        try:
            if self._client is None:
                self._client = KafkaAdminClient(**self._broker.client_options())
            return question(self._client)
        except (KafkaError, OSError) as error:
            self.close()
            raise TransientFailure(f"Kafka does not answer: {error!r}") from error


def _identity(client: Any, topic: str) -> Identity:
    cluster_id = client.describe_cluster()["cluster_id"] or ""
    found = client.describe_topics([topic])[0]
    if found["error_code"] == UnknownTopicOrPartitionError.errno:
        return Identity(cluster_id, "", {})
    places = [TopicPartition(topic, partition["partition_index"]) for partition in found["partitions"]]
    ends = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    return Identity(cluster_id, str(found["topic_id"]), {place.partition: end.offset for place, end in ends.items()})


@dataclass(frozen=True)
class Published:
    """Next offset per partition, and the numbers of the records that are too large ever to be taken."""

    ends: Mapping[int, int]
    refused: frozenset[int]


class Producer:
    """Publishes in the order given. One client for one thread; after any error a new one takes its place.

    Not idempotent on purpose: kafka-python's idempotent producer hangs for ever after a batch has expired in flight.
    Whoever hears removes the duplicates.
    """

    def __init__(self, broker: Broker, *, delivery_timeout: float = 10.0) -> None:
        self._broker = broker
        self._timeout = delivery_timeout
        self._client: Any = None

    def publish(self, topic: str, records: Sequence[Wire]) -> Published:
        """Returns when Kafka has all of them. Raises `TransientFailure`: some may be there, publish all again."""
        try:
            futures = [self._send(topic, record) for record in records]
            acks = [future.get(timeout=self._timeout + 1) for future in futures if future is not None]
        except (KafkaError, OSError) as error:
            self.close()
            raise TransientFailure(f"Kafka did not take it: {error!r}") from error
        ends: dict[int, int] = {}
        for ack in acks:
            ends[ack.partition] = max(ends.get(ack.partition, 0), ack.offset + 1)
        return Published(ends, frozenset(number for number, future in enumerate(futures) if future is None))

    def close(self) -> None:
        """Waits until nothing is in flight: a client left behind would send its rest when the broker comes back."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(KafkaError):
                client.close(timeout=self._timeout + 1)

    def _send(self, topic: str, record: Wire) -> Any:
        if self._client is None:
            self._client = KafkaProducer(**self._options())
        key, value, headers = record
        try:
            return self._client.send(topic, key=key, value=value, headers=headers)
        except MessageSizeTooLargeError:
            return None

    def _options(self) -> dict[str, Any]:
        timeout = round(self._timeout * 1000)
        return {
            **self._broker.client_options(),
            **_PRODUCER_OPTIONS,
            "delivery_timeout_ms": timeout,
            "request_timeout_ms": min(timeout, 10000),
            "max_block_ms": min(timeout, 5000),
        }


class Consumer:
    """Hears topics as one member of a group.

    `watch_every`: seconds between looks at topics and progress; `patience`: seconds without a record, although there
    is one, after which the client is replaced; `options` overrule the client's settings.
    """

    def __init__(
        self,
        broker: Broker,
        group: str,
        topics: Sequence[str],
        *,
        failpoint: Failpoint | None = None,
        watch_every: float = 5.0,
        patience: float = 30.0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._broker = broker
        self._group = group
        self._topics = list(topics)
        self._failpoint = failpoint or Failpoint()
        self._watch_every = watch_every
        self._patience = patience
        self._options = dict(options or {})

    def run(self, handle: Handle, stop: Stop) -> None:
        """Hear until asked to stop. Whatever `handle` raises ends it: bad records are the handler's to set aside."""
        pause = 0.1
        while not stop.is_set():
            began = time.monotonic()
            try:
                self._hear(handle, stop)
            except (KafkaError, OSError, TransientFailure, Stalled) as error:
                metrics.count("kadence_consumer_restarts_total", reason=type(error).__name__)
                log.warning("consumer starts again", group=self._group, error=repr(error))
                pause = 0.1 if time.monotonic() - began > self._patience else min(pause * 2, LONGEST_PAUSE)
                stop.wait(pause)

    def _hear(self, handle: Handle, stop: Stop) -> None:
        admin = Admin(self._broker)
        admin.ensure_topics(self._topics)  # a subscription to a missing topic hears nothing until metadata ages
        admin.close()
        options = {**self._broker.client_options(), **_CONSUMER_OPTIONS, **self._options}
        client = KafkaConsumer(*self._topics, group_id=self._group, **options)
        try:
            rounds = _Rounds(client, handle, stop, self._failpoint)
            watch = _Watch(client, self._topics, self._watch_every, self._patience)
            while not stop.is_set():
                watch.look(heard=rounds.one())
        finally:
            with suppress(KafkaError):
                client.close(autocommit=False, timeout_ms=2000)


class _Rounds:
    """Poll, handle, commit. A record that must come again takes its partition back to where it stands."""

    def __init__(self, client: Any, handle: Handle, stop: Stop, failpoint: Failpoint) -> None:
        self._client = client
        self._handle = handle
        self._stop = stop
        self._failpoint = failpoint
        self._pause = 0.1

    def one(self) -> bool:
        """One round; True when something was heard."""
        polled = self._client.poll(timeout_ms=500)
        deadline = time.monotonic() + ROUND_SECONDS
        refused = [place for place, records in polled.items() if not self._partition(place, records, deadline)]
        if refused:
            self._stop.wait(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE) if refused else 0.1
        return bool(polled)

    def _partition(self, place: Any, records: Sequence[Any], deadline: float) -> bool:
        done = records[0].offset
        taken = True
        for record in records:
            if self._stop.is_set() or time.monotonic() > deadline:
                break
            taken = self._handle(record.key, record.value, list(record.headers or ()), _position(record))
            if not taken:
                break
            done = record.offset + 1
        if done <= records[-1].offset:
            self._client.seek(place, done)  # never pause(): a paused partition may never be delivered again
        if done > records[0].offset:
            self._failpoint.reach("consumer.after_effect")
            self._commit(place, done)
        return taken

    def _commit(self, place: Any, offset: int) -> None:
        try:
            self._client.commit({place: OffsetAndMetadata(offset, "", -1)}, timeout_ms=5000)
        except KafkaError as error:
            # Taken away by a rebalance, or the broker is gone: it comes again, which does no harm.
            log.info("offset not committed", topic=place.topic, partition=place.partition, error=repr(error))


class _Watch:
    """Looks now and then whether the consumer still hears."""

    def __init__(self, client: Any, topics: Sequence[str], every: float, patience: float) -> None:
        self._client = client
        self._topics = frozenset(topics)
        self._every = every
        self._patience = patience
        self._heard_at = self._looked_at = time.monotonic()

    def look(self, *, heard: bool) -> None:
        """Raises `Stalled` when the client must be replaced."""
        now = time.monotonic()
        if heard:
            self._heard_at = now
        if now < self._looked_at + self._every:
            return
        self._looked_at = now
        if gone := self._topics - self._client.topics():
            raise Stalled(f"topics are gone: {sorted(gone)}")
        if now > self._heard_at + self._patience and (behind := self._behind()):
            raise Stalled(f"nothing heard for {self._patience} s, but there is more in {behind}")

    def _behind(self) -> list[str]:
        places = self._client.assignment()
        ends = self._client.end_offsets(places, timeout_ms=5000) if places else {}
        return [
            f"{place.topic}/{place.partition}"
            for place, end in ends.items()
            if end > (self._client.position(place, timeout_ms=1000) or 0)
        ]


def _position(record: Any) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"
