"""Followup's host on a real database, with what tests ask of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from services.followup.domain.alert import Alert
from services.followup.domain.check_in import CheckIn
from services.followup.jobs.table import OPEN
from services.followup.operations.alerts import ListAlerts, list_alerts
from services.followup.operations.by_link import Answer, ProveYear, answer, prove_year
from services.followup.operations.courses import hear_session_discharged
from services.followup.operations.plan import PublishPlan, publish_plan
from services.followup.operations.projections import keep_clinic, keep_patient
from services.followup.operations.rota import publish_rota
from services.followup.settings import Settings
from services.followup.store.unit_of_work import MongoUnitOfWork
from services.followup.wiring import service
from shared.clock import SimulatedClock
from shared.persistence.unit_of_work import Cause, Document
from shared.process.host import Host
from tests.support.followup_builders import (
    CLINIC,
    DISCHARGED_AT,
    NO_TROUBLE,
    PATIENT,
    a_clinic,
    a_discharge,
    a_patient,
    a_plan,
    a_rota,
    answers_of,
)

CAUSE = Cause("test", "test", "")
DUE_AT = DISCHARGED_AT + timedelta(hours=24)
WORST = {"phq-9": answers_of((*NO_TROUBLE[:8], 3))}


class ThisFollowup:
    """One installation; `another` is a second process of it."""

    def __init__(self, host: Host[Settings, MongoUnitOfWork]) -> None:
        self.host = host
        self.database = host.database
        self._others: list[ThisFollowup] = []

    def another(self) -> "ThisFollowup":
        settings = self.host.settings
        self._others.append(ThisFollowup(Host(service(settings), settings)))
        return self._others[-1]

    def close(self) -> None:
        for one in (*self._others, self):
            one.database.client.close()

    def go_to(self, instant: datetime) -> None:
        SimulatedClock(Path(self.host.settings.clock_path)).move_to(instant)

    def run(self, clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Any:
        return self.host.units.run(clinic_id, CAUSE, operation, command)

    def attempt(self, clinic_id: str, operation: Callable[[Any], Any]) -> Any:
        """One unit, one commit, not tried again."""
        unit = self.host.units.open(clinic_id, CAUSE)
        result = operation(self.host.service.make(unit, self.host.sealer))
        unit.commit()
        return result

    def open(self, clinic_id: str = CLINIC, *, patients: int = 1, heard: bool = True) -> None:
        """A clinic with its key that asks the PHQ-9 after a day, and patients who go home at `DISCHARGED_AT`."""
        self.go_to(DISCHARGED_AT)
        wrapped = self.host.sealer.create_key(clinic_id)
        self.run(clinic_id, keep_clinic, a_clinic(clinic_id=clinic_id, data_key=wrapped))
        self.run(clinic_id, publish_plan, PublishPlan(a_plan()))
        for number in range(1, patients + 1):
            if heard:
                self.hear_patient(clinic_id, f"patient-{number}")
            went_home = a_discharge(patient_id=f"patient-{number}", series_id=f"series-{number}")
            self.run(clinic_id, hear_session_discharged, went_home)

    def hear_patient(self, clinic_id: str = CLINIC, patient_id: str = PATIENT) -> None:
        birth_date = self.host.sealer.seal(clinic_id, "1985-04-12")
        self.run(clinic_id, keep_patient, a_patient(patient_id=patient_id, birth_date=birth_date))

    def check_ins(self, clinic_id: str = CLINIC) -> list[CheckIn]:
        """Of all patients that there are."""
        ids = self.database["check_ins"].distinct("patient_id", {"clinic_id": clinic_id})
        return [one for patient in ids for one in self._of_patient(clinic_id, patient)]

    def _of_patient(self, clinic_id: str, patient_id: str) -> list[CheckIn]:
        found: list[CheckIn] = self.attempt(clinic_id, lambda uow: uow.check_ins.of_patient(patient_id))
        return found

    def told(self, type: str, collection: str = "check_ins") -> list[Document]:
        """Events of a type that ride in the documents of a collection."""
        rows = self.database[collection].find({}, {"outbox": 1})
        return [event for row in rows for event in row["outbox"] if event["type"] == type]

    def token(self) -> str:
        """Of the only link that was told."""
        [event] = self.told("check_in.opened.v1")
        return self.host.sealer.unseal(event["data"]["link"]).rpartition("/")[2]


def an_alarm(followup: ThisFollowup) -> str:
    """Somebody thinks of suicide nearly every day, and a rota is published; the alert's id."""
    followup.open()
    followup.run(CLINIC, publish_rota, a_rota())
    followup.go_to(DUE_AT)
    OPEN.run(followup.host)
    followup.run(CLINIC, answer, answers(followup))
    [alert] = alerts(followup)
    return alert.id


def answers(followup: ThisFollowup) -> Answer:
    """The worst ones, by the only link that was told."""
    token = followup.token()
    pass_token = followup.run(CLINIC, prove_year, ProveYear(token, 1985)).pass_token
    return Answer(token, pass_token, WORST, final=True)


def alerts(followup: ThisFollowup) -> list[Alert]:
    """All of the clinic."""
    found: list[Alert] = list(followup.run(CLINIC, list_alerts, ListAlerts(200, None)).items)
    return found
