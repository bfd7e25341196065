"""Tells the broker what the aggregates have told, in order, at least once, and again when the broker forgot it.

MongoDB is the truth and Kafka only the way there: an event counts as told once the broker has it, and the relay
remembers how far each partition reached. A topic that has become another one, or shorter, has forgotten something.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError

from shared.clock import system_clock
from shared.envelope import to_wire
from shared.errors import TransientFailure
from shared.failpoints import Failpoint
from shared.messaging.kafka import Admin, Broker, Identity, Producer
from shared.messaging.outbox import Outbox
from shared.persistence.leases import Lease
from shared.persistence.unit_of_work import Document, as_envelope
from shared.stop import Stop
from shared.telemetry import metrics

log = structlog.get_logger()
PAGE: Final = 500
FOLLOWER_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.5
LONGEST_PAUSE: Final = 5.0
RETENTION: Final = timedelta(days=7)
"""How long a topic keeps what it was told, and so how far who hears may be behind."""


class Relay:
    """The relay of one service: one leader tells, its followers wait for the lease.

    `retention` is the topic's own; `check_every`: seconds between looks whether the broker still knows everything.
    """

    def __init__(
        self,
        database: Database[Document],
        collections: Sequence[str],
        broker: Broker,
        topic: str,
        *,
        failpoint: Failpoint | None = None,
        retention: timedelta = RETENTION,
        check_every: float = 5.0,
        delivery_timeout: float = 10.0,
        lease_seconds: float = 10.0,
    ) -> None:
        self._outbox = Outbox(database, collections)
        self._topic = topic
        self._producer = Producer(broker, delivery_timeout=delivery_timeout)
        self._memory = Memory(
            database, self._outbox, Admin(broker), topic, retention=retention, check_every=check_every
        )
        self._lease = Lease(database["leases"], "relay", seconds=lease_seconds)
        self._wake = Wake(database, collections)
        self._failpoint = failpoint or Failpoint()
        self._fence: int | None = None
        self._after = ""

    def run(self, stop: Stop) -> None:
        """Tell until asked to stop; then another relay may take over at once."""
        pause = 0.1
        with self._wake:
            while not stop.is_set():
                try:
                    self._turn(stop)
                    pause = 0.1
                except (TransientFailure, PyMongoError) as error:
                    log.warning("relay has to wait", topic=self._topic, error=str(error))
                    self._memory.doubt()
                    stop.wait(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
        self._close()

    def _turn(self, stop: Stop) -> None:
        fence = self._lease.hold()
        if fence is None:
            stop.wait(FOLLOWER_SECONDS)
            return
        if fence != self._fence:
            log.info("relay leads", topic=self._topic, fence=fence)
            self._fence = fence
            self._memory.doubt()
        self._memory.check()
        self._outbox.collect()
        if not self._tell_page():
            self._wake.wait(POLL_SECONDS)

    def _tell_page(self) -> bool:
        """Tell one page; True when there may be more."""
        began = self._after
        page = self._outbox.page(began, PAGE)
        self._after = page[-1]["aggregate"] if len(page) == PAGE else ""
        if page:
            self._tell(page)
        return len(page) == PAGE or began != ""

    def _tell(self, page: Sequence[Document]) -> None:
        published = self._producer.publish(self._topic, [to_wire(as_envelope(event)) for event in page])
        self._failpoint.reach("relay.after_send")
        told = [event for number, event in enumerate(page) if number not in published.refused]
        self._memory.reached(published.ends)  # before the mark: what is marked is remembered
        self._outbox.mark_sent(told)
        for event in told:
            metrics.count("kadence_events_told_total", type=event["type"])
        if published.refused:
            refused = [page[number] for number in sorted(published.refused)]
            self._outbox.mark_refused(refused)
            log.error("events too large to be told", ids=[event["_id"] for event in refused])

    def _close(self) -> None:
        self._producer.close()
        self._memory.close()
        with suppress(PyMongoError):
            self._lease.release()


class Memory:
    """What the relay remembers of the broker (collection `relay_state`), and what it does when the broker forgot."""

    def __init__(
        self,
        database: Database[Document],
        outbox: Outbox,
        admin: Admin,
        topic: str,
        *,
        retention: timedelta,
        check_every: float,
    ) -> None:
        self._states = database["relay_state"]
        self._outbox = outbox
        self._admin = admin
        self._topic = topic
        self._retention = retention
        self._every = check_every
        self._ends: Mapping[int, int] = {}
        self._check_at = 0.0
        self._calm_until = 0.0
        self._calm = 1.0

    def doubt(self) -> None:
        """Look at the broker before telling anything more."""
        self._check_at = 0.0

    def check(self) -> None:
        """When it is time: compare the broker with what is remembered; let all be told again that it may have lost."""
        now = time.monotonic()
        if now < self._check_at:
            return
        found = self._look()
        known = self._known()
        if known is not None and (lost := forgotten(known, found)):
            if now < self._calm_until:
                self._check_at = self._calm_until
                return
            self._tell_again(lost, now)
        # Last: a relay that dies before this finds the same loss again.
        self._remember(found)
        self._check_at = now + self._every

    def reached(self, ends: Mapping[int, int]) -> None:
        """The broker has acknowledged everything below `ends`."""
        if any(end <= self._ends.get(partition, 0) for partition, end in ends.items()):
            self.doubt()
        self._ends = {**self._ends, **ends}
        self._states.update_one({"_id": self._topic}, {"$max": {f"ends.{place}": end for place, end in ends.items()}})

    def close(self) -> None:
        """Give the connection to the broker back."""
        self._admin.close()

    def _look(self) -> Identity:
        found = self._admin.identity(self._topic)
        if found.topic_id:
            return found
        self._admin.ensure_topics([self._topic])
        return self._admin.identity(self._topic)

    def _tell_again(self, lost: str, now: float) -> None:
        """Each time in a row it waits longer, so that a broker that keeps forgetting is not flooded."""
        count = self._outbox.tell_again({"sent_at": {"$gte": system_clock() - self._retention}})
        metrics.count("kadence_broker_amnesia_total")
        log.error("the broker forgot, telling again", topic=self._topic, lost=lost, events=count)
        self._calm = min(self._calm * 2, 60.0) if now < self._calm_until + 60.0 else 1.0
        self._calm_until = now + self._calm

    def _known(self) -> Identity | None:
        state = self._states.find_one({"_id": self._topic})
        if state is None:
            return None
        ends = {int(partition): end for partition, end in state["ends"].items()}
        return Identity(state["cluster_id"], state["topic_id"], ends)

    def _remember(self, found: Identity) -> None:
        self._ends = found.ends
        state: dict[str, Any] = {
            "cluster_id": found.cluster_id,
            "topic_id": found.topic_id,
            "ends": {str(partition): end for partition, end in found.ends.items()},
        }
        self._states.replace_one({"_id": self._topic}, state, upsert=True)


def forgotten(known: Identity, found: Identity) -> str:
    """What shows that the broker has lost what it was told; empty when nothing does."""
    if found.cluster_id != known.cluster_id:
        return "another cluster"
    if found.topic_id != known.topic_id:
        return "another topic of that name"
    behind = [partition for partition, end in known.ends.items() if found.ends.get(partition, 0) < end]
    return f"partitions {behind} are shorter" if behind else ""


class Wake:
    """Wakes the relay soon after a change. Only a hint: without it the relay looks every half second."""

    def __init__(self, database: Database[Document], collections: Sequence[str]) -> None:
        self._database = database
        self._changes: list[Document] = [
            {"$match": {"ns.coll": {"$in": list(collections)}, "operationType": {"$in": ["insert", "update"]}}},
            {"$project": {"_id": 1}},
        ]
        self._changed = threading.Event()
        self._closing = Stop()
        self._thread = threading.Thread(target=self._watch, name="relay-wake", daemon=True)

    def wait(self, seconds: float) -> None:
        """Until something changed, or the time is over."""
        self._changed.wait(seconds)
        self._changed.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.ask()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closing.is_set():
            try:
                self._follow()
            except PyMongoError as error:
                log.info("change stream ended, looking now and then instead", error=str(error))
                self._closing.wait(FOLLOWER_SECONDS)

    def _follow(self) -> None:
        with self._database.watch(self._changes, max_await_time_ms=500) as stream:
            while stream.alive and not self._closing.is_set():
                if stream.try_next() is not None:
                    self._changed.set()
