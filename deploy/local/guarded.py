"""Starts programs so that none of them can outlive this Python process (Linux)."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_HERE = Path(__file__).parent
# Isolated and without site-packages: a start costs 10 ms instead of 50.
_PYTHON = (sys.executable, "-I", "-S")


class _Undertaker:
    """The running undertaker.py, and our end of the pipe that it reads."""

    def __init__(self) -> None:
        theirs, self.line = os.pipe()
        self._program = subprocess.Popen(
            [*_PYTHON, str(_HERE / "undertaker.py")],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs)

    @property
    def alive(self) -> bool:
        return self._program.poll() is None

    def tell(self, sign: str, group: int) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed it: the next start makes a new one
            os.write(self.line, f"{sign}{group}\n".encode())

    def dismiss(self) -> None:
        os.close(self.line)
        self._program.wait()


class Guard:
    """One undertaker for all programs of this process; it exists only while some of them do. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._undertaker: _Undertaker | None = None

    def start(
        self, command: Sequence[str], *, log: IO[bytes], env: Mapping[str, str] | None, cwd: Path | None
    ) -> "subprocess.Popen[bytes]":
        """Start `command` as the leader of a session and process group of its own, its output going to `log`."""
        with self._lock:
            line = self._living_undertaker().line
            program = subprocess.Popen(
                [*_PYTHON, str(_HERE / "leash.py"), str(line), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=env,
                cwd=cwd,
                start_new_session=True,
                pass_fds=(line,),
            )
            self._groups.add(program.pid)
        return program

    def release(self, group: int) -> None:
        """Forget a group that is gone; with the last one the undertaker goes."""
        with self._lock:
            self._groups.discard(group)
            if self._undertaker is not None:
                self._undertaker.tell("-", group)
                if not self._groups:
                    self._undertaker.dismiss()
                    self._undertaker = None

    def _living_undertaker(self) -> _Undertaker:
        if self._undertaker is None or not self._undertaker.alive:
            self._undertaker = _Undertaker()
            for group in self._groups:
                self._undertaker.tell("+", group)
        return self._undertaker


GUARD = Guard()
