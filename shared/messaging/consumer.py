"""Hearing: poll, handle, commit, and never stand still unnoticed.

Only explicit offsets are committed, after the effect. No partition is ever paused: kafka-python may never deliver from
it again. A client that stands still although there is something to hear is replaced. A topic that was made anew (the
broker lost its data) is heard from its beginning: a client would go on from its place in the old one, and never hear
what stands before that.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

import structlog

from shared.clock import system_clock
from shared.errors import TransientFailure
from shared.failpoints import Failpoint
from shared.messaging.kafka import Admin, Broker, KafkaError, commit, consumer_client
from shared.stop import Stop
from shared.telemetry import metrics

log = structlog.get_logger()
Handle: TypeAlias = Callable[[bytes | None, bytes | None, list[tuple[str, bytes]], str], bool]
"""Takes key, value, headers and position of a record; False: not now, let it come again."""
Lives: TypeAlias = Callable[[], Mapping[str, str]]
"""Says the ids of the topics that exist. Raises `TransientFailure`."""
ROUND_SECONDS: Final = 10.0
"""After this time a round gives back what it has not handled yet: a third of the interval in which it must poll."""
LONGEST_PAUSE: Final = 2.0
TOPICS_SECONDS: Final = 0.3


class Stalled(Exception):
    """The consumer stands still although there is something to hear."""


@dataclass(frozen=True)
class Consumer:
    """Hears topics as one member of a group.

    `watch_every`: seconds between looks at topics and progress; `patience`: seconds without a record, although there
    is one, after which the client is replaced; `options` overrule the client's settings.
    """

    broker: Broker
    group: str
    topics: Sequence[str]
    failpoint: Failpoint = field(default_factory=Failpoint)
    watch_every: float = 5.0
    patience: float = 30.0
    options: Mapping[str, Any] = field(default_factory=dict)

    def run(self, handle: Handle, stop: Stop) -> None:
        """Hear until asked to stop. Whatever `handle` raises ends it: bad records are the handler's to set aside."""
        pause = 0.1
        while not stop.is_set():
            began = time.monotonic()
            try:
                self._hear(handle, stop)
            except (KafkaError, OSError, TransientFailure, Stalled) as error:
                metrics.count("kadence_consumer_restarts_total", reason=type(error).__name__)
                log.warning("consumer starts again", group=self.group, error=repr(error))
                pause = 0.1 if time.monotonic() - began > self.patience else min(pause * 2, LONGEST_PAUSE)
                stop.wait(pause)

    def _hear(self, handle: Handle, stop: Stop) -> None:
        with closing(Admin(self.broker)) as admin:
            lives = partial(admin.topic_ids, self.topics)
            known = self._await_topics(lives, stop)
            if stop.is_set():
                return
            with consumer_client(self.broker, self.group, self.topics, self.options) as client:
                rounds = _Rounds(client, handle, stop, self.failpoint)
                watch = _Watch(client, known, lives, self.watch_every, self.patience)
                while not stop.is_set():
                    watch.look(heard=rounds.one())

    def _await_topics(self, lives: Lives, stop: Stop) -> Mapping[str, str]:
        """Until who tells has created them: a subscription to a missing topic hears nothing until metadata ages."""
        while len(known := lives()) < len(self.topics) and not stop.wait(TOPICS_SECONDS):
            pass
        return known


@dataclass
class _Rounds:
    """Poll, handle, commit. A record that must come again takes its partition back to where it stands."""

    client: Any
    handle: Handle
    stop: Stop
    failpoint: Failpoint
    pause: float = 0.1

    def one(self) -> bool:
        """One round; True when something was heard."""
        polled = self.client.poll(timeout_ms=500)
        deadline = time.monotonic() + ROUND_SECONDS
        refused = [place for place, records in polled.items() if not self._partition(place, records, deadline)]
        if refused:
            self.stop.wait(self.pause)
        self.pause = min(self.pause * 2, LONGEST_PAUSE) if refused else 0.1
        return bool(polled)

    def _partition(self, place: Any, records: Sequence[Any], deadline: float) -> bool:
        done = records[0].offset
        taken = True
        for record in records:
            if self.stop.is_set() or time.monotonic() > deadline:
                break
            position = f"{place.topic}/{place.partition}/{record.offset}"
            taken = self.handle(record.key, record.value, list(record.headers or ()), position)
            if not taken:
                break
            done = record.offset + 1
        if done <= records[-1].offset:
            with suppress(ValueError):  # taken away meanwhile: its next member starts from the committed offset
                self.client.seek(place, done)
        if done > records[0].offset:
            self.failpoint.reach("consumer.after_effect")
            self._commit(place, done)
        return taken

    def _commit(self, place: Any, offset: int) -> None:
        try:
            commit(self.client, place, offset)
        except KafkaError as error:
            # Taken away by a rebalance, or the broker is gone: it comes again, which does no harm.
            log.info("offset not committed", topic=place.topic, partition=place.partition, error=repr(error))


class _Watch:
    """Looks now and then whether the consumer still hears."""

    def __init__(self, client: Any, known: Mapping[str, str], lives: Lives, every: float, patience: float) -> None:
        """`known`: the ids of the topics before the client was made."""
        self._client = client
        self._known = known
        self._lives = lives
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
        found = self._lives()
        if gone := self._known.keys() - found.keys():
            raise Stalled(f"topics are gone: {sorted(gone)}")
        if anew := {topic for topic, life in found.items() if self._known[topic] != life}:
            self._begin_anew(anew)
        self._known = found
        with suppress(KafkaError):  # taken away meanwhile
            self._measure()
        if now > self._heard_at + self._patience and (behind := self._behind()):
            raise Stalled(f"nothing heard for {self._patience} s, but there is more in {behind}")

    def _begin_anew(self, topics: Collection[str]) -> None:
        log.warning("topics were made anew, hearing them from their beginning", topics=sorted(topics))
        if places := [place for place in self._client.assignment() if place.topic in topics]:
            self._client.seek_to_beginning(*places)

    def _measure(self) -> None:
        """Without a question to the broker: what it said with the last records.

        A client that does not know its places yet is not waited for either: it finds them out by being polled.
        """
        lag = dict.fromkeys(self._known, 0)
        for place in self._client.assignment():
            end = self._client.highwater(place)
            if end is not None:
                lag[place.topic] += end - (self._client.position(place, timeout_ms=0) or 0)
        for topic, records in lag.items():
            metrics.gauge("kadence_consumer_lag_records", records, topic=topic)
        metrics.gauge("kadence_consumer_looked_timestamp_seconds", system_clock().timestamp())

    def _behind(self) -> list[str]:
        places = self._client.assignment()
        ends = self._client.end_offsets(places, timeout_ms=5000) if places else {}
        at = {place: self._client.position(place, timeout_ms=0) or 0 for place in ends}
        return [f"{place.topic}/{place.partition}" for place, end in ends.items() if end > at[place]]
