"""Apache Kafka itself on this machine: one node that is broker and controller (KRaft), run by Java."""

import base64
import re
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from deploy.local.faults import LocalFault
from deploy.local.kafka_jars import kafka_jars
from deploy.local.kafka_wire import knows_a_broker
from deploy.local.local_server import LocalServer
from deploy.local.ports import HOST, free_port
from deploy.local.processes import Process

OLDEST_JAVA = 17
SMALL = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC")
"""A small heap and one collector thread: it shares two cores with everything else here."""
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{bind}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
# One node: it is every replica there is.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
auto.create.topics.enable=false
# Tests want a group to form at once and a killed member to be noticed soon.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# After a kill -9 the controller takes the broker back only when its old session is over: 3 s instead of 9.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


def java_is_here() -> bool:
    """True when Java 17 or later and Maven are installed."""
    return _java_version() >= OLDEST_JAVA and shutil.which("mvn") is not None


def local_kafka(folder: Path, port: int | None = None, say: Callable[[str], None] = print) -> LocalServer:
    """A broker that keeps its data in `folder`; any free port unless one is given. Not started yet.

    Raises LocalFault when Java or Maven is missing or the download fails.
    """
    if not java_is_here():
        raise LocalFault("Apache Kafka needs Java 17 and Maven", "apt-get install openjdk-17-jre-headless maven")
    port = port or free_port()
    java = ("java", "-cp", f"{kafka_jars(say)}/*", "-Dlog4j2.level=INFO")
    properties = folder / "server.properties"
    process = Process(
        "kafka", _command(java, properties), log=folder / "kafka.log", trouble=" (ERROR|FATAL) |Exception"
    )
    return LocalServer(
        process,
        address=f"{HOST}:{port}",
        port=port,
        prepare=lambda: _prepare(java, properties, port),
        is_ready=lambda: knows_a_broker(port),
        within=90.0,
    )


def properties_of(port: int, controller_port: int, logs: str, bind: str = HOST) -> str:
    """The settings of a node that clients on this machine reach at `port`."""
    return _PROPERTIES.format(host=HOST, bind=bind, port=port, controller_port=controller_port, logs=logs)


def _command(java: tuple[str, ...], properties: Path) -> list[str]:
    return [*java, *SMALL, "kafka.Kafka", str(properties)]


def _prepare(java: tuple[str, ...], properties: Path, port: int) -> None:
    logs = properties.parent / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    properties.write_text(properties_of(port, free_port(), str(logs)), encoding="utf-8")
    formatted = properties.with_name("formatted")
    if not formatted.exists():
        # Nothing was ever written to a folder that was not formatted to the end.
        shutil.rmtree(logs)
        _format(java, properties)
        formatted.touch()


def _format(java: tuple[str, ...], properties: Path) -> None:
    command = [*java, "kafka.tools.StorageTool", "format", "-t", cluster_id(), "-c", str(properties)]
    Process("kafka's format tool", command, log=properties.with_name("format.log")).run_to_end(60)


def cluster_id() -> str:
    """A random UUID the way Kafka writes it; never with a leading dash, which its tools would read as an option."""
    name = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    return name if not name.startswith("-") else cluster_id()


def _java_version() -> int:
    java = shutil.which("java")
    if java is None:
        return 0
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(version.group(1)) if version else 0
