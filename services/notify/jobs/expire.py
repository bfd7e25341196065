"""Lets go of what is of no use any more, so that an outage's backlog does not stand before what still is."""

from typing import Any, Final

from services.notify.domain.message import Status
from services.notify.store.message import COLLECTION
from services.notify.store.overdue import let_go
from shared.process.host import Host
from shared.telemetry import metrics

OVERDUE: Final = 1000
"""Messages that one tick lets go at most; nothing goes out, so there is no burst to be afraid of."""


def expire_overdue(host: Host[Any, Any]) -> int:
    """One tick; how many it let go."""
    gone = let_go(host.database[COLLECTION], host.clock(), limit=OVERDUE)
    for (kind, channel), many in gone.items():
        metrics.count("kadence_messages_total", many, kind=kind, channel=channel, outcome=Status.EXPIRED)
    return sum(gone.values())
