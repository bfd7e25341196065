"""The platform's side of a process, put together once from its settings: database, sealing, telling, units, door.

Nothing here connects at import, and each process makes its own (clients do not survive a fork).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from flask import Blueprint, Flask

from shared import contracts
from shared.clock import clock_of
from shared.failpoints import Failpoint
from shared.http.auth import AccessKeys
from shared.http.cursors import Cursors
from shared.http.routes import Door, Route
from shared.http.web import Check, create_app
from shared.messaging.consumer import Consumer
from shared.messaging.hearing import Handlers, Hearing
from shared.messaging.inbox import Inbox
from shared.messaging.outbox import Outbox
from shared.messaging.relay import Relay
from shared.messaging.telling import Teller, Types
from shared.messaging.topics import topics_of
from shared.persistence import mongo, schema
from shared.persistence.counting import Count
from shared.persistence.idempotency import Answers
from shared.persistence.retention import PLATFORM_FORGOTTEN, Retention, forget_old
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import EVERY_CLINIC, Unit
from shared.persistence.units import Units
from shared.personal_data.records import Kept, PatientRecords
from shared.process.doctor import Doctor, Examined
from shared.process.jobs import Job, Ticker
from shared.process.operator import Operator
from shared.process.operator_routes import operator_routes
from shared.process.retelling import Retelling, retelling_routes
from shared.process.upkeep import Gauges, upkeep_jobs
from shared.process.waiting import Waiting
from shared.process.worker import Loop, run_worker
from shared.settings import PlatformSettings, master_key
from shared.telemetry import logs, tracing

S = TypeVar("S", bound=PlatformSettings)
U = TypeVar("U")


@dataclass(frozen=True)
class Service(Generic[U]):
    """A service's tables: what it tells, what it hears, what it keeps. `make` dresses a technical unit in its stores.

    `tells` names the collections whose documents carry events, `counts` what is shown of its backlog, `keeps` where
    patients are in it, `forgets` what has an end, `steps` how it became what it is.
    """

    name: str
    about: str
    routes: Sequence[Route]
    types: Types
    handlers: Handlers
    tells: Sequence[str]
    indexes: Sequence[mongo.Index]
    steps: Sequence[schema.Step]
    counts: Sequence[Count]
    keeps: Sequence[Kept]
    forgets: Sequence[Retention]
    make: Callable[[Unit, Sealer], U]


class Host(Generic[S, U]):
    """What every process of a service stands on."""

    def __init__(self, service: Service[U], settings: S) -> None:
        logs.configure(service.name, settings.log_level)
        tracing.start(service.name, settings.otlp_endpoint)
        self.service = service
        self.settings = settings
        self.topics = topics_of(service.name, settings)
        self.clock = clock_of(settings)
        self.failpoint = Failpoint(settings.failpoint)
        self.database = mongo.database(mongo.connect(settings.mongo_url), settings.namespace, service.name)
        self.sealer = Sealer(self.database, master_key(settings.key))
        self.units = Units[U](
            self.database,
            source=service.name,
            clock=self.clock,
            tell=Teller(service.types, self.sealer),
            make=lambda unit: service.make(unit, self.sealer),
            failpoint=self.failpoint,
        )
        self.outbox = Outbox(self.database, service.tells)
        self.records = PatientRecords(self.database, self.sealer, service.keeps)
        self.inbox = Inbox(
            self.database,
            apply=Hearing(self.units, service.handlers),
            handled=service.handlers,
            validate=contracts.check_heard,
        )

    def app(self, pages: Iterable[Blueprint] = ()) -> Flask:
        """The web application of this service."""
        door = Door(
            self.units,
            keys=AccessKeys(self.database, self.settings.platform_key),
            answers=Answers(self.database, self.sealer),
            cursors=Cursors(self.settings.key),
            clock=self.clock,
        )
        routes = (*self.service.routes, *operator_routes(self._operator()), *retelling_routes(self._retelling()))
        checks = {"mongo": partial(mongo.ping, self.database)}
        return create_app(self.service.name, self.service.about, routes, door, checks=checks, pages=pages)

    def work(self, jobs: Sequence[Job]) -> int:
        """Be a worker: hear, tell, do the jobs; the process's exit status."""
        settings = self.settings
        gauges = Gauges(self.database, self.inbox, self.outbox, self.service.counts, self.clock)
        forget = partial(forget_old, self.database, (*PLATFORM_FORGOTTEN, *self.service.forgets))
        topics = self.topics
        ticker = Ticker(
            [*jobs, *upkeep_jobs(self.inbox, gauges, topics, self.records, forget=forget, clock=self.clock)]
        )
        relay = Relay(self.database, self.service.tells, topics.broker, topics.tells, failpoint=self.failpoint)
        loops: dict[str, Loop] = {"relay": relay.run, "jobs": ticker.run}
        if topics.hears:
            consumer = Consumer(topics.broker, topics.group, topics.hears, failpoint=self.failpoint)
            loops["hearing"] = partial(consumer.run, self.inbox.hear)
        checks: dict[str, Check] = {"mongo": partial(mongo.ping, self.database), "jobs": ticker.check}
        return run_worker(loops, checks, bind=settings.bind, port=settings.health_port)

    def create_indexes(self) -> None:
        """Steps that are still to be run, missing indexes, the platform's own data key; takes as long as it takes.

        Raises `WrongSchema`, and what the database raises.
        """
        with mongo.connect(self.settings.mongo_url, may_take_long=True) as client:
            database = mongo.database(client, self.settings.namespace, self.service.name, may_take_long=True)
            schema.bring_up(database, self.service.steps)
            mongo.create_indexes(database, self._indexes())
        self.sealer.create_key(EVERY_CLINIC)

    def _indexes(self) -> Sequence[mongo.Index]:
        return (*mongo.PLATFORM_INDEXES, *self.service.indexes)

    def _operator(self) -> Operator:
        examined = Examined(self.database, self._indexes(), self.sealer, self.outbox, self.inbox)
        return Operator(
            self.inbox,
            self.outbox,
            doctor=Doctor(self.service.name, examined, self.topics),
            waiting=Waiting(self.database, self.service.counts, self.clock),
            following=self.topics.following,
        )

    def _retelling(self) -> Retelling:
        heard = contracts.heard_by(self.service.name)
        sources = {topic.told_by for topic in contracts.topics() if topic.name in heard}
        return Retelling(self.outbox, self.inbox, sources, contracts.check_heard)
