"""Asking a process to end: signals only set an event, the loops look at it and close their clients themselves."""

import signal
import threading
from types import FrameType


class Stop:
    """Set once, never cleared. Every loop of a process waits on the same one."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    @classmethod
    def on_signals(cls) -> "Stop":
        """A stop that SIGTERM and SIGINT set. Only the main thread may call this."""
        stop = cls()
        signal.signal(signal.SIGTERM, stop._hear)
        signal.signal(signal.SIGINT, stop._hear)
        return stop

    def ask(self) -> None:
        """Ask all loops to end."""
        self._asked.set()

    def is_set(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Pause; True, at once, when asked to stop."""
        return self._asked.wait(seconds)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        # Nothing is closed here: kafka-python and pymongo deadlock when a handler interrupts them and closes them.
        self._asked.set()
