"""A server (database, broker) that tests and the platform can start, kill, freeze and start again on the same data."""

from collections.abc import Callable
from typing import Protocol

from deploy.local.faults import LocalFault
from deploy.local.ports import require_free
from deploy.local.processes import Process


class Server(Protocol):
    """What every server offers, wherever it runs."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str:
        """What clients connect to: a MongoDB URL or Kafka's host:port."""
        ...

    @property
    def process(self) -> Process | None:
        """Its process, when it is a child of this one."""
        ...

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...
    def restart(self) -> None: ...


class LocalServer:
    """A server as a child process on a port of this machine; data and port stay the same over its restarts."""

    def __init__(
        self,
        process: Process,
        *,
        address: str,
        port: int,
        is_ready: Callable[[], bool],
        prepare: Callable[[], None] = lambda: None,
        within: float = 60.0,
    ) -> None:
        """`prepare` runs before every start, `is_ready` until it says so, for at most `within` seconds."""
        self.process = process
        self.address = address
        self.port = port
        self._is_ready = is_ready
        self._prepare = prepare
        self._within = within

    @property
    def name(self) -> str:
        return self.process.name

    def start(self) -> None:
        """Start and wait until it answers. Raises LocalFault, and then leaves nothing running."""
        require_free(self.port, self.name)
        self._prepare()
        self.process.start()
        try:
            self.process.wait_ready(self._is_ready, self._within)
        except BaseException:
            self.process.kill()
            raise

    def stop(self) -> None:
        """An orderly end."""
        self.process.stop()

    def kill(self) -> None:
        """Kill -9: what a power cut leaves."""
        self.process.kill()

    def freeze(self) -> None:
        """Alive, holding its connections, answering nothing."""
        self.process.freeze()

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self.process.thaw()

    def restart(self) -> None:
        """Start again on the same data and port, after stopping it if it runs."""
        self.stop()
        self.start()


class OutsideServer:
    """A server that somebody else runs; it is used as it is, and nobody here may stop it."""

    process = None

    def __init__(self, name: str, address: str, variable: str) -> None:
        self.name = name
        self.address = address
        self._variable = variable

    def start(self) -> None:
        """Nothing to do: it runs."""

    def stop(self) -> None:
        """Nothing to do: it is not ours."""

    def kill(self) -> None:
        raise self._not_ours()

    def freeze(self) -> None:
        raise self._not_ours()

    def thaw(self) -> None:
        raise self._not_ours()

    def restart(self) -> None:
        raise self._not_ours()

    def _not_ours(self) -> LocalFault:
        return LocalFault(
            f"{self.name} at {self.address} was not started here and is left alone",
            f"unset {self._variable}, so that one is started",
        )
