"""Circuit breaker and rate of a provider, on a clock that the test moves."""

from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from services.notify.channels.guarded import FAILURES, OPEN_SECONDS, Guarded
from services.notify.domain.message import Channel, Letter
from services.notify.operations.ports import (
    NotDelivered,
    NotNow,
    OptedOut,
    PermanentFailure,
    TemporaryFailure,
    Throttled,
    UnknownOutcome,
    Unreachable,
)
from shared.telemetry import metrics
from tests.support.notify_fakes import FakeProvider


@dataclass
class Stand:
    """A guarded provider, and the time."""

    provider: FakeProvider = field(default_factory=FakeProvider)
    places: int | None = None
    now: float = 1000.0
    sent: int = 0

    def __post_init__(self) -> None:
        self.guarded = Guarded(self.provider, None if self.places is None else self, monotonic=lambda: self.now)

    def take(self, clinic_id: str) -> bool:
        assert clinic_id
        assert self.places is not None
        self.places -= 1
        return self.places >= 0

    def send(self, clinic_id: str = "clinic-1") -> str:
        """What became of the next letter."""
        self.sent += 1
        letter = Letter(f"m{self.sent}", clinic_id, Channel.SMS, "Riverside", "+12025550123", "", "hello")
        try:
            self.guarded.send(letter)
        except NotDelivered as failure:
            return failure.cause
        return "sent"

    def fail(self, failure: NotDelivered, times: int = FAILURES) -> None:
        self.provider.answers = [failure] * times
        for _ in range(times):
            assert self.send() == failure.cause


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Labels of the calls that were counted."""
    found: list[dict[str, str]] = []
    monkeypatch.setattr(metrics, "count", lambda _, **labels: found.append(labels))
    return found


@pytest.mark.parametrize("failure", [Unreachable("refused"), UnknownOutcome("no-answer")])
def test_five_failures_of_the_provider_in_a_row_open_the_circuit_of_that_clinic(failure: NotDelivered):
    stand = Stand()
    stand.fail(failure, FAILURES - 1)
    assert stand.guarded.admits("clinic-1")
    stand.fail(failure, 1)
    assert not stand.guarded.admits("clinic-1")
    assert stand.guarded.closed() == {"clinic-1"}
    calls = len(stand.provider.calls)
    assert stand.send() == "circuit-open"
    assert len(stand.provider.calls) == calls
    assert stand.guarded.admits("clinic-2")
    assert stand.send("clinic-2") == "sent"


def test_a_letter_that_goes_out_between_failures_keeps_the_circuit_shut():
    stand = Stand()
    for _ in range(3):
        stand.fail(Unreachable("refused"), FAILURES - 1)
        assert stand.send() == "sent"
    assert stand.guarded.admits("clinic-1")


@pytest.mark.parametrize("refusal", [PermanentFailure("550"), OptedOut("21610"), TemporaryFailure("450")])
def test_refusals_of_one_number_are_no_failures_of_the_provider(refusal: NotDelivered):
    stand = Stand()
    stand.fail(refusal, 3 * FAILURES)
    stand.fail(Unreachable("refused"), FAILURES - 1)
    stand.fail(refusal, 1)
    stand.fail(Unreachable("refused"), FAILURES - 1)
    assert stand.guarded.admits("clinic-1")


def test_after_half_a_minute_one_letter_is_tried_and_decides():
    stand = Stand()
    stand.fail(Unreachable("refused"))
    stand.now += OPEN_SECONDS - 0.1
    assert stand.send() == "circuit-open"
    stand.now += 0.1
    stand.fail(Unreachable("still-refused"), 1)
    assert stand.send() == "circuit-open"
    stand.now += OPEN_SECONDS
    assert stand.guarded.closed() == set()
    assert [stand.send() for _ in range(3)] == ["sent"] * 3
    stand.fail(Unreachable("refused"), FAILURES - 1)
    assert stand.guarded.admits("clinic-1")


def test_a_provider_that_wants_less_at_a_time_gets_nothing_of_that_clinic_until_it_wants_more():
    stand = Stand()
    stand.fail(Throttled("429", 7.0), 1)
    assert stand.guarded.closed() == {"clinic-1"}
    assert stand.send() == "rate"
    stand.now += 7.0
    assert stand.send() == "sent"


def test_a_letter_without_a_place_waits_and_is_no_attempt():
    stand = Stand(places=2)
    assert [stand.send(), stand.send()] == ["sent", "sent"]
    assert not stand.guarded.admits("clinic-1")
    with pytest.raises(NotNow) as caught:
        stand.guarded.send(Letter("m9", "clinic-1", Channel.SMS, "Riverside", "+12025550123", "", "hello"))
    assert (caught.value.is_attempt, caught.value.retry_after) == (False, 0.25)
    assert len(stand.provider.calls) == 2
    stand.places, stand.now = 1, stand.now + 1.0
    assert stand.send() == "sent"


def test_what_is_admitted_and_not_sent_leaves_its_place_to_the_next_for_a_second():
    stand = Stand(places=5)
    assert all(stand.guarded.admits("clinic-1") for _ in range(20))
    assert stand.places == 4
    assert stand.send() == "sent"
    assert stand.places == 4
    stand.guarded.admits("clinic-1")
    stand.now += 1.0
    assert stand.send() == "sent"
    assert stand.places == 2


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (TemporaryFailure("401"), "temporary"),
        (Unreachable("refused"), "temporary"),
        (Throttled("429", 7.0), "temporary"),
        (UnknownOutcome("no-answer"), "unknown"),
        (PermanentFailure("550"), "failed"),
        (OptedOut("21610"), "failed"),
    ],
)
def test_each_call_is_counted_with_the_provider_s_answer(
    counted: list[dict[str, str]], failure: NotDelivered, outcome: str
):
    stand = Stand()
    stand.send()
    stand.fail(failure, 1)
    assert counted == [{"channel": "sms", "outcome": "accepted"}, {"channel": "sms", "outcome": outcome}]


def test_a_call_that_is_not_made_is_not_counted(counted: list[dict[str, str]]):
    stand = Stand()
    stand.fail(Unreachable("refused"))
    assert stand.send() == "circuit-open"
    assert len(counted) == FAILURES


def test_what_the_provider_said_is_logged_without_the_text_behind_it():
    stand = Stand()
    failure = Unreachable("smtp-unreachable")
    failure.__cause__ = OSError("nobody@example.com")
    with capture_logs() as logged:
        stand.fail(failure, 1)
    assert logged == [
        {
            "event": "not delivered",
            "log_level": "warning",
            "channel": "sms",
            "clinic_id": "clinic-1",
            "message_id": "m1",
            "cause": "smtp-unreachable",
            "error": "OSError",
        }
    ]
