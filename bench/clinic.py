"""A clinic to measure on: booking's host on a real database, resources, patients, and a calendar so and so full."""

import base64
import random
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from bench.cleared import clear
from deploy.local.installation import REPOSITORY, plain_environment, service_command
from deploy.local.ports import HOST, answers_ok, free_port
from deploy.local.processes import Process
from services.booking.domain.calendar.resource import Hours, Resource, ResourceKind
from services.booking.domain.calendar.slots import Weekday, runs_of
from services.booking.domain.placement.availability import Calendar
from services.booking.domain.placement.free_time import FreeTime, Grid, busy_of
from services.booking.domain.placement.placement import Wish, place_series
from services.booking.domain.planning.plan import Planner, Wanted
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.operations.access_key import IssueKey, issue_key
from services.booking.operations.clinic import OpenClinic, open_clinic
from services.booking.operations.patient import RegisterPatient, register_patient
from services.booking.operations.resource import AddResource, add_resource
from services.booking.operations.series import BookSeries, book_series
from services.booking.settings import Settings
from services.booking.store.unit_of_work import MongoUnitOfWork
from services.booking.wiring import service
from shared.http.auth import as_key
from shared.ids import new_id
from shared.persistence.unit_of_work import Cause, Unit
from shared.process.host import Host
from shared.settings import load

ZONE: Final = "America/New_York"
CAUSE: Final = Cause("bench", "bench", "")
FIRST: Final = date(2027, 1, 4)
"""A Monday that lies ahead."""
HORIZON: Final = 60
SINGLE: Final = "booster-single"
_BORN_FROM: Final = date(1970, 1, 1)
"""Nobody is so young or so old that a clinician looks at it first."""
_BORN_WITHIN: Final = 10_000
_WEEK: Final = tuple(Hours(day, time(8), time(17)) for day in tuple(Weekday)[:5])


