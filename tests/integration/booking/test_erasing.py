"""Erasing a patient in a real database: nobody who reads all of it with the keys learns who it was."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.booking.domain.clinic.task import TaskKind, new_task
from services.booking.domain.patient.patient import ExternalDose, Reporter
from services.booking.domain.series.session import CancelReason
from services.booking.operations.audit import ListAudit, VerifyAudit, list_audit, verify_audit
from services.booking.operations.patient import ChangePatient, ShowPatient, change_patient, show_patient
from services.booking.operations.series import CancelSeries, book_series, cancel_series
from shared import contracts
from shared.errors import NotFound
from shared.persistence.unit_of_work import Document
from shared.personal_data.records import TRACE
from shared.process.upkeep import erase_due
from tests.integration.booking.booking_host import Desk, ThisBooking
from tests.support.booking_builders import CASE_A, CLINIC, NOW, PATIENT, a_booking, a_patient
from tests.support.opened import readable

WORDS = (
    "Zdeňka",
    "Østergård",
    "+14155550186",
    "zdenka",
    "1947",
    "Kart-17",
    "Brno",
    "my passport",
    "+14155550187",
    "back from Oslo",
)
ADA = {
    "name": "Zdeňka Østergård", "birth_date": date(1947, 8, 29), "phone": "+14155550186", "email": "zdenka@example.org",
    "external_id": "Kart-17", "escort_phone": "+14155550187",
    "external_doses": (ExternalDose("dose-1", date(2020, 2, 1), Reporter.PATIENT, "in Brno"),),
}  # fmt: skip
HOLDS_COPIES = frozenset({"answers"})
"""Answers to requests go by their age."""


@pytest.fixture
def known(booking: ThisBooking) -> Desk:
    """A patient with everything, a course that was called off, and what people wrote of both."""
    booking.open(patients=1)

    def write(uow: Any) -> None:
        uow.patients.save(a_patient("patient-9", **ADA))
        asked = new_task(TaskKind.CHANGE_REQUESTED, "patient-9", "asks", reason="r", at=uow.now, words="back from Oslo")
        uow.tasks.add(asked)

    booking.attempt(CLINIC, write)
    booking.run(CLINIC, change_patient, ChangePatient("patient-9", 1, {"email": "zdenka@example.com"}))
    booking.host.outbox.collect()
    return booking.desks()[0]


def row(booking: ThisBooking, collection: str, which: Document) -> Document:
    found = booking.database[collection].find_one(which)
    assert found is not None
    return found


def at(rest: str, patient_id: str = "patient-9") -> str:
    return f"/clinics/{CLINIC}/patients/{patient_id}/{rest}"


def erase(booking: ThisBooking, desk: Desk) -> None:
    answer = desk.post(at("erase"), {"reason": "my passport says I am somebody else"})
    assert answer.status_code == 200, answer.json
    booking.host.outbox.collect()
    assert erase_due(booking.host.records, NOW + timedelta(minutes=1)) == 1


def test_everything_kept_is_shown_opened(known: Desk) -> None:
    answer = known.get(at("export"))
    assert answer.status_code == 200
    kept = answer.json["kept"]
    (patient,) = kept["patients"]
    assert (patient["_id"], patient["name"], patient["birth_date"]) == ("patient-9", "Zdeňka Østergård", "1947-08-29")
    assert patient["external_doses"][0]["note"] == "in Brno"
    assert kept["tasks"][0]["words"] == "back from Oslo"
    assert [row["type"] for row in kept["events"]] == ["patient.changed.v1"]
    assert kept["events"][0]["time"].endswith("Z")
    assert kept["audit"][0]["act"]["action"] == "patient.change"
    again = known.get(at("export")).json["kept"]["audit"]
    assert [row["act"]["action"] for row in again] == ["patient.change", "patient.export"]
    assert known.get(at("export", "nobody")).status_code == 404


def test_who_reads_the_whole_database_with_the_keys_learns_nothing(booking: ThisBooking, known: Desk) -> None:
    before = readable(booking.database, booking.host.sealer, but=HOLDS_COPIES)
    assert [word for word in WORDS if word not in before and word != "my passport"] == []
    tokens = row(booking, "patients", {"_id": "patient-9"})["tokens"]
    erase(booking, known)
    after = readable(booking.database, booking.host.sealer, but=HOLDS_COPIES)
    assert [word for word in (*WORDS, *tokens) if word in after] == []
    assert "Ada Example" in after  # another patient
    assert known.get(at("export")).json["kept"]["patients"][0]["name"] == "erased"
    with pytest.raises(NotFound):
        booking.run(CLINIC, show_patient, ShowPatient("patient-9"))


def test_the_audit_chain_holds_and_says_that_it_was_done(booking: ThisBooking, known: Desk) -> None:
    erase(booking, known)
    assert booking.run(CLINIC, verify_audit, VerifyAudit()).breaks == ()
    acts = [entry.act for entry in booking.run(CLINIC, list_audit, ListAudit(9, None, "patient-9")).items]
    assert [act.action for act in acts] == ["patient.change", "patient.erase"]
    assert all(act.facts.startswith(TRACE) for act in acts)


def test_events_that_are_told_again_keep_their_contract(booking: ThisBooking, known: Desk) -> None:
    erase(booking, known)
    told = {row["type"]: row["data"] for row in booking.database["events"].find({"subject": "patient/patient-9"})}
    assert set(told) == {"patient.changed.v1", "patient.erased.v1"}
    assert [contracts.faults(type, data) for type, data in told.items()] == [[], []]
    assert booking.host.sealer.unseal(told["patient.changed.v1"]["birth_date"]) == "1900-01-01"


def test_a_patient_in_treatment_is_not_erased_and_their_link_ends_with_them(booking: ThisBooking) -> None:
    booking.open(patients=1)
    desk = booking.desks()[0]
    series = booking.run(CLINIC, book_series, a_booking(CASE_A))
    refused = desk.post(at("erase", PATIENT), {"reason": "asked for"})
    assert (refused.status_code, refused.json["code"]) == (409, "patient.not-erasable")
    assert {fault["code"] for fault in refused.json["errors"]} == {"patient.series-open", "patient.doses-count"}
    booking.run(CLINIC, cancel_series, CancelSeries(series.id, CancelReason.PATIENT))
    assert desk.post(at("erase", PATIENT), {"reason": "asked for"}).status_code == 200
    booking.host.outbox.collect()
    erase_due(booking.host.records, NOW + timedelta(minutes=1))
    kept = row(booking, "series", {"_id": series.id})
    assert (kept["link_digest"], kept["person"]) == (None, f"patient/{PATIENT}")


def test_it_is_repeated_until_a_look_finds_nothing(booking: ThisBooking, known: Desk) -> None:
    records = booking.host.records
    erase(booking, known)
    assert erase_due(records, NOW + timedelta(minutes=30)) == 0
    late = booking.host.sealer.seal(CLINIC, "written meanwhile")
    booking.database["tasks"].update_one({"patient_id": "patient-9"}, {"$set": {"note": late}})
    assert erase_due(records, NOW + timedelta(hours=2)) == 1
    assert "written meanwhile" not in readable(booking.database, booking.host.sealer, but=HOLDS_COPIES)
    assert row(booking, "erasures", {"_id": "patient-9"})["done_at"] is None
    assert erase_due(records, NOW + timedelta(hours=4)) == 1
    assert row(booking, "erasures", {"_id": "patient-9"})["done_at"] == NOW + timedelta(hours=4)
    assert erase_due(records, NOW + timedelta(days=9)) == 0
