"""Kafka: where it is (`Broker`), its topics and identity (`Admin`), telling (`Producer`); hearing is `consumer`.

The only file that knows kafka-python. That client is young and treated as fallible: one that raised is thrown away.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError as KafkaError
from kafka.errors import MessageSizeTooLargeError, TopicAlreadyExistsError, UnknownTopicOrPartitionError
from kafka.net.compat import KafkaNetClient
from kafka.structs import OffsetAndMetadata

from shared.errors import TransientFailure

T = TypeVar("T")
Wire: TypeAlias = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, value and headers of a record."""
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


@dataclass(frozen=True)
class Broker:
    """Where Kafka is, how new topics are made, and `options` for every client (security)."""

    bootstrap: str
    partitions: int = 12
    replication: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)

    def client_options(self) -> dict[str, Any]:
        """What every client is made with, whatever it is for; times in milliseconds."""
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "bootstrap_timeout_ms": 5000,
            "request_timeout_ms": 10000,
            "reconnect_backoff_max_ms": 1000,
            "metadata_max_age_ms": 30000,
            **self.options,
        }


class _Network:
    """The network below one client. It outlives a client whose constructor or `close` failed: a thread and sockets."""

    def __init__(self) -> None:
        self._made: list[Any] = []

    def __call__(self, **options: Any) -> Any:
        self._made.append(KafkaNetClient(**options))
        return self._made[-1]

    def close(self) -> None:
        """Let go of what was made; never raises."""
        for net in self._made:
            with suppress(KafkaError, OSError, RuntimeError):
                net.close()


def _open(kind: Callable[..., T], *topics: str, **options: Any) -> tuple[T, _Network]:
    network = _Network()
    try:
        return kind(*topics, kafka_client=network, **options), network
    except BaseException:
        network.close()
        raise


@dataclass(frozen=True)
class Identity:
    """What tells one life of a topic from another. `topic_id` is empty while the topic does not exist."""

    cluster_id: str
    topic_id: str
    ends: Mapping[int, int]


@dataclass(frozen=True)
class Layout:
    """How a topic was made, and how many of its partitions lack a copy that is up to date now."""

    partitions: int
    replication: int
    underreplicated: int


@dataclass(frozen=True)
class Following:
    """How many members of a group hear, and how many records of each topic the group has not heard yet."""

    members: int
    behind: Mapping[str, int]


class Admin:
    """Topics, identities and groups. Keeps one client, for one thread. Every call may raise `TransientFailure`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client: Any = None
        self._network = _Network()

    def ensure_topics(self, topics: Iterable[str]) -> None:
        """Create the topics that are missing and wait until they can be used.

        Only who tells on a topic creates it: a broker in memory (tansu) breaks a topic that two create at once.
        """
        wanted = list(topics)
        self._ask(lambda client: self._ensure(client, wanted))

    def missing(self, topics: Iterable[str]) -> list[str]:
        """Those topics that do not exist."""
        wanted = list(topics)
        return self._ask(lambda client: _missing(client, wanted))

    def topic_ids(self, topics: Iterable[str]) -> Mapping[str, str]:
        """The id of each of the topics that exists: one of the same name that was made anew has another."""
        wanted = list(topics)
        return self._ask(lambda client: _topic_ids(client, wanted))

    def identity(self, topic: str) -> Identity:
        """By what a later look finds out that the topic is another one, or lost records."""
        return self._ask(lambda client: _identity(client, topic))

    def layouts(self, topics: Iterable[str]) -> Mapping[str, Layout]:
        """How those of the topics were made that exist."""
        wanted = list(topics)
        return self._ask(lambda client: _layouts(client, wanted))

    def following(self, group: str, topics: Iterable[str]) -> Following:
        """How far a group is behind in existing topics; one without a committed offset is behind by the whole topic."""
        wanted = list(topics)
        return self._ask(lambda client: _following(client, group, wanted))

    def close(self) -> None:
        """Give the connections back; never raises. The next question opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(KafkaError):
                client.close()
            self._network.close()

    def _ensure(self, client: Any, wanted: list[str]) -> None:
        size = {"num_partitions": self._broker.partitions, "replication_factor": self._broker.replication}
        if missing := _missing(client, wanted):
            with suppress(TopicAlreadyExistsError):  # somebody else was faster with one of them
                client.create_topics(dict.fromkeys(missing, size))
        client.wait_for_topics(wanted)

    def _ask(self, question: Callable[[Any], T]) -> T:
        try:
            if self._client is None:
                self._client, self._network = _open(KafkaAdminClient, **self._broker.client_options())
            return question(self._client)
        except (KafkaError, OSError) as error:
            self.close()
            raise TransientFailure(f"Kafka does not answer: {error!r}") from error


def _missing(client: Any, topics: list[str]) -> list[str]:
    found = client.describe_topics(topics)
    return [topic["name"] for topic in found if topic["error_code"] == UnknownTopicOrPartitionError.errno]


def _topic_ids(client: Any, topics: list[str]) -> Mapping[str, str]:
    found = client.describe_topics(topics)
    return {one["name"]: str(one["topic_id"]) for one in found if one["error_code"] == 0}


def _identity(client: Any, topic: str) -> Identity:
    cluster_id = client.describe_cluster()["cluster_id"] or ""
    found = client.describe_topics([topic])[0]
    if found["error_code"] == UnknownTopicOrPartitionError.errno:
        return Identity(cluster_id, "", {})
    places = [TopicPartition(topic, partition["partition_index"]) for partition in found["partitions"]]
    ends = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    return Identity(cluster_id, str(found["topic_id"]), {place.partition: end.offset for place, end in ends.items()})


def _layouts(client: Any, topics: list[str]) -> Mapping[str, Layout]:
    return {
        topic["name"]: _layout(topic["partitions"]) for topic in client.describe_topics(topics) if topic["partitions"]
    }


def _layout(partitions: Sequence[Mapping[str, Any]]) -> Layout:
    copies = [len(one["replica_nodes"]) for one in partitions]
    behind = sum(len(one["isr_nodes"]) < len(one["replica_nodes"]) for one in partitions)
    return Layout(len(partitions), min(copies), behind)


def _following(client: Any, group: str, topics: list[str]) -> Following:
    found = client.describe_topics(topics)
    places = [TopicPartition(one["name"], part["partition_index"]) for one in found for part in one["partitions"]]
    begins = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
    ends = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    heard = client.list_group_offsets({group: None})[group]
    behind = dict.fromkeys(topics, 0)
    for place in places:
        at = max(heard[place].offset if place in heard else 0, begins[place].offset)
        behind[place.topic] += max(0, ends[place].offset - at)
    return Following(len(client.describe_groups([group])[group]["members"]), behind)


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
            self._client, _ = _open(KafkaProducer, **self._options())  # its sender closes the network
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


@contextmanager
def consumer_client(broker: Broker, group: str, topics: Sequence[str], options: Mapping[str, Any]) -> Iterator[Any]:
    """A kafka-python consumer as a member of `group`, closed at the end; `options` overrule ours."""
    all_options = {**broker.client_options(), **_CONSUMER_OPTIONS, **options}
    client, network = _open(KafkaConsumer, *topics, group_id=group, **all_options)
    try:
        yield client
    finally:
        with suppress(KafkaError):
            client.close(autocommit=False, timeout_ms=2000)
        network.close()


def commit(client: Any, place: Any, offset: int) -> None:
    """Commit one partition's next offset; without arguments the client would commit all that it has polled."""
    client.commit({place: OffsetAndMetadata(offset, "", -1)}, timeout_ms=5000)
