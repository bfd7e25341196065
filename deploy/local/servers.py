"""Which MongoDB and which Kafka: the caller's environment decides, and what is installed.

KADENCE_MONGO_URL, KADENCE_KAFKA_BOOTSTRAP   a running server to use as it is
KADENCE_TEST_SERVERS                         local (default) | containers | auto
KADENCE_LOCAL_KAFKA                          apache | tansu; by default Apache Kafka where Java and Maven are
"""

from collections.abc import Callable
from pathlib import Path

from deploy.local.environment import chosen
from deploy.local.faults import LocalFault
from deploy.local.kafka import java_is_here, local_kafka
from deploy.local.local_server import OutsideServer, Server
from deploy.local.mongo import local_mongo
from deploy.local.tansu import local_tansu

Say = Callable[[str], None]


def mongo(folder: Path, port: int | None = None, *, say: Say = print) -> Server:
    """The MongoDB to use, not started yet. `folder` gets its data, `port` is any free one unless given."""
    url = chosen("KADENCE_MONGO_URL")
    if url:
        return OutsideServer("mongo", url, "KADENCE_MONGO_URL")
    if _in_containers(say):
        from deploy.local.containers import container_mongo  # noqa: PLC0415 - needs what only developers install

        return container_mongo(port)
    return local_mongo(folder / "mongo", port)


def kafka(folder: Path, port: int | None = None, *, kind: str = "", say: Say = print) -> Server:
    """The Kafka to use, not started yet; `kind` (apache or tansu) decides instead of the environment."""
    bootstrap = chosen("KADENCE_KAFKA_BOOTSTRAP")
    if bootstrap and not kind:
        return OutsideServer("kafka", bootstrap, "KADENCE_KAFKA_BOOTSTRAP")
    if not kind and _in_containers(say):
        from deploy.local.containers import container_kafka  # noqa: PLC0415

        return container_kafka(port)
    if _kafka_kind(kind or chosen("KADENCE_LOCAL_KAFKA"), say) == "tansu":
        return local_tansu(folder / "tansu", port)
    return local_kafka(folder / "kafka", port, say)


def _kafka_kind(kind: str, say: Say) -> str:
    if kind not in ("", "apache", "tansu"):
        raise LocalFault(f"KADENCE_LOCAL_KAFKA is {kind!r}", "set it to apache or to tansu, or leave it out")
    if kind == "" and not java_is_here():
        say("Java 17 or Maven is missing here: tansu takes Kafka's place; it keeps everything in memory only.")
        return "tansu"
    return kind


def _in_containers(say: Say) -> bool:
    choice = chosen("KADENCE_TEST_SERVERS", "local")
    if choice not in ("local", "containers", "auto"):
        raise LocalFault(f"KADENCE_TEST_SERVERS is {choice!r}", "set it to local, containers or auto")
    if choice == "local":
        return False
    from deploy.local.containers import what_hinders  # noqa: PLC0415

    hindered = what_hinders()
    if hindered and choice == "containers":
        raise LocalFault(
            hindered, "start a container engine that can get the images, or use KADENCE_TEST_SERVERS=local"
        )
    if hindered:
        say(f"Local servers instead of containers: {hindered}.")
    return not hindered
