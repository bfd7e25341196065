"""Shows what piles up while clinics have paused their messages."""

from typing import Any

from services.notify.store.paused import held_up
from shared.process.host import Host
from shared.telemetry import metrics


def measure_paused(host: Host[Any, Any]) -> None:
    """One look."""
    metrics.gauge("kadence_work_items", held_up(host.database, host.clock()), work="messages.paused")
