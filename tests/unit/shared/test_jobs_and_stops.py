"""Ticks, stops and fail points."""

import signal
import subprocess
import sys
import threading

import pytest

from deploy.local.waiting import wait_until
from shared.errors import TransientFailure
from shared.failpoints import Failpoint
from shared.process.jobs import Job, Ticker, run_batch
from shared.stop import Stop


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def started():
    running: list[Ticker] = []

    def start(*jobs: Job, clock: Clock | None = None) -> Ticker:
        ticker = Ticker(jobs, **({"monotonic": clock} if clock else {}))
        running.append(ticker)
        ticker.start()
        return ticker

    yield start
    for ticker in running:
        ticker.stop()


def test_every_job_ticks_at_once_and_again(started) -> None:
    ticks: list[str] = []
    started(Job("a", 0.02, lambda: ticks.append("a")), Job("b", 60, lambda: ticks.append("b")))
    assert wait_until(lambda: ticks.count("a") >= 3 and ticks.count("b") == 1, within=5, every=0.01)


def test_a_failing_job_ticks_again(started) -> None:
    ticks: list[int] = []

    def fail() -> None:
        ticks.append(1)
        raise TransientFailure("away") if len(ticks) % 2 else RuntimeError("bug")

    ticker = started(Job("a", 0.02, fail))
    assert wait_until(lambda: len(ticks) >= 4, within=5, every=0.01)
    assert ticker.late() == []


def test_one_job_never_runs_twice_at_a_time(started) -> None:
    inside, most, go = [0], [0], threading.Event()

    def slow() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        go.wait(0.3)
        inside[0] -= 1

    other: list[int] = []
    started(Job("slow", 0.02, slow), Job("other", 0.02, lambda: other.append(1)))
    assert wait_until(lambda: len(other) >= 5, within=5, every=0.01)
    go.set()
    assert most == [1]


def test_a_job_that_hangs_is_late(started) -> None:
    clock, go = Clock(), threading.Event()
    entered = threading.Event()

    def hang() -> None:
        entered.set()
        go.wait(10)

    ticker = started(Job("hangs", 2, hang), Job("quick", 60, lambda: None), clock=clock)
    entered.wait(5)
    clock.now += 9.9
    assert ticker.late() == []
    clock.now += 0.2
    assert ticker.late() == ["hangs"]
    go.set()
    assert wait_until(lambda: ticker.late() == [], within=5, every=0.01)


def test_one_failing_item_does_not_stop_the_rest() -> None:
    done: list[int] = []

    def one(item: int) -> None:
        if item == 2:
            raise RuntimeError
        done.append(item)

    assert run_batch([1, 2, 3], one, job="bake") == 2
    assert done == [1, 3]


def test_a_signal_asks_to_stop() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        stop = Stop.on_signals()
        assert not stop.wait(0)
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()
        assert stop.wait(10)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


@pytest.mark.parametrize(
    "spec", ["relay.after_send", "nowhere:kill", "relay.after_send:sing", "relay.after_send:kill:x"]
)
def test_a_fail_point_that_is_none_is_refused(spec: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - one of ours or int()'s own
        Failpoint(spec)


def test_a_fail_point_kills_at_its_count_only() -> None:
    program = (
        "from shared.failpoints import Failpoint\n"
        "point = Failpoint('relay.after_send:kill:3')\n"
        "for _ in range(2): point.reach('relay.after_send'); point.reach('consumer.after_effect')\n"
        "print('alive', flush=True)\n"
        "point.reach('relay.after_send')\n"
        "print('still alive')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "alive\n")


def test_no_fail_point_is_armed_by_default() -> None:
    Failpoint().reach("relay.after_send")
