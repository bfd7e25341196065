"""Timed work that every service has: try held events again, show how it stands, erase patients, forget what is old."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from pymongo.database import Database

from shared.clock import Clock, system_clock
from shared.errors import TransientFailure
from shared.messaging.inbox import Inbox
from shared.messaging.outbox import Outbox
from shared.messaging.topics import ServiceTopics
from shared.persistence.counting import Count, count_all, oldest_all
from shared.persistence.mongo import unreachable_members
from shared.personal_data.records import PatientRecords
from shared.process.jobs import Job, run_batch
from shared.telemetry import metrics

log = structlog.get_logger()


@dataclass(frozen=True)
class Gauges:
    """Show how far a service is behind: in telling, in hearing, in its due work."""

    database: Database[dict[str, Any]]
    inbox: Inbox
    outbox: Outbox
    counts: Sequence[Count]
    clock: Clock

    def measure(self) -> None:
        """Look, and set them. Every copy of a worker does, so that one of them always shows how it stands."""
        lag = self.outbox.lag()
        held, poison = self.inbox.drawer.counts()
        metrics.gauge("kadence_outbox_events", lag.count)
        metrics.gauge("kadence_outbox_oldest_seconds", max(0.0, lag.age(system_clock()).total_seconds()))
        metrics.gauge("kadence_held_events", held)
        metrics.gauge("kadence_poison_records", poison)
        metrics.gauge("kadence_mongo_members_unreachable", len(unreachable_members(self.database)))
        self._measure_work()

    def _measure_work(self) -> None:
        now = self.clock()
        for name, many in count_all(self.database, self.counts, now).items():
            metrics.gauge("kadence_work_items", many, work=name)
        for name, since in oldest_all(self.database, self.counts, now).items():
            metrics.gauge("kadence_work_oldest_seconds", (now - since).total_seconds(), work=name)


def upkeep_jobs(
    inbox: Inbox,
    gauges: Gauges,
    topics: ServiceTopics,
    records: PatientRecords,
    *,
    forget: Callable[[datetime], object],
    clock: Clock,
) -> tuple[Job, ...]:
    """The platform's rows of a service's table of jobs. `forget` deletes what is too old at an instant."""
    return (
        Job("replay-held", 2.0, inbox.replay_due),
        Job("measure-backlog", 5.0, gauges.measure),
        Job("measure-topics", 60.0, lambda: measure_topics(topics)),
        Job("erase-patients", 5.0, lambda: erase_due(records, clock())),
        Job("forget-old", 3600.0, lambda: forget(clock())),
    )


def measure_topics(topics: ServiceTopics) -> None:
    """Show how many partitions of a service's topics lack a copy that is up to date.

    While the broker is silent nobody knows: the gauge stays at what was seen last, and this is no failure of the job;
    what cannot be told meanwhile has a gauge of its own.
    """
    try:
        layouts = topics.layouts()
    except TransientFailure as error:
        log.warning("copies of topics are not known", error=str(error))
        return
    behind = sum(layout.underreplicated for layout in layouts.values())
    metrics.gauge("kadence_kafka_partitions_underreplicated", behind)


def erase_due(records: PatientRecords, now: datetime) -> int:
    """Erase whom it is time to look at; how many went well. Who cannot be erased keeps nobody else waiting."""
    return run_batch(records.due(now), lambda row: records.look_at(row, now), job="erase-patients")
