"""The platform's side of a process, put together once from its settings: database, sealing, telling, units, door.

Nothing here connects at import, and each process makes its own (clients do not survive a fork).
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from flask import Blueprint, Flask

from shared import contracts, logs, mongo, tracing
from shared.auth import AccessKeys
from shared.clock import Clock, SimulatedClock, system_clock
from shared.cursors import Cursors
from shared.failpoints import Failpoint
from shared.hearing import Handlers, Hearing
from shared.idempotency import Answers
from shared.inbox import Inbox
from shared.jobs import Job, Ticker
from shared.kafka import Broker, Consumer
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
from shared.worker import run_worker

S = TypeVar("S", bound=PlatformSettings)
U = TypeVar("U")


class Host(Generic[S, U]):
    """What every process of a service stands on. `make` dresses a technical unit in the service's stores."""

    def __init__(self, service: str, settings: S, types: Types, make: Callable[[Unit, Sealer], U]) -> None:
        logs.configure(service, settings.log_level)
        tracing.start(service)
        self.service = service
        self.settings = settings
        self.clock = clock_of(settings)
        self.client = mongo.connect(settings.mongo_url)
        self.database = mongo.database(self.client, settings.namespace, service)
        self.sealer = Sealer(self.database, master_key(settings.key))
        self.units = Units[U](
            self.database,
            source=service,
            clock=self.clock,
            tell=Teller(types, self.sealer),
            make=lambda unit: make(unit, self.sealer),
        )

    def app(self, about: str, routes: Iterable[Route], pages: Iterable[Blueprint] = ()) -> Flask:
        """The web application of this service."""
        door = Door(
            self.units,
            keys=AccessKeys(self.database, self.settings.platform_key),
            answers=Answers(self.database, self.sealer),
            cursors=Cursors(self.settings.key),
            clock=self.clock,
        )
        checks = {"mongo": partial(mongo.ping, self.database)}
        return create_app(self.service, about, routes, door, checks=checks, pages=pages)

    def work(self, handlers: Handlers, tells: Sequence[str], jobs: Sequence[Job]) -> int:
        """Be a worker: hear what `handlers` handle, tell what the aggregates in `tells` have to tell, do the jobs."""
        settings, broker = self.settings, self.broker()
        failpoint = Failpoint(settings.failpoint)
        inbox = self.inbox(handlers)
        topics = sorted(topic_of(settings.namespace, name) for name in contracts.heard_by(self.service))
        consumer = Consumer(broker, f"{settings.namespace}.{self.service}", topics, failpoint=failpoint)
        own_topic = topic_of(settings.namespace, contracts.told_by(self.service).name)
        relay = Relay(self.database, tells, broker, own_topic, failpoint=failpoint)
        ticker = Ticker([*jobs, *upkeep_jobs(inbox, Outbox(self.database, tells), self.clock)])
        loops = {"relay": relay.run, "jobs": ticker.run}
        if topics:
            loops["hearing"] = lambda stop: consumer.run(inbox.hear, stop)
        checks: dict[str, Check] = {"mongo": partial(mongo.ping, self.database), "jobs": ticker.check}
        return run_worker(loops, checks, bind=settings.bind, port=settings.health_port)

    def inbox(self, handlers: Handlers) -> Inbox:
        """Applies what this service hears."""
        return Inbox(
            self.database, apply=Hearing(self.units, handlers), handled=handlers, validate=contracts.check_heard
        )

    def broker(self) -> Broker:
        """Where Kafka is, and how this installation makes topics."""
        settings = self.settings
        return Broker(
            settings.kafka_bootstrap,
            partitions=settings.kafka_partitions,
            replication=settings.kafka_replication,
            options=_kafka_security(settings),
        )

    def create_indexes(self, indexes: Iterable[mongo.Index]) -> list[str]:
        """Indexes of the platform and the service, and the platform's own data key."""
        created = mongo.create_indexes(self.database, (*mongo.PLATFORM_INDEXES, *indexes))
        self.sealer.create_key(EVERY_CLINIC)
        return created


def clock_of(settings: PlatformSettings) -> Clock:
    """The clock that the settings choose."""
    return SimulatedClock(Path(settings.clock_file)) if settings.clock == "simulated" else system_clock


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
