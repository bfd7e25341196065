"""Takes one claimed message as far as it goes now: begin in one unit of work, call the provider, record in another."""

from collections.abc import Callable, Mapping
from typing import Any

from services.notify.domain.message import Channel, Letter
from services.notify.operations.ports import (
    Claim,
    Outcome,
    PermanentFailure,
    Provider,
    TemporaryFailure,
    UnknownOutcome,
)
from services.notify.operations.sending import BeginSending, RecordOutcome, begin_sending, record_outcome
from shared.telemetry import metrics

Run = Callable[[Callable[[Any, Any], Any], Any], Any]
"""Runs an operation with its command in a unit of work of the message's clinic."""


def deliver(run: Run, providers: Mapping[Channel, Provider], claim: Claim) -> None:
    """Whatever else the provider raises is a bug: the row stays in `sending`, and who gets it next decides."""
    repeatable = frozenset(channel for channel, provider in providers.items() if provider.repeatable)
    answered = frozenset(channel for channel, provider in providers.items() if provider.answered)
    looked = run(begin_sending, BeginSending(claim, repeatable, answered))
    if looked is None:
        return
    message = looked.message
    if looked.letter is not None:
        outcome = _call(providers[message.channel], looked.letter)
        may_repeat = message.channel in repeatable
        message = run(record_outcome, RecordOutcome(message.id, message.request_id, outcome, may_repeat))
    if message.is_closed:
        metrics.count("kadence_messages_total", kind=message.kind, channel=message.channel, outcome=message.status)


def _call(provider: Provider, letter: Letter) -> Outcome:
    try:
        return provider.send(letter)
    except (TemporaryFailure, PermanentFailure, UnknownOutcome) as failure:
        return failure
