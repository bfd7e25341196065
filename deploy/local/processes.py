"""One child process: start, wait until it is ready, stop, kill, freeze. It never outlives this Python process."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from deploy.local.faults import LocalFault
from deploy.local.guarded import GUARD
from deploy.local.waiting import wait_until

_TAIL_BYTES = 64_000
_LONGEST_LINE = 500
_STANDS_STILL_WITHIN = 5.0


class Process:
    """A program in a process group of its own, with its output in a log file; can be started again after its end.

    Every signal but SIGTERM goes to the whole group, so that a web server's workers are killed and frozen with it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        trouble: str = "",
    ) -> None:
        """`trouble`: a pattern of the log lines that tell why it failed, where the very last ones do not."""
        self.name = name
        self.command = tuple(command)
        self.log = log
        self.env = env
        self._cwd = cwd
        self._trouble = re.compile(trouble)
        self._popen: subprocess.Popen[bytes] | None = None
        self._log_starts_at = 0

    @property
    def pid(self) -> int:
        """The process id, which is also the group's; raises RuntimeError before the first start."""
        if self._popen is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """True while the leader of the group runs or is frozen."""
        return self._popen is not None and self.exit_code is None

    @property
    def exit_code(self) -> int | None:
        """The exit status (negative: the signal that ended it), None while it runs or was never started."""
        return None if self._popen is None else _exit_code(self._popen)

    def start(self) -> None:
        """Start it; the log is appended to. Raises LocalFault when the program is not on this machine."""
        if self.alive:
            raise RuntimeError(f"{self.name} is running already")
        if shutil.which(self.command[0]) is None:
            raise LocalFault(f"{self.name}: {self.command[0]} is not a program on this machine", "install it")
        self.kill()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._log_starts_at = output.tell()
            self._popen = GUARD.start(self.command, log=output, env=self.env, cwd=self._cwd)

    def wait_ready(self, is_ready: Callable[[], bool], within: float) -> None:
        """Return when `is_ready()`; raise LocalFault with the last log lines when it ends first or takes too long."""
        if not wait_until(lambda: not self.alive or is_ready(), within):
            raise self.fault(f"{self.name} was not ready within {within:g} s")
        if not self.alive:
            raise self.fault(f"{self.name} ended with status {self.exit_code} before it was ready")

    def run_to_end(self, within: float) -> None:
        """Start it and wait for a good end; LocalFault when it fails or takes too long. Leaves nothing running."""
        self.start()
        try:
            ended = wait_until(lambda: not self.alive, within)
        finally:
            self.kill()
        if not ended:
            raise self.fault(f"{self.name} did not end within {within:g} s")
        if self.exit_code:
            raise self.fault(f"{self.name} failed with status {self.exit_code}")

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the leader (thawing the group first) and return at once."""
        if self.alive:
            os.kill(self.pid, signal.SIGTERM)
            self.thaw()

    def stop(self, grace: float = 20.0) -> int | None:
        """SIGTERM, and SIGKILL for what is left of the group after `grace` seconds. Returns the exit status."""
        self.ask_to_stop()
        wait_until(lambda: not self.alive, grace, every=0.02)
        self.kill()
        return self.exit_code

    def kill(self) -> None:
        """Kill -9 for all that is left of the group; returns when the leader is gone. Harmless without one."""
        popen = self._popen  # another thread may start the next one meanwhile
        if popen is None or popen.returncode is not None:
            return
        _signal_group(popen, signal.SIGKILL)
        popen.wait()
        GUARD.release(popen.pid)

    def freeze(self) -> None:
        """SIGSTOP: alive, holding its connections, answering nothing; returns when it stands still."""
        _signal_group(self._popen, signal.SIGSTOP)
        wait_until(lambda: psutil.Process(self.pid).status() == psutil.STATUS_STOPPED, _STANDS_STILL_WITHIN)

    def thaw(self) -> None:
        """SIGCONT: go on after `freeze`."""
        _signal_group(self._popen, signal.SIGCONT)

    def last_lines(self, count: int = 8) -> str:
        """The end of what the program said since its last start, or of what tells trouble in it."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as said:
            end = said.seek(0, os.SEEK_END)
            said.seek(max(self._log_starts_at, end - _TAIL_BYTES))
            lines = said.read().decode(errors="replace").splitlines()
        telling = [line for line in lines if self._trouble.search(line)]
        return "\n".join(line[:_LONGEST_LINE] for line in (telling or lines)[-count:])

    def fault(self, message: str) -> LocalFault:
        """A LocalFault about this program, with the end of its log."""
        return LocalFault(message, f"see {self.log}", self.last_lines())


def _exit_code(popen: "subprocess.Popen[bytes]") -> int | None:
    """Looks without reaping: as long as the dead leader is there, nobody else can get its group's number."""
    if popen.returncode is not None:
        return popen.returncode
    try:
        end = os.waitid(os.P_PID, popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # another thread has reaped it this instant
        return popen.returncode
    if end is None:
        return None
    return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status


def _signal_group(popen: "subprocess.Popen[bytes] | None", number: signal.Signals) -> None:
    if popen is not None and popen.returncode is None:
        os.killpg(popen.pid, number)
