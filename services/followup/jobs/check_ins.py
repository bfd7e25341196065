"""Check-ins whose time has come: claimed in batches, one operation each.

A claim only keeps others from trying the same at once; what makes it happen once is the check-in's own version.
"""

from collections.abc import Callable
from typing import Any

import structlog

from services.followup.operations.check_in import CloseMissed, OpenCheckIn, close_missed, open_check_in
from services.followup.store.check_in import COLLECTION, expired, to_open
from shared.errors import Refused, TransientFailure
from shared.host import Host
from shared.ids import new_id
from shared.jobs import run_batch
from shared.leases import RELEASE, claim_batch, held_by
from shared.unit_of_work import Cause, Document

log = structlog.get_logger()


def open_due(host: Host[Any, Any]) -> int:
    """Open check-ins that are due; how many were looked at."""
    due = claim_batch(host.database[COLLECTION], to_open(host.clock()), order_by="due_at")
    return run_batch(due, lambda row: _one(host, row, open_check_in, OpenCheckIn), job="open-check-ins")


def close_expired(host: Host[Any, Any]) -> int:
    """Close check-ins that nobody answered in time; how many were looked at."""
    due = claim_batch(host.database[COLLECTION], expired(host.clock()), order_by="expires_at")
    return run_batch(due, lambda row: _one(host, row, close_missed, CloseMissed), job="close-check-ins")


def _one(host: Host[Any, Any], row: Document, operation: Callable[[Any, Any], Any], command: type[Any]) -> None:
    cause = Cause(correlation_id=new_id(), causation_id=f"job/{operation.__name__}", traceparent="")
    try:
        host.units.run(row["clinic_id"], cause, operation, command(row["_id"]))
    except TransientFailure as failure:
        # Its claim runs out, and it is tried again.
        log.warning("check-in has to wait", check_in=row["_id"], error=str(failure))
        return
    except Refused as refusal:
        log.info("check-in is not due any more", check_in=row["_id"], code=refusal.code)
    # The next thing that becomes due of it must not wait until this claim has run out.
    host.database[COLLECTION].update_one(held_by(row), RELEASE)
