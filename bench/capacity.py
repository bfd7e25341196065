"""What an installation carries with one and with two copies of every process, and what that costs.

The whole platform as child processes, at production's pace of looking for due work: front desks ask the web processes
for series of six, in turn; a ledger has messages that are due at once, and the sandbox takes them. Everything shares
this machine, so a second copy shows only where processors are left; the processor time of one booking and of one
message is what a larger machine is reckoned by.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psutil

from bench.bookings import over_http, places_of, the_next
from bench.clinic import Bench, BenchClinic
from bench.measuring import Row, measure_each
from bench.notify import CLINICS, Sender, at_ten
from deploy.local import servers
from deploy.local.installation import PARTS
from deploy.local.local_server import Server
from deploy.local.platform import Platform
from deploy.local.ports import HOST
from deploy.local.processes import Process
from deploy.local.waiting import wait_until
from services.booking.settings import Settings as BookingSettings
from services.booking.wiring import service as booking
from services.notify.domain.message import Channel
from services.notify.settings import Settings as NotifySettings
from services.notify.wiring import service as notify
from shared.clock import SimulatedClock
from shared.ids import new_id
from shared.persistence.mongo import connect, database
from shared.process.host import Host
from shared.settings import load

COPIES: Final = (1, 2)
DESKS: Final = 8
"""Who book at the same time."""
PAIRS: Final = 10
"""Chairs, and as many nurses."""
TICK_SECONDS: Final = 1.0
"""How often due work is looked for, as in production."""
PATIENCE_SECONDS: Final = 600.0
MB: Final = 1_000_000
Document = dict[str, Any]


@dataclass(frozen=True)
class Carried:
    """What was done so often a second; what one of it cost each group of processes, in milliseconds of a processor."""

    what: str
    copies: int
    per_second: float
    cpu_ms: Mapping[str, float]


@dataclass(frozen=True)
class Memory:
    """The most that one process of a group held in the end, in MB; pages that several share are divided among them."""

    copies: int
    mb: Mapping[str, float]


@dataclass(frozen=True)
class Found:
    """All that was measured with so many copies."""

    asked: Row
    carried: Sequence[Carried]
    memory: Memory


class Groups:
    """The platform's processes by what they are: `booking.web`, `notify.worker`, `mongo`, `kafka`."""

    def __init__(self, platform: Platform) -> None:
        parts = [(name.partition("#")[0], platform.process(name)) for name in platform.names]
        both = [(server.name, server.process) for server in (platform.mongo, platform.kafka)]
        self._leaders = [(group, process) for group, process in (*parts, *both) if process and group in _GROUPS]

    def cpu_seconds(self) -> dict[str, float]:
        """Used so far by all of a group, its own and the kernel's for it."""
        return self._of(lambda process: sum(process.cpu_times()[:2]), sum)

    def memory_mb(self) -> dict[str, float]:
        """Of the largest of a group."""
        return self._of(lambda process: process.memory_full_info().pss / MB, max)

    def _of(
        self, asked: Callable[[psutil.Process], float], together: Callable[[list[float]], float]
    ) -> dict[str, float]:
        found: dict[str, list[float]] = {}
        for group, leader in self._leaders:
            found.setdefault(group, []).append(sum(map(asked, _family(leader))))
        return {group: together(each) for group, each in found.items()}


_GROUPS: Final = (*PARTS, "mongo", "kafka")


def found(mongo: Server, folder: Path, *, bookings: int, messages: int) -> list[Found]:
    """Everything once with each number of copies, on databases and topics of their own."""
    kafka = servers.kafka(folder)
    kafka.start()
    try:
        return [_with_copies(copies, (mongo, kafka), folder, bookings, messages) for copies in COPIES]
    finally:
        kafka.stop()


def _with_copies(copies: int, both: tuple[Server, Server], folder: Path, bookings: int, messages: int) -> Found:
    namespace = f"b{new_id().replace('-', '')[6:26]}"
    with Platform(folder / namespace, servers=both, namespace=namespace, tick_seconds=TICK_SECONDS) as platform:
        for _ in range(copies - 1):
            for part in PARTS:
                platform.add(part)
        at_ten(platform.installation.clock_file)
        stage = _Stage(platform, copies)
        asked, booked = stage.book(bookings)
        return Found(asked, [booked, stage.send(messages)], Memory(copies, stage.groups.memory_mb()))


