"""What lies on a Kafka topic, record by record, and a way to put anything there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from deploy.local.waiting import wait_until
from shared.envelope import Envelope, from_wire
from shared.errors import PoisonMessage


@dataclass(frozen=True)
class Topic:
    """One topic of a broker."""

    bootstrap: str
    name: str

    def events(self, clinic_id: str) -> list[Envelope]:
        """Every readable record of a clinic, those of one partition in their order."""
        return [event for event in self._readable() if event.clinic_id == clinic_id]

    def put(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        """Let anything lie on the topic; compressed, or the broker would refuse large records."""
        producer = KafkaProducer(
            bootstrap_servers=self.bootstrap, compression_type="gzip", max_request_size=8 << 20, acks="all"
        )
        try:
            producer.send(self.name, key=key, value=value, headers=headers).get(timeout=30)
        finally:
            producer.close()

    def delete(self) -> None:
        """Let there be no such topic; returns when nobody can see it any more."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            admin.delete_topics([self.name])
            assert wait_until(lambda: self.name not in admin.list_topics(), 20), f"{self.name} is still there"
        finally:
            admin.close()

    def _readable(self) -> Iterator[Envelope]:
        for record in self._records():
            try:
                yield from_wire(record.key, record.value, list(record.headers))
            except PoisonMessage:
                continue

    def _records(self) -> Iterator[Any]:
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)
        try:
            places = [TopicPartition(self.name, number) for number in consumer.partitions_for_topic(self.name)]
            consumer.assign(places)
            ends = consumer.end_offsets(places)
            consumer.seek_to_beginning(*places)
            while any(consumer.position(place) < end for place, end in ends.items()):
                for records in consumer.poll(timeout_ms=500).values():
                    yield from records
        finally:
            consumer.close()
