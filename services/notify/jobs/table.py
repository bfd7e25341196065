"""Notify's due work."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from services.notify.domain.message import Channel, Kind, Status
from services.notify.jobs.ask_back import ask_back
from services.notify.jobs.expire import expire_overdue
from services.notify.jobs.measure_paused import measure_paused
from services.notify.jobs.send_due import send_due
from services.notify.operations.pages import EscalatePage, escalate_page
from services.notify.operations.ports import Provider
from services.notify.settings import Settings
from services.notify.store.page import COLLECTION as PAGES
from services.notify.store.page import due as to_escalate
from services.notify.store.unit_of_work import MongoUnitOfWork
from shared.process.due import DueWork
from shared.process.host import Host
from shared.process.jobs import Job
from shared.telemetry import metrics

PACE: Final = 0.2
"""Seconds between two looks at most, so that a confirmation goes out within a second of the booking."""
ENDS: Final = frozenset(Status) - {Status.QUEUED, Status.SENDING}
"""Where messages stand that reached an end."""
# Its lease is shorter than the least time that somebody is given to answer.
ESCALATE: Final = DueWork(
    "escalate-pages", PAGES, to_escalate, "next_at", escalate_page, EscalatePage, lease_seconds=20
)


def jobs(host: Host[Settings, MongoUnitOfWork], providers: Mapping[Channel, Provider]) -> tuple[Job, ...]:
    """What a worker looks for. What becomes of messages by it is shown as counted from now on."""
    metrics.begin_at_zero("kadence_messages_total", kind=Kind, channel=Channel, outcome=ENDS)
    every = min(host.settings.tick_seconds, PACE)
    return (
        Job("send-sms", every, partial(send_due, host, providers, Channel.SMS)),
        Job("send-email", every, partial(send_due, host, providers, Channel.EMAIL)),
        Job("send-desk", host.settings.tick_seconds, partial(send_due, host, providers, Channel.DESK)),
        Job("expire-messages", host.settings.tick_seconds, partial(expire_overdue, host)),
        Job("measure-paused", 10.0, partial(measure_paused, host)),
        Job("ask-back", host.settings.tick_seconds, partial(ask_back, host, providers)),
        ESCALATE.job(host),
    )
