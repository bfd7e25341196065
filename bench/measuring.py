"""Doing something again and again for a while, and what is said about it."""

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Operations per second, and milliseconds at the median, the 95th and the 99th percentile.

    `cpu_p99_ms` is the 99th percentile of this process's own computing, where it is the one that works.
    """

    name: str
    threads: int
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_p99_ms: float | None = None


def measure(name: str, way: Callable[[], object], threads: int, seconds: float) -> Row:
    """Do it in so many threads for so many seconds."""
    way()  # the first one makes the collection
    until = time.monotonic() + seconds

    def work() -> list[float]:
        took = []
        while time.monotonic() < until:
            took.append(_timed(way)[0])
        return took

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(work) for _ in range(threads)]
        took = [one for job in running for one in job.result()]
    return row(name, threads, took, seconds)


def measure_each(name: str, ways: Sequence[Callable[[], object]], threads: int, *, computing: bool = False) -> Row:
    """Do each of them once, in so many threads."""
    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        took = list(pool.map(_timed, ways))
    found = row(name, threads, [wall for wall, _ in took], time.monotonic() - began)
    return Row(**{**vars(found), "cpu_p99_ms": _percentile([cpu for _, cpu in took], 0.99)}) if computing else found


def row(name: str, threads: int, took: Sequence[float], seconds: float) -> Row:
    """What is said about operations that took so many seconds each, and `seconds` together."""
    percentiles = (_percentile(took, share) for share in (0.95, 0.99))
    return Row(name, threads, len(took) / seconds, statistics.median(took) * 1000, *percentiles)


def show(title: str, rows: Sequence[Row]) -> None:
    """A table to read."""
    heads = ("threads", "per s", "p50 ms", "p95 ms", "p99 ms", "cpu p99")
    print(f"\n{title:<72}" + "".join(f"{head:>9}" for head in heads))
    for one in rows:
        figures = f"{one.threads:>9}{one.per_second:>9.0f}{one.p50_ms:>9.1f}{one.p95_ms:>9.1f}{one.p99_ms:>9.1f}"
        print(f"{one.name:<72}{figures}{'' if one.cpu_p99_ms is None else f'{one.cpu_p99_ms:>9.1f}'}")


def _timed(way: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.monotonic(), time.thread_time()
    way()
    return time.monotonic() - wall, time.thread_time() - cpu


def _percentile(took: Sequence[float], share: float) -> float:
    return sorted(took)[int(len(took) * share)] * 1000
