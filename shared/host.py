"""The platform's side of a process, put together once from its settings: database, sealing, telling, units, door.

Nothing here connects at import, and each process makes its own (clients do not survive a fork).
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from flask import Blueprint, Flask

from shared import contracts, logs, mongo, tracing
from shared.auth import AccessKeys
from shared.clock import Clock, SimulatedClock, system_clock
from shared.consumer import Consumer
from shared.cursors import Cursors
from shared.failpoints import Failpoint
from shared.hearing import Handlers, Hearing
from shared.idempotency import Answers
from shared.inbox import Inbox
from shared.jobs import Job, Ticker
from shared.kafka import Broker
from shared.operator import Operator, operator_routes
from shared.outbox import Outbox
from shared.relay import Relay
from shared.routes import Door, Route
from shared.sealed import Sealer
from shared.settings import PlatformSettings, SettingsFault
from shared.telling import Teller, Types
from shared.unit_of_work import EVERY_CLINIC, Unit
from shared.units import Units
from shared.upkeep import upkeep_jobs
from shared.web import Check, create_app
from shared.worker import Loop, run_worker

S = TypeVar("S", bound=PlatformSettings)
U = TypeVar("U")


@dataclass(frozen=True)
class Service(Generic[U]):
    """A service's tables: what it tells, what it hears, what it keeps. `make` dresses a technical unit in its stores.

    `tells` names the collections whose documents carry events.
    """

    name: str
    about: str
    routes: Sequence[Route]
    types: Types
    handlers: Handlers
    tells: Sequence[str]
    indexes: Sequence[mongo.Index]
    make: Callable[[Unit, Sealer], U]


class Host(Generic[S, U]):
    """What every process of a service stands on."""

    def __init__(self, service: Service[U], settings: S) -> None:
        logs.configure(service.name, settings.log_level)
        tracing.start(service.name)
        self.service = service
        self.settings = settings
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
        routes = (*self.service.routes, *operator_routes(Operator(self.inbox, self.outbox)))
        checks = {"mongo": partial(mongo.ping, self.database)}
        return create_app(self.service.name, self.service.about, routes, door, checks=checks, pages=pages)

    def work(self, jobs: Sequence[Job]) -> int:
        """Be a worker: hear, tell, do the jobs; the process's exit status."""
        settings, name = self.settings, self.service.name
        ticker = Ticker([*jobs, *upkeep_jobs(self.inbox, self.outbox, self.clock)])
        own_topic = topic_of(settings.namespace, contracts.told_by(name).name)
        relay = Relay(self.database, self.service.tells, self.broker(), own_topic, failpoint=self.failpoint)
        loops: dict[str, Loop] = {"relay": relay.run, "jobs": ticker.run}
        if topics := sorted(topic_of(settings.namespace, topic) for topic in contracts.heard_by(name)):
            consumer = Consumer(self.broker(), f"{settings.namespace}.{name}", topics, failpoint=self.failpoint)
            loops["hearing"] = partial(consumer.run, self.inbox.hear)
        checks: dict[str, Check] = {"mongo": partial(mongo.ping, self.database), "jobs": ticker.check}
        return run_worker(loops, checks, bind=settings.bind, port=settings.health_port)

    def broker(self) -> Broker:
        """Where Kafka is, and how this installation makes topics."""
        settings = self.settings
        return Broker(
            settings.kafka_bootstrap,
            partitions=settings.kafka_partitions,
            replication=settings.kafka_replication,
            options=_kafka_security(settings),
        )

    def create_indexes(self) -> list[str]:
        """Indexes of the platform and the service, and the platform's own data key."""
        created = mongo.create_indexes(self.database, (*mongo.PLATFORM_INDEXES, *self.service.indexes))
        self.sealer.create_key(EVERY_CLINIC)
        return created


def clock_of(settings: PlatformSettings) -> Clock:
    """The clock that the settings choose."""
    return SimulatedClock(Path(settings.clock_path)) if settings.clock == "simulated" else system_clock


def master_key(text: str) -> bytes:
    """The master key from its base64 form. Raises `SettingsFault`."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise SettingsFault("KADENCE_KEY: not base64; make one with `head -c 96 /dev/urandom | base64 -w0`") from error


def topic_of(namespace: str, contract_name: str) -> str:
    """The topic of this installation: contracts name them `kadence.…`, a namespace of its own replaces that."""
    return f"{namespace}.{contract_name.partition('.')[2]}"


def _kafka_security(settings: PlatformSettings) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if settings.kafka_user:
        options |= {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password,
        }
    if settings.kafka_ca:
        options["ssl_cafile"] = settings.kafka_ca
    transport = "SSL" if settings.kafka_ca else "PLAINTEXT"
    options["security_protocol"] = f"SASL_{transport}" if settings.kafka_user else transport
    return options
