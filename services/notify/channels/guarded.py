"""A provider behind two guards, each of its own for every clinic: a circuit breaker and a rate.

The breaker opens when the provider itself fails five times in a row, whoever the letters were for, and lets one through
after half a minute; each worker finds out by itself. The rate is shared by all workers. Where the provider wants less
at a time, nothing of that clinic goes to it until it wants more.

Both are asked before a message is begun, so that nothing is written and no attempt counted while they are shut. Times
are the machine's, never simulated ones. For one thread at a time.

Every letter that gets through is counted with the provider's answer, and logged where that is no: a row of the ledger
that is tried again reaches no end, so a provider that takes nothing would be seen nowhere else.
"""

import time
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final, Protocol

import structlog
from pybreaker import STATE_OPEN, CircuitBreaker

from services.notify.domain.message import Letter
from services.notify.operations.ports import (
    Accepted,
    Askable,
    NotDelivered,
    NotNow,
    PermanentFailure,
    Provider,
    TemporaryFailure,
    Throttled,
    UnknownOutcome,
    Unreachable,
)
from shared.telemetry import metrics

log = structlog.get_logger()
FAILURES: Final = 5
"""Failures in a row that open the circuit."""
OPEN_SECONDS: Final = 30.0
"""How long it stays open before one letter is tried."""
WINDOW_SECONDS: Final = 1.0
"""What the rate counts in; a place that was taken and not used is kept so long."""
ACCEPTED: Final = "accepted"
FAILED: Final[Mapping[type[NotDelivered], str]] = MappingProxyType(
    {TemporaryFailure: "temporary", UnknownOutcome: "unknown", PermanentFailure: "failed"}
)
"""What `kadence_provider_calls_total` calls each answer that is no acceptance."""


class Rate(Protocol):
    """So many letters of each clinic in a second."""

    def take(self, clinic_id: str) -> bool:
        """Take one place; False: none is free. Raises `TransientFailure` when that cannot be found out."""


class Guarded:
    """See `operations.ports.Provider` and `Gate`."""

    def __init__(
        self, provider: Provider, rate: Rate | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.provider = provider
        self.repeatable = provider.repeatable
        self.answered = provider.answered
        self._rate = rate
        self._monotonic = monotonic
        self._breakers: dict[str, CircuitBreaker] = {}
        self._shut_until: dict[str, float] = {}
        self._taken_at: dict[str, float] = {}

    def closed(self) -> Collection[str]:
        """Clinics whose letters certainly have to wait."""
        return {clinic_id for clinic_id in self._shut_until if self._shut_for(clinic_id) > 0}

    def admits(self, clinic_id: str) -> bool:
        """Whether a letter may be begun; if so, its place is kept until it is sent."""
        return not self._shut_for(clinic_id) and self._has_place(clinic_id)

    def send(self, letter: Letter) -> Accepted:
        """As the provider does it. Raises `NotNow`, without a call, where it should not have been begun."""
        clinic_id = letter.clinic_id
        if not self.admits(clinic_id):
            raise NotNow("circuit-open" if self._is_open(clinic_id) else "rate", self._shut_for(clinic_id))
        self._taken_at.pop(clinic_id, None)
        try:
            return self._breaker(clinic_id).call(self._call, letter)
        except Throttled as less:
            self._shut(clinic_id, less.retry_after)
            raise
        finally:
            if self._is_open(clinic_id):
                log.warning("circuit opened", provider=type(self.provider).__name__, clinic_id=clinic_id)
                self._shut(clinic_id, OPEN_SECONDS)

    def _call(self, letter: Letter) -> Accepted:
        try:
            accepted = self.provider.send(letter)
        except NotDelivered as failure:
            _count(letter, next(FAILED[kind] for kind in type(failure).__mro__ if kind in FAILED))
            _log(letter, failure)
            raise
        _count(letter, ACCEPTED)
        return accepted

    def _has_place(self, clinic_id: str) -> bool:
        if self._rate is None or self._monotonic() - self._taken_at.get(clinic_id, -WINDOW_SECONDS) < WINDOW_SECONDS:
            return True
        if not self._rate.take(clinic_id):
            self._shut(clinic_id, WINDOW_SECONDS / 4)
            return False
        self._taken_at[clinic_id] = self._monotonic()
        return True

    def _shut(self, clinic_id: str, seconds: float) -> None:
        self._shut_until[clinic_id] = self._monotonic() + seconds

    def _shut_for(self, clinic_id: str) -> float:
        """Seconds; 0: it is open."""
        return max(0.0, self._shut_until.get(clinic_id, 0.0) - self._monotonic())

    def _is_open(self, clinic_id: str) -> bool:
        return self._breaker(clinic_id).current_state == STATE_OPEN

    def _breaker(self, clinic_id: str) -> CircuitBreaker:
        """How long it stays open is this file's business: the breaker itself would try again at once."""
        if clinic_id not in self._breakers:
            self._breakers[clinic_id] = CircuitBreaker(
                FAILURES, reset_timeout=0, exclude=[_says_nothing_of_the_provider], throw_new_error_on_trip=False
            )
        return self._breakers[clinic_id]


class GuardedAskable(Guarded):
    """See `operations.ports.Askable`. A question is no letter: no guard stands before it."""

    def __init__(self, provider: Provider, askable: Askable, rate: Rate | None = None) -> None:
        super().__init__(provider, rate)
        self.ask = askable.ask


def guarded(provider: Provider, rate: Rate | None = None) -> Guarded:
    """The provider behind its guards; it can be asked what became of a letter if it could be before."""
    return GuardedAskable(provider, provider, rate) if isinstance(provider, Askable) else Guarded(provider, rate)


def _count(letter: Letter, outcome: str) -> None:
    metrics.count("kadence_provider_calls_total", channel=letter.channel, outcome=outcome)


def _log(letter: Letter, failure: NotDelivered) -> None:
    """Only the kind of what is behind the failure: its text may hold an address."""
    log.warning(
        "not delivered",
        channel=letter.channel,
        clinic_id=letter.clinic_id,
        message_id=letter.message_id,
        cause=failure.cause,
        error=type(failure.__cause__).__name__ if failure.__cause__ else "",
    )


def _says_nothing_of_the_provider(error: BaseException) -> bool:
    """A refusal of one letter, or of so many at a time, comes from a provider that is there."""
    return not isinstance(error, (Unreachable, UnknownOutcome))
