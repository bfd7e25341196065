"""Notify's due work: one row for each channel."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from services.notify.domain.message import Channel
from services.notify.jobs.send_due import send_due
from services.notify.operations.ports import Provider
from services.notify.settings import Settings
from services.notify.store.unit_of_work import MongoUnitOfWork
from shared.host import Host
from shared.jobs import Job

PACE: Final = 0.2
"""Seconds between two looks at most, so that a confirmation goes out within a second of the booking."""


def jobs(host: Host[Settings, MongoUnitOfWork], providers: Mapping[Channel, Provider]) -> tuple[Job, ...]:
    """What a worker looks for."""
    every = min(host.settings.tick_seconds, PACE)
    return (
        Job("send-sms", every, partial(send_due, host, providers, Channel.SMS)),
        Job("send-email", every, partial(send_due, host, providers, Channel.EMAIL)),
    )