class _Stage:
    """A running platform, looked into past its doors."""

    def __init__(self, platform: Platform, copies: int) -> None:
        self.groups = Groups(platform)
        self._platform, self._copies = platform, copies

    def book(self, count: int) -> tuple[Row, Carried]:
        """How fast series are booked, and how fast booking, telling, hearing and confirming go on together."""
        bench = Bench(Host(booking(settings := self._settings(BookingSettings, "booking")), settings), {})
        clinic = bench.clinic(PAIRS, PAIRS)
        calls = self._calls(clinic, count + DESKS)
        with self._database("notify") as ledger, self._database("followup") as plans:
            for warm in calls[:DESKS]:
                warm()
            self._until(lambda: _confirmed(ledger, clinic.id) == DESKS)
            with self._costs(f"series of six booked by {DESKS} desks, heard by all, confirmed", count) as costs:
                asked = measure_each(f"a desk books a series of six, copies: {self._copies}", calls[DESKS:], DESKS)
                self._until(lambda: _confirmed(ledger, clinic.id) == len(calls))
                self._until(lambda: plans["known_series"].count_documents({"clinic_id": clinic.id}) == len(calls))
        return asked, costs[0]

    def send(self, count: int) -> Carried:
        """How fast the workers send what is due, of ten clinics."""
        sender = Sender(Host(notify(settings := self._settings(NotifySettings, "notify")), settings))
        heaps = [sender.clinic() for _ in range(CLINICS)]
        clock = SimulatedClock(self._platform.installation.clock_file)
        due_at = clock() + timedelta(hours=1)
        for heap in heaps:
            heap.add(count // CLINICS, Channel.SMS, due_at=due_at)
        waits = {"clinic_id": {"$in": [heap.clinic_id for heap in heaps]}, "status": {"$in": ["queued", "sending"]}}
        with self._database("notify") as ledger, self._costs("messages to the sandbox", count) as costs:
            clock.move_to(due_at)
            self._until(lambda: ledger["messages"].find_one(waits) is None)
        return costs[0]

    def _calls(self, clinic: BenchClinic, count: int) -> list[Callable[[], object]]:
        webs = [name for name in self._platform.names if name.partition("#")[0] == "booking.web"]
        urls = [f"http://{HOST}:{self._platform.port(name)}/booking/v1/clinics/{clinic.id}/series" for name in webs]
        places = places_of(clinic)
        return [over_http(clinic, urls[number % len(urls)], the_next(clinic, places)) for number in range(count)]

    @contextmanager
    def _costs(self, what: str, count: int) -> Iterator[list[Carried]]:
        """What happens inside, as so many of `what`; the list has it afterwards."""
        costs: list[Carried] = []
        before, began = self.groups.cpu_seconds(), time.monotonic()
        yield costs
        seconds, after = time.monotonic() - began, self.groups.cpu_seconds()
        each = {group: (used - before[group]) / count * 1000 for group, used in after.items()}
        costs.append(Carried(what, self._copies, count / seconds, each))

    def _settings(self, kind: type[Any], name: str) -> Any:
        part = f"{name}.worker"
        return load(kind, self._platform.installation.service_environment(part, self._platform.port(part)))

    @contextmanager
    def _database(self, service: str) -> Iterator[Any]:
        with connect(self._platform.mongo.address) as client:
            yield database(client, self._platform.installation.namespace, service)

    def _until(self, done: Callable[[], bool]) -> None:
        if not wait_until(done, PATIENCE_SECONDS):
            raise RuntimeError(f"not done within {PATIENCE_SECONDS:g} s")


def _confirmed(ledger: Any, clinic_id: str) -> int:
    sent = {"clinic_id": clinic_id, "kind": "confirmation", "status": {"$in": ["sent", "delivered"]}}
    return int(ledger["messages"].count_documents(sent))


def _family(leader: Process) -> list[psutil.Process]:
    first = psutil.Process(leader.pid)
    return [first, *first.children(recursive=True)]


def show(each: Sequence[Found]) -> None:
    """Tables to read."""
    print(f"\n{'copies of each process':<72}" + "".join(f"{one.memory.copies:>9}" for one in each))
    for carried in zip(*(one.carried for one in each), strict=True):
        _line(f"{carried[0].what}, per s", [one.per_second for one in carried])
        for group in _GROUPS:
            _line(f"  processor ms of {group} for one", [one.cpu_ms[group] for one in carried])
    for group in _GROUPS:
        _line(f"MB of one {group}", [one.memory.mb[group] for one in each])


def _line(name: str, figures: Sequence[float]) -> None:
    print(f"{name:<72}" + "".join(f"{figure:>9.1f}" for figure in figures))
