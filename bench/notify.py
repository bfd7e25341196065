"""How fast messages go out, how soon a confirmation follows its booking, and what a look costs when nothing is due.

Looks and sending are measured in one process on the database alone, before and after a million messages of the future
are there. What leads from booking to mail is the whole platform: Kafka, three services, a mail server.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.clinic import CAUSE, environment_of
from bench.heap import Heap
from bench.measuring import Row, measure_each, row
from deploy.local import servers
from deploy.local.clear_patient import TO_BOOK, clear_patient
from deploy.local.desk import Desk
from deploy.local.local_server import Server
from deploy.local.mail_catcher import caught
from deploy.local.platform import Platform
from deploy.local.story import Clinic, open_clinic
from deploy.local.waiting import wait_until
from services.notify.domain.message import Channel, Letter
from services.notify.jobs.ask_back import ask_back
from services.notify.jobs.expire import expire_overdue
from services.notify.jobs.send_due import send_due
from services.notify.operations.clinics import ClinicHeard, hear_clinic
from services.notify.operations.ports import Accepted, Provider
from services.notify.settings import Settings
from services.notify.store.unit_of_work import MongoUnitOfWork
from services.notify.wiring import service
from shared.clock import SimulatedClock
from shared.ids import new_id
from shared.localtime import at_local_time, local_date
from shared.persistence.mongo import connect, database
from shared.process.host import Host
from shared.settings import load

ZONE: Final = "America/New_York"
LOOKS: Final = 200
CLINICS: Final = 10
"""Whose messages are due: a look takes ten of each."""
PER_DAY: Final = 2
"""Bookings from one day on."""
PATIENCE_SECONDS: Final = 30.0


class Sink:
    """A provider that takes everything at once."""

    repeatable = False
    answered = False

    def send(self, letter: Letter) -> Accepted:
        return Accepted(letter.message_id)

    def ask(self, letter: Letter, sent_at: Any) -> Accepted:
        del sent_at
        return Accepted(letter.message_id)


@dataclass
class Sender:
    """One worker's looks, without its pauses, on a database of its own."""

    host: Host[Settings, MongoUnitOfWork]
    providers: Mapping[Channel, Provider] = field(default_factory=lambda: {Channel.SMS: Sink(), Channel.EMAIL: Sink()})

    def clinic(self) -> Heap:
        """A new clinic, and what fills its ledger."""
        clinic_id = new_id()
        key = self.host.sealer.create_key(clinic_id)
        heard = ClinicHeard(
            name="Bench",
            sender_alias="Bench",
            zone=ZONE,
            country="US",
            locale="en",
            phone="+12025550100",
            quiet_from=wall_time(21),
            quiet_until=wall_time(8),
            data_key=key,
        )
        self.host.units.run(clinic_id, CAUSE, hear_clinic, heard)
        return Heap(self.host.database, clinic_id, partial(self.host.sealer.seal, clinic_id), self.host.clock())

    def looks(self) -> Mapping[str, Callable[[], object]]:
        """What a worker does again and again, by the names of its jobs."""
        return {
            "send-sms": partial(send_due, self.host, self.providers, Channel.SMS),
            "send-email": partial(send_due, self.host, self.providers, Channel.EMAIL),
            "send-desk": partial(send_due, self.host, self.providers, Channel.DESK),
            "expire-messages": partial(expire_overdue, self.host),
            "ask-back": partial(ask_back, self.host, self.providers),
        }

    def cost_of_looking(self, title: str) -> list[Row]:
        """Each of the looks, many times, while nothing is due."""
        return [measure_each(f"look of {name}, {title}", [look] * LOOKS, 1) for name, look in self.looks().items()]

    def send_all(self, count: int, title: str) -> Row:
        """Messages a second when so many are due at once, and how long each look takes."""
        heaps = [self.clinic() for _ in range(CLINICS)]
        for heap in heaps:
            heap.add(count // CLINICS, Channel.SMS, due_at=heap.now)
        look, took = self.looks()["send-sms"], []
        began = time.monotonic()
        while self._is_due():
            at = time.monotonic()
            look()
            took.append(time.monotonic() - at)
        seconds = time.monotonic() - began
        return replace(
            row(f"{count} due, one worker, {title} (ms a look)", 1, took, seconds), per_second=count / seconds
        )

    def _is_due(self) -> bool:
        return (
            self.host.database["messages"].find_one({"status": "queued", "next_at": {"$lte": self.host.clock()}})
            is not None
        )


def rows(mongo: Server, folder: Path, *, future: int, due: int, confirmations: int) -> list[Row]:
    """Booking; then looking and sending, without and with so many messages of the future."""
    booking = _from_booking_to_mail(mongo, folder / "platform", confirmations)
    sender = _sender(mongo.address, folder)
    found = [booking, *sender.cost_of_looking("nothing there"), sender.send_all(due, "nothing else there")]
    heap = sender.clinic()
    heap.add_future(future, due_at=heap.now + timedelta(days=2), step=timedelta(seconds=30))
    there = f"{future} of the future there"
    found += [*sender.cost_of_looking(there), sender.send_all(due, there)]
    return found


def _sender(mongo_url: str, folder: Path) -> Sender:
    environment = environment_of(mongo_url, folder)
    settings = load(Settings, environment)
    at_ten(Path(settings.clock_path))
    host = Host(service(settings), settings)
    host.create_indexes()
    return Sender(host)


def at_ten(clock_file: Path) -> SimulatedClock:
    """Nobody's phone rings at night: tomorrow at ten."""
    clock = SimulatedClock(clock_file)
    clock.move_to(at_local_time(clock(), ZONE, wall_time(10), days=1))
    return clock


def _from_booking_to_mail(mongo: Server, folder: Path, bookings: int) -> Row:
    """From the start of the booking's unit of work (its event's time) to the mail at the mail server."""
    kafka = servers.kafka(folder)
    kafka.start()
    try:
        with Platform(folder, servers=(mongo, kafka), namespace=f"b{new_id().replace('-', '')[6:26]}") as platform:
            clock = at_ten(platform.installation.clock_file)
            clinic = open_clinic(platform.url, platform.platform_key)
            desk, today = Desk(platform.url, clinic.key), local_date(clock(), ZONE)
            began = time.monotonic()
            booked = [_book(desk, clinic, number, today) for number in range(bookings)]
            seconds = time.monotonic() - began
            took = _latencies(platform, booked, clock)
    finally:
        kafka.stop()
    return row("from the booking to its confirmation at the mail server", 1, took, seconds)


def _book(desk: Desk, clinic: Clinic, number: int, today: date) -> str:
    """One visit of somebody new; the series."""
    at = f"/booking/v1/clinics/{clinic.id}"
    name = "".join(chr(ord("a") + int(digit)) for digit in f"{number:06}").title()
    person = {"name": f"Bench {name}", "birth_date": "1985-12-10", "email": f"bench.{number}@example.com"}
    patient = desk.post(f"{at}/patients", person)["id"]
    clear_patient(lambda path, body: desk.post(f"{at}{path}", body), patient, today, documents=TO_BOOK)
    first_fit = {"from_date": f"{today + timedelta(days=3 + number // PER_DAY)}", "time_of_day": "11:00"}
    wish = {"patient_id": patient, "protocol": "booster-single", "condition": "depression", "first_fit": first_fit}
    return str(desk.post(f"{at}/series", wish)["id"])


def _latencies(platform: Platform, series: Sequence[str], clock: SimulatedClock) -> list[float]:
    """Seconds for each; the mail server's times are real, the platform's are ahead of them."""
    namespace, folder = platform.installation.namespace, platform.installation.mail_folder
    if not wait_until(lambda: len(list(folder.glob("*.eml"))) >= len(series), PATIENCE_SECONDS):
        raise RuntimeError(f"{len(series)} bookings, {len(list(folder.glob('*.eml')))} confirmations")
    with connect(platform.mongo.address) as client:
        events = database(client, namespace, "booking")["events"]
        told = {event["subject"]: event["time"] for event in events.find({"type": "series.booked.v1"})}
        messages = database(client, namespace, "notify")["messages"]
        about = {row["_id"]: row["about"] for row in messages.find({"kind": "confirmation", "channel": "email"})}
    found = []
    for mail in caught(folder):
        id = str(mail.message["Message-ID"]).strip("<>").partition("@")[0]
        if id in about:
            received_at = datetime.fromtimestamp(mail.received_ns / 1e9, UTC) + clock.offset()
            found.append((received_at - told[about[id]]).total_seconds())
    return found
