"""What a look costs when nothing is due, how fast check-ins are opened, how long 50 patients at once wait for a page.

One worker's looks, without its pauses, on the database alone: before and after so many plans of a whole year are there.
The pages are served by a web process of their own.
"""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from bench.clinic import CAUSE, ZONE, environment_of, served
from bench.measuring import Row, measure_each, row
from services.followup.domain.plan import Questions
from services.followup.instruments import load_library
from services.followup.jobs.table import jobs
from services.followup.operations.courses import (
    BookedSession,
    SeriesBooked,
    SessionDischarged,
    hear_series_booked,
    hear_session_discharged,
)
from services.followup.operations.plan import PublishPlan, publish_plan
from services.followup.operations.projections import KeepClinic, KeepPatient, keep_clinic, keep_patient
from services.followup.plans import load_default
from services.followup.settings import Settings
from services.followup.store.check_in import COLLECTION, to_open
from services.followup.store.unit_of_work import MongoUnitOfWork
from services.followup.wiring import service
from shared.clock import SimulatedClock
from shared.ids import new_id
from shared.localtime import to_local
from shared.process.host import Host
from shared.settings import load

LOOKS: Final = 200
CLINICS: Final = 10
"""Whose check-ins are due: a look takes ten of each."""
PATIENTS_AT_ONCE: Final = 50
BORN: Final = "1985-12-10"
AN_HOUR: Final = timedelta(hours=1)
SESSIONS: Final = (7, 9, 11, 14, 16, 18)
"""So many days ahead are the sessions of a series."""
_AT_ONCE: Final = 5_000
_BUTTON: Final = re.compile(r'<input type="radio" id="[^"]*" name="([^"]+)" value="(\d+)"')
Document = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """Followup on a database of its own."""

    host: Host[Settings, MongoUnitOfWork]
    environment: dict[str, str]

    def run(self, clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Any:
        """As a door does it."""
        return self.host.units.run(clinic_id, CAUSE, operation, command)

    def go_to(self, instant: datetime) -> None:
        SimulatedClock(Path(self.environment["KADENCE_CLOCK_PATH"])).move_to(instant)

    def clinic(self) -> str:
        """A new clinic with the default plan."""
        clinic_id = new_id()
        key = self.host.sealer.create_key(clinic_id)
        heard = KeepClinic(clinic_id, sender_alias="Bench", zone=ZONE, country="US", phone="+12025550100", data_key=key)
        self.run(clinic_id, keep_clinic, heard)
        return clinic_id

    def patient(self, clinic_id: str) -> str:
        """Somebody new."""
        patient_id = new_id()
        heard = KeepPatient(patient_id, "en", None, None, self.host.sealer.seal(clinic_id, BORN))
        self.run(clinic_id, keep_patient, heard)
        return patient_id

    def looks(self) -> Mapping[str, Callable[[], object]]:
        """What a worker does again and again, by the names of its jobs."""
        return {job.name: job.run for job in jobs(self.host)}

    def cost_of_looking(self, title: str) -> list[Row]:
        """Each of the looks, many times, while nothing is due."""
        return [measure_each(f"look of {name}, {title}", [look] * LOOKS, 1) for name, look in self.looks().items()]

    def plan_a_year(self, count: int) -> int:
        """So many patients whose series is booked: one planned by the operation, the others like it; all check-ins."""
        clinic_id = self.clinic()
        like = self.patient(clinic_id)
        starts = [self.host.clock() + timedelta(days=days) for days in SESSIONS]
        sessions = tuple(BookedSession(n, "induction", at, to_local(at, ZONE), 0) for n, at in enumerate(starts, 1))
        booked = SeriesBooked(new_id(), like, "mood-iv-6x2w", "depression", ZONE, sessions)
        self.run(clinic_id, hear_series_booked, booked)
        written = 0
        for name, owner in (("known_series", "_id"), ("patients", "_id"), (COLLECTION, "patient_id")):
            rows = list(self.host.database[name].find({"clinic_id": clinic_id, owner: like}))
            written = self._copy(name, rows, count - 1)
        return written

    def _copy(self, collection: str, rows: Sequence[Document], count: int) -> int:
        """The same for other patients, each a second later than the one before."""
        copies = (_moved(one, number) for number in range(count) for one in rows)
        while batch := list(islice(copies, _AT_ONCE)):
            self.host.database[collection].insert_many(batch, ordered=False)
        return len(rows) * (count + 1)

    def go_home(self, count: int) -> None:
        """Within one hour so many patients go home; they are asked a day later, and nothing else."""
        began = self.host.clock()
        clinics = [self.clinic() for _ in range(CLINICS)]
        for clinic_id in clinics:
            self.run(clinic_id, publish_plan, PublishPlan(_only_the_day_after()))
        for number in range(count):
            clinic_id, at = clinics[number % CLINICS], began + number * AN_HOUR / count
            home = SessionDischarged(new_id(), self.patient(clinic_id), 1, "induction", "depression", ZONE, at)
            self.run(clinic_id, hear_session_discharged, home)
        self.go_to(began + AN_HOUR + timedelta(hours=24))

    def open_all(self, count: int, title: str) -> Row:
        """Check-ins a second when so many are due, and how long each look takes."""
        look, took = self.looks()["open-check-ins"], []
        began = time.monotonic()
        while self._is_due():
            at = time.monotonic()
            look()
            took.append(time.monotonic() - at)
        seconds = time.monotonic() - began
        found = row(f"{count} check-ins due, one worker, {title} (ms a look)", 1, took, seconds)
        return replace(found, per_second=count / seconds)

    def _is_due(self) -> bool:
        return self.host.database[COLLECTION].find_one(to_open(self.host.clock())) is not None

    def links(self, count: int) -> list[str]:
        """The links of so many open check-ins: what follows the address of the installation."""
        found = self.host.database[COLLECTION].find({"status": "open"}, {"outbox": 1}, limit=count)
        sealed = (told["data"].get("link") for one in found for told in one["outbox"])
        return [urlsplit(self.host.sealer.unseal(link)).path for link in sealed if link]


@dataclass
class Patients:
    """So many who fill in their forms at the same time, each on a phone of their own."""

    url: str
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def answer(self, path: str) -> None:
        """What one patient does: open the link, say the year of birth, read the form, send it."""
        with requests.Session() as phone:
            link = f"{self.url}{path}"
            self._timed("opens the link", partial(phone.get, link))
            form = self._timed("says the year of birth, reads the form", partial(phone.post, link, {"year": BORN[:4]}))
            answers = dict(reversed(_BUTTON.findall(form)))  # the first button of each question stays
            said = self._timed("sends the answers", partial(phone.post, link, answers))
            if "we have your answers" not in said:
                raise RuntimeError(said)

    def _timed(self, what: str, ask: Callable[[], requests.Response]) -> str:
        at = time.monotonic()
        answer = ask()
        self.took[what].append(time.monotonic() - at)
        answer.raise_for_status()
        return answer.text

    def rows(self, links: Sequence[str]) -> list[Row]:
        """All of them, so and so many at a time."""
        began = time.monotonic()
        with ThreadPoolExecutor(PATIENTS_AT_ONCE) as pool:
            list(pool.map(self.answer, links))
        seconds = time.monotonic() - began
        return [row(f"a patient {what}", PATIENTS_AT_ONCE, took, seconds) for what, took in self.took.items()]


def rows(mongo_url: str, folder: Path, *, plans: int, due: int, patients: int) -> list[Row]:
    """Looking and opening, without and with so many plans; then patients at their phones."""
    bench = _open(mongo_url, folder)
    found = bench.cost_of_looking("nothing there")
    check_ins = bench.plan_a_year(plans)
    there = f"{plans} plans ({check_ins} check-ins) there"
    found += bench.cost_of_looking(there)
    bench.go_home(due)
    found.append(bench.open_all(due, there))
    links = bench.links(patients)
    with served("followup", bench.environment) as url:
        found += Patients(url).rows(links)
    return found


def _open(mongo_url: str, folder: Path) -> Bench:
    environment = environment_of(mongo_url, folder)
    settings = load(Settings, environment)
    host = Host(service(settings), settings)
    host.create_indexes()
    return Bench(host, environment)


def _only_the_day_after() -> Questions:
    default = load_default(frozenset(instrument.id for instrument in load_library().instruments))
    return replace(default, points=tuple(point for point in default.points if point.kind == "24h"))


def _moved(row: Document, number: int) -> Document:
    """Like `row`, of somebody else, and so many seconds later."""
    moved = dict(row)
    for name in moved.keys() & {"_id", "patient_id"}:
        moved[name] = f"{row[name]}-{number}"
    for name in moved.keys() & {"due_at"}:
        moved[name] = row[name] + timedelta(seconds=number)
    return moved
