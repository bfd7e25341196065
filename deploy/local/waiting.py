"""Wait for a condition, never for a fixed time."""

import threading
import time
from collections.abc import Callable

_NEVER_SET = threading.Event()


def wait_until(condition: Callable[[], bool], within: float, every: float = 0.05) -> bool:
    """True as soon as `condition` holds, False when it did not within so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        _NEVER_SET.wait(every)
    return True
