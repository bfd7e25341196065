"""Over what a service speaks with others, as its settings say: the broker, the topic it tells on, those it hears."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from shared import contracts
from shared.messaging.kafka import Admin, Broker, Following, Layout
from shared.settings import PlatformSettings

T = TypeVar("T")


@dataclass(frozen=True)
class ServiceTopics:
    """The broker, the topic that a service tells on, the group it is and the topics it hears."""

    broker: Broker
    tells: str
    group: str
    hears: Sequence[str]

    def following(self) -> Following:
        """How far this service's group is behind. Raises `TransientFailure`."""
        return self.ask(lambda admin: admin.following(self.group, self.hears))

    def layouts(self) -> Mapping[str, Layout]:
        """How those of the topics were made, and how they stand, that exist. Raises `TransientFailure`."""
        return self.ask(lambda admin: admin.layouts((self.tells, *self.hears)))

    def ask(self, question: Callable[[Admin], T]) -> T:
        """One question to the broker, with a client of its own. Raises `TransientFailure`."""
        admin = Admin(self.broker)
        try:
            return question(admin)
        finally:
            admin.close()


def topics_of(service: str, settings: PlatformSettings) -> ServiceTopics:
    """What a service tells on and hears by its contracts, in this installation."""
    namespace = settings.namespace
    return ServiceTopics(
        broker_of(settings),
        tells=topic_of(namespace, contracts.told_by(service).name),
        group=f"{namespace}.{service}",
        hears=sorted(topic_of(namespace, topic) for topic in contracts.heard_by(service)),
    )


def topic_of(namespace: str, contract_name: str) -> str:
    """The topic of this installation: contracts name them `kadence.…`, a namespace of its own replaces that."""
    return f"{namespace}.{contract_name.partition('.')[2]}"


def broker_of(settings: PlatformSettings) -> Broker:
    """Where the settings say that Kafka is, and how this installation makes topics."""
    return Broker(
        settings.kafka_bootstrap,
        partitions=settings.kafka_partitions,
        replication=settings.kafka_replication,
        options=_security(settings),
    )


def _security(settings: PlatformSettings) -> dict[str, Any]:
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
