"""Places where a fault test lets the process die, so that the few bad instants can be hit on purpose.

`relay.after_send:kill` dies at the first pass, `relay.after_send:kill:3` at the third. Settings refuse it in
production.
"""

import os
import signal
from typing import Final

POINTS: Final = frozenset({"relay.after_send", "consumer.after_effect", "unit.in_transaction"})


class Failpoint:
    """At most one armed point per process; the empty text arms none."""

    def __init__(self, spec: str = "") -> None:
        self._name, self._left = _parse(spec)

    def reach(self, name: str) -> None:
        """Pass the point `name`: nothing happens, or the process is gone as with kill -9."""
        if name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _parse(spec: str) -> tuple[str, int]:
    if not spec:
        return "", 0
    name, action, *count = spec.split(":")
    if name not in POINTS or action != "kill" or len(count) > 1:
        raise ValueError(f"{spec!r} is no fail point; write <point>:kill or <point>:kill:<n>, points: {sorted(POINTS)}")
    return name, int(count[0]) if count else 1
