"""MongoDB and Kafka as containers, for machines with a container engine (KADENCE_TEST_SERVERS=containers | auto).

Official images will do, and those of `make images`: nothing of them is used but the programs and where they stand. Each
server listens on the same port inside its container and outside, so that the address it tells its clients is right on
both sides.
"""

import contextlib
from collections.abc import Callable

import docker
import docker.errors
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from deploy.local.faults import LocalFault
from deploy.local.kafka import SMALL, cluster_id, properties_of
from deploy.local.kafka_wire import knows_a_broker
from deploy.local.mongo import REPLICA_SET, is_writable, options
from deploy.local.ports import HOST, free_port, require_free
from deploy.local.waiting import wait_until

MONGO_IMAGE = "mongo:8.0"
KAFKA_IMAGE = "apache/kafka:4.1.0"
_WITHIN = 120.0
_KAFKA_DATA = "/var/lib/kafka/data"
_START_KAFKA = f"""\
set -ef
echo "$PROPERTIES" > /tmp/server.properties
[ -e {_KAFKA_DATA}/logs ] || $JAVA kafka.tools.StorageTool format -t "$CLUSTER_ID" -c /tmp/server.properties
exec $JAVA kafka.Kafka /tmp/server.properties
"""


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
    """A replica set of one. Not started yet."""
    port = port or free_port()
    container = _container(MONGO_IMAGE, port, "exec mongod --bind_ip_all " + " ".join(options(port)))
    address = f"mongodb://{HOST}:{port}/?replicaSet={REPLICA_SET}"
    return ContainerServer("mongo", container, address=address, port=port, is_ready=lambda: is_writable(port))


def container_kafka(port: int | None = None) -> ContainerServer:
    """One node that is broker and controller. Not started yet."""
    port = port or free_port()
    properties = properties_of(port, free_port(), f"{_KAFKA_DATA}/logs", bind="0.0.0.0")  # noqa: S104 - in there
    container = _container(KAFKA_IMAGE, port, _START_KAFKA).with_envs(
        PROPERTIES=properties, CLUSTER_ID=cluster_id(), JAVA=f"java {' '.join(SMALL)} -cp /opt/kafka/libs/*"
    )
    address = f"{HOST}:{port}"
    return ContainerServer("kafka", container, address=address, port=port, is_ready=lambda: knows_a_broker(port))


def _container(image: str, port: int, script: str) -> DockerContainer:
    # The helper that removes what a killed run left comes as an image as well, which may not be had.
    testcontainers_config.ryuk_disabled = bool(_missing(testcontainers_config.ryuk_image))
    container = DockerContainer(image).with_kwargs(entrypoint=["sh", "-c"]).with_command([script])
    return container.with_bind_ports(port, port)


def what_hinders() -> str:
    """Why containers cannot be used here, in one clause; empty when they can. Gets the images if they are missing."""
    return _missing(MONGO_IMAGE) or _missing(KAFKA_IMAGE)


def _missing(image: str) -> str:
    try:
        engine = docker.from_env()
    except docker.errors.DockerException:
        return "no container engine answers"
    with contextlib.closing(engine):
        return "" if _have(engine, image) else f"the image {image} is not here and cannot be got"


def _have(engine: docker.DockerClient, image: str) -> bool:
    with contextlib.suppress(docker.errors.ImageNotFound):
        return bool(engine.images.get(image))
    with contextlib.suppress(docker.errors.DockerException):
        return bool(engine.images.pull(image))
    return False
