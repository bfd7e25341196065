"""Booking's host on a real database, with what tests ask of it."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from services.booking.domain.calendar.resource import Resource
from services.booking.operations.clinic import OpenClinic, open_clinic
from services.booking.settings import Settings
from services.booking.store.unit_of_work import MongoUnitOfWork
from shared.clock import SimulatedClock
from shared.ids import new_id
from shared.persistence.unit_of_work import Cause, Document
from shared.process.host import Host
from tests.support.booking_builders import CLINIC, NEW_YORK, NOW, PATIENT, a_chair, a_clinic, a_nurse, a_patient
from tests.support.cleared import cleared

CAUSE = Cause("test", "test", "")


class ThisBooking:
    """One installation."""

    def __init__(self, host: Host[Settings, MongoUnitOfWork]) -> None:
        self.host = host
        self.database = host.database

    def go_to(self, instant: datetime) -> None:
        SimulatedClock(Path(self.host.settings.clock_path)).move_to(instant)

    def go_to_start(self) -> None:
        self.go_to(NOW)

    def run(self, clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Any:
        """As a door does it: decided again when another writer was faster."""
        return self.host.units.run(clinic_id, CAUSE, operation, command)

    def attempt(self, clinic_id: str, operation: Callable[[Any], Any]) -> Any:
        """One unit, one commit, not tried again."""
        unit = self.host.units.open(clinic_id, CAUSE)
        result = operation(self.host.service.make(unit, self.host.sealer))
        unit.commit()
        return result

    def open(
        self,
        clinic_id: str = CLINIC,
        *,
        resources: Sequence[Resource] = (),
        patients: int = 2,
        zone: str = NEW_YORK,
    ) -> None:
        """A clinic with the default protocols, some patients and (unless said otherwise) one chair and one nurse."""
        clinic = a_clinic(clinic_id, zone)
        details = {field.name: getattr(clinic, field.name) for field in fields(OpenClinic)}
        self.run(clinic_id, open_clinic, OpenClinic(**details))

        def fill(uow: Any) -> None:
            for number in range(1, patients + 1):
                id = f"{PATIENT.rpartition('-')[0]}-{number}"
                uow.patients.save(a_patient(id))
                cleared(uow, id, zone)
            for resource in resources or (a_chair(), a_nurse()):
                uow.resources.save(resource)

        self.attempt(clinic_id, fill)

    def told(self, kind: str = "series") -> list[Document]:
        """Events that ride in the series, in the order of each."""
        return [event for row in self.database[kind].find({}, {"outbox": 1}) for event in row["outbox"]]

    def desks(self, count: int = 1) -> "list[Desk]":
        app = self.host.app()
        return [Desk(app.test_client()) for _ in range(count)]


class Desk:
    """The operator's program, without a network."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self.key = "operator"

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(f"/booking/v1{path}", query_string=query, headers=self._headers())

    def post(self, path: str, body: Any, **headers: str) -> Any:
        named = {"Idempotency-Key": new_id(), **self._headers(), **headers}
        return self._client.post(f"/booking/v1{path}", json=body, headers=named)

    def patch(self, path: str, body: Any, etag: str) -> Any:
        return self._client.patch(f"/booking/v1{path}", json=body, headers={**self._headers(), "If-Match": etag})

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}
