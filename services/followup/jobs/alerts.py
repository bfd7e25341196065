"""The clock of alerts: pages the next one of each that nobody has taken on in time.

A claim only keeps others from trying the same at once; what makes each step happen once is the alert's own version.
"""

from functools import partial
from typing import Any, Final

import structlog

from services.followup.operations.alerts import PageNext, page_next
from services.followup.store.alert import COLLECTION, to_page
from shared.errors import TransientFailure
from shared.host import Host
from shared.ids import new_id
from shared.jobs import run_batch
from shared.leases import RELEASE, claim_batch, held_by
from shared.unit_of_work import Cause, Document

LEASE_SECONDS: Final = 20.0
"""Far shorter than the least time between two steps."""
log = structlog.get_logger()


def escalate_alerts(host: Host[Any, Any]) -> int:
    """Page a batch; how many went well."""
    due = claim_batch(host.database[COLLECTION], to_page(host.clock()), order_by="next_step_at", seconds=LEASE_SECONDS)
    return run_batch(due, partial(_page, host), job="escalate-alerts")


def _page(host: Host[Any, Any], row: Document) -> None:
    cause = Cause(correlation_id=new_id(), causation_id="job/escalate-alerts", traceparent="")
    try:
        host.units.run(row["clinic_id"], cause, page_next, PageNext(row["_id"]))
    except TransientFailure as failure:
        # Its claim runs out, and it is tried again.
        log.warning("an alert has to wait", id=row["_id"], error=str(failure))
        return
    host.database[COLLECTION].update_one(held_by(row), RELEASE)
