"""Asks a provider without idempotency keys what became of messages whose call had no answer, ten minutes later."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from services.notify.domain.message import Channel
from services.notify.jobs.deliver import Run
from services.notify.operations.asking import AskLater, FindLetter, ask_later, find_letter
from services.notify.operations.ports import Accepted, Askable, Claim, NotDelivered, PermanentFailure, Provider
from services.notify.operations.sending import RecordOutcome, record_outcome
from services.notify.store.message import COLLECTION, claim_of, in_doubt_by
from shared.persistence.leases import claim_batch
from shared.persistence.unit_of_work import Cause, Document
from shared.process.host import Host
from shared.process.jobs import run_batch

BATCH: Final = 10
LEASE_SECONDS: Final = 120.0
"""Longer than ten questions that have no answer."""


def ask_back(host: Host[Any, Any], providers: Mapping[Channel, Provider]) -> None:
    """Do a batch of each channel whose provider can be asked."""
    for channel, provider in providers.items():
        if isinstance(provider, Askable):
            due = in_doubt_by(host.clock(), channel)
            rows = claim_batch(host.database[COLLECTION], due, order_by="next_at", limit=BATCH, seconds=LEASE_SECONDS)
            run_batch(rows, partial(_ask, host, provider), job="ask-back")


def ask_about(run: Run, provider: Askable, claim: Claim) -> None:
    """Ask about one claimed message, and keep what is found out."""
    doubt = run(find_letter, FindLetter(claim))
    if doubt is None:
        return
    id, request_id = doubt.message.id, doubt.message.request_id
    try:
        found = provider.ask(doubt.letter, doubt.sent_at)
    except PermanentFailure as failure:
        run(record_outcome, RecordOutcome(id, request_id, failure))
    except NotDelivered:
        run(ask_later, AskLater(id, request_id, is_answered=False))
    else:
        _record(run, id, request_id, found)


def _record(run: Run, id: str, request_id: str, found: Accepted | None) -> None:
    if found is None:
        run(ask_later, AskLater(id, request_id, is_answered=True))
    else:
        run(record_outcome, RecordOutcome(id, request_id, found))


def _ask(host: Host[Any, Any], provider: Askable, document: Document) -> None:
    cause = Cause(correlation_id=document["_id"], causation_id="job/ask-back", traceparent="")
    ask_about(partial(host.units.run, document["clinic_id"], cause), provider, claim_of(document))
