"""Sends what is due: claims a batch and delivers each message of it."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from services.notify.domain.message import Channel
from services.notify.jobs.deliver import deliver
from services.notify.operations.ports import Gate, Provider
from services.notify.store.message import COLLECTION, claim_of, due_by
from shared.persistence.leases import RELEASE, claim_batch, held_by
from shared.persistence.unit_of_work import Cause, Document
from shared.process.host import Host
from shared.process.jobs import run_batch

BATCH: Final = 50
"""Messages that one tick takes at most: after an outage the backlog goes out in steps, the soonest visit first."""
PER_CLINIC: Final = 10
"""Messages of one clinic that one tick takes at most, so that none sends in bursts or keeps the others waiting."""
BATCH_SECONDS: Final = 10.0
"""After this time a tick begins no further call, and gives back what it claimed: the most urgent go first next time."""
LEASE_SECONDS: Final = 60.0
"""Longer than a batch and the slowest call together."""
FIRST: Final = "needed_at"
"""What decides who goes first: the time of the visit."""


def send_due(host: Host[Any, Any], providers: Mapping[Channel, Provider], channel: Channel) -> None:
    """One tick for one channel, so that a slow provider keeps no other channel waiting."""
    gate = _gate(providers.get(channel))
    due = due_by(host.clock(), channel)
    if gate and (closed := gate.closed()):
        due["clinic_id"] = {"$nin": sorted(closed)}
    claimed = claim_batch(
        host.database[COLLECTION],
        due,
        order_by=FIRST,
        limit=BATCH,
        per_clinic=PER_CLINIC,
        seconds=LEASE_SECONDS,
    )
    deadline = time.monotonic() + BATCH_SECONDS
    run_batch(claimed, partial(_deliver, host, providers, gate, deadline), job=f"send-{channel}")


def _gate(provider: Provider | None) -> Gate | None:
    return provider if isinstance(provider, Gate) else None


def _deliver(
    host: Host[Any, Any],
    providers: Mapping[Channel, Provider],
    gate: Gate | None,
    deadline: float,
    document: Document,
) -> None:
    is_late = time.monotonic() > deadline
    if is_late or (gate and not gate.admits(document["clinic_id"])):
        host.database[COLLECTION].update_one(held_by(document), RELEASE)
        return
    cause = Cause(correlation_id=document["_id"], causation_id="job/send", traceparent="")
    deliver(partial(host.units.run, document["clinic_id"], cause), providers, claim_of(document))
