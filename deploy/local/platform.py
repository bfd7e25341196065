"""The whole platform on this machine: servers, three services, mail catcher and gateway, as child processes."""

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy import SERVICES
from deploy.local import servers as choice
from deploy.local.children import Children, Tell
from deploy.local.installation import PARTS, REPOSITORY, Clock, Installation, Ports, plain_environment, service_command
from deploy.local.key_files import master_key_file, platform_key_file
from deploy.local.local_server import Server
from deploy.local.ports import accepts, answers_ok, free_port, require_free
from deploy.local.processes import Process

_READY_WITHIN = 60.0
_INDEXES_WITHIN = 60.0
_NOTHING: Mapping[str, str] = {}


class Platform:
    """Start it, use it at `url`, kill parts of it by name, stop it; nothing outlives the `with` block or this process.

    Parts are called `booking.web`, `notify.worker`, `gateway`, `mail`; further copies `booking.worker#2`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        namespace: str = "kadence",
        ports: Ports | None = None,
        clock: Clock = "simulated",
        tick_seconds: float = 0.2,
        servers: tuple[Server, Server] | None = None,
        extra: Mapping[str, Mapping[str, str]] | None = None,
        tell: Tell = lambda _name, _state: None,
    ) -> None:
        """
        :param folder: keeps data, secrets, mail and logs; a second start on it finds everything again
        :param ports: fixed or free ones; free by default
        :param tick_seconds: how often due work is looked for; shorter than in production, where weeks take weeks
        :param servers: a running MongoDB and Kafka, which are then left running at the end
        :param extra: environment variables for single parts, by their name
        :param tell: called with a part's name and what happens to it, from several threads
        """
        folder = folder.resolve()
        ports = ports or Ports.free()
        say = partial(tell, "servers")
        self._own_servers = servers is None
        self.mongo, self.kafka = servers or (
            choice.mongo(folder, ports.mongo, say=say),
            choice.kafka(folder, ports.kafka, say=say),
        )
        self.installation = Installation(
            folder=folder,
            namespace=namespace,
            clock=clock,
            ports=ports,
            mongo_url=self.mongo.address,
            kafka_bootstrap=self.kafka.address,
            key_file=master_key_file(folder / "secrets"),
            platform_key_file=platform_key_file(folder / "secrets"),
            tick_seconds=tick_seconds,
        )
        self._extra = dict(extra or {})
        self._port_of: dict[str, int] = dict(ports.parts)
        self._tell = tell
        self._children = Children(tell)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The gateway's address, without a slash at the end."""
        return self.installation.public_url

    @property
    def platform_key(self) -> str:
        """The key by which clinics are added."""
        return self.installation.platform_key_file.read_text()

    @property
    def names(self) -> list[str]:
        """The parts started so far."""
        return list(self._children)

    def start(self) -> None:
        """Start everything and return when all of it answers. Raises LocalFault, and then leaves nothing running."""
        try:
            self._start_servers()
            self.make_indexes()
            self._start_mail()
            for name in PARTS:
                self._start_part(name)
            self._start_gateway()
            for name in self.names:
                self.wait_ready(name)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything that was started here, in order; harmless when nothing runs."""
        self._children.stop_all()
        if self._own_servers:
            self.kafka.stop()
            self.mongo.stop()
        self._tell("platform", "stopped")

    def make_indexes(self) -> None:
        """Run `indexes` of each service, as an operator would before an update."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._make_indexes_of, SERVICES))

    def add(self, part: str, extra: Mapping[str, str] = _NOTHING) -> str:
        """Start one more copy of a service's part, wait until it answers, return its name, as `booking.worker#2`."""
        name = next(name for number in itertools.count(2) if (name := f"{part}#{number}") not in self._port_of)
        self._port_of[name] = free_port()
        self._extra[name] = extra
        self._start_part(name)
        self.wait_ready(name)
        return name

    def kill(self, name: str) -> None:
        """Kill -9. Stays dead unless the supervisor runs."""
        self._children.kill(name)

    def halt(self, name: str) -> None:
        """SIGTERM, and wait for the end. Stays down until `restart`, supervisor or not."""
        self._children.halt(name)

    def freeze(self, name: str) -> None:
        """SIGSTOP: alive, holding its connections and leases, doing nothing."""
        self.process(name).freeze()

    def thaw(self, name: str) -> None:
        """Go on after `freeze`."""
        self.process(name).thaw()

    def restart(self, name: str, extra: Mapping[str, str] | None = None, *, wait: bool = True) -> None:
        """Stop it if it runs and start it again; `extra` replaces its extra environment from now on."""
        if extra is not None:
            self._extra[name] = extra
        self._children.restart(name, self._environment(name))
        if wait:
            self.wait_ready(name)

    def wait_ready(self, name: str, within: float = _READY_WITHIN) -> None:
        """Return when the part answers; LocalFault with its last log lines when it does not."""
        self._children.wait_ready(name, within)

    def process(self, name: str) -> Process:
        """The child process of a part: its pid, log and exit code."""
        return self._children[name]

    def port(self, name: str) -> int:
        """Where a service's part listens: HTTP for web, health and metrics for worker."""
        return self._port_of[name]

    def supervise(self) -> None:
        """From now on, start again what dies, until `stop`. Restarts keep the extra environment."""
        self._children.supervise()

    def _start_servers(self) -> None:
        if self._own_servers:
            with ThreadPoolExecutor() as pool:
                list(pool.map(self._start_server, (self.mongo, self.kafka)))

    def _start_server(self, server: Server) -> None:
        self._tell(server.name, "starting")
        server.start()
        self._tell(server.name, "ready")

    def _make_indexes_of(self, service: str) -> None:
        name = f"{service}.indexes"
        env = self._environment(f"{service}.web")
        making = Process(name, service_command(service, "indexes"), log=self._log(name), env=env, cwd=REPOSITORY)
        making.run_to_end(_INDEXES_WITHIN)
        self._tell(name, "done")

    def _start_part(self, name: str) -> None:
        service, role = name.partition("#")[0].split(".")
        port = self._port_of[name]
        self._start_child(name, service_command(service, role), port, partial(answers_ok, port, "/readyz"))

    def _start_mail(self) -> None:
        port = self.installation.ports.mail
        self._start_child("mail", self.installation.mail_command(), port, partial(accepts, port))

    def _start_gateway(self) -> None:
        port = self.installation.ports.gateway
        self._start_child("gateway", self.installation.gateway_command(), port, partial(answers_ok, port, "/"))

    def _start_child(self, name: str, command: list[str], port: int, is_ready: "partial[bool]") -> None:
        require_free(port, name)
        process = Process(name, command, log=self._log(name), env=self._environment(name), cwd=REPOSITORY)
        self._children.start(name, process, is_ready)

    def _environment(self, name: str) -> dict[str, str]:
        extra = self._extra.get(name, _NOTHING)
        if name not in self._port_of:
            return {**plain_environment(), **extra}
        part = name.partition("#")[0]
        return {**self.installation.service_environment(part, self._port_of[name]), **extra}

    def _log(self, name: str) -> Path:
        return self.installation.folder / "logs" / f"{name}.log"
