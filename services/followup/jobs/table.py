"""Followup's due work."""

from typing import Any

from services.followup.jobs.alerts import escalate_alerts
from services.followup.jobs.check_ins import close_expired, open_due
from shared.host import Host
from shared.jobs import Job


def jobs(host: Host[Any, Any]) -> tuple[Job, ...]:
    """What is looked for at each tick."""
    every = host.settings.tick_seconds
    return (
        Job("open-check-ins", every, lambda: open_due(host)),
        Job("close-check-ins", every, lambda: close_expired(host)),
        Job("escalate-alerts", every, lambda: escalate_alerts(host)),
    )
