"""Ticks for timed work. The only file that knows APScheduler, and it is used as a clock's hand only.

Nothing due is kept in the scheduler: each tick claims from the database what is due, so any number of processes may
tick and a crash loses nothing.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final, TypeVar

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from shared.clock import system_clock
from shared.errors import TransientFailure
from shared.stop import Stop
from shared.telemetry import metrics

log = structlog.get_logger()
T = TypeVar("T")
LATE_TICKS: Final = 5
LATE_SECONDS: Final = 5.0
HOPELESS_SECONDS: Final = 60.0


class StoodStill(Exception):
    """Timed work does not happen."""


@dataclass(frozen=True)
class Job:
    """One row of a service's table of jobs. `run` claims a batch and does it; it need not guard itself."""

    name: str
    every_seconds: float
    run: Callable[[], object]


class Ticker:
    """Runs every job at its pace, never two runs of one job at a time in this process, never catching up."""

    def __init__(self, jobs: Sequence[Job], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._monotonic = monotonic
        self._ticked_at: dict[str, float] = {}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(max(1, len(jobs)))},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )

    def run(self, stop: Stop) -> None:
        """Tick until asked to stop. Raises `StoodStill` when ticks stay away so long that only a new process helps."""
        self.start()
        try:
            while not stop.wait(1.0):
                if stuck := self.late(HOPELESS_SECONDS):
                    raise StoodStill(f"no tick of {', '.join(stuck)} for {HOPELESS_SECONDS:.0f} s")
        finally:
            self.stop()

    def check(self) -> None:
        """A readiness check: raises when ticks are late."""
        if late := self.late():
            raise StoodStill(f"late: {', '.join(late)}")

    def start(self) -> None:
        """The first tick of every job comes at once."""
        for job in self._jobs.values():
            self._ticked_at[job.name] = self._monotonic()
            metrics.gauge("kadence_job_interval_seconds", job.every_seconds, work=job.name)
            _went_well(job.name)
            self._scheduler.add_job(
                self.tick, "interval", args=[job.name], seconds=job.every_seconds, next_run_time=system_clock()
            )
        self._scheduler.start()

    def stop(self) -> None:
        """No new ticks; returns when the running ones have ended."""
        self._scheduler.shutdown(wait=True)

    def tick(self, name: str) -> None:
        """One guarded run of the job `name`."""
        outcome = "failed"
        try:
            self._jobs[name].run()
            outcome = "done"
            _went_well(name)
        except TransientFailure as error:
            outcome = "waits"
            log.warning("job has to wait", job=name, error=str(error))
        except Exception:
            log.exception("job failed", job=name)
        finally:
            self._ticked_at[name] = self._monotonic()
            metrics.count("kadence_job_runs_total", work=name, outcome=outcome)

    def late(self, least: float = LATE_SECONDS) -> list[str]:
        """Jobs whose last tick is too long ago: the scheduler died, or a run hangs. Empty means healthy."""
        now = self._monotonic()
        return [
            job.name
            for job in self._jobs.values()
            if now - self._ticked_at.get(job.name, now) > max(LATE_TICKS * job.every_seconds, least)
        ]


def _went_well(name: str) -> None:
    metrics.gauge("kadence_job_done_timestamp_seconds", system_clock().timestamp(), work=name)


def run_batch(items: Iterable[T], one: Callable[[T], object], *, job: str) -> int:
    """Do `one` for each item, whatever becomes of the others; returns how many went well."""
    done = 0
    for item in items:
        try:
            one(item)
            done += 1
        except Exception:
            metrics.count("kadence_job_runs_total", work=job, outcome="item-failed")
            log.exception("item failed", job=job)
    return done
