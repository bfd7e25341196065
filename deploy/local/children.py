"""The child processes of a platform, by name: started, watched, killed and started again."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from deploy.local.faults import LocalFault
from deploy.local.processes import Process
from deploy.local.waiting import wait_until

Tell = Callable[[str, str], None]
# A child that keeps dying is started less and less often, up to once in so many seconds.
_LONGEST_PAUSE = 5.0
_FIRST_PAUSE = 0.1
_GOOD_LIFE = 10.0


@dataclass
class Child:
    """`wanted`: it ought to run; only then the supervisor starts it again."""

    process: Process
    is_ready: Callable[[], bool]
    wanted: bool = False
    started_at: float = 0.0
    pause: float = _FIRST_PAUSE

    def start(self) -> None:
        self.wanted = True
        self.started_at = time.monotonic()
        self.process.start()

    def is_due_again(self) -> bool:
        """True when it died and may be started again now."""
        died = self.wanted and not self.process.alive
        return died and time.monotonic() >= self.started_at + self.pause

    def start_again(self) -> None:
        lived_well = time.monotonic() - self.started_at > _GOOD_LIFE
        self.pause = _FIRST_PAUSE if lived_well else min(self.pause * 2, _LONGEST_PAUSE)
        self.start()


@dataclass
class Children:
    """All of them; may be used from several threads. `tell(name, state)` hears what happens to each."""

    tell: Tell
    _all: dict[str, Child] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _supervisor: threading.Thread | None = None
    _no_more: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._all))

    def __getitem__(self, name: str) -> Process:
        return self._child(name).process

    def start(self, name: str, process: Process, is_ready: Callable[[], bool]) -> None:
        """Start a new child and return at once."""
        with self._lock:
            if name in self._all:
                raise LocalFault(f"{name} is there already", "add a copy, which gets a name of its own")
            self._all[name] = child = Child(process, is_ready)
            child.start()
        self.tell(name, "started")

    def wait_ready(self, name: str, within: float) -> None:
        """Return when it answers; LocalFault when it takes too long, or dies and nobody would start it again."""
        child = self._child(name)
        if self._supervisor is None:
            child.process.wait_ready(child.is_ready, within)
        elif not wait_until(lambda: child.process.alive and child.is_ready(), within):
            raise child.process.fault(f"{name} was not ready within {within:g} s")
        self.tell(name, "ready")

    def kill(self, name: str) -> None:
        """Kill -9, as an accident: a supervisor starts it again."""
        self._child(name).process.kill()
        self.tell(name, "killed")

    def halt(self, name: str) -> None:
        """SIGTERM and wait for the end; it stays down until `restart`."""
        with self._lock:
            child = self._child(name)
            child.wanted = False
            child.process.stop()
        self.tell(name, "stopped")

    def restart(self, name: str, env: Mapping[str, str] | None) -> None:
        """Stop it if it runs and start it, with another environment if one is given; return at once."""
        with self._lock:
            child = self._child(name)
            child.process.stop()
            if env is not None:
                child.process.env = env
            child.start()
        self.tell(name, "started")

    def supervise(self) -> None:
        """From now on, start again what dies."""
        if self._supervisor is None:
            self._no_more.clear()
            self._supervisor = threading.Thread(target=self._watch, name="supervisor", daemon=True)
            self._supervisor.start()

    def stop_all(self) -> None:
        """End them all, the unwilling ones by force; forget them. Harmless when there are none."""
        self._no_more.set()
        if self._supervisor is not None:
            self._supervisor.join()
            self._supervisor = None
        with self._lock:
            for child in self._all.values():
                child.process.ask_to_stop()
            for child in self._all.values():
                child.process.stop()
            self._all.clear()

    def _watch(self) -> None:
        while not self._no_more.wait(0.1):
            for name, child in list(self._all.items()):
                self._start_again_if_due(name, child)

    def _start_again_if_due(self, name: str, child: Child) -> None:
        with self._lock:
            due = child.is_due_again()
            if due:
                code = child.process.exit_code
                child.start_again()
        if due:
            self.tell(name, f"ended with status {code}, started again")

    def _child(self, name: str) -> Child:
        try:
            return self._all[name]
        except KeyError:
            raise LocalFault(f"there is no {name}", f"one of: {', '.join(self)}") from None
