"""Passes pages on that nobody has taken on in time.

A claim only keeps others from trying the same at once; what makes it happen once is the page's own version.
"""

from functools import partial
from typing import Any, Final

import structlog

from services.notify.operations.pages import EscalatePage, escalate_page
from services.notify.store.page import COLLECTION, due
from shared.errors import TransientFailure
from shared.host import Host
from shared.ids import new_id
from shared.jobs import run_batch
from shared.leases import RELEASE, claim_batch, held_by
from shared.unit_of_work import Cause, Document

LEASE_SECONDS: Final = 20.0
"""Shorter than the least time that somebody is given to answer."""
log = structlog.get_logger()


def escalate_pages(host: Host[Any, Any]) -> int:
    """Do a batch; how many went well."""
    pages = claim_batch(host.database[COLLECTION], due(host.clock()), order_by="next_at", seconds=LEASE_SECONDS)
    return run_batch(pages, partial(_escalate, host), job="escalate-pages")


def _escalate(host: Host[Any, Any], page: Document) -> None:
    cause = Cause(correlation_id=new_id(), causation_id="job/escalate-pages", traceparent="")
    try:
        host.units.run(page["clinic_id"], cause, escalate_page, EscalatePage(page["_id"]))
    except TransientFailure as failure:
        # Its claim runs out, and it is tried again.
        log.warning("a page has to wait", id=page["_id"], error=str(failure))
        return
    host.database[COLLECTION].update_one(held_by(page), RELEASE)
