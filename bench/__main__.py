"""`make bench`: what the measured decisions rest on, on real servers of this machine. JSON to a file, tables to read.

Figures of one run are comparable with each other only: client and servers share the machine.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from bench import bookings, capacity, followup, notify, plans, writes
from bench.clinic import open_bench
from bench.measuring import Row, show
from deploy.local import servers
from deploy.local.local_server import Server

PARTS: Final = ("writes", "plans", "bookings", "notify", "followup", "capacity")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*PARTS, []], help="all unless said otherwise")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each way of writing")
    parser.add_argument("--searches", type=int, default=300, help="for each way of searching")
    parser.add_argument("--bookings", type=int, default=200, help="for each way of booking")
    parser.add_argument("--future", type=int, default=1_000_000, help="messages that are there and not due")
    parser.add_argument("--due", type=int, default=10_000, help="messages that are due at once")
    parser.add_argument("--confirmations", type=int, default=60, help="bookings that are confirmed by e-mail")
    parser.add_argument("--open-plans", type=int, default=100_000, help="plans of a whole year that are there")
    parser.add_argument("--check-ins", type=int, default=5_000, help="check-ins that are due within one hour")
    parser.add_argument("--patients", type=int, default=1_000, help="who fill in their forms, 50 at a time")
    parser.add_argument("--json", type=Path, default=Path(".data/bench.json"))
    given = parser.parse_args()
    parts = given.only or PARTS
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        mongo = servers.mongo(Path(folder))
        mongo.start()
        try:
            for part in parts:
                if part == "capacity":
                    sizes = {"bookings": given.bookings, "messages": given.due}
                    found[part] = capacity.found(mongo, Path(folder), **sizes)
                    capacity.show(found[part])
                else:
                    found[part] = _rows(part, mongo, Path(folder), given)
                    show(part, found[part])
        finally:
            mongo.stop()
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(found, indent=2, default=vars))


def _rows(part: str, mongo: Server, folder: Path, given: argparse.Namespace) -> list[Row]:
    if part == "writes":
        return writes.rows(mongo.address, given.seconds)
    if part == "notify":
        return notify.rows(mongo, folder, future=given.future, due=given.due, confirmations=given.confirmations)
    if part == "followup":
        sizes = {"plans": given.open_plans, "due": given.check_ins, "patients": given.patients}
        return followup.rows(mongo.address, folder, **sizes)
    bench = open_bench(mongo.address, folder)
    return plans.rows(bench, given.searches) if part == "plans" else bookings.rows(bench, given.bookings)


if __name__ == "__main__":
    main()
