"""Sends what is due: claims a batch and delivers each message of it."""

import time
from collections.abc import Mapping
from functools import partial
from itertools import takewhile
from typing import Any, Final

from services.notify.domain.message import Channel
from services.notify.jobs.deliver import deliver
from services.notify.operations.ports import Provider
from services.notify.store.message import COLLECTION, claim_of, due_by
from shared.host import Host
from shared.jobs import run_batch
from shared.leases import claim_batch
from shared.unit_of_work import Cause

BATCH: Final = 50
"""Messages that one tick takes at most: after an outage the backlog goes out in steps, the most urgent first."""
BATCH_SECONDS: Final = 10.0
"""After this time a tick begins no further call; what it claimed and did not begin falls free with its lease."""
LEASE_SECONDS: Final = 60.0
"""Longer than a batch and the slowest call together."""


def send_due(host: Host[Any, Any], providers: Mapping[Channel, Provider], channel: Channel) -> None:
    """One tick for one channel, so that a slow provider keeps no other channel waiting."""
    due = {**due_by(host.clock()), "channel": channel.value}
    claimed = claim_batch(host.database[COLLECTION], due, order_by="expires_at", limit=BATCH, seconds=LEASE_SECONDS)
    deadline = time.monotonic() + BATCH_SECONDS
    in_time = takewhile(lambda _: time.monotonic() < deadline, claimed)
    run_batch(in_time, partial(_deliver, host, providers), job=f"send-{channel}")


def _deliver(host: Host[Any, Any], providers: Mapping[Channel, Provider], document: dict[str, Any]) -> None:
    cause = Cause(correlation_id=document["_id"], causation_id="job/send", traceparent="")
    deliver(partial(host.units.run, document["clinic_id"], cause), providers, claim_of(document))
