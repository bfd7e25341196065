"""Followup's due work."""

from typing import Any, Final

from services.followup.operations.alerts import PageNext, page_next
from services.followup.operations.check_in import CloseMissed, OpenCheckIn, close_missed, open_check_in
from services.followup.store.alert import COLLECTION as ALERTS
from services.followup.store.alert import to_page
from services.followup.store.check_in import COLLECTION as CHECK_INS
from services.followup.store.check_in import expired, to_open
from shared.process.due import DueWork
from shared.process.host import Host
from shared.process.jobs import Job

OPEN: Final = DueWork("open-check-ins", CHECK_INS, to_open, "due_at", open_check_in, OpenCheckIn)
CLOSE: Final = DueWork("close-check-ins", CHECK_INS, expired, "expires_at", close_missed, CloseMissed)
# Its lease is far shorter than the least time between two steps.
ESCALATE: Final = DueWork("escalate-alerts", ALERTS, to_page, "next_step_at", page_next, PageNext, lease_seconds=20)


def jobs(host: Host[Any, Any]) -> tuple[Job, ...]:
    """What is looked for at each tick."""
    return tuple(work.job(host) for work in (OPEN, CLOSE, ESCALATE))
