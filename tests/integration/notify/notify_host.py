"""Notify's host on a real database, with what tests ask of it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from services.notify.domain.message import Channel, Letter, Message, Status
from services.notify.jobs.expire import expire_overdue
from services.notify.jobs.send_due import FIRST, send_due
from services.notify.operations.clinics import hear_clinic
from services.notify.operations.patients import hear_patient
from services.notify.operations.ports import Accepted
from services.notify.operations.series import SeriesBooked, hear_series_booked
from services.notify.settings import Settings
from services.notify.store.message import COLLECTION, due_by
from services.notify.store.unit_of_work import MongoUnitOfWork
from services.notify.wiring import service
from shared.clock import SimulatedClock
from shared.http.auth import as_key
from shared.http.key_ring import KeyIssued, hear_key_issued
from shared.ids import new_id
from shared.persistence.leases import claim_batch
from shared.persistence.unit_of_work import Cause
from shared.private_link import digest
from shared.process.host import Host
from tests.support.notify_builders import BOOKED_AT, clinic_heard, patient_heard, series_booked

CAUSE = Cause("test", "test", "")
PHONE, EMAIL = "+12125550123", "ada@example.com"


class ThisNotify:
    """One installation; `another` is a second process of it."""

    def __init__(self, host: Host[Settings, MongoUnitOfWork]) -> None:
        self.host = host
        self.database = host.database
        self._others: list[ThisNotify] = []

    def another(self) -> "ThisNotify":
        self._others.append(ThisNotify(Host(service(self.host.settings), self.host.settings)))
        return self._others[-1]

    def close(self) -> None:
        for one in (*self._others, self):
            one.database.client.close()

    def go_to(self, instant: datetime) -> None:
        SimulatedClock(Path(self.host.settings.clock_path)).move_to(instant)

    def run(self, clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Any:
        return self.host.units.run(clinic_id, CAUSE, operation, command)

    def open(self, clinic_id: str, *visits: str, now: datetime = BOOKED_AT) -> None:
        """A clinic with its key, a patient, a series with a session at each of these wall times in New York."""
        self.go_to(now)
        seal = partial(self.host.sealer.seal, clinic_id)
        data_key = self.host.sealer.create_key(clinic_id)
        self.run(clinic_id, hear_clinic, clinic_heard(data_key=data_key))
        person = {"name": seal("Ada Byron"), "phone": seal(PHONE), "email": seal(EMAIL)}
        self.run(clinic_id, hear_patient, patient_heard(patient_id=f"patient-of-{clinic_id}", **person))
        if visits:
            self.book(clinic_id, series_booked(*visits, told_at=now))

    def book(self, clinic_id: str, booked: SeriesBooked) -> None:
        own: dict[str, Any] = {"series_id": f"series-of-{clinic_id}", "patient_id": f"patient-of-{clinic_id}"}
        self.run(clinic_id, hear_series_booked, replace(booked, **own))

    def send(self, providers: Mapping[Channel, Any]) -> None:
        for channel in Channel:
            send_due(self.host, providers, channel)
        expire_overdue(self.host)

    def claim(self, channel: Channel, *, seconds: float = 60.0) -> list[dict[str, Any]]:
        due = due_by(self.host.clock(), channel)
        return claim_batch(self.database[COLLECTION], due, order_by=FIRST, seconds=seconds)

    def unit(self, clinic_id: str) -> Any:
        """An open unit of work and its technical side."""
        technical = self.host.units.open(clinic_id, CAUSE)
        return self.host.service.make(technical, self.host.sealer), technical

    def messages(self, clinic_id: str, **wanted: Any) -> list[Message]:
        uow, _ = self.unit(clinic_id)
        asked = {"patient_id": None, "about": None, "status": None, "after": None, "limit": 1000, **wanted}
        return list(uow.messages.page(**asked).items)

    def statuses(self, clinic_id: str) -> list[Status]:
        return [message.status for message in self.messages(clinic_id)]


def a_key(notify: ThisNotify, *scopes: str) -> dict[str, str]:
    """The headers of a caller with a new key of these scopes at clinic-1."""
    key_id = new_id()
    notify.run("clinic-1", hear_key_issued, KeyIssued(key_id, digest("secret"), scopes, None))
    return {"Authorization": f"Bearer {as_key(key_id, 'secret')}"}


class SharedProvider:
    """One provider that several workers call at once; it counts what it took of each message."""

    answered = False

    def __init__(self, *, repeatable: bool = False) -> None:
        self.repeatable = repeatable
        self.calls: list[str] = []
        self._lock = threading.Lock()

    def send(self, letter: Letter) -> Accepted:
        with self._lock:
            self.calls.append(letter.message_id)
        return Accepted(f"provider-{letter.message_id}")
