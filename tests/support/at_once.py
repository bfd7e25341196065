"""Several things at one moment, in threads."""

import threading
from collections.abc import Callable
from typing import Any, Final

PATIENCE_SECONDS: Final = 60.0


def at_once(*work: Callable[[], object]) -> list[Any]:
    """What each returned or raised, all started together. Fails when one of them hangs."""
    gate = threading.Barrier(len(work))
    outcomes: list[Any] = [None] * len(work)

    def begin(place: int) -> None:
        gate.wait()
        try:
            outcomes[place] = work[place]()
        except Exception as error:  # noqa: BLE001 -- what was raised is what the test looks at
            outcomes[place] = error

    threads = [threading.Thread(target=begin, args=[place], daemon=True) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    hung = sum(thread.is_alive() for thread in threads)
    assert not hung, f"{hung} of {len(threads)} have not ended after {PATIENCE_SECONDS:.0f} s"
    return outcomes
