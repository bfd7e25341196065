"""MongoDB and Kafka as containers, for machines with a container engine (KADENCE_TEST_SERVERS=containers | auto).

Never run by the project's own CI, whose machines have no engine. Each server listens on the same port inside its
container and outside, so that the address it tells its clients is right on both sides.
"""

import contextlib
from collections.abc import Callable

import docker
import docker.errors
from testcontainers.core.container import DockerContainer

from deploy.local.faults import LocalFault
from deploy.local.kafka_wire import knows_a_broker
from deploy.local.mongo import REPLICA_SET, is_writable
from deploy.local.ports import HOST, free_port, require_free
from deploy.local.waiting import wait_until

MONGO_IMAGE = "mongo:8"
KAFKA_IMAGE = "apache/kafka:4.1.0"
_WITHIN = 120.0


class ContainerServer:
    """Offers what local_server.Server asks for. `kill` keeps the data for the next start, `stop` removes all."""

    process = None

    def __init__(
        self, name: str, container: DockerContainer, *, address: str, port: int, is_ready: Callable[[], bool]
    ) -> None:
        self.name = name
        self.address = address
        self._container = container
        self._port = port
        self._is_ready = is_ready
        self._exists = False

    def start(self) -> None:
        """Start and wait until it answers; LocalFault when it does not."""
        require_free(self._port, self.name)
        if self._exists:
            self._container.get_wrapped_container().start()
        else:
            self._exists = True
            self._container.start()
        self._wait()

    def stop(self) -> None:
        """Remove the container with its data."""
        if self._exists:
            self._container.stop()
            self._exists = False

    def kill(self) -> None:
        """Kill -9 for the server in the container."""
        self._container.get_wrapped_container().kill()

    def freeze(self) -> None:
        """Alive, holding its connections, answering nothing."""
        self._container.get_wrapped_container().pause()

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._container.get_wrapped_container().unpause()

    def restart(self) -> None:
        """Stop the server in the container and start it again on the same data and port."""
        self._container.get_wrapped_container().restart()
        self._wait()

    def _wait(self) -> None:
        if not wait_until(self._is_ready, _WITHIN):
            said = self._container.get_logs()[0].decode(errors="replace").splitlines()[-8:]
            self.stop()
            raise LocalFault(
                f"{self.name} in a container was not ready within {_WITHIN:g} s", "see its log", "\n".join(said)
            )


def container_mongo(port: int | None = None) -> ContainerServer:
    """A replica set of one from the official image. Not started yet."""
    port = port or free_port()
    mongod = ["mongod", "--replSet", REPLICA_SET, "--bind_ip_all", "--port", str(port)]
    container = DockerContainer(MONGO_IMAGE).with_command(
        [*mongod, "--setParameter", "transactionLifetimeLimitSeconds=5"]
    )
    address = f"mongodb://{HOST}:{port}/?replicaSet={REPLICA_SET}"
    return ContainerServer(
        "mongo", container.with_bind_ports(port, port), address=address, port=port, is_ready=lambda: is_writable(port)
    )


def container_kafka(port: int | None = None) -> ContainerServer:
    """One node that is broker and controller, from the official image. Not started yet."""
    port = port or free_port()
    container = DockerContainer(KAFKA_IMAGE).with_envs(**kafka_settings(port)).with_bind_ports(port, port)
    return ContainerServer(
        "kafka", container, address=f"{HOST}:{port}", port=port, is_ready=lambda: knows_a_broker(port)
    )


def kafka_settings(port: int) -> dict[str, str]:
    """The image's settings for one node that clients outside reach at `port`."""
    return {
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_NODE_ID": "1",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{HOST}:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }


def what_hinders() -> str:
    """Why containers cannot be used here, in one clause; empty when they can. Gets the images if they are missing."""
    try:
        engine = docker.from_env()
    except docker.errors.DockerException:
        return "no container engine answers"
    with contextlib.closing(engine):
        return _missing_image(engine)


def _missing_image(engine: docker.DockerClient) -> str:
    for image in (MONGO_IMAGE, KAFKA_IMAGE):
        try:
            _have(engine, image)
        except docker.errors.DockerException:
            return f"the image {image} is not here and cannot be got"
    return ""


def _have(engine: docker.DockerClient, image: str) -> None:
    try:
        engine.images.get(image)
    except docker.errors.ImageNotFound:
        engine.images.pull(image)
