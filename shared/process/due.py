"""Due work: claimed in batches, one operation for each item.

A claim only keeps others from trying the same at once; what makes it happen once is the aggregate's own version.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from shared.errors import Refused, TransientFailure
from shared.ids import new_id
from shared.persistence.leases import RELEASE, claim_batch, held_by
from shared.persistence.unit_of_work import Cause, Document
from shared.process.host import Host
from shared.process.jobs import Job, run_batch
from shared.telemetry import tracing

log = structlog.get_logger()


@dataclass(frozen=True)
class DueWork:
    """What is due in `collection` (oldest `order_by` first), and the operation whose `command` takes the id of each.

    Who dies in the midst of it keeps the others waiting for `lease_seconds`.
    """

    name: str
    collection: str
    due: Callable[[Any], Document]
    order_by: str
    operation: Callable[[Any, Any], Any]
    command: Callable[[str], Any]
    lease_seconds: float = 60.0

    def job(self, host: Host[Any, Any]) -> Job:
        """Looked for at each tick."""
        return Job(self.name, host.settings.tick_seconds, partial(self.run, host))

    def run(self, host: Host[Any, Any]) -> int:
        """Do a batch; how many went well."""
        collection, due = host.database[self.collection], self.due(host.clock())
        rows = claim_batch(collection, due, order_by=self.order_by, seconds=self.lease_seconds)
        return run_batch(rows, lambda row: self._one(host, row), job=self.name)

    def _one(self, host: Host[Any, Any], row: Document) -> None:
        try:
            with tracing.span(f"do {self.name}"):
                cause = Cause(new_id(), f"job/{self.name}", tracing.traceparent())
                host.units.run(row["clinic_id"], cause, self.operation, self.command(row["_id"]))
        except TransientFailure as failure:
            # Its claim runs out, and it is tried again.
            log.warning("due work has to wait", job=self.name, id=row["_id"], error=str(failure))
            return
        except Refused as refusal:
            log.info("it is not due any more", job=self.name, id=row["_id"], code=refusal.code)
        # The next thing that becomes due of it must not wait until this claim has run out.
        host.database[self.collection].update_one(held_by(row), RELEASE)
