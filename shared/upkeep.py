"""Timed work that every service has: try held events again, show how far telling and hearing are behind, forget."""

from datetime import timedelta
from typing import Final

from shared import metrics
from shared.clock import Clock, system_clock
from shared.inbox import Inbox
from shared.jobs import Job
from shared.outbox import Outbox

EVENTS_KEPT: Final = timedelta(days=90)
"""How long an event can be told again; far longer than a topic's retention."""


def upkeep_jobs(inbox: Inbox, outbox: Outbox, clock: Clock) -> tuple[Job, ...]:
    """The platform's rows of a service's table of jobs."""
    return (
        Job("replay-held", 2.0, inbox.replay_due),
        Job("measure-backlog", 5.0, lambda: _measure(inbox, outbox)),
        Job("forget-events", 3600.0, lambda: outbox.forget_sent_before(clock() - EVENTS_KEPT)),
    )


def _measure(inbox: Inbox, outbox: Outbox) -> None:
    lag = outbox.lag()
    held, poison = inbox.drawer.counts()
    metrics.gauge("kadence_outbox_events", lag.count)
    metrics.gauge("kadence_outbox_oldest_seconds", max(0.0, lag.age(system_clock()).total_seconds()))
    metrics.gauge("kadence_held_events", held)
    metrics.gauge("kadence_poison_records", poison)
