"""python -m deploy.kafka.prepare kafka:9092,…: a password and the least rights for every service, set at every start.

Who may do what follows from the contracts: a service tells on its own topic and hears those it has handlers for.
"""

import sys
from collections.abc import Iterator
from typing import Final

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from deploy import SERVICES
from deploy.secret_files import secret
from shared import contracts

USERS: Final = (*SERVICES, "restore")
CLUSTER: Final = "kafka-cluster"
"""What Kafka calls every cluster in its rights."""


def main() -> None:
    """Raises KafkaError when the brokers cannot be asked, RuntimeError when they refuse."""
    admin = KafkaAdminClient(
        bootstrap_servers=sys.argv[1].split(","),
        bootstrap_timeout_ms=60000,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username="kafka",
        sasl_plain_password=secret("kafka_password"),
    )
    passwords = [
        UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, secret(f"kafka_{user}_password"))
        for user in USERS
    ]
    refused = [why for why in admin.alter_user_scram_credentials(passwords).values() if why]
    refused += admin.create_acls(rights())["failed"]
    admin.close()
    if refused:
        raise RuntimeError(f"Kafka refused {refused}: see docker-compose logs kafka")


def rights() -> list[ACL]:
    """Every right that anybody has; whatever is not here is refused."""
    restoring = [("restore", ACLOperation.DESCRIBE, ResourceType.TOPIC, topic.name) for topic in contracts.topics()]
    wanted = [*restoring, *(right for service in SERVICES for right in _rights_of(service))]
    return [
        ACL(
            f"User:{user}",
            "*",
            may,
            ACLPermissionType.ALLOW,
            ResourcePattern(kind, name, ACLResourcePatternType.LITERAL),
        )
        for user, may, kind, name in wanted
    ]


def _rights_of(service: str) -> Iterator[tuple[str, ACLOperation, ResourceType, str]]:
    own = contracts.told_by(service).name
    yield service, ACLOperation.DESCRIBE, ResourceType.CLUSTER, CLUSTER
    yield service, ACLOperation.CREATE, ResourceType.TOPIC, own
    yield service, ACLOperation.WRITE, ResourceType.TOPIC, own
    yield service, ACLOperation.READ, ResourceType.GROUP, f"kadence.{service}"
    for heard in contracts.heard_by(service):
        yield service, ACLOperation.READ, ResourceType.TOPIC, heard


if __name__ == "__main__":
    main()
