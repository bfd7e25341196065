"""`make bench`: what the measured decisions rest on, on real servers of this machine. JSON to a file, a table to read.

Figures of one run are comparable with each other only: client and servers share the machine.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.local import servers
from services.booking.domain.calendar import slots_between
from shared.ids import new_id
from shared.mongo import Index, connect, create_indexes, database
from shared.unit_of_work import Cause, Document, Insert, Unit

SESSIONS, RESOURCES = 6, 3
SESSION = timedelta(minutes=145)


@dataclass(frozen=True)
class Row:
    """One measured way of writing: operations per second, and milliseconds at the median and the 95th percentile."""

    name: str
    threads: int
    per_second: float
    p50_ms: float
    p95_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each row")
    parser.add_argument("--json", type=Path, default=Path(".data/bench.json"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        mongo = servers.mongo(Path(folder))
        mongo.start()
        try:
            rows = [row for threads in (1, 8) for row in _measure(mongo.address, threads, given.seconds)]
        finally:
            mongo.stop()
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps([vars(row) for row in rows], indent=2))
    _print(rows)


def _measure(url: str, threads: int, seconds: float) -> list[Row]:
    client = connect(url)
    where = database(client, f"bench{threads}", "booking")
    unique_slots = Index("series", (("clinic_id", 1), ("slots", 1)), unique=True, only={"slots": {"$exists": True}})
    create_indexes(where, [unique_slots])

    def unit() -> Unit:
        return Unit(
            where,
            source="bench",
            clinic_id="clinic",
            now=datetime.now(UTC),
            new_id=new_id,
            cause=Cause("", "", ""),
            tell=lambda _, envelope: envelope,
        )

    def one_insert() -> None:
        work = unit()
        work.write(Insert("series", _series()))
        work.commit()

    def with_answer() -> None:
        work = unit()
        work.write(Insert("series", _series()))
        work.write(Insert("answers", {"_id": new_id(), "body": "x" * 2000}), first=True)
        work.commit()

    def six_documents() -> None:
        work = unit()
        for session in _sessions():
            work.write(Insert("series", {"_id": new_id(), "clinic_id": "clinic", "slots": session}))
        work.commit()

    ways: list[tuple[str, Callable[[], None]]] = [
        ("a series in one insert", one_insert),
        ("the same with an idempotent answer (transaction of two)", with_answer),
        ("six sessions as six documents (transaction)", six_documents),
    ]
    rows = [_row(name, threads, seconds, way) for name, way in ways]
    client.close()
    return rows


def _row(name: str, threads: int, seconds: float, way: Callable[[], None]) -> Row:
    way()  # the first one makes the collection
    until = time.monotonic() + seconds

    def work() -> list[float]:
        took = []
        while time.monotonic() < until:
            began = time.monotonic()
            way()
            took.append(time.monotonic() - began)
        return took

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(work) for _ in range(threads)]
        took = sorted(one for job in running for one in job.result())
    p95 = took[int(len(took) * 0.95)]
    return Row(name, threads, len(took) / seconds, statistics.median(took) * 1000, p95 * 1000)


def _series() -> Document:
    slots = [slot for session in _sessions() for slot in session]
    return {"_id": new_id(), "clinic_id": "clinic", "slots": slots, "outbox": [{"id": new_id()}]}


def _sessions() -> list[list[str]]:
    """Six sessions of three resources that nobody else has: about 520 slots."""
    start = datetime(2027, 1, 4, 14, tzinfo=UTC)
    names = [new_id() for _ in range(RESOURCES)]
    starts = [start + timedelta(days=2 * number) for number in range(SESSIONS)]
    return [[slot for name in names for slot in slots_between(name, at, at + SESSION)] for at in starts]


def _print(rows: list[Row]) -> None:
    print(f"{'way of writing':<58}{'threads':>8}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}")
    for row in rows:
        figures = f"{row.threads:>8}{row.per_second:>9.0f}{row.p50_ms:>9.1f}{row.p95_ms:>9.1f}"
        print(f"{row.name:<58}{figures}")


if __name__ == "__main__":
    main()