@dataclass(frozen=True)
class Bench:
    """Booking on a database of its own."""

    host: Host[Settings, MongoUnitOfWork]
    environment: dict[str, str]

    def run(self, clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Any:
        """As a door does it."""
        return self.host.units.run(clinic_id, CAUSE, operation, command)

    def prepared(self, clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Unit:
        """A unit of work in which everything is decided and nothing written yet."""
        unit = self.host.units.open(clinic_id, CAUSE)
        operation(self.host.service.make(unit, self.host.sealer), command)
        return unit

    def clinic(self, chairs: int, nurses: int) -> "BenchClinic":
        """A clinic, open on weekdays; a nurse attends to two patients in recovery."""
        clinic_id = new_id()
        opening = OpenClinic("Bench", "Bench", ZONE, "US", "en", "+12025550100", time(21), time(8))
        self.run(clinic_id, open_clinic, opening)
        add = [AddResource(ResourceKind.CHAIR, f"Chair {number:03}", _WEEK) for number in range(chairs)]
        add += [AddResource(ResourceKind.NURSE, f"Nurse {number:03}", _WEEK, capacity=2) for number in range(nurses)]
        return BenchClinic(self, clinic_id, tuple(self.run(clinic_id, add_resource, one) for one in add))


@dataclass
class BenchClinic:
    """One clinic with its resources; everybody in it has a name of their own."""

    bench: Bench
    id: str
    resources: tuple[Resource, ...]
    _people: random.Random = field(default_factory=lambda: random.Random(1))

    @cached_property
    def headers(self) -> dict[str, str]:
        """What lets the front desk in."""
        issued = self.bench.run(self.id, issue_key, IssueKey("bench", ("front_desk",)))
        return {"Authorization": f"Bearer {as_key(issued.access_key.id, issued.secret)}"}

    def patient(self, on: date = FIRST) -> str:
        """Somebody new, who may be booked for a course that begins on a date."""
        born = _BORN_FROM + timedelta(days=self._people.randrange(_BORN_WITHIN))
        command = RegisterPatient(f"Patient {new_id()}", born, phone="+12025550143")
        patient_id = str(self.bench.run(self.id, register_patient, command).id)
        self.bench.run(self.id, partial(clear, on=on), patient_id)
        return patient_id

    def fill(self, share: float, days: int, chance: random.Random) -> int:
        """Book this share of the sessions that each weekday can take, one patient each; how many there are."""
        full = self._full_day()
        weekdays = [day for day in map(_nth, range(days)) if day.weekday() < len(_WEEK)]
        for day in weekdays:
            for wish in chance.sample(full, round(len(full) * share)):
                there = Wish(datetime.combine(day, wish.local.time()), resource_ids=wish.resource_ids)
                self.book(self.patient(), (there,), SINGLE)
        return len(weekdays) * round(len(full) * share)

    def book(self, patient_id: str, wishes: tuple[Wish, ...], protocol: str) -> None:
        """Book a series at these times."""
        self.bench.run(self.id, book_series, a_booking(patient_id, wishes, protocol))

    def _full_day(self) -> list[Wish]:
        """Every session that fits into one day when each takes the best place that the others have left."""
        taken: set[str] = set()
        booked: list[Wish] = []
        regimen = TEMPLATES[SINGLE]
        while True:
            now = self.bench.host.clock()
            free = FreeTime(Grid(ZONE, FIRST, 1), now, "nobody", self.resources, {})
            looking = Planner(FreeTime(free.grid, now, "nobody", self.resources, busy_of(runs_of(taken), free.grid)))
            plans = looking.best(Wanted(regimen, FIRST, FIRST), most=1)
            if not plans:
                return booked
            booked += plans[0].wishes
            calendar = Calendar(ZONE, now, "nobody", self.resources, frozenset(taken))
            (session,) = place_series(regimen, plans[0].wishes, calendar, ()).sessions
            taken |= {slot for claim in session.resource_claims for slot in claim.slots}


def a_booking(patient_id: str, wishes: tuple[Wish, ...], protocol: str) -> BookSeries:
    """A series at these times."""
    return BookSeries(patient_id, protocol, condition=Condition.DEPRESSION, sessions=wishes)


@contextmanager
def served(name: str, environment: Mapping[str, str]) -> Iterator[str]:
    """The web process of a service, listening at the address that is given."""
    port = free_port()
    given = {**plain_environment(), **environment, "KADENCE_HTTP_PORT": str(port)}
    log = Path(environment["KADENCE_CLOCK_PATH"]).with_name(f"{name}.log")
    web = Process(f"{name}.web", service_command(name, "web"), log=log, env=given, cwd=REPOSITORY)
    web.start()
    try:
        web.wait_ready(lambda: answers_ok(port, "/readyz"), 60)
        yield f"http://{HOST}:{port}"
    finally:
        web.stop()


def environment_of(mongo_url: str, folder: Path) -> dict[str, str]:
    """Settings of one service on a namespace of its own, at a simulated time."""
    return {
        "KADENCE_ENV": "development",
        "KADENCE_NAMESPACE": f"b{new_id().replace('-', '')[6:26]}",
        "KADENCE_MONGO_URL": mongo_url,
        "KADENCE_KAFKA_BOOTSTRAP": "unused:9092",
        "KADENCE_KEY": base64.b64encode(secrets.token_bytes(96)).decode(),
        "KADENCE_PLATFORM_KEY": "operator",
        "KADENCE_CLOCK": "simulated",
        "KADENCE_CLOCK_PATH": str(folder / "clock"),
        "KADENCE_LOG_LEVEL": "error",
    }


def open_bench(mongo_url: str, folder: Path) -> Bench:
    """Booking with a namespace of its own."""
    environment = environment_of(mongo_url, folder)
    settings = load(Settings, environment)
    host = Host(service(settings), settings)
    host.create_indexes()
    return Bench(host, environment)


def _nth(day: int) -> date:
    return FIRST + timedelta(days=day)
